/**
 * The vocabulary of plans: what is wanted, the steps to it and what each of them changes. Types and
 * small pure helpers.
 */
import type { Position } from './order.ts'
import type { Values } from './settings.ts'

export interface Wanted {
  readonly actionName: string
  readonly code: string
  /** AUTH0_DOMAIN is among them. */
  readonly settings: Values
  readonly position: Position
  readonly provision: boolean
  /** Settings that the Action has, and shall lose. */
  readonly drop?: readonly string[]
}

export interface Change {
  readonly what: string
  /** `undefined`: there is none. */
  readonly before: string | undefined
  readonly after: string | undefined
}

/** What of an application the companion's role prescribes; only what differs is sent. */
export interface CompanionValues {
  readonly app_type?: 'regular_web'
  readonly is_first_party?: true
  readonly oidc_conformant?: true
  readonly grant_types?: string[]
  readonly token_endpoint_auth_method?: 'client_secret_post'
  readonly jwt_configuration?: {
    readonly alg: 'RS256'
    readonly lifetime_in_seconds?: number | undefined
  }
  readonly callbacks?: string[]
  readonly require_pushed_authorization_requests?: false
  readonly organization_usage?: 'allow'
  readonly client_metadata?: Record<string, string>
}

interface Described {
  /** What it is done to, in a few words. */
  readonly title: string
  readonly changes: readonly Change[]
}

export type Step = Described &
  (
    | {
        readonly kind: 'application'
        /** `undefined` in this and the next ones: it is to be created. */
        readonly clientId: string | undefined
        readonly values: CompanionValues
      }
    | {
        readonly kind: 'grant'
        readonly grantId: string | undefined
        /** It permits everything, which has to be taken back by name. */
        readonly allScopes: boolean
      }
    | { readonly kind: 'connection'; readonly id: string }
    | {
        readonly kind: 'action'
        readonly actionId: string | undefined
        /** All secrets are sent, or none. */
        readonly secrets: boolean
      }
    | { readonly kind: 'build' }
    | { readonly kind: 'deploy' }
    | { readonly kind: 'verify' }
    | { readonly kind: 'memory' }
    | { readonly kind: 'flow' }
    | { readonly kind: 'restore'; readonly versionId: string; readonly number: number }
  )

export interface Plan {
  readonly steps: readonly Step[]
  /** What the person should know besides. */
  readonly notes: readonly string[]
}

/** The tenant cannot be brought there; `problem` says why, and what to do. */
export interface Impossible {
  readonly problem: string
  /** What it is about, thing by thing. */
  readonly notes?: readonly string[]
}

export const COMPANION_GRANTS: readonly string[] = ['authorization_code', 'client_credentials']
export const COMPANION_SCOPES: readonly string[] = ['update:users']
export const RUNTIME = 'node22'
export const TRIGGER_VERSION = 'post-login v3'

export const isImpossible = (value: object): value is Impossible => 'problem' in value

export const NOTHING_TO_DO: Plan = { steps: [], notes: [] }

/** A value as a person reads it; what is empty is not there. */
export function show(value: unknown): string | undefined {
  if (value === undefined || value === '') return undefined
  return Array.isArray(value) ? value.join(', ') : String(value)
}

export function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item))
}
