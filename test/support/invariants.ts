/**
 * What holds for every run of the Action, whatever it was given: a second reading of the contract,
 * sections 4 to 6, 8 and 9, that shares no code with the source. Pure, no I/O. Each function gives
 * back the sentences that do not hold; none means that all do.
 */

import { createPublicKey, verify } from 'node:crypto'
import type { Command } from '../../scripts/testing/api.ts'
import { KEPT_CONSOLE_CHARACTERS } from '../../scripts/testing/console.ts'
import { type KeyName, publishedKey } from '../../scripts/testing/keys.ts'
import type { PostLoginEvent } from '../../src/platform.ts'

/** The denial codes of section 8. */
export const CODES: ReadonlySet<string> = new Set(
  [
    'invalid_request interaction_required connection_not_allowed scope_not_allowed',
    'unlink_not_allowed hint_invalid hint_expired session_mismatch reauth_required mfa_required email_unverified',
    'link_cancelled callback_invalid binding_mismatch connection_mismatch identity_in_use',
    'confirmation_invalid',
    'identity_not_found identity_is_primary secondary_email_unverified email_mismatch link_failed',
    'service_unavailable misconfigured unexpected',
  ].flatMap((line) => line.split(' ')),
)

export const MAX_HANDLER_MS = 15_000
const MAX_REASON_CHARACTERS = 120
const LEEWAY_SECONDS = 30
const MAX_ATTEMPT_SECONDS = 900
const MAX_CONFIRMATION_SECONDS = 300
const METADATA_KEY = 'client-initiated-account-linking:attempt'

/** One condition by name, and whether it holds. */
type Condition = readonly [string, boolean]

const broken = (conditions: readonly Condition[]): readonly string[] =>
  conditions.filter(([, holds]) => !holds).map(([sentence]) => sentence)

/** A run as a test saw it. */
export interface Observed {
  readonly commands: readonly Command[]
  /** What the handler rejected with, if it did. */
  readonly thrown?: unknown
  readonly lines: readonly string[]
  /** The default: the setting DEBUG was left alone. */
  readonly defaultLog?: boolean
  readonly tookMs?: number
  /** What no line, denial or URL may hold. */
  readonly secrets?: readonly string[]
}

/** Sections 2, 6, 8 and 9: how a run ends, and what it leaves behind. */
export function brokenByRun(observed: Observed): readonly string[] {
  const { commands, lines, defaultLog = true, tookMs = 0 } = observed
  const denials = commands.filter((command) => command.type === 'access.deny')
  const redirects = commands.filter((command) => command.type === 'redirect.sendUserTo')
  const metadata = commands.filter((command) => command.type === 'transaction.setMetadata')
  const reasons = denials.map(({ reason }) => reason)
  const shown = [...lines, ...reasons, ...redirects.map(({ url }) => url)].join('\n')
  return broken([
    ['a handler never throws', observed.thrown === undefined],
    ['a run ends within 15 seconds', tookMs <= MAX_HANDLER_MS],
    ['a login is denied once at most', denials.length <= 1],
    ['what is denied is not sent anywhere', denials.length === 0 || redirects.length === 0],
    ['what is denied gains no claim', denials.length === 0 || commands.length === 1],
    ['there is one redirect at most', redirects.length <= 1],
    ['a redirect comes with its record', redirects.length === metadata.length],
    ['one key of the metadata is used', metadata.every(({ key }) => key === METADATA_KEY)],
    ['a denial has a known code and a plain sentence', reasons.every(isReason)],
    ['lines are printable', lines.every((line) => /^[\x20-\x7e]*$/.test(line))],
    ['lines have a namespace', lines.every((line) => line.startsWith('account-linking:'))],
    [
      'all lines together have 256 characters',
      !defaultLog || lines.join('\n').length < KEPT_CONSOLE_CHARACTERS,
    ],
    ['no secret is shown', !(observed.secrets ?? []).some((secret) => shown.includes(secret))],
  ])
}

function isReason(reason: string): boolean {
  const [code = '', ...rest] = reason.split(': ')
  return (
    CODES.has(code) &&
    rest.join(': ') !== '' &&
    reason.length <= MAX_REASON_CHARACTERS &&
    /^[\x20-\x7e]*$/.test(reason) &&
    !/["\\]/.test(reason)
  )
}

/** What a start knew. */
export interface StartFacts {
  readonly event: PostLoginEvent
  readonly nowSeconds: number
  /** What the domain publishes. */
  readonly keys: readonly KeyName[]
  readonly canRedirect?: boolean | undefined
}

/** Sections 2 to 4: what had to hold for a redirect to this URL. */
export function missingForRedirect(facts: StartFacts, url: URL): readonly string[] {
  const { event, nowSeconds } = facts
  const scopes = event.transaction?.requested_scopes ?? []
  const link = scopes.includes('link_account')
  const parameter = parameterReader(event)
  const connection = parameter('requested_connection')
  const upstream = parameter('requested_connection_scope')
  const asked = url.searchParams
  const setting = settingReader(event)
  const identities = list(event.user.identities)
  const isMain = (one: { provider: string; user_id: string }) =>
    `${one.provider}|${one.user_id}` === event.user.user_id
  const hint = readHint(parameter('id_token_hint'), facts.keys)
  return broken([
    ['one of the two scopes is asked', link !== scopes.includes('unlink_account')],
    ['the client is listed', isListed(setting('ALLOWED_CLIENT_IDS'), event.client.client_id)],
    ['ACTION_SECRET has 32 characters', (setting('ACTION_SECRET') ?? '').length >= 32],
    ['the settings are there', isConfigured(setting)],
    ['the host is the tenant’s', url.host === hostInUse(event, setting)],
    ['the browser goes to /authorize', `${url.protocol}${url.pathname}` === 'https:/authorize'],
    ['the companion asks', asked.get('client_id') === setting('AUTH0_CLIENT_ID')?.toWellFormed()],
    ['the way back is /continue', asked.get('redirect_uri') === `https://${url.host}/continue`],
    ['each parameter is there once', new Set(asked.keys()).size === [...asked.keys()].length],
    ['PKCE is asked', asked.get('code_challenge_method') === 'S256'],
    ['the challenge is a hash', /^[\w-]{43}$/.test(asked.get('code_challenge') ?? '')],
    ['a nonce is asked', (asked.get('nonce') ?? '').length >= 43],
    ['the user has to log in', asked.get('max_age') === '0'],
    ['the code alone is asked', asked.get('response_type') === 'code'],
    ['there is no state', !asked.has('state')],
    ['a connection is named', connection !== undefined && connection.length <= 128],
    ['what is linked is asked for', !link || asked.get('connection') === connection],
    [
      'the main identity logs in to unlink',
      link ||
        identities.some(
          (one) => one != null && isMain(one) && one.connection === asked.get('connection'),
        ),
    ],
    ['there is something to unlink', link || identities.some((one) => one != null && !isMain(one))],
    [
      'the connection is listed',
      !link || isListed(setting('ALLOWED_CONNECTIONS'), connection ?? ''),
    ],
    ['unlinking is allowed', link || !isNo(setting('ALLOW_UNLINK'))],
    ['the scope is sent on as asked', (asked.get('connection_scope') ?? undefined) === upstream],
    [
      'the scopes are listed',
      scopesOf(upstream).every((one) => isScopeListed(setting('ALLOWED_CONNECTION_SCOPES'), one)),
    ],
    [
      'the connection is not linked, or more is asked',
      !link || upstream !== undefined || !isFull(event, connection),
    ],
    ['a page can be shown', !list(event.transaction?.prompt).includes('none')],
    ['the platform can redirect', facts.canRedirect !== false],
    ['the hint is signed by a key of the domain', hint !== undefined],
    ...hintConditions(hint ?? {}, event, url.host, setting, nowSeconds),
    ['MFA is done where it has to be', hasMfa(event, setting)],
    [
      'the primary’s e-mail is verified where it has to be',
      event.user.email_verified === true ||
        !(isYes(setting('ENFORCE_EMAIL_VERIFICATION')) || isYes(setting('REQUIRE_MATCHING_EMAIL'))),
    ],
  ])
}

type Claims = Readonly<Record<string, unknown>>
type Setting = (name: string) => string | undefined

function hintConditions(
  hint: Claims,
  event: PostLoginEvent,
  host: string,
  setting: Setting,
  nowSeconds: number,
): readonly Condition[] {
  const { iat, exp, auth_time: authTime } = hint
  const maxAuthAge = setting('PRIMARY_MAX_AUTH_AGE')
  const authAge = nowSeconds - toNumber(authTime)
  return [
    ['the hint is this domain’s', hint.iss === `https://${host}/`],
    ['the hint is this user’s', hint.sub === event.user.user_id],
    ['the hint is this client’s', isFor(hint, event.client.client_id)],
    ['the hint is no logout token', hint.events === undefined],
    ['the hint has not expired', typeof exp === 'number' && exp > nowSeconds],
    ['the hint is of the past', typeof iat === 'number' && iat <= nowSeconds + LEEWAY_SECONDS],
    ['the hint is recent', nowSeconds - toNumber(iat) <= Number(setting('HINT_MAX_AGE') ?? 600)],
    ['the hint is of this session', isNo(setting('PIN_SESSION')) || isSessionOf(hint, event)],
    [
      'the user authenticated recently',
      maxAuthAge === undefined ||
        /^off$/i.test(maxAuthAge) ||
        (authAge <= Number(maxAuthAge) && authAge >= -LEEWAY_SECONDS),
    ],
  ]
}

const isSessionOf = ({ sid }: Claims, { session }: PostLoginEvent): boolean =>
  typeof sid === 'string' && sid !== '' && sid === session?.id

/** What a way back knew. */
export interface ResumeFacts {
  /** The event of the start that it belongs to, and the text that was kept then. */
  readonly started: PostLoginEvent
  readonly stored: unknown
  readonly event: PostLoginEvent
  readonly nested: PostLoginEvent
  readonly startedAtSeconds: number
  readonly nowSeconds: number
  readonly keys: readonly KeyName[]
  /** The ID token that the code was exchanged for. */
  readonly idToken: string | undefined
  readonly nonce: string | null
}

/** Sections 4 to 7: what had to hold for one change of this user's account. */
export function missingForChange(
  facts: ResumeFacts,
  change: 'link' | 'unlink',
  identity: string,
): readonly string[] {
  const { event, started, nested, nowSeconds } = facts
  const setting = settingReader(event)
  const host = hostInUse(event, setting)
  const claims = readHint(facts.idToken, facts.keys) ?? {}
  const { code, error } = event.request.query ?? {}
  const { iat, exp, auth_time: authTime } = claims
  return broken([
    ['the record is as it was kept', event.transaction?.metadata?.[METADATA_KEY] === facts.stored],
    ['the login is the one that started', bindingOf(event) === bindingOf(started)],
    [
      'the secret is the same',
      setting('ACTION_SECRET') === settingReader(started)('ACTION_SECRET'),
    ],
    ['the attempt is not over', nowSeconds - facts.startedAtSeconds <= MAX_ATTEMPT_SECONDS],
    ['the user is not blocked', event.user.blocked !== true],
    [
      'the password is the one of the start',
      (event.user.last_password_reset ?? null) === (started.user.last_password_reset ?? null),
    ],
    ...pinConditions(event, started, event, 'the way back'),
    ['the way back has a session', isNo(setting('PIN_SESSION')) || Boolean(event.session?.id)],
    // The nested login has a session of its own.
    ...pinConditions(event, started, nested, 'the nested login').slice(1),
    ...requestConditions(started, event, nested),
    [
      'MFA is done where it has to be',
      hasMfa(event, setting) || hasMfa(started, setting) || hasMfa(started, settingReader(started)),
    ],
    ['there is one code and no error', typeof code === 'string' && error === undefined],
    ['the ID token is signed by a key of the domain', claims.sub !== undefined],
    ['the ID token is this domain’s', claims.iss === `https://${host}/`],
    ['the ID token is the companion’s', isFor(claims, setting('AUTH0_CLIENT_ID') ?? '')],
    ['the ID token has not expired', typeof exp === 'number' && exp > nowSeconds],
    ['the ID token is of the past', toNumber(iat) <= nowSeconds + LEEWAY_SECONDS],
    ['the ID token has the nonce', facts.nonce !== null && claims.nonce === facts.nonce],
    [
      'the user logged in after the start',
      typeof authTime === 'number' &&
        authTime >= facts.startedAtSeconds - LEEWAY_SECONDS &&
        authTime <= nowSeconds + LEEWAY_SECONDS,
    ],
    ...(change === 'link' ? linkConditions : unlinkConditions)(facts, claims, identity),
  ])
}

function linkConditions(
  { event, started, nested }: ResumeFacts,
  claims: Claims,
  identity: string,
): readonly Condition[] {
  const setting = settingReader(event)
  const connection = parameterReader(started)('requested_connection')
  const email = [event.user.email, claims.email]
  const matching = isYes(setting('REQUIRE_MATCHING_EMAIL'))
  const verified = matching || isYes(setting('ENFORCE_SECONDARY_EMAIL_VERIFICATION'))
  return [
    ['a link was asked', list(started.transaction?.requested_scopes).includes('link_account')],
    ['the connection is the one that was asked for', nested.connection?.name === connection],
    ['the identity is the one that logged in', claims.sub === identity],
    ['the identity is another than the primary', identity !== event.user.user_id],
    ['the account had room at that connection', !isFull(event, connection)],
    ['no confirmation is needed', !isYes(setting('CONFIRM_LINK'))],
    [
      'the identity stands alone, or may be merged',
      isYes(setting('ALLOW_MERGE')) || nested.user.identities?.length === 1,
    ],
    [
      'the user is new, or may have existed before',
      !isNo(setting('LINK_EXISTING_USERS')) || nested.stats?.logins_count === 1,
    ],
    ['the secondary’s e-mail is verified', !verified || claims.email_verified === true],
    [
      'the e-mails match',
      !matching || (email[0] !== undefined && lower(email[0]) === lower(email[1])),
    ],
  ]
}

/** Section 4.3: IDENTITIES_PER_CONNECTION. */
function isFull(event: PostLoginEvent, connection: string | undefined): boolean {
  const held = list(event.user.identities).filter((one) => one?.connection === connection)
  return held.length >= Number(settingReader(event)('IDENTITIES_PER_CONNECTION') ?? 1)
}

/** What a confirmation knew. */
export interface ConfirmFacts {
  readonly event: PostLoginEvent
  /** The way back that ended as pending. */
  readonly pending: PostLoginEvent
  readonly pendingAtSeconds: number
  readonly nowSeconds: number
  readonly keys: readonly KeyName[]
  /** Who proved the identity there. */
  readonly proved: { readonly user_id: string; readonly email?: string; readonly verified: boolean }
  readonly connection: string
}

/** Section 7a: what had to hold for the link of a confirmation. */
export function missingForConfirmation(
  { event, pending, proved, connection, ...facts }: ConfirmFacts,
  identity: string,
): readonly string[] {
  const setting = settingReader(event)
  const isExchange =
    event.transaction?.protocol === 'oauth2-refresh-token' ||
    (event.transaction == null && event.request.body?.grant_type === 'refresh_token')
  const matching = isYes(setting('REQUIRE_MATCHING_EMAIL'))
  const isPrimaryVerified = event.user.email_verified === true
  const hint = readHint(parameterReader(event)('id_token_hint'), facts.keys) ?? {}
  const host = hostInUse(event, setting) ?? ''
  const of = (one: PostLoginEvent) =>
    JSON.stringify([
      one.user.user_id,
      one.client.client_id,
      hostInUse(one, settingReader(one)),
      one.organization?.id ?? null,
      settingReader(one)('ACTION_SECRET'),
    ])
  return broken([
    ['the settings are there', isConfigured(setting)],
    ['links are confirmed here', isYes(setting('CONFIRM_LINK'))],
    ['the client is listed', isListed(setting('ALLOWED_CLIENT_IDS'), event.client.client_id)],
    ['it is of the same user, client, domain, organization and secret', of(event) === of(pending)],
    ['it is not too old', facts.nowSeconds - facts.pendingAtSeconds <= MAX_CONFIRMATION_SECONDS],
    ['the identity is the one that was proved', identity === proved.user_id],
    ['the connection is listed', isListed(setting('ALLOWED_CONNECTIONS'), connection)],
    ['the account has room at that connection', !isFull(event, connection)],
    [
      'the primary’s e-mail is verified where it has to be',
      isPrimaryVerified || !(matching || isYes(setting('ENFORCE_EMAIL_VERIFICATION'))),
    ],
    [
      'the secondary’s e-mail is verified where it has to be',
      proved.verified || !(matching || isYes(setting('ENFORCE_SECONDARY_EMAIL_VERIFICATION'))),
    ],
    ['the e-mails match', !matching || lower(event.user.email) === lower(proved.email)],
    ...(isExchange
      ? []
      : [
          ['MFA is done where it has to be', hasMfa(event, setting)] as const,
          ...hintConditions(hint, event, host, setting, facts.nowSeconds),
        ]),
  ])
}

function unlinkConditions(
  { event, started, nested }: ResumeFacts,
  claims: Claims,
  identity: string,
): readonly Condition[] {
  const { user_id: userId } = event.user
  const parameter = parameterReader(started)
  const connection = parameter('requested_connection')
  const asked = parameter('requested_identity')
  const idOf = (one: { provider: string; user_id: string }) => `${one.provider}|${one.user_id}`
  const own = list(started.user.identities)
  const main = own.find((one) => idOf(one) === userId)
  const scopes = list(started.transaction?.requested_scopes)
  return [
    ['an unlink was asked', scopes.includes('unlink_account')],
    ['the user of the login came back', claims.sub === userId],
    ['the main identity logged in', nested.connection?.name === main?.connection],
    ['the main identity stays', identity !== userId],
    [
      'the identity is one of that connection',
      own.some((one) => idOf(one) === identity && one.connection === connection),
    ],
    ['the identity is the one that was named', asked === undefined || asked === identity],
  ]
}

/** Section 6: the nested request had what NESTED_PARAMS and the scopes asked for say, and no more. */
function requestConditions(
  started: PostLoginEvent,
  event: PostLoginEvent,
  nested: PostLoginEvent,
): readonly Condition[] {
  const { query, body, method } = nested.request
  const given = [query, /^post$/i.test(method ?? '') ? body : undefined]
    .flatMap((place) => Object.entries(place ?? {}))
    .filter(([, value]) => value !== undefined)
  const valuesOf = (name: string) =>
    given.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  const isUnlink = list(started.transaction?.requested_scopes).includes('unlink_account')
  const upstream = isUnlink ? undefined : parameterReader(started)('requested_connection_scope')
  const params = [...new URLSearchParams(settingReader(event)('NESTED_PARAMS') ?? '')]
  return [
    [
      'the scopes are those that were asked for',
      isSame(valuesOf('connection_scope'), upstream === undefined ? [] : [upstream]),
    ],
    [
      'NESTED_PARAMS are as they were sent',
      params.every(([name, value]) => isSame(valuesOf(name), [value])),
    ],
  ]
}

const isSame = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one.length === other.length && one.every((value, index) => value === other[index])

/** Section 4: what is compared where a pin is on by now; an absent one is a value, but for a session. */
function pinConditions(
  event: PostLoginEvent,
  started: PostLoginEvent,
  other: PostLoginEvent,
  where: string,
): readonly Condition[] {
  const setting = settingReader(event)
  const pin = (name: string, on: boolean, value: unknown, given: unknown): Condition => [
    `${name} of ${where} is the start’s`,
    !on || (value ?? null) === (given ?? null),
  ]
  return [
    pin('the session', !isNo(setting('PIN_SESSION')), started.session?.id, other.session?.id),
    pin(
      'the user agent',
      !isNo(setting('PIN_USER_AGENT')),
      started.request.user_agent,
      other.request.user_agent,
    ),
    pin('the address', isYes(setting('PIN_IP_ADDRESS')), started.request.ip, other.request.ip),
  ]
}

/** What the attempt is bound to, apart from its pins. */
function bindingOf(event: PostLoginEvent): string {
  const { protocol, requested_scopes, response_type, redirect_uri, state } = event.transaction ?? {}
  const { user, client, organization } = event
  return JSON.stringify([
    user.user_id,
    client.client_id,
    hostInUse(event, settingReader(event)),
    [protocol, requested_scopes, response_type, redirect_uri, state],
    organization?.id,
  ])
}

const toNumber = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN)

/** What should be a list, and may be anything. */
const list = <T>(value: readonly T[] | undefined): readonly T[] =>
  Array.isArray(value) ? value : []

const lower = (value: unknown): string =>
  String(value).replace(/[A-Z]/g, (letter) => letter.toLowerCase())

const isYes = (value: string | undefined): boolean => /^(yes|true|1)$/i.test(value ?? '')
const isNo = (value: string | undefined): boolean => /^(no|false|0)$/i.test(value ?? '')

function isListed(list: string | undefined, item: string): boolean {
  return list === undefined || list.split(',').some((one) => one.trim() === item)
}

const scopesOf = (text: string | undefined): readonly string[] =>
  (text ?? '').split(/[\s,]/).filter((scope) => scope !== '')

const isScopeListed = (list: string | undefined, scope: string): boolean =>
  list === undefined || scopesOf(list).includes(scope)

const isFor = ({ aud, azp }: Claims, clientId: string): boolean => {
  const audiences = [aud].flat()
  if (!audiences.includes(clientId)) return false
  return audiences.length === 1 && azp === undefined ? true : azp === clientId
}

function hasMfa(event: PostLoginEvent, setting: Setting): boolean {
  const mode = setting('ENFORCE_MFA') ?? 'no'
  if (isNo(mode)) return true
  if (list(event.authentication?.methods).some((method) => method?.name === 'mfa')) return true
  return !/^always$/i.test(mode) && event.user.enrolledFactors?.length === 0
}

function settingReader(event: PostLoginEvent): Setting {
  return (name) => {
    const value = event.configuration?.[name] ?? event.secrets?.[name]
    return typeof value === 'string' ? value.trim() : undefined
  }
}

const REQUIRED = ['AUTH0_DOMAIN', 'AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET', 'ACTION_SECRET']

const SWITCHES = [
  'ENFORCE_EMAIL_VERIFICATION',
  'ENFORCE_SECONDARY_EMAIL_VERIFICATION',
  'REQUIRE_MATCHING_EMAIL',
  'PIN_IP_ADDRESS',
  'PIN_USER_AGENT',
  'PIN_SESSION',
  'LINK_EXISTING_USERS',
  'CONFIRM_LINK',
  'ALLOW_MERGE',
  'MERGE_USER_METADATA',
  'ALLOW_UNLINK',
]

const LISTS = [
  'ALLOWED_CLIENT_IDS',
  'ALLOWED_CONNECTIONS',
  'ALLOWED_CONNECTION_SCOPES',
  'CUSTOM_DOMAINS',
]

/** The settings that decide who may do what can be understood. */
function isConfigured(setting: Setting): boolean {
  const understood = (name: string, ...words: readonly RegExp[]): boolean => {
    const value = setting(name)
    return value === undefined || words.some((word) => word.test(value))
  }
  const word = /^(yes|no|true|false|1|0)$/i
  return (
    REQUIRED.every((name) => (setting(name) ?? '') !== '') &&
    SWITCHES.every((name) => understood(name, word)) &&
    LISTS.every((name) => understood(name, /[^\s,]/)) &&
    understood('ENFORCE_MFA', word, /^always$/i) &&
    understood('HINT_MAX_AGE', /^0*[1-9]\d*$/) &&
    understood('PRIMARY_MAX_AUTH_AGE', /^off$/i, /^0*[1-9]\d*$/)
  )
}

/** The host that is used, `undefined` if it is none of the tenant's. */
function hostInUse(event: PostLoginEvent, setting: Setting): string | undefined {
  const canonical = lower(setting('AUTH0_DOMAIN'))
  const { hostname } = event.request
  if (hostname == null || hostname === '') return canonical
  const own = [canonical, lower(event.custom_domain?.domain)]
  own.push(...(setting('CUSTOM_DOMAINS') ?? '').split(',').map((host) => lower(host.trim())))
  return own.includes(lower(hostname)) ? lower(hostname) : undefined
}

/** A parameter that is one good text in one place. */
function parameterReader(event: PostLoginEvent): (name: string) => string | undefined {
  const { query, body, method } = event.request
  const places = [query, /^post$/i.test(method ?? '') ? body : undefined]
  return (name) => {
    const found = places
      .flatMap((place) => [place?.[name], place?.[`ext-${name}`]])
      .filter((value) => value !== undefined)
    const [value] = found
    const good = found.length === 1 && typeof value === 'string' && !/\p{Cc}/u.test(value)
    return good && value !== '' ? value : undefined
  }
}

/** The claims of a compact JWS, if a key that is published has signed it with RS256. */
function readHint(token: string | undefined, keys: readonly KeyName[]): Claims | undefined {
  try {
    const [header = '', payload = '', signature = '', ...more] = (token ?? '').split('.')
    const { alg, kid, typ = 'JWT' } = JSON.parse(Buffer.from(header, 'base64url').toString())
    const name = keys.find((one) => publishedKey(one).kid === kid)
    if (name === undefined || alg !== 'RS256' || typ !== 'JWT' || more.length > 0) return undefined
    const { kty, n, e } = publishedKey(name)
    const key = createPublicKey({ key: { kty, n, e }, format: 'jwk' })
    const signed = Buffer.from(`${header}.${payload}`)
    if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) return undefined
    return JSON.parse(Buffer.from(payload, 'base64url').toString())
  } catch {
    return undefined
  }
}

/** All the ways in which a secret could be written down. */
export function spellings(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  return [
    secret,
    encodeURIComponent(secret),
    encodeURIComponent(encodeURIComponent(secret)),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    // In base64 the neighbours shift the letters: three alignments, without the shared edges.
    ...[0, 1, 2].flatMap((shift) => {
      const shifted = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64url')
      const inner = shifted.slice(shift === 0 ? 0 : 4, shifted.length - 3)
      return [inner, inner.replaceAll('-', '+').replaceAll('_', '/')]
    }),
  ].filter((spelling) => spelling.length >= 8)
}
