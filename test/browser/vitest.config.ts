import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    testTimeout: 40_000,
    hookTimeout: 40_000,
    // What is polled may come late on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    // Each opens a browser of its own. On a busy machine one may be late; a real fault stays.
    maxWorkers: 3,
    retry: 1,
  },
})
