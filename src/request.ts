/**
 * What kind of login an event is, and the parameters of a linking request. The only reader of
 * `event.request.query` and `event.request.body`. No I/O; the event is not changed.
 */
import { type Code, type Denial, deny, isDenial } from './outcome.ts'
import type { PostLoginEvent } from './platform.ts'
import { readText } from './settings-source.ts'

/** The protocols with a browser and an ID token; every other login is left alone. */
const PROTOCOLS: readonly unknown[] = [
  'oidc-basic-profile',
  'oidc-implicit-profile',
  'oidc-hybrid-profile',
  'oauth2-device-code',
]

export type LoginKind = 'ordinary' | 'nested' | 'linking' | 'confirmation'

const OWN_SCOPES = ['link_account', 'unlink_account', 'confirm_link'] as const
type OwnScope = (typeof OWN_SCOPES)[number]

/** Which login this is. Everything but `ordinary` concerns this Action. */
export function readLoginKind(event: PostLoginEvent): LoginKind {
  if (isRefresh(event))
    return readAll(event, CONFIRMATION, ['body']).length > 0 ? 'confirmation' : 'ordinary'
  if (!PROTOCOLS.includes(event.transaction?.protocol)) return 'ordinary'
  const companion = readText(event, 'AUTH0_CLIENT_ID')
  if (companion !== undefined && companion === event.client.client_id) return 'nested'
  const [first, ...more] = readOwnScopes(event)
  if (first === undefined) return 'ordinary'
  return first === 'confirm_link' && more.length === 0 ? 'confirmation' : 'linking'
}

/** An exchange of a refresh token, which has no transaction. */
export function isRefresh({ transaction, request }: PostLoginEvent): boolean {
  return (
    transaction?.protocol === 'oauth2-refresh-token' ||
    (transaction == null && request.body?.grant_type === 'refresh_token')
  )
}

/** The scopes of this Action that the login asks for: one at most, if it is well asked. */
export function readOwnScopes({ transaction }: PostLoginEvent): readonly OwnScope[] {
  const scopes: unknown = transaction?.requested_scopes
  return Array.isArray(scopes) ? OWN_SCOPES.filter((scope) => scopes.includes(scope)) : []
}

/** The longest value of each parameter, in characters. */
const PARAMETERS = {
  id_token_hint: 16_384,
  requested_connection: 128,
  requested_connection_scope: 2_048,
  requested_identity: 1_024,
  requested_login_hint: 320,
  link_confirmation: 4_096,
} as const

type Parameters = Partial<Record<keyof typeof PARAMETERS, string>>

const CONFIRMATION = 'link_confirmation'

/** The SDKs' types make applications send these empty. */
const MAY_BE_EMPTY: readonly string[] = [
  'requested_connection_scope',
  'requested_identity',
  'requested_login_hint',
]

/**
 * The parameters of this Action. Each is one string, in one place, under one name: with or without
 * the prefix `ext-`, which pushed requests and third-party applications have to use.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.1 (no parameter more than once)
 */
function readParameters(event: PostLoginEvent): Parameters | Denial {
  const values: Parameters = {}
  for (const name of Object.keys(PARAMETERS) as (keyof typeof PARAMETERS)[]) {
    const [value, ...more] = readAll(event, name)
    if (value === undefined) continue
    if (more.length > 0) return deny('invalid_request', `${name} is given more than once`)
    if (value === '' && MAY_BE_EMPTY.includes(name)) continue
    const maxCharacters = PARAMETERS[name]
    if (typeof value === 'string' && value.length > maxCharacters)
      return deny('invalid_request', `${name} is longer than ${maxCharacters} characters`)
    if (!isParameter(value, maxCharacters)) return deny('invalid_request', `${name} is malformed`)
    values[name] = value
  }
  return values
}

export interface LinkingRequest {
  readonly mode: 'link' | 'unlink'
  readonly hint: string | undefined
  readonly connection: string
  /** As asked, to be sent on; `readScopes` splits it. */
  readonly connectionScope: string | undefined
  /** `provider|user_id` */
  readonly identity: string | undefined
  /** Which account to offer at the connection. Nothing trusts it. */
  readonly loginHint: string | undefined
}

/** The parameters of a linking request. An absent hint is left to the check of the hint. */
export function readLinkingRequest(event: PostLoginEvent): LinkingRequest | Denial {
  const mode = readOwnScopes(event)[0] === 'link_account' ? 'link' : 'unlink'
  // The name in an older Action of this kind: passed over, it would link without the scopes.
  if (readAll(event, 'requested_connection_scopes').length > 0)
    return deny('invalid_request', 'requested_connection_scopes: say requested_connection_scope')
  const values = readParameters(event)
  if (isDenial(values)) return values
  const { requested_connection: connection, requested_connection_scope: connectionScope } = values
  if (connection === undefined) return deny('invalid_request', 'requested_connection is missing')
  const foreign = (
    mode === 'link'
      ? ['requested_identity']
      : ['requested_connection_scope', 'requested_login_hint']
  ).find((name) => Object.hasOwn(values, name))
  if (foreign !== undefined)
    return deny('invalid_request', `${foreign} does not go with ${mode}_account`)
  if (connectionScope !== undefined && readScopes(connectionScope).length === 0)
    return deny('invalid_request', 'requested_connection_scope is empty')
  return {
    mode,
    hint: values.id_token_hint,
    connection,
    connectionScope,
    identity: values.requested_identity,
    loginHint: values.requested_login_hint,
  }
}

/** The parameters of a confirmation: the hint of the front channel, and what stands beside it. */
export function readConfirmationRequest(
  event: PostLoginEvent,
): { readonly hint: string | undefined; readonly confirmation: string | undefined } | Denial {
  const values = readParameters(event)
  if (isDenial(values)) return values
  return { hint: values.id_token_hint, confirmation: values.link_confirmation }
}

/** Upstream scopes, split where Auth0 splits them: at commas and at blanks. */
export function readScopes(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}

/**
 * Every value that a nested request has under this name, in whatever spelling a server may read:
 * `connection_scope[]`, `connection_scope[0]`, `ext-connection_scope`, another case.
 */
export function readEverySpelling(event: PostLoginEvent, name: string): readonly unknown[] {
  return readEntries(event, (key) => readPlainName(key) === readPlainName(name))
}

/** The name that a server may read in `a[]`, `[a]`, `ext-a` or `A`; linear in what a browser sends. */
export function readPlainName(key: string): string {
  const [name = ''] = key
    .toLowerCase()
    .replace(/^\W*(ext-\W*)*/, '')
    .split(/[^\w-]/, 1)
  return name
}

/** Denials of this Action that end a nested login, and arrive as the description of an error. */
const NESTED_DENIAL = /^(mfa_required|scope_not_allowed|invalid_request):/

/** RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6; Auth0's own. */
const KNOWN_ERROR =
  /^(invalid_(request|scope|request_uri|request_object)|unauthorized(_client)?|unsupported_response_type|server_error|temporarily_unavailable|(interaction|login|account_selection|consent|mfa)_required|(request|request_uri|registration)_not_supported)$/

/** What came back to `/continue`: one code, or why there is none. Nothing of it is repeated. */
export function readCallback(event: PostLoginEvent): string | Denial {
  const { code, error, error_description: description } = event.request.query ?? {}
  if (error === 'access_denied') {
    const own = typeof description === 'string' && NESTED_DENIAL.exec(description)?.[1]
    return own ? deny(own as Code, 'the second login was denied') : deny('link_cancelled')
  }
  if (error !== undefined) {
    const known = typeof error === 'string' && KNOWN_ERROR.test(error)
    return deny('callback_invalid', `the second login ended in ${known ? error : 'an error'}`)
  }
  if (!isParameter(code, 4_096)) return deny('callback_invalid', 'there is no single code')
  return code
}

type Place = 'query' | 'body'

/** The values under this name, with or without the prefix `ext-`. */
function readAll(
  event: PostLoginEvent,
  name: string,
  places?: readonly Place[],
): readonly unknown[] {
  return readEntries(event, (key) => key === name || key === `ext-${name}`, places)
}

/** A body counts where the method is POST. */
function readEntries(
  { request }: PostLoginEvent,
  isMeant: (key: string) => boolean,
  places: readonly Place[] = ['query', 'body'],
): readonly unknown[] {
  const isPost = request.method?.toUpperCase() === 'POST'
  return places.flatMap((place) =>
    Object.entries((place === 'query' || isPost ? request[place] : undefined) ?? {})
      .filter(([key, value]) => isMeant(key) && value !== undefined)
      .map(([, value]) => value),
  )
}

function isParameter(value: unknown, maxCharacters: number): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= maxCharacters &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value)
  )
}
