/**
 * The part of Auth0's post-login trigger (v3) that this Action uses: types of `event` and `api`,
 * and the platform's numbers. Types and constants only; no I/O.
 *
 * @see https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-event-object
 * @see https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-api-object
 */

/** @see https://auth0.com/docs/customize/actions/limitations */
export const PLATFORM = {
  /** What is kept of an Action's console output, line ends included. */
  maxLogCharacters: 256,
  /** One value of `api.cache`. */
  maxCacheValueBytes: 4_096,
  /** The longest life of an entry of `api.cache`. */
  maxCacheTtlMs: 24 * 60 * 60 * 1_000,
  /** What `api.authentication.challengeWithAny` takes. */
  factorTypes: [
    'phone',
    'otp',
    'email',
    'push-notification',
    'webauthn-roaming',
    'webauthn-platform',
    'recovery-code',
  ],
  /** What its `preferredMethod` of a phone takes. */
  phoneMethods: ['sms', 'voice', 'both'],
} as const

/** One login that the account knows. `user_id` stands without its provider. */
export interface Identity {
  readonly connection: string
  readonly provider: string
  readonly user_id: string
  readonly isSocial?: boolean
}

/** A second factor that the user has enrolled. Some tenants show an older `method`. */
export interface EnrolledFactor {
  readonly type?: string
  readonly method?: string
  readonly options?: Readonly<Record<string, unknown>>
}

export interface User {
  readonly user_id: string
  readonly email?: string
  readonly email_verified?: boolean
  readonly blocked?: boolean
  /** When the password of a database user was last reset. */
  readonly last_password_reset?: string
  readonly identities?: readonly Identity[]
  /** `undefined`: they could not be read. `[]`: there are none. */
  readonly enrolledFactors?: readonly EnrolledFactor[]
  readonly user_metadata?: Readonly<Record<string, unknown>>
}

export interface Transaction {
  readonly id?: string
  readonly protocol?: string
  readonly requested_scopes?: readonly string[]
  readonly response_type?: readonly string[]
  readonly redirect_uri?: string
  readonly state?: string
  readonly prompt?: readonly string[]
  readonly ui_locales?: readonly string[]
  readonly metadata?: Readonly<Record<string, unknown>>
}

export interface PostLoginEvent {
  readonly client: { readonly client_id: string }
  readonly connection?: { readonly id?: string; readonly name?: string }
  readonly user: User
  readonly request: {
    readonly hostname?: string
    readonly ip?: string
    readonly method?: string
    readonly user_agent?: string
    readonly query?: Readonly<Record<string, unknown>>
    readonly body?: Readonly<Record<string, unknown>>
  }
  readonly transaction?: Transaction
  /** `id` corresponds to the `sid` of ID tokens. */
  readonly session?: { readonly id?: string }
  readonly stats?: { readonly logins_count?: number }
  readonly organization?: { readonly id?: string }
  readonly authentication?: { readonly methods?: readonly { readonly name?: string }[] }
  readonly custom_domain?: { readonly domain?: string }
  readonly secrets?: Readonly<Record<string, unknown>>
  readonly configuration?: Readonly<Record<string, unknown>>
}

/** What a failed `api.cache` write answers; it does not throw. */
export interface CacheError {
  readonly type: 'error'
  readonly code: string
}

/** `api.cache`: at best a hint, shared by every post-login Action of the tenant. */
export interface PlatformCache {
  get(key: string): { readonly value: string; readonly expires_at: number } | undefined
  /** `ttl` in milliseconds. */
  set(
    key: string,
    value: string,
    options?: { readonly ttl?: number },
  ): CacheError | { readonly type: 'success' } | undefined
  delete(key: string): unknown
}

/** A factor to challenge with. */
export interface Factor {
  readonly type: string
  readonly options?: Readonly<Record<string, unknown>>
}

export interface PostLoginApi {
  readonly access: { deny(reason: string): unknown }
  readonly authentication: { challengeWithAny(factors: readonly Factor[]): unknown }
  readonly cache: PlatformCache
  readonly idToken: { setCustomClaim(name: string, value: unknown): unknown }
  readonly redirect: { sendUserTo(url: string): unknown; canRedirect?(): boolean }
  readonly transaction: { setMetadata(key: string, value: string): unknown }
  readonly user: { setUserMetadata(key: string, value: unknown): unknown }
}

export type Handler = (event: PostLoginEvent, api: PostLoginApi) => Promise<void>
