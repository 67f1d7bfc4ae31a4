/**
 * The command `start`: opens a local tenant with the Action in it, an application that links accounts,
 * and an inspector that shows every step of it. Listens on loopback until it is stopped; deploys edits,
 * where the sources are.
 */
import { actionCode, HAS_SOURCES, ROOT } from '#home'
import { type Ending, runIfStarted, tellFailure } from './as-process.ts'
import { tellMissing } from './tenant/needs.ts'

export const main = (args: readonly string[]): Promise<Ending> => tellFailure('start', run(args))

async function run(args: readonly string[]): Promise<Ending> {
  const { HELP, readOptions } = await import('./start/options.ts')
  const options = readOptions(args, process.env)
  if (options.help) {
    process.stdout.write(HELP)
    return 0
  }
  const missing = tellMissing()
  if (missing !== undefined) throw new Error(missing)
  const { openLab } = await import('./start/lab.ts')
  const building = HAS_SOURCES ? 'Building the Action and starting' : 'Starting'
  process.stdout.write(`${building} the tenant …\n`)
  const code = await actionCode({ write: false })
  const lab = await openLab({ ...options, code, root: ROOT })
  process.stdout.write(`
  Application   ${lab.url}
  Inspector     ${lab.inspectorUrl}   the application beside it
  Tenant        https://${lab.tenant.canonicalDomain}/   for browsers ${lab.tenant.canonicalFrontDoor}

  ${HAS_SOURCES ? 'Edits under src are deployed at once. ' : ''}Ctrl+C ends it.
`)
  const stop = (): void => void lab.close().then(() => process.exit(0))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  return undefined
}

await runIfStarted(import.meta.url, main)
