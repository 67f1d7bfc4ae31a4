/**
 * What the application says once, at the top of its next page: kept in a cookie until then. No I/O.
 */

import { readCookies, removeCookie, setCookie } from './cookies.ts'
import type { Exchange } from './exchange.ts'

/** What is said once, at the top of the next page. */
export interface Note {
  readonly tone: 'good' | 'bad'
  readonly text: string
  readonly code?: string
  readonly connection?: string
  /** `provider|user_id`; not given: any one of the connection. */
  readonly identity?: string
  /** How many identities of the connection there were before it. */
  readonly held?: number
  /** The tenant said itself what happened: nobody need look. */
  readonly told?: boolean
  /** What the account has to show for it. */
  readonly expects?: 'linked' | 'unlinked'
  /** Offer a login right here. */
  readonly logIn?: boolean
  /** What the agent has said so far; where it went well, it goes on by itself. */
  readonly agent?: readonly string[]
  /** It has to know first whose calendar is meant. */
  readonly asks?: boolean
}

/** Cookies ignore ports: other applications of this machine have theirs here too. */
export const NOTE = 'example-application-note'

const isText = (value: unknown): boolean => typeof value === 'string'
const isSwitch = (value: unknown): boolean => typeof value === 'boolean'

const NOTE_MEMBERS: Readonly<Record<keyof Note, (value: unknown) => boolean>> = {
  tone: (value) => value === 'good' || value === 'bad',
  text: isText,
  code: isText,
  connection: isText,
  identity: isText,
  held: (value) => Number.isSafeInteger(value),
  told: isSwitch,
  expects: (value) => value === 'linked' || value === 'unlinked',
  logIn: isSwitch,
  agent: (value) => Array.isArray(value) && value.every(isText),
  asks: isSwitch,
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
