/**
 * Everything that a search tells two situations apart by: the tenant's accounts, transactions and codes,
 * what each browser holds, and what Sam has seen. Plain values that are never changed, no I/O. Names of
 * URLs, tokens, codes and runs are interned, and derive from what they stand for, never from the order
 * of moves.
 */
import { createHash } from 'node:crypto'
import type { Accounts, BrowserName, Person } from './cast.ts'

/** A session at the platform. */
export interface Session {
  readonly id: string
  readonly user: string
}

/** What the application asks the platform for. */
export type Ask =
  | { readonly scope: 'login' | 'confirm' }
  | { readonly scope: 'link' | 'unlink'; readonly connection: string; readonly identity?: string }

/** A request for which no application has begun anything: Sam has made it up, its `state` too. */
export const MADE_UP = 'made-up'

/** A login that waits for its way back. */
export interface Transaction {
  /** The run of the Action that sent the browser away. */
  readonly run: string
  readonly flow: string
  readonly by: Person
  readonly browser: BrowserName
  readonly look: BrowserName
  readonly session: Session
  readonly at: number
}

export type Edit = Readonly<Record<string, string | null>>

export type Url =
  | {
      readonly to: 'authorize'
      readonly flow: string
      readonly ask: Ask
      readonly hint?: string | undefined
      readonly confirmation?: string | undefined
      /** Asks Sam's connection to log the browser in as this identity first. */
      readonly plant?: string | undefined
    }
  | {
      readonly to: 'nested'
      readonly run: string
      readonly transaction: string
      readonly edit: Edit
    }
  | {
      readonly to: 'continue'
      readonly transaction: string
      readonly code?: string
      readonly error?: string
    }
  | {
      readonly to: 'callback'
      readonly flow: string
      readonly code?: string
      readonly error?: string
    }

/** A code of the nested login, for the Action; or one for the application. */
export type Code =
  | {
      readonly of: 'nested'
      readonly run: string
      readonly edit: Edit
      readonly nested: string
      readonly identity: string
      readonly user: string
      readonly at: number
    }
  | {
      readonly of: 'application'
      readonly challenge: string
      readonly token: Token
    }

/** An ID token of the application's, and the refresh token that came with it. */
export interface Token {
  readonly user: string
  readonly sid: string | undefined
  readonly at: number
  /** The run whose claims it has, if it has any; and the attempt that this run has ended. */
  readonly run?: string | undefined
  readonly attempt?: Attempt | undefined
}

export interface Attempt {
  readonly transaction: string
  readonly by: Person
  readonly at: number
}

export interface Browser {
  readonly look: BrowserName
  readonly session: Session | undefined
  /** The token of its session at the application. */
  readonly token: string | undefined
  /** Requests that the application has begun here, by their `state`, and still waits for. */
  readonly waiting: readonly string[]
  /** Login pages that stand open in it. */
  readonly pages: readonly string[]
}

export interface State {
  readonly seconds: number
  readonly accounts: Accounts
  readonly browsers: Readonly<Record<BrowserName, Browser>>
  readonly transactions: Readonly<Record<string, Transaction>>
  /** URLs that Sam has seen and that still lead somewhere. */
  readonly seen: readonly string[]
  /** Tokens that Sam holds. */
  readonly tokens: readonly string[]
  /** What each attempt that can go on has changed already, and whether it stands. */
  readonly changes: Readonly<Record<string, string>>
}

const sorted = <T>(record: Readonly<Record<string, T>>): readonly (readonly [string, T])[] =>
  Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1))

/** Equal for equal states, and short. */
export function keyOf(state: State): string {
  const { browsers, transactions, changes } = state
  const text = JSON.stringify([
    state.seconds,
    sorted(state.accounts),
    browsers.sams,
    browsers.laptop,
    browsers.phone,
    sorted(transactions),
    state.seen,
    state.tokens,
    sorted(changes),
  ])
  return createHash('md5').update(text).digest('base64')
}

/** A sorted list with one more in it, once. */
export function withOne(list: readonly string[], one: string): readonly string[] {
  return list.includes(one) ? list : [...list, one].sort()
}
