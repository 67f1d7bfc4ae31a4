import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need a browser of the system's: `npm run test:browser`.
    exclude: [...configDefaults.exclude, 'test/browser/**'],
    setupFiles: ['test/support/setup.ts'],
    maxWorkers: '100%',
    testTimeout: 20_000,
  },
})
