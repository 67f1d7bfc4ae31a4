/**
 * `npm start`: opens a local tenant with the Action in it, an application that links accounts, and an
 * inspector that shows every step of it. Listens on loopback until it is stopped; deploys edits.
 */

// Before anything that only Node 22 has: everything else is imported when this has passed.
import './check-node.js'

async function main(): Promise<void> {
  const { HELP, readOptions } = await import('./start/options.ts')
  const options = readOptions(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(HELP)
    return
  }
  const { fileURLToPath } = await import('node:url')
  const { buildFiles } = await import('./build.ts')
  const { openLab } = await import('./start/lab.ts')
  process.stdout.write('Building the Action and starting the tenant …\n')
  const files = await buildFiles()
  const code = files.find(({ path }) => path === 'dist/action.js')?.text
  if (code === undefined) throw new Error('the build made no dist/action.js')
  const root = fileURLToPath(new URL('..', import.meta.url))
  const lab = await openLab({ ...options, code, root })
  process.stdout.write(`
  Application   ${lab.url}
  Inspector     ${lab.inspectorUrl}   the application beside it
  Tenant        https://${lab.tenant.canonicalDomain}/   for browsers ${lab.tenant.canonicalFrontDoor}

  Edits under src are deployed at once. Ctrl+C ends it.
`)
  const stop = (): void => void lab.close().then(() => process.exit(0))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}

try {
  await main()
} catch (error) {
  const text = error instanceof Error ? error.message : String(error)
  console.error(`start: ${text.split('\n').slice(0, 2).join(' ')}`)
  process.exitCode = 1
}
