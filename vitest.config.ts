import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need a browser of the system's, or minutes: `npm run test:browser`, `test:deploy`.
    exclude: [...configDefaults.exclude, 'test/browser/**', 'test/deploy/**'],
    setupFiles: ['test/support/setup.ts'],
    maxWorkers: '100%',
    testTimeout: 20_000,
  },
})
