/**
 * Makes what the tenant has logged readable, for the demo and the inspector alike: tokens decoded, URLs taken apart, secrets masked. Pure. What
 * leaves here may be shown to anybody: no secret, password, usable code or signature is in it. Nothing
 * that is put in breaks it, however deep it is.
 */

import { decodeJwt, decodeProtectedHeader } from 'jose'

export const HIDDEN = '(hidden)'

/** Instead of what is nested deeper than anybody nests: it is not shown as it came, as nothing is. */
export const TOO_DEEP = '(too deep to be shown)'

const MAX_DEPTH = 8

/** Never shown; compared without case. */
const SECRETS = new Set([
  'access_token',
  'action_secret',
  'actor_token',
  'assertion',
  'auth0_client_secret',
  'authorization',
  'client_assertion',
  'client_secret',
  'cookie',
  'login_ticket',
  'password',
  'refresh_token',
  'secret',
  'set-cookie',
  'subject_token',
  'token',
])

/** Good for one thing, once: the beginning is enough to tell them apart. */
const SHORTENED = new Set([
  'code',
  'code_challenge',
  'code_verifier',
  'confirmation',
  'link_confirmation',
  'nonce',
  'request_uri',
  'sid',
  'state',
])

/** A JWT or, of five parts, a JWE: the first part is the base64url of a JSON object. */
const TOKENS = /e[wy][\w-]{6,}\.[\w-]*\.[\w-]*(?:\.[\w-]*\.[\w-]*)?/g

const URL_WITH_MORE = /^[a-z][a-z\d+.-]*:\/\/[^ ]*[?#]/i

const shorten = (text: string): string => (text.length > 9 ? `${text.slice(0, 8)}…` : text)

function isToken(text: string): boolean {
  if (text.startsWith('eyJ')) return true
  try {
    return decodeProtectedHeader(text) !== undefined
  } catch {
    return false
  }
}

/** A sentence without the tokens that stand in it. */
const withoutTokens = (text: string): string =>
  text.replace(TOKENS, (found) => (isToken(found) ? HIDDEN : found))

function decodeToken(token: string, depth: number): unknown {
  try {
    return { header: decodeProtectedHeader(token), claims: decode(decodeJwt(token), '', depth + 1) }
  } catch {
    return HIDDEN
  }
}

function decodeText(name: string, text: string, depth: number): unknown {
  const lower = name.toLowerCase()
  const trimmed = text.trim()
  const [token] = trimmed.match(TOKENS) ?? []
  if (token === trimmed && isToken(token)) return decodeToken(token, depth)
  if (SECRETS.has(lower) && text !== '') return HIDDEN
  if (SHORTENED.has(lower)) return shorten(text)
  if (text.includes('\n')) return decode(text.split('\n'), '', depth)
  if (/^[{[]/.test(trimmed)) return decodeJson(text, depth)
  if (URL_WITH_MORE.test(trimmed)) return decodeUrl(trimmed, depth)
  return withoutTokens(text)
}

function decodeJson(text: string, depth: number): unknown {
  try {
    return decode(JSON.parse(text), '', depth)
  } catch {
    return withoutTokens(text)
  }
}

/** Members whose own name does not tell what they are: a session's id, and what a script deploys. */
const MEANT: Readonly<Record<string, string>> = {
  'session.id': 'sid',
  'secrets.value': 'secret',
}

const nameIn = (parent: string, member: string): string => MEANT[`${parent}.${member}`] ?? member

/** Any JSON, by the names of its members. */
export function decode(value: unknown, name = '', depth = 0): unknown {
  if (depth > MAX_DEPTH) return TOO_DEEP
  if (typeof value === 'string') return decodeText(name, value, depth)
  if (Array.isArray(value)) return value.map((item) => decode(item, name, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([member, content]) => [
      member,
      decode(content, nameIn(name, member), depth + 1),
    ]),
  )
}

/** Where it points, and its parameters one by one; behind `#` too, where tokens may stand. */
export function decodeUrl(text: string, depth = 0): unknown {
  const url = URL.parse(text, 'http://relative.invalid')
  if (url === null) return withoutQueries(text)
  const { hash, host, pathname, protocol, searchParams } = url
  const at = decodePath(host === 'relative.invalid' ? pathname : `${protocol}//${host}${pathname}`)
  const fragment = new URLSearchParams(hash.slice(1))
  if (searchParams.size + fragment.size === 0) return at
  const show = (given: URLSearchParams): unknown => decode(Object.fromEntries(given), '', depth + 1)
  return {
    url: at,
    ...(searchParams.size === 0 ? {} : { parameters: show(searchParams) }),
    ...(fragment.size === 0 ? {} : { fragment: show(fragment) }),
  }
}

/** A sentence in which URLs may stand: what they carry behind `?` and `#` is nobody's business. */
export const withoutQueries = (text: string): string =>
  decodePath(text).replace(/([?#])\S+/g, '$1…')

/** The ids of interactions in a path stand for a login that is under way. */
export const decodePath = (path: string): string =>
  withoutTokens(path).replace(
    /\/authorize\/([\w-]{9,})/,
    (_, id: string) => `/authorize/${shorten(id)}`,
  )

/** A path as a reader wants it; as it came, where it is none that can be decoded. */
export function readPath(path: string): string {
  try {
    return decodePath(decodeURIComponent(path))
  } catch {
    return decodePath(path)
  }
}
