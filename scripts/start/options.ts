/** The command line of `npm start`, and what npm took of it. A fault of it is thrown with one sentence. */

import { readOptions, readPort } from '../options.ts'

export interface StartOptions {
  readonly port: number
  /** 0: any free port. */
  readonly httpsPort: number
  readonly httpPort: number
}

export function readStartOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): StartOptions {
  const given = readOptions('start', args, environment)
  return {
    port: readPort('port', given.port, 3000),
    httpsPort: readPort('https-port', given['https-port']),
    httpPort: readPort('http-port', given['http-port']),
  }
}
