/**
 * Builds `dist/action.js`, the one file that is deployed, with its `package.json` and what lists the
 * packages in it. Writes into `dist` only, the same bytes on every machine. With `--check` it writes
 * nothing and fails when `dist` is not what the sources give.
 */
import { runIfStarted, tellFailure } from './as-process.ts'
import { build, checkDist } from './build/files.ts'
import { refuseSwallowed } from './npm-flags.ts'

const OPTIONS = { check: { type: 'boolean' } } as const

async function main(): Promise<undefined> {
  refuseSwallowed('build', OPTIONS)
  if (process.argv.includes('--check')) {
    await checkDist()
    console.log('dist is what the sources give')
    return
  }
  const action = await build()
  console.log(`dist/action.js: ${Buffer.byteLength(action)} bytes`)
}

await runIfStarted(import.meta.url, () => tellFailure('build', main()))
