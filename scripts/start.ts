/**
 * The command `start`: opens a local tenant with the Action in it, an application that links accounts,
 * and an inspector that shows every step of it. Listens on loopback until it is stopped; deploys edits,
 * where the sources are.
 */
import { type Ending, tellFailure } from './as-process.ts'
import { type Home, ROOT } from './home.ts'
import { readStartOptions } from './start/options.ts'
import { tellMissing } from './tenant/needs.ts'

export const main = (args: readonly string[], home: Home): Promise<Ending> =>
  tellFailure('start', run(args, home))

async function run(args: readonly string[], { actionCode, watchSources }: Home): Promise<Ending> {
  const options = readStartOptions(args, process.env)
  const missing = tellMissing()
  if (missing !== undefined) throw new Error(missing)
  const { openLab } = await import('./start/lab.ts')
  const building = watchSources ? 'Building the Action and starting' : 'Starting'
  process.stdout.write(`${building} the tenant …\n`)
  const code = await actionCode({ write: false })
  const lab = await openLab({ ...options, code, root: ROOT, watchSources })
  process.stdout.write(`
  Application   ${lab.url}
  Inspector     ${lab.inspectorUrl}   the application beside it
  Tenant        https://${lab.tenant.canonicalDomain}/   for browsers ${lab.tenant.canonicalFrontDoor}

  ${watchSources ? 'Edits under src are deployed at once. ' : ''}Ctrl+C ends it.
`)
  const stop = (): void => void lab.close().then(() => process.exit(0))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  return undefined
}
