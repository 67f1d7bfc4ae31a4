/**
 * What the inspector shows, as data: flows, their steps, and what opens behind a step. No I/O.
 */

import type { ActionEntry, HttpEntry, LogEntry, LoginEntry, Parameters } from '../tenant/log.ts'

/** Where the application asks the person before it confirms a link. */
export const CONFIRM_PATH = '/confirm'

/** The columns of the sequence diagram. */
export type Lane = 'browser' | 'application' | 'tenant' | 'action' | 'management'

/** One request to the application, noted as the tenant notes its own. */
export interface ApplicationEntry {
  readonly kind: 'application'
  readonly atMs: number
  readonly durationMs: number
  readonly method: string
  readonly path: string
  readonly query: Parameters
  readonly form: Parameters
  readonly status: number
  readonly location?: string
}

/** The cache as an Action's run left it. */
export interface CacheState {
  readonly entries: readonly {
    readonly key: string
    readonly bytes: number
    readonly forMs: number
  }[]
  readonly bytes: number
}

export type RunEntry = ActionEntry & { readonly cache: CacheState; readonly version: number }

export type Entry = ApplicationEntry | HttpEntry | LoginEntry | RunEntry

export type TenantEntry = LogEntry

/** A number against the platform's limit of it. */
export interface Gauge {
  readonly label: string
  readonly value: number
  readonly limit: number
  readonly unit: string
}

/** What opens behind a step. */
export interface Section {
  readonly title: string
  /** Decoded, masked, ready to be shown. */
  readonly json?: unknown
  readonly lines?: readonly string[]
  readonly gauges?: readonly Gauge[]
}

export interface Step {
  readonly id: string
  readonly from: Lane
  readonly to: Lane
  readonly what: string
  /** Method and path. */
  readonly request?: string
  readonly status?: number | undefined
  readonly durationMs?: number
  readonly tone: 'plain' | 'good' | 'bad'
  readonly faulty: boolean
  readonly sections: readonly Section[]
}

export interface Flow {
  readonly id: string
  readonly title: string
  readonly startedAtMs: number
  readonly durationMs: number
  readonly outcome: string
  readonly tone: 'running' | 'good' | 'bad'
  /** Everything that the Action did in it. */
  readonly action: {
    readonly runs: number
    readonly durationMs: number
    readonly startRoundTrips: number
    readonly wayBackRoundTrips: number
    readonly confirmationRoundTrips: number
  }
  /** How to do it again: a form of the application, or an attack. */
  readonly replay?: Replay | undefined
  readonly steps: readonly Step[]
}

export type Replay =
  | { readonly type: 'request'; readonly path: string; readonly form: Parameters }
  | { readonly type: 'attack'; readonly name: string }

/** What a flow is, where its first request does not say it. */
export interface Label {
  readonly title: string
  readonly replay?: Replay | undefined
  /** Only what comes after it is of interest. */
  readonly hidden?: boolean
}
