import { defineConfig } from 'vitest/config'

/** Each rehearsal drives a browser through some thirty logins. */
export default defineConfig({
  test: {
    include: ['test/rehearse/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    maxWorkers: 2,
    testTimeout: 240_000,
    hookTimeout: 60_000,
  },
})
