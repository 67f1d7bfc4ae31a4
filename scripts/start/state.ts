/**
 * What the inspector's page is sent and what it sends: the state of everything that it shows, the newest
 * flow, and orders. Types only, for the server and for the page.
 */

import type { AttackResult } from './attacks/judge.ts'
import type { Deployment } from './deployments.ts'
import type { Flow } from './flow.ts'
import type { ShownPerson } from './people.ts'
import type { ShownSetting } from './settings.ts'
import type { ShownTrouble } from './troubles.ts'

/** A flow as it stands in the list. */
export type FlowSummary = Omit<Flow, 'steps'>

export interface ShownAttack {
  readonly name: string
  readonly label: string
  readonly meaning: string
  readonly running: boolean
  readonly result?: AttackResult | undefined
}

export interface State {
  readonly tenant: { readonly domain: string; readonly frontDoor: string }
  readonly deployment: Deployment
  readonly settings: readonly ShownSetting[]
  readonly troubles: readonly ShownTrouble[]
  readonly people: readonly ShownPerson[]
  readonly attacks: readonly ShownAttack[]
  readonly flows: readonly FlowSummary[]
}

/** The members that are of their type; the rest is as if it were not there. */
export interface Order {
  readonly name?: string
  readonly on?: boolean
  readonly value?: string
  readonly userId?: string
  readonly emailVerified?: boolean
  readonly enrolled?: boolean
}
