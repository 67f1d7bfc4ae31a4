import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need a browser of the system's, the registry or minutes: `npm run test:browser` and so on.
    exclude: [...configDefaults.exclude, 'test/{browser,deploy,package,rehearse}/**'],
    setupFiles: ['test/support/setup.ts'],
    maxWorkers: '100%',
    testTimeout: 20_000,
  },
})
