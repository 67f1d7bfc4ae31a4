/**
 * Reads the demo's command line, and what npm took of it. A fault of it is thrown with one line of text.
 */

import { parseArgs } from 'node:util'
import { commandLine } from '../home.ts'
import { refuseSwallowed } from '../npm-flags.ts'

export interface DemoOptions {
  readonly help: boolean
  readonly verbose: boolean
  readonly json: boolean
  /** 0: any free port. */
  readonly httpsPort: number
  readonly httpPort: number
}

export const HELP = `Usage: ${commandLine('demo', '[options]')}

Deploys the Action to a local tenant, and links a second login to an account
with it, as a browser, an application and a tenant would do it together.

  --verbose           every parameter, the Action's log, decoded tokens
  --json              the timeline as data, on stdout alone
  --https-port <n>    port of the tenant's issuer (default: any free)
  --http-port <n>     port of its front door for browsers (default: any free)
  --help              this text

Exit code 0: the account held both logins, a request with a wrong hint was
denied, and the unlink undid the link.
`

function readPort(name: string, text: string | undefined): number {
  if (text === undefined) return 0
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new Error(`--${name} takes a port, 1 to 65535`)
}

const OPTIONS = {
  help: { type: 'boolean', short: 'h', default: false },
  verbose: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  'https-port': { type: 'string' },
  'http-port': { type: 'string' },
} as const

export function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): DemoOptions {
  refuseSwallowed('demo', OPTIONS, args, environment)
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  return {
    help: values.help,
    verbose: values.verbose,
    json: values.json,
    httpsPort: readPort('https-port', values['https-port']),
    httpPort: readPort('http-port', values['http-port']),
  }
}
