import { defineConfig } from 'vitest/config'

/** What a user installs: packed and installed once, which takes the package registry. */
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    globalSetup: ['test/package/install.ts'],
    setupFiles: ['test/support/setup.ts'],
    maxWorkers: 2,
    testTimeout: 120_000,
  },
})
