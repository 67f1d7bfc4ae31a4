/** What a local tenant can be told at its start, and what it offers while it runs. Types only. */

import type { CacheDouble } from '../testing/cache.ts'
import type { Realm } from '../testing/load.ts'
import type { ActionRegistry } from './action-registry.ts'
import type { Applications } from './applications.ts'
import type { RequestRules } from './authorize-request.ts'
import type { Connection, ConnectionPerson } from './connections.ts'
import type { LocalTenantFault } from './faults.ts'
import type { Addresses } from './front-door.ts'
import type { Exchange } from './http.ts'
import type { ActionEntry, HttpEntry, LogEntry, LoginEntry } from './log.ts'
import type { ContinueBehaviour } from './login.ts'
import type { PlatformAnswers } from './platform-answers.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { Store } from './store.ts'

export interface TenantOptions {
  /** 0, the default: any free port. */
  readonly httpsPort?: number
  readonly httpPort?: number
  /** Where Actions are compiled. Default: this realm. */
  readonly realm?: Realm
  /** Hears of everything that is complete. */
  readonly onEvent?: (entry: LogEntry) => void
  /** `kept`, the default: a nested login leaves the outer session alone. `replaced`: it ends it. */
  readonly nestedSession?: 'kept' | 'replaced'
  /** Default: bound to the browser, once, fresh values, for an hour. */
  readonly continueBehaviour?: Partial<ContinueBehaviour>
  /** How long an Action is built. Default 150 ms. */
  readonly buildDelayMs?: number
  /** `none`: nobody has made the companion application yet. Default: it is registered. */
  readonly companion?: 'registered' | 'none'
  /** Default: strict, as every new one. An older one may be permissive. */
  readonly thirdPartyApplication?: 'strict' | 'permissive'
  /** The form of custom parameters' values. Default: any, as no document says for pushed requests. */
  readonly customValues?: RequestRules['customValues']
  /** More connections beside the usual ones. Default: none. */
  readonly moreConnections?: readonly Connection[]
  /** Social connections without keys of their own. Default: none. */
  readonly developerKeys?: readonly string[]
  /** More entries do not fit a page of a list. Default 100. */
  readonly maxPageSize?: number
  /** All Actions together have so long before a redirect, and again after it. Default 20 s. */
  readonly actionTimeoutMs?: number
  /** Waited before each answer on the back channel. Default 0. */
  readonly backChannelDelayMs?: number
  /** Default: events are frozen, so that a change of them throws. */
  readonly freezeEvents?: boolean
  /**
   * Of claims with `urn:` names, in requests without an `audience`. Default: dropped, as documents
   * have them for requests with an API of one's own only.
   */
  readonly urnClaims?: 'kept' | 'dropped'
  /** The deprecated `api.redirect.canRedirect` exists. Default: it does. */
  readonly canRedirectExists?: boolean
  /** Default: new ones, which take longer than all the rest of the start. */
  readonly signingKeys?: SigningKeys
  /** Answers a request in the tenant's place, where it gives back true. */
  readonly answerFirst?: (exchange: Exchange) => Promise<boolean>
  /** The one origin whose pages may show the login pages in a frame. Default: none, as at Auth0. */
  readonly framedBy?: () => string | undefined
  /** Default: `USUAL_ANSWERS`. */
  readonly answers?: Partial<PlatformAnswers>
  /** `event.configuration`. */
  readonly configuration?: Readonly<Record<string, string>>
}

/** What Auth0's documents leave open, and may be changed while the tenant runs. */
export interface PlatformBehaviour {
  readonly nestedSession?: 'kept' | 'replaced'
  readonly requestValues?: ContinueBehaviour['requestValues']
  readonly boundToBrowser?: boolean
}

/** An Action that is put in place without the Management API. */
export interface InstalledAction {
  readonly name: string
  readonly code: string
  readonly secrets?: Readonly<Record<string, string>>
}

export interface Tenant extends Addresses {
  readonly applications: Applications
  readonly connections: readonly Connection[]
  readonly users: Store
  /** The Actions, as the Management API has them. */
  readonly actions: ActionRegistry
  /** Lets somebody more log in at a connection; database people get their user at once. */
  addPerson(connection: string, person: ConnectionPerson): void
  /** New signing keys; the old ones are revoked at once, and what they signed is good no more. */
  rotateKeys(): Promise<void>
  /** From now on; nested logins that are under way are over. */
  behave(change: PlatformBehaviour): void
  /** `api.cache`, shared by all Actions. */
  readonly cache: CacheDouble
  /** The settings of the companion application that this tenant has. */
  readonly companionSettings: Readonly<Record<string, string>>
  /** The code that the second factor asks for. */
  readonly challengeCode: string
  /** The certificate's PEM, for NODE_EXTRA_CA_CERTS of child processes. */
  readonly certificatePem: string
  /** Deploys and binds these Actions, in this order, instead of whatever was bound. */
  install(...actions: readonly InstalledAction[]): void
  /** Where a browser reaches a URL of the tenant. */
  frontDoorOf(url: string | URL): string
  log(): readonly LogEntry[]
  requests(): readonly HttpEntry[]
  runs(): readonly ActionEntry[]
  logins(): readonly LoginEntry[]
  clearLog(): void
  fault(fault: LocalTenantFault): void
  /** None are left; a request that one holds back goes on. */
  clearFaults(): void
  /** From now on; what waits already goes on. */
  setBackChannelDelay(delayMs: number): void
  close(): Promise<void>
}
