/**
 * The tenant's settings, read once into one typed object. No I/O. A value that is missing or
 * cannot be understood gives `misconfigured`, with a cause that names it and says what it takes.
 */
import { type Denial, deny } from './outcome.ts'
import type { PostLoginEvent } from './platform.ts'
import { readScopes } from './request.ts'
import { readRaw } from './settings-source.ts'

export interface Settings {
  readonly domain: string
  readonly customDomains: readonly string[]
  readonly clientId: string
  readonly clientSecret: string
  readonly actionSecret: string
  /** `undefined` in this and the next: all are allowed. */
  readonly allowedConnections: readonly string[] | undefined
  readonly allowedConnectionScopes: readonly string[] | undefined
  readonly enforceMfa: 'no' | 'enrolled' | 'always'
  readonly enforceEmailVerification: boolean
  readonly enforceSecondaryEmailVerification: boolean
  readonly requireMatchingEmail: boolean
  readonly pinIpAddress: boolean
  readonly pinUserAgent: boolean
  readonly pinSession: boolean
  readonly hintMaxAgeSeconds: number
  readonly primaryMaxAuthAgeSeconds: number | undefined
  readonly allowMerge: boolean
  readonly linkExistingUsers: boolean
  readonly mergeUserMetadata: boolean
  readonly allowUnlink: boolean
  readonly nestedParams: readonly (readonly [string, string])[]
  readonly resultClaim: string | undefined
}

/** `undefined`: this value cannot be understood. */
type Parse<T> = (value: string) => T | undefined

interface Kind<T> {
  readonly parse: Parse<T>
  /** Said to the admin after the setting's name. */
  readonly takes: string
}

const kind = <T>(takes: string, parse: Parse<T>): Kind<T> => ({ takes, parse })

const patterns = kind('debug patterns', String)
const text = kind('a value', (value) => value || undefined)
const secret = kind('32 characters or more', (value) => (value.length < 32 ? undefined : value))
const host = kind('a host without scheme or path', readHost)
const list = kind('a comma-separated list', readList)
const scopes = kind('a list of scopes', (value) => {
  const found = readScopes(value)
  return found.length > 0 ? found : undefined
})
const hosts = kind('a comma-separated list of hosts', (value) => {
  const found = readList(value)?.map(readHost)
  return found?.every((item) => item !== undefined) ? found : undefined
})
const toggle = kind('yes or no', readSwitch)
const mfa = kind('yes, no or always', (value) => {
  if (value.toLowerCase() === 'always') return 'always'
  const on = readSwitch(value)
  return on === undefined ? undefined : on ? 'enrolled' : 'no'
})
const hintAge = kind('1 to 86400 seconds', (value) => readSeconds(value, 86_400))
const authAge = kind('off, or 1 second or more', (value) =>
  value.toLowerCase() === 'off' ? 'off' : readSeconds(value, Number.MAX_SAFE_INTEGER),
)
const nestedParams = kind('extra parameters, none of them reserved or repeated', readNestedParams)
const claim = kind('an https: or urn: name outside auth0.com and urn:auth0', readClaimName)

/** The default of DEBUG: what an admin needs, and no more than 256 characters of it. */
const DEFAULT_DEBUG = 'account-linking:error,account-linking:outcome'

/** The `debug` patterns; readable whatever the other settings hold. */
export function readDebugPatterns(event: PostLoginEvent): string {
  const value = readRaw(event, 'DEBUG')
  return typeof value === 'string' ? value : DEFAULT_DEBUG
}

/** ALLOWED_CLIENT_IDS alone: it is read before anything else. */
export function readAllowedClientIds(
  event: PostLoginEvent,
): readonly string[] | undefined | Denial {
  const reader = createReader(event)
  const allowed = reader.optional('ALLOWED_CLIENT_IDS', list)
  return reader.problem() ?? allowed
}

/**
 * Every setting, with its default where it is not set. A denial where a required one is missing or
 * any is not understood: it names the setting and what it takes, never its value.
 */
export function readSettings(event: PostLoginEvent): Settings | Denial {
  const { required, optional, withDefault, problem } = createReader(event)
  // These two are used before all others, by functions of their own; here they are only checked.
  optional('DEBUG', patterns)
  optional('ALLOWED_CLIENT_IDS', list)
  const maxAuthAge = withDefault('PRIMARY_MAX_AUTH_AGE', authAge, 'off')
  const settings: Settings = {
    domain: required('AUTH0_DOMAIN', host),
    customDomains: withDefault('CUSTOM_DOMAINS', hosts, []),
    clientId: required('AUTH0_CLIENT_ID', text),
    clientSecret: required('AUTH0_CLIENT_SECRET', text),
    actionSecret: required('ACTION_SECRET', secret),
    allowedConnections: optional('ALLOWED_CONNECTIONS', list),
    allowedConnectionScopes: optional('ALLOWED_CONNECTION_SCOPES', scopes),
    enforceMfa: withDefault('ENFORCE_MFA', mfa, 'no'),
    enforceEmailVerification: withDefault('ENFORCE_EMAIL_VERIFICATION', toggle, false),
    enforceSecondaryEmailVerification: withDefault(
      'ENFORCE_SECONDARY_EMAIL_VERIFICATION',
      toggle,
      false,
    ),
    requireMatchingEmail: withDefault('REQUIRE_MATCHING_EMAIL', toggle, false),
    pinIpAddress: withDefault('PIN_IP_ADDRESS', toggle, false),
    pinUserAgent: withDefault('PIN_USER_AGENT', toggle, true),
    pinSession: withDefault('PIN_SESSION', toggle, true),
    hintMaxAgeSeconds: withDefault('HINT_MAX_AGE', hintAge, 600),
    primaryMaxAuthAgeSeconds: maxAuthAge === 'off' ? undefined : maxAuthAge,
    allowMerge: withDefault('ALLOW_MERGE', toggle, false),
    linkExistingUsers: withDefault('LINK_EXISTING_USERS', toggle, true),
    mergeUserMetadata: withDefault('MERGE_USER_METADATA', toggle, false),
    allowUnlink: withDefault('ALLOW_UNLINK', toggle, true),
    nestedParams: withDefault('NESTED_PARAMS', nestedParams, []),
    resultClaim: optional('RESULT_CLAIM', claim),
  }
  return problem() ?? settings
}

/** Reads settings one by one and remembers those that cannot be understood. */
function createReader(event: PostLoginEvent) {
  const problems = new Map<string, string>()

  function optional<T>(name: string, { parse, takes }: Kind<T>): T | undefined {
    const raw = readRaw(event, name)
    if (raw === undefined) return undefined
    const value = typeof raw === 'string' ? parse(raw) : undefined
    if (value === undefined) problems.set(name, `takes ${takes}`)
    return value
  }

  function required(name: string, expected: Kind<string>): string {
    if (readRaw(event, name) === undefined) problems.set(name, 'is missing')
    return optional(name, expected) ?? ''
  }

  function withDefault<T>(name: string, expected: Kind<T>, fallback: NoInfer<T>): T {
    return optional(name, expected) ?? fallback
  }

  /** One problem is told whole; of several the names, as many as a line of the log has room for. */
  function problem(): Denial | undefined {
    const [[name, what] = [], ...more] = problems
    if (name === undefined) return undefined
    const cause = more.length > 0 ? [...problems.keys()].join(' ') : `${name} ${what}`
    return deny('misconfigured', cause)
  }

  return { optional, required, withDefault, problem }
}

/** A host name, perhaps with a port, in lower case; `undefined` for anything else. */
export function readHost(value: string): string | undefined {
  const host = value.toLowerCase()
  // What URLs write otherwise would name another host, or this one in two ways.
  const isHost = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?$/.test(host)
  return isHost && URL.parse(`https://${host}`)?.host === host ? host : undefined
}

function readSwitch(value: string): boolean | undefined {
  const word = value.toLowerCase()
  if (['yes', 'true', '1'].includes(word)) return true
  return ['no', 'false', '0'].includes(word) ? false : undefined
}

/** A list that is set but empty is not understood: it must never mean "all". */
function readList(value: string): readonly string[] | undefined {
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)
  return items.length > 0 ? items : undefined
}

function readSeconds(value: string, max: number): number | undefined {
  const seconds = /^\d+$/.test(value) ? Number(value) : 0
  return seconds >= 1 && seconds <= max ? seconds : undefined
}

/** What the nested request sets itself, or what would change whom or what it asks. */
const RESERVED_PARAMS =
  'client_id response_type response_mode redirect_uri scope state nonce code_challenge code_challenge_method connection connection_scope max_age id_token_hint request request_uri audience resource organization invitation ui_locales'.split(
    ' ',
  )

function readNestedParams(value: string): readonly (readonly [string, string])[] | undefined {
  const params = [...new URLSearchParams(value)]
  const names = params.map(([name]) => name.toLowerCase())
  const understood =
    new Set(names).size === names.length &&
    names.every((name) => name !== '' && !RESERVED_PARAMS.includes(name)) &&
    !params.some(([name, words]) => name.toLowerCase() === 'prompt' && /\bnone\b/i.test(words))
  return understood ? params : undefined
}

/**
 * A namespaced claim name that Auth0 does not drop.
 *
 * @see https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims
 */
function readClaimName(value: string): string | undefined {
  if (/^urn:(?!auth0:)[a-z0-9][a-z0-9-]+:[!-~]+$/i.test(value)) return value
  if (!/^https:\/\/[!-~]+$/.test(value)) return undefined
  const host = URL.parse(value)?.hostname.replace(/\.$/, '')
  const dropped = host === undefined || /(^|\.)(auth0\.com|webtask\.io|webtask\.run)$/.test(host)
  return dropped ? undefined : value
}
