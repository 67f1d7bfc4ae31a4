/**
 * Cookies of a request and of its answer. No I/O.
 */

import type { CookieSerializeOptions } from '@auth0/auth0-server-js'
import { parseCookie, stringifySetCookie } from 'cookie'
import type { Exchange } from './exchange.ts'

/**
 * Those of the request, and over them what its answer has set so far: the SDK gives a session another id
 * at every login. Every one has a value: only a `decode` of one's own could leave one out.
 */
export function readCookies({ headers, request }: Exchange): Record<string, string> {
  const given = [
    request.headers.get('cookie') ?? '',
    ...headers.getSetCookie().map(withoutAttributes),
  ]
  return Object.assign({}, ...given.map((one) => parseCookie(one)))
}

const withoutAttributes = (setCookie: string): string => setCookie.split(';', 1)[0] ?? ''

/** As the SDK wants it, and `Secure` unless it says otherwise. */
export function setCookie(
  { headers }: Exchange,
  name: string,
  value: string,
  options: CookieSerializeOptions = {},
): void {
  const { httpOnly = true, maxAge, path = '/', sameSite = 'lax', secure = true } = options
  const lifetime = maxAge === undefined ? {} : { maxAge: Math.floor(maxAge) }
  const attributes = { httpOnly, path, sameSite, secure, ...lifetime }
  headers.append('set-cookie', stringifySetCookie(name, value, attributes))
}

export const removeCookie = (
  exchange: Exchange,
  name: string,
  options?: CookieSerializeOptions,
): void => setCookie(exchange, name, '', { ...options, maxAge: 0 })
