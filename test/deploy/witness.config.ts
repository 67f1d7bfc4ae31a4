import { defineConfig } from 'vitest/config'

/** With `auth0-deploy-cli` as a witness: whole imports and exports, of many seconds each. */
export default defineConfig({
  test: {
    include: ['test/deploy/*-cli.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    maxWorkers: 1,
    testTimeout: 180_000,
  },
})
