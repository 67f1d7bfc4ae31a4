/**
 * What happened at a tenant, in order, as typed data: every HTTP request, every run of an Action,
 * every login at a connection. In memory, no I/O; a listener hears each entry when it is complete.
 */

import type { PostLoginEvent } from '../../src/platform.ts'
import type { Command } from '../testing/api.ts'

/** By name; several values where a name came several times. */
export type Parameters = Readonly<Record<string, string | readonly string[]>>

/** `front`: the listener for browsers. `back`: the https one, issuer and back channel. */
export type Channel = 'front' | 'back'

export type Caller = 'browser' | 'action' | 'application' | 'script'

interface Entry {
  /** The order in which things began. */
  readonly sequence: number
  /** When it began, in milliseconds since the epoch. */
  readonly atMs: number
  readonly durationMs: number
}

export interface HttpEntry extends Entry {
  readonly kind: 'http'
  readonly channel: Channel
  readonly caller: Caller
  /** The client that authenticated, where one did. */
  readonly clientId?: string | undefined
  /** The run of an Action that sent the request. */
  readonly run?: number
  readonly method: string
  /** The domain it was meant for, with its port. */
  readonly domain: string
  readonly path: string
  readonly query: Parameters
  readonly form: Parameters
  readonly json?: unknown
  readonly userAgent?: string | undefined
  /** `undefined`: there was no answer. */
  readonly status?: number
  readonly location?: string
  /** The body, where it was JSON. */
  readonly answer?: unknown
  /** An injected fault was applied. */
  readonly faulty: boolean
}

export interface ActionEntry extends Entry {
  readonly kind: 'action'
  readonly run: number
  readonly action: string
  readonly handler: 'onExecutePostLogin' | 'onContinuePostLogin'
  readonly transactionId: string
  readonly clientId: string
  readonly nested: boolean
  readonly event: PostLoginEvent
  readonly commands: readonly Command[]
  readonly lines: readonly string[]
  /** What of the lines the platform would keep. */
  readonly kept: string
  /** HTTP requests that the run sent to this tenant. */
  readonly roundTrips: number
  /** Why the run broke: it threw, broke a limit or was out of time. */
  readonly error?: string | undefined
}

export interface LoginEntry extends Entry {
  readonly kind: 'login'
  readonly transactionId: string
  readonly clientId: string
  readonly connection: string
  /** `connection_scope`, as it was asked for. */
  readonly connectionScope?: string | undefined
  /** Whatever else the request meant for the connection: `access_type`, `prompt`, `login_hint`… */
  readonly parameters: Parameters
  readonly result: 'success' | 'cancelled' | 'refused'
  readonly userId?: string
  /** `provider|user_id` at this connection, whosever account it is in. */
  readonly identity?: string
  /** A user was made for an identity that the tenant did not know. */
  readonly created: boolean
}

export type LogEntry = HttpEntry | ActionEntry | LoginEntry

export interface Log {
  /** Begins an entry: its place in the order and its clock. */
  begin(): Begun
  add(entry: LogEntry): void
  entries(): readonly LogEntry[]
  clear(): void
}

export interface Begun {
  readonly sequence: number
  readonly atMs: number
  /** The milliseconds since then. */
  elapsedMs(): number
}

export function createLog(onEvent: ((entry: LogEntry) => void) | undefined): Log {
  const entries: LogEntry[] = []
  let sequence = 0
  return {
    begin() {
      sequence += 1
      const started = performance.now()
      const elapsedMs = () => Math.round((performance.now() - started) * 100) / 100
      return { sequence, atMs: Date.now(), elapsedMs }
    },
    add(entry) {
      entries.push(entry)
      onEvent?.(entry)
    },
    entries: () => entries.toSorted((one, other) => one.sequence - other.sequence),
    clear: () => {
      entries.length = 0
    },
  }
}
