/**
 * Where the application keeps who is logged in: the SDK's own stores, sessions in memory and encrypted
 * cookies in the browser, and a cookie for what to say on the next page. No I/O.
 */

import {
  type CookieHandler,
  type CookieSerializeOptions,
  CookieTransactionStore,
  type SessionStore,
  type StateData,
  StatefulStateStore,
} from '@auth0/auth0-server-js'
import type { Note } from './pages.ts'

/** One request, and the headers of the response that it will get. */
export interface Exchange {
  readonly request: Request
  readonly url: URL
  readonly form: URLSearchParams
  readonly headers: Headers
}

function readCookies({ request }: Exchange): Record<string, string> {
  const pairs = (request.headers.get('cookie') ?? '').split(/;\s*/).map((pair) => pair.split('='))
  return Object.fromEntries(pairs.map(([name = '', ...value]) => [name, value.join('=')]))
}

/** As the SDK wants it, and `Secure` unless it says otherwise. */
function setCookie(
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

const removeCookie = (exchange: Exchange, name: string, options?: CookieSerializeOptions): void =>
  setCookie(exchange, name, '', { ...options, maxAge: 0 })

function withExchange(exchange: Exchange | undefined): Exchange {
  if (exchange === undefined) throw new Error('the SDK was called without the exchange')
  return exchange
}

export const cookies: CookieHandler<Exchange> = {
  setCookie: (name, value, options, exchange) =>
    setCookie(withExchange(exchange), name, value, options),
  getCookie: (name, exchange) => readCookies(withExchange(exchange))[name],
  getCookies: (exchange) => readCookies(withExchange(exchange)),
  deleteCookie: (name, exchange, options) => removeCookie(withExchange(exchange), name, options),
}

function createSessions(): SessionStore<Exchange> {
  const sessions = new Map<string, StateData>()
  return {
    get: async (id) => sessions.get(id),
    set: async (id, data) => void sessions.set(id, data),
    delete: async (id) => void sessions.delete(id),
    deleteByLogoutToken: async ({ sid }) => {
      for (const [id, { internal }] of sessions) if (internal.sid === sid) sessions.delete(id)
    },
  }
}

export function createStores({ sessionSecret: secret }: { readonly sessionSecret: string }) {
  return {
    transactionStore: new CookieTransactionStore<Exchange>({ secret }, cookies),
    stateStore: new StatefulStateStore<Exchange>({ secret, store: createSessions() }, cookies),
  }
}

/** Cookies ignore ports: other applications of this machine have theirs here too. */
export const NOTE = 'example-application-note'

const isText = (value: unknown): boolean => typeof value === 'string'

const NOTE_MEMBERS: Readonly<Record<keyof Note, (value: unknown) => boolean>> = {
  tone: (value) => value === 'good' || value === 'bad',
  text: isText,
  code: isText,
  connection: isText,
  identity: isText,
  expects: (value) => value === 'linked' || value === 'unlinked',
  logIn: (value) => typeof value === 'boolean',
  agent: (value) => Array.isArray(value) && value.every(isText),
}

function isNote(value: unknown): value is Note {
  if (typeof value !== 'object' || value === null) return false
  if (!Object.hasOwn(value, 'tone') || !Object.hasOwn(value, 'text')) return false
  const checks: Readonly<Record<string, (member: unknown) => boolean>> = NOTE_MEMBERS
  return Object.entries(value).every(
    ([name, member]) => Object.hasOwn(checks, name) && checks[name]?.(member) === true,
  )
}

/** Kept until the next page is shown. */
export function writeNote(exchange: Exchange, note: Note): void {
  setCookie(exchange, NOTE, Buffer.from(JSON.stringify(note)).toString('base64url'))
}

/** Anything else under its name is taken away too, and ignored. */
export function takeNote(exchange: Exchange): Note | undefined {
  const value = readCookies(exchange)[NOTE]
  if (value === undefined || value === '') return undefined
  removeCookie(exchange, NOTE)
  try {
    const note: unknown = JSON.parse(Buffer.from(value, 'base64url').toString())
    return isNote(note) ? note : undefined
  } catch {
    return undefined
  }
}
