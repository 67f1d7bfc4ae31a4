/**
 * Reads the command line of `npm start`, and what npm took of it. A fault of it is thrown with one line
 * of text.
 */

import { parseArgs } from 'node:util'
import { commandLine } from '../home.ts'
import { refuseSwallowed } from '../npm-flags.ts'

export interface StartOptions {
  readonly help: boolean
  readonly port: number
  /** 0: any free port. */
  readonly httpsPort: number
  readonly httpPort: number
}

export const HELP = `Usage: ${commandLine('start', '[options]')}

Opens a local tenant with the Action in it, an application that links accounts,
and an inspector that shows every step. Ctrl+C ends it.

  --port <n>          port of the application and the inspector (default: 3000)
  --https-port <n>    port of the tenant's issuer (default: any free)
  --http-port <n>     port of its front door for browsers (default: any free)
  --help              this text
`

function readPort(name: string, text: string | undefined, byDefault: number): number {
  if (text === undefined) return byDefault
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new Error(`--${name} takes a port, 1 to 65535`)
}

const OPTIONS = {
  help: { type: 'boolean', short: 'h', default: false },
  port: { type: 'string' },
  'https-port': { type: 'string' },
  'http-port': { type: 'string' },
} as const

export function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): StartOptions {
  refuseSwallowed('start', OPTIONS, args, environment)
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  return {
    help: values.help,
    port: readPort('port', values.port, 3000),
    httpsPort: readPort('https-port', values['https-port'], 0),
    httpPort: readPort('http-port', values['http-port'], 0),
  }
}
