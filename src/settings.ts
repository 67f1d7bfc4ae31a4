/**
 * The tenant's settings, read once into one typed object. No I/O. A value that is missing or
 * cannot be understood gives `misconfigured`, with a cause that names it and says what it takes.
 */
import { type Denial, deny } from './outcome.ts'
import type { PostLoginEvent } from './platform.ts'
import { readPlainName, readScopes } from './request.ts'
import { readRaw } from './settings-source.ts'

/** What a setting takes: read from its text, and said to the admin after its name. */
interface Kind<T> {
  /** `undefined`: this value cannot be understood. */
  readonly parse: (value: string) => T | undefined
  readonly takes: string
}

/** One setting. `fallback` is its value where it is not set. */
interface Setting<T> extends Kind<T> {
  readonly name: string
  readonly required: boolean
  readonly fallback: T
}

const kind = <T>(takes: string, parse: Kind<T>['parse']): Kind<T> => ({ takes, parse })

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
const mfa = kind<'no' | 'enrolled' | 'always'>('yes, no or always', (value) => {
  if (value.toLowerCase() === 'always') return 'always'
  const on = readSwitch(value)
  return on === undefined ? undefined : on ? 'enrolled' : 'no'
})
const hintAge = kind('1 to 86400 seconds', (value) => readCount(value, 86_400))
const identityCount = kind('1 to 10', (value) => readCount(value, 10))
const authAge = kind<number | 'off'>('off, or 1 second or more', (value) =>
  value.toLowerCase() === 'off' ? 'off' : readCount(value, Number.MAX_SAFE_INTEGER),
)
const nestedParams = kind('extra parameters, none of them reserved or repeated', readNestedParams)
const claim = kind('an https: or urn: name outside auth0.com and urn:auth0', readClaimName)

/** Kinds that take one of a few words, those in `takes`: for whoever shows settings, in no login. */
export const CHOICES = [toggle, mfa]

const setting = <T, const F>(name: string, kind: Kind<T>, fallback: F): Setting<T | F> => ({
  name,
  ...kind,
  required: false,
  fallback,
})

const required = (name: string, kind: Kind<string>): Setting<string> => ({
  ...setting(name, kind, ''),
  required: true,
})

/**
 * Every setting: its name, what it takes, and what holds where it is not set. Whatever reads or shows
 * settings reads this; a name that ends in _SECRET makes it one that is shown and kept nowhere.
 */
export const SETTINGS = {
  domain: required('AUTH0_DOMAIN', host),
  customDomains: setting('CUSTOM_DOMAINS', hosts, []),
  clientId: required('AUTH0_CLIENT_ID', text),
  clientSecret: required('AUTH0_CLIENT_SECRET', text),
  actionSecret: required('ACTION_SECRET', secret),
  debug: setting(
    'DEBUG',
    kind('debug patterns', String),
    'account-linking:error,account-linking:outcome',
  ),
  allowedClientIds: setting('ALLOWED_CLIENT_IDS', list, undefined),
  allowedConnections: setting('ALLOWED_CONNECTIONS', list, undefined),
  allowedConnectionScopes: setting('ALLOWED_CONNECTION_SCOPES', scopes, undefined),
  enforceMfa: setting('ENFORCE_MFA', mfa, 'no'),
  enforceEmailVerification: setting('ENFORCE_EMAIL_VERIFICATION', toggle, false),
  enforceSecondaryEmailVerification: setting('ENFORCE_SECONDARY_EMAIL_VERIFICATION', toggle, false),
  requireMatchingEmail: setting('REQUIRE_MATCHING_EMAIL', toggle, false),
  pinIpAddress: setting('PIN_IP_ADDRESS', toggle, false),
  pinUserAgent: setting('PIN_USER_AGENT', toggle, true),
  pinSession: setting('PIN_SESSION', toggle, true),
  hintMaxAgeSeconds: setting('HINT_MAX_AGE', hintAge, 600),
  primaryMaxAuthAgeSeconds: setting('PRIMARY_MAX_AUTH_AGE', authAge, 'off'),
  allowMerge: setting('ALLOW_MERGE', toggle, false),
  linkExistingUsers: setting('LINK_EXISTING_USERS', toggle, true),
  mergeUserMetadata: setting('MERGE_USER_METADATA', toggle, false),
  identitiesPerConnection: setting('IDENTITIES_PER_CONNECTION', identityCount, 1),
  confirmLink: setting('CONFIRM_LINK', toggle, false),
  allowUnlink: setting('ALLOW_UNLINK', toggle, true),
  nestedParams: setting('NESTED_PARAMS', nestedParams, []),
  resultClaim: setting('RESULT_CLAIM', claim, undefined),
}

/** The settings as the Action uses them. */
export type Settings = {
  readonly [Key in keyof typeof SETTINGS]: (typeof SETTINGS)[Key]['fallback']
}

/** The `debug` patterns; readable whatever the other settings hold. */
export function readDebugPatterns(event: PostLoginEvent): string {
  return readSetting(event, SETTINGS.debug, [])
}

/** ALLOWED_CLIENT_IDS alone: it is read before anything else. */
export function readAllowedClientIds(event: PostLoginEvent): Settings['allowedClientIds'] | Denial {
  const problems: string[] = []
  const allowed = readSetting(event, SETTINGS.allowedClientIds, problems)
  return denyMisread(problems) ?? allowed
}

/**
 * Every setting, with its default where it is not set. A denial where a required one is missing or
 * any is not understood: it names the setting and what it takes, never its value.
 */
export function readSettings(event: PostLoginEvent): Settings | Denial {
  const problems: string[] = []
  const settings = Object.entries(SETTINGS).map(([key, setting]) => [
    key,
    readSetting<unknown>(event, setting, problems),
  ])
  const read: Settings = Object.fromEntries(settings)
  // The application confirms by what it is told, and both would fill its cookies.
  if (read.confirmLink && (read.resultClaim === undefined || read.mergeUserMetadata))
    problems.push('CONFIRM_LINK needs RESULT_CLAIM, and goes without MERGE_USER_METADATA')
  return denyMisread(problems) ?? read
}

/** The value, or the default where there is none that can be understood: then a problem is added. */
function readSetting<T>(event: PostLoginEvent, setting: Setting<T>, problems: string[]): T {
  const { name, parse, takes, required, fallback } = setting
  const raw = readRaw(event, name)
  if (raw === undefined) {
    if (required) problems.push(`${name} is missing`)
    return fallback
  }
  const value = typeof raw === 'string' ? parse(raw) : undefined
  if (value === undefined) problems.push(`${name} takes ${takes}`)
  return value ?? fallback
}

/** One problem is told whole; of several the names, as many as a line of the log has room for. */
function denyMisread(problems: readonly string[]): Denial | undefined {
  if (problems.length === 0) return undefined
  const names = problems.map((problem) => problem.split(' ', 1)[0])
  return deny('misconfigured', names.length > 1 ? names.join(' ') : problems[0])
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
export function readList(value: string): readonly string[] | undefined {
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)
  return items.length > 0 ? items : undefined
}

function readCount(value: string, max: number): number | undefined {
  const count = /^\d+$/.test(value) ? Number(value) : 0
  return count >= 1 && count <= max ? count : undefined
}

/** What the nested request sets itself, or what would change whom or what it asks. */
const RESERVED_PARAMS =
  'client_id response_type response_mode redirect_uri scope state nonce code_challenge code_challenge_method connection connection_scope max_age id_token_hint request request_uri audience resource organization invitation ui_locales'.split(
    ' ',
  )

function readNestedParams(value: string): readonly (readonly [string, string])[] | undefined {
  const params = [...new URLSearchParams(value)]
  const names = params.map(([name]) => readPlainName(name))
  const understood =
    new Set(names).size === names.length &&
    names.every((name) => name !== '' && !RESERVED_PARAMS.includes(name)) &&
    !params.some(([name, words]) => readPlainName(name) === 'prompt' && /\bnone\b/i.test(words))
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
