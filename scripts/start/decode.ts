/**
 * Makes what went over the wire readable: tokens decoded, URLs taken apart, secrets masked. Pure. What
 * leaves here may be shown to anybody: no secret, password, usable code or signature is in it.
 */

import { decodeJwt, decodeProtectedHeader } from 'jose'

export const HIDDEN = '(hidden)'

/** Never shown. */
const SECRETS = new Set([
  'access_token',
  'ACTION_SECRET',
  'AUTH0_CLIENT_SECRET',
  'client_assertion',
  'client_secret',
  'password',
  'refresh_token',
  'subject_token',
  'token',
])

/** Good for one thing, once: the beginning is enough to tell them apart. */
const SHORTENED = new Set(['code', 'code_challenge', 'code_verifier', 'nonce', 'sid', 'state'])

const JWT = /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*$/

const shorten = (text: string): string => (text.length > 9 ? `${text.slice(0, 8)}…` : text)

function decodeToken(token: string): unknown {
  try {
    return { header: decodeProtectedHeader(token), claims: decode(decodeJwt(token)) }
  } catch {
    return HIDDEN
  }
}

function decodeText(name: string, text: string): unknown {
  if (JWT.test(text)) return decodeToken(text)
  if (SECRETS.has(name) && text !== '') return HIDDEN
  if (SHORTENED.has(name)) return shorten(text)
  if (text.includes('\n')) return text.split('\n').map((line) => decodeText('', line))
  if (text.startsWith('{')) return decodeJson(text)
  if (/^https?:\/\/[^ ]*\?/.test(text)) return decodeUrl(text)
  return text
}

function decodeJson(text: string): unknown {
  try {
    return decode(JSON.parse(text))
  } catch {
    return text
  }
}

/** Any JSON, by the names of its members. */
export function decode(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return decodeText(name, value)
  if (Array.isArray(value)) return value.map((item) => decode(item, name))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([member, content]) => [member, decode(content, member)]),
  )
}

/** Where it points, and its parameters one by one. */
export function decodeUrl(text: string): unknown {
  const url = URL.parse(text, 'http://relative.invalid')
  if (url === null) return text
  const { origin, pathname, searchParams } = url
  const at = origin === 'http://relative.invalid' ? pathname : origin + pathname
  if (searchParams.size === 0) return decodePath(at)
  return { url: decodePath(at), parameters: decode(Object.fromEntries(searchParams)) }
}

/** A sentence in which URLs may stand: what they carry in their query is nobody's business. */
export const withoutQueries = (text: string): string => decodePath(text).replace(/\?\S+/g, '?…')

/** The ids of interactions in a path stand for a login that is under way. */
export const decodePath = (path: string): string =>
  path.replace(/\/authorize\/([\w-]{9,})/, (_, id: string) => `/authorize/${shorten(id)}`)
