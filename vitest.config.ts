/**
 * The tests, in five projects. `npm test` runs `fast`; the others take a browser, processes of their own, both,
 * or the package registry, and have npm scripts of their own (`test:browser`, ...).
 */

import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

type TestOptions = NonNullable<TestProjectInlineConfiguration['test']>

/** Different numbers of workers need an order, for whoever runs all projects at once. */
const project = (name: string, groupOrder: number, options: TestOptions) => ({
  extends: true as const,
  test: { name, sequence: { groupOrder }, include: [`test/${name}/**/*.test.ts`], ...options },
})

/** What `npm run test:all` has besides. */
const ALL = process.env.SUBJECTS === 'all' ? ['test/explore/**/*.test.ts'] : []

export default defineConfig({
  test: {
    setupFiles: ['test/support/setup.ts'],
    // What fails, and nothing of what passes.
    reporters: process.env.GITHUB_ACTIONS ? ['minimal', 'github-actions'] : ['minimal'],
    projects: [
      project('fast', 0, {
        include: ['test/{attacks,bundle,contract,e2e,fuzz,house,readme,unit}/**/*.test.ts', ...ALL],
        maxWorkers: '100%',
        testTimeout: 20_000,
      }),
      project('browser', 1, {
        // Each opens a browser of its own.
        maxWorkers: 3,
        testTimeout: 120_000,
        hookTimeout: 60_000,
        // What is polled may come late on a busy machine.
        expect: { poll: { timeout: 30_000 } },
      }),
      project('deploy', 2, { maxWorkers: 2, testTimeout: 180_000 }),
      project('package', 3, {
        globalSetup: ['test/package/install.ts'],
        maxWorkers: 2,
        testTimeout: 120_000,
      }),
      // Each rehearsal drives a browser through some thirty logins.
      project('rehearse', 4, { maxWorkers: 2, testTimeout: 240_000, hookTimeout: 60_000 }),
    ],
  },
})
