/**
 * Cookies of a request and of its answer. No I/O.
 */

import type { CookieSerializeOptions } from '@auth0/auth0-server-js'
import type { Exchange } from './exchange.ts'

export function readCookies({ request }: Exchange): Record<string, string> {
  const pairs = (request.headers.get('cookie') ?? '').split(/;\s*/).map((pair) => pair.split('='))
  return Object.fromEntries(pairs.map(([name = '', ...value]) => [name, value.join('=')]))
}

/** As the SDK wants it, and `Secure` unless it says otherwise. */
export function setCookie(
  { headers }: Exchange,
  name: string,
  value: string,
  options: CookieSerializeOptions = {},
): void {
  const { httpOnly = true, maxAge, path = '/', sameSite = 'lax', secure = true } = options
  const attributes = [
    `Path=${path}`,
    `SameSite=${sameSite}`,
    ...(httpOnly ? ['HttpOnly'] : []),
    ...(secure ? ['Secure'] : []),
    ...(maxAge === undefined ? [] : [`Max-Age=${Math.floor(maxAge)}`]),
  ]
  headers.append('set-cookie', [`${name}=${value}`, ...attributes].join('; '))
}

export const removeCookie = (
  exchange: Exchange,
  name: string,
  options?: CookieSerializeOptions,
): void => setCookie(exchange, name, '', { ...options, maxAge: 0 })
