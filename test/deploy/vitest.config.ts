import { defineConfig } from 'vitest/config'

/** Deploying takes processes of its own, and a witness (`auth0-deploy-cli`) takes many seconds. */
export default defineConfig({
  test: {
    include: ['test/deploy/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    maxWorkers: 2,
    testTimeout: 180_000,
  },
})
