/**
 * What the benchmark and its measured processes say to each other: every message has exactly one reply
 * of the same kind, or a failure. Types and one constant, no I/O.
 */

/** The tenant's domain as Actions see it: without a port, as in production. */
export const DOMAIN = 'localhost'

export type Ask =
  /** Load the file, and nothing else so far. */
  | { readonly kind: 'load'; readonly file: string }
  /** Ordinary logins or refreshes, one after the other. */
  | { readonly kind: 'login'; readonly what: 'login' | 'refresh'; readonly count: number }
  /** Reach `https://localhost` at this port of the loopback, trusting this certificate alone. */
  | { readonly kind: 'connect'; readonly port: number; readonly certificatePem: string }
  /** The first half of a link: the start, and this Action's part in the nested login. */
  | { readonly kind: 'start'; readonly hint: string; readonly cache: 'cold' | 'warm' }
  /** The other half: the way back. */
  | { readonly kind: 'finish'; readonly code: string }

export interface Replies {
  readonly load: {
    readonly tookMs: number
    /** Modules that the file requires itself and that do not come with Node. */
    readonly dependencies: readonly string[]
  }
  readonly login: { readonly tookMs: number }
  readonly connect: object
  readonly start: {
    readonly tookMs: number
    readonly url: string
    readonly claims: Readonly<Record<string, unknown>>
  }
  readonly finish: { readonly tookMs: number }
}

export type Kind = Ask['kind']

export type Reply =
  | { readonly ok: true; readonly value: Replies[Kind] }
  | { readonly ok: false; readonly problem: string }
