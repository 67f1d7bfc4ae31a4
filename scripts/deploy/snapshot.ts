/**
 * What a tenant holds of account linking, as far as deploying and checking have to know. Types only.
 */
import type { Metadata } from './memory.ts'
import type { Bound } from './order.ts'

export type BuildStatus = 'pending' | 'building' | 'packaged' | 'built' | 'retrying' | 'failed'

export interface DeployedVersion {
  readonly id: string
  readonly number: number
  readonly built: boolean
  /** `undefined`: not shown. */
  readonly secretNames: readonly string[] | undefined
  readonly code: string
  readonly runtime: string
  readonly dependencies: number
}

export interface DeployedAction {
  readonly id: string
  readonly code: string
  readonly runtime: string
  readonly trigger: string
  readonly dependencies: number
  readonly secretNames: readonly string[]
  /** Their names and when each was set, as one text. */
  readonly secretStates: string
  readonly status: BuildStatus
  readonly allChangesDeployed: boolean
  /** The draft's secrets are those of the version that runs. */
  readonly secretsDeployed: boolean
  readonly running: DeployedVersion | undefined
}

/** An application of the tenant; of the companion more is used than of others. */
export interface Application {
  readonly clientId: string
  readonly name: string
  readonly appType: string
  readonly firstParty: boolean
  readonly oidcConformant: boolean
  readonly grantTypes: readonly string[]
  readonly authenticationMethod: string
  /** Of its ID tokens; empty: not shown, and not known to be RS256. */
  readonly algorithm: string
  readonly idTokenLifetimeSeconds: number | undefined
  readonly callbacks: readonly string[]
  /** Addresses of an application that people use: origins, logout, its login page. */
  readonly otherAddresses: readonly string[]
  readonly requiresPar: boolean
  readonly requiresOrganization: boolean
  readonly metadata: Metadata
  /** Where the token may read it. */
  readonly clientSecret: string | undefined
}

export interface Grant {
  readonly id: string
  readonly scopes: readonly string[]
  readonly allScopes: boolean
}

export interface TenantConnection {
  readonly id: string
  readonly name: string
  readonly strategy: string
  /** For the companion. */
  readonly enabled: boolean
  /** A social connection without keys of its own; `undefined`: its options cannot be read. */
  readonly developerKeys: boolean | undefined
}

export interface CustomDomain {
  readonly domain: string
  readonly ready: boolean
}

export interface Snapshot {
  readonly action: DeployedAction | undefined
  readonly bindings: readonly Bound[]
  readonly companion: Application | undefined
  /** Bears the mark of the companion, and nobody vouches for it. */
  readonly stranger?: Application | undefined
  /** What is read for provisioning and checking alone. */
  readonly surroundings: Surroundings | undefined
}

export interface Surroundings {
  readonly grant: Grant | undefined
  readonly connections: readonly TenantConnection[]
  readonly customDomains: readonly CustomDomain[]
}
