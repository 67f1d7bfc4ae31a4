/**
 * `api` of the post-login trigger (v3). It does nothing but record what an Action asks of the
 * platform, in order, and hold it to the platform's limits: a call that Auth0 would refuse throws
 * here, so that a test sees it.
 *
 * @see https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-api-object
 */

import type { Factor, PlatformCache, PostLoginApi } from '../../src/platform.ts'
import { createCache } from './cache.ts'

export type MetadataValue = string | number | boolean

/** What an Action asked of the platform, by the name of the method and its arguments. */
export type Command =
  | { readonly type: 'access.deny'; readonly reason: string }
  | { readonly type: 'redirect.sendUserTo'; readonly url: string }
  | { readonly type: 'idToken.setCustomClaim'; readonly name: string; readonly value: unknown }
  | { readonly type: 'authentication.challengeWithAny'; readonly factors: readonly Factor[] }
  | { readonly type: 'user.setUserMetadata'; readonly key: string; readonly value: unknown }
  | {
      readonly type: 'transaction.setMetadata'
      readonly key: string
      readonly value: MetadataValue
    }

export interface ApiOptions {
  /** What the transaction's metadata holds already, within the limits: else it throws. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Default: a new, empty one. */
  readonly cache?: PlatformCache | undefined
  /** `undefined`: deprecated as it is, the method may be absent. */
  readonly canRedirect?: () => boolean
}

export interface ApiDouble {
  /** Goes to the handler, as its second argument. */
  readonly api: PostLoginApi
  /** Every call that was accepted, in order. Live. */
  readonly commands: readonly Command[]
  /** Live: what `event.transaction.metadata` shows after each call. */
  readonly metadata: Readonly<Record<string, MetadataValue>>
  /** Claims that the platform would drop without a word. */
  readonly droppedClaims: readonly string[]
}

/**
 * Of `api.transaction.setMetadata`: the key in characters, one value and all together in bytes of UTF-8.
 *
 * @see https://auth0.com/docs/customize/actions/limitations
 */
export const METADATA_LIMITS = {
  keyCharacters: 64,
  valueBytes: 8 * 1024,
  totalBytes: 16 * 1024,
} as const

const FACTOR_TYPES = [
  'email',
  'otp',
  'phone',
  'push-notification',
  'recovery-code',
  'webauthn-platform',
  'webauthn-roaming',
]

const PREFERRED_METHODS = ['sms', 'voice', 'both']

/** @see https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims#restricted-claims */
const RESTRICTED_CLAIMS = new Set(
  [
    'acr act active at_hash ath attest aud auth_time authorization_details azp c_hash client_id cnf',
    'cty dest entitlements events exp groups gty htm htu iat internalService iss jcard jku jti jwe',
    'jwk kid may_act mky nbf nonce object_id org_id org_name orig origid permissions roles rph',
    's_hash sid sip_callid sip_cseq_num sip_date sip_from_tag sip_via_branch sub sub_jwk toe txn typ',
    'uuid vot vtm x5t#S256',
  ].flatMap((line) => line.split(' ')),
)

const RESERVED_HOSTS = /(^|\.)(auth0\.com|webtask\.io|webtask\.run)$/i

function isDropped(name: string): boolean {
  if (RESTRICTED_CLAIMS.has(name) || /^(\$|urn:auth0\b)/i.test(name)) return true
  return URL.canParse(name) && RESERVED_HOSTS.test(new URL(name).hostname)
}

function refuse(method: string, why: string): never {
  throw new Error(`api.${method}: ${why}`)
}

const bytes = (value: unknown): number => Buffer.byteLength(String(value), 'utf8')

function asMetadata(key: string, value: unknown): MetadataValue {
  if (typeof key !== 'string' || key === '') refuse('transaction.setMetadata', 'the key is no text')
  if (key.length > METADATA_LIMITS.keyCharacters) {
    refuse('transaction.setMetadata', `the key has ${key.length} characters`)
  }
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    refuse('transaction.setMetadata', `the value is a ${typeof value}`)
  }
  if (bytes(value) > METADATA_LIMITS.valueBytes) {
    refuse('transaction.setMetadata', `the value has ${bytes(value)} bytes`)
  }
  return value
}

function checkFactors(factors: readonly Factor[]): readonly Factor[] {
  const method = 'authentication.challengeWithAny'
  if (!Array.isArray(factors) || factors.length === 0) refuse(method, 'there is no factor')
  for (const { type, options } of factors) {
    if (!FACTOR_TYPES.includes(type)) refuse(method, `there is no factor type ${String(type)}`)
    if (options !== undefined && !PREFERRED_METHODS.includes(options.preferredMethod)) {
      refuse(method, `there is no method ${String(options.preferredMethod)}`)
    }
  }
  return structuredClone(factors)
}

/**
 * Makes the `api` of one run. It has what account linking uses: `access.deny`, `redirect.sendUserTo`,
 * `authentication.challengeWithAny`, `idToken.setCustomClaim`, `user.setUserMetadata`,
 * `transaction.setMetadata` and `cache`; another method is not there, and calling it throws. So does
 * a call that Auth0 would refuse: an empty reason, a URL that is not absolute http(s), a redirect where
 * no page can be shown, an unknown factor, metadata beyond `METADATA_LIMITS`. Claims of restricted
 * names go to `droppedClaims`, as the platform drops them without a word.
 */
export function createApi(options: ApiOptions = {}): ApiDouble {
  const { cache = createCache(), canRedirect } = options
  const commands: Command[] = []
  const droppedClaims: string[] = []
  const metadata: Record<string, MetadataValue> = {}

  function keepMetadata(key: string, given: unknown): MetadataValue {
    const value = asMetadata(key, given)
    const others = Object.entries(metadata).filter(([name]) => name !== key)
    const total = [...others, [key, value]]
      .flat()
      .reduce((sum: number, part) => sum + bytes(part), 0)
    if (total > METADATA_LIMITS.totalBytes) {
      refuse('transaction.setMetadata', `all values together have ${total} bytes`)
    }
    metadata[key] = value
    return value
  }

  for (const [key, value] of Object.entries(options.metadata ?? {})) keepMetadata(key, value)

  const api: PostLoginApi = {
    access: {
      deny(reason) {
        if (typeof reason !== 'string' || reason === '') refuse('access.deny', 'no reason')
        commands.push({ type: 'access.deny', reason })
        return api
      },
    },
    authentication: {
      challengeWithAny(factors) {
        commands.push({ type: 'authentication.challengeWithAny', factors: checkFactors(factors) })
        return api
      },
    },
    cache,
    idToken: {
      setCustomClaim(name, value) {
        if (typeof name !== 'string' || name === '') refuse('idToken.setCustomClaim', 'no name')
        if (isDropped(name)) droppedClaims.push(name)
        // What cannot be said in JSON cannot be in a token.
        else {
          const said = JSON.stringify(value)
          if (said === undefined) refuse('idToken.setCustomClaim', 'the value is not JSON')
          commands.push({ type: 'idToken.setCustomClaim', name, value: JSON.parse(said) })
        }
        return api
      },
    },
    redirect: {
      sendUserTo(url) {
        if (typeof url !== 'string' || !URL.canParse(url)) {
          refuse('redirect.sendUserTo', 'the URL is not absolute')
        }
        if (!/^https?:$/.test(new URL(url).protocol)) refuse('redirect.sendUserTo', 'not http(s)')
        if (canRedirect?.() === false) refuse('redirect.sendUserTo', 'no page can be shown')
        commands.push({ type: 'redirect.sendUserTo', url })
        return api
      },
      ...(canRedirect === undefined ? {} : { canRedirect }),
    },
    transaction: {
      setMetadata(key, given) {
        const value = keepMetadata(key, given)
        commands.push({ type: 'transaction.setMetadata', key, value })
        return api
      },
    },
    user: {
      setUserMetadata(key, value) {
        if (typeof key !== 'string' || key === '') refuse('user.setUserMetadata', 'no key')
        commands.push({ type: 'user.setUserMetadata', key, value: structuredClone(value) })
        return api
      },
    },
  }
  return { api, commands, metadata, droppedClaims }
}
