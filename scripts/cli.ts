/**
 * The commands in the repository: the Action is built from its sources. The package has `bin.ts` in its
 * place, so that nothing of it asks for esbuild. Reads and writes by what it calls.
 */
import { endWith } from './as-process.ts'
import { type Runs, runCommand } from './commands.ts'
import type { Home } from './home.ts'

const REPOSITORY: Home = {
  async actionCode({ write }) {
    const { build, buildFiles } = await import('./build.ts')
    if (write) return build()
    const files = await buildFiles()
    const action = files.find(({ path }) => path === 'dist/action.js')
    if (action === undefined) throw new Error('the build made no dist/action.js')
    return action.text
  },
  async watchSources(root, listener) {
    const { watchSources } = await import('./start/rebuild.ts')
    return watchSources(root, listener)
  },
}

/** What only the repository has. */
const OF_THE_REPOSITORY: Runs = {
  bench: async (args) => (await import('./bench.ts')).main(args),
  build: async (args) => (await import('./build.ts')).main(args),
  explore: async (args) => (await import('./explore.ts')).main(args),
  mutate: async (args) => (await import('./mutate.ts')).main(args),
  rehearse: async (args, { actionCode: build }) =>
    (await import('./rehearse.ts')).main(args, process.env, process, { build }),
  release: async (args) => (await import('./release.ts')).main(args),
  soak: async (args) => (await import('./soak.ts')).main(args),
}

await endWith(runCommand(process.argv.slice(2), REPOSITORY, OF_THE_REPOSITORY))
