/** The demo's command line, and what npm took of it. A fault of it is thrown with one sentence. */

import { readOptions, readPort } from '../options.ts'

export interface DemoOptions {
  readonly verbose: boolean
  readonly json: boolean
  /** 0: any free port. */
  readonly httpsPort: number
  readonly httpPort: number
}

export function readDemoOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): DemoOptions {
  const given = readOptions('demo', args, environment)
  return {
    verbose: given.verbose,
    json: given.json,
    httpsPort: readPort('https-port', given['https-port']),
    httpPort: readPort('http-port', given['http-port']),
  }
}
