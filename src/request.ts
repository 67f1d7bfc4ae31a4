/**
 * What kind of login an event is, and the parameters of a linking request. The only reader of
 * `event.request.query` and `event.request.body`. No I/O; the event is not changed.
 */
import { type Denial, deny } from './outcome.ts'
import type { PostLoginEvent } from './platform.ts'
import { readText } from './settings-source.ts'

/** The protocols with a browser and an ID token; every other login is left alone. */
const PROTOCOLS: readonly unknown[] = [
  'oidc-basic-profile',
  'oidc-implicit-profile',
  'oidc-hybrid-profile',
  'oauth2-device-code',
]

export type LoginKind = 'ordinary' | 'nested' | 'linking'

/** Which login this is. Everything but `ordinary` concerns this Action. */
export function readLoginKind(event: PostLoginEvent): LoginKind {
  if (!PROTOCOLS.includes(event.transaction?.protocol)) return 'ordinary'
  const companion = readText(event, 'AUTH0_CLIENT_ID')
  if (companion !== undefined && companion === event.client.client_id) return 'nested'
  return asksFor(event, 'link_account') || asksFor(event, 'unlink_account') ? 'linking' : 'ordinary'
}

/** Whether the login asks for this scope. */
export function asksFor(event: PostLoginEvent, scope: 'link_account' | 'unlink_account'): boolean {
  const scopes = event.transaction?.requested_scopes
  return Array.isArray(scopes) && scopes.includes(scope)
}

/** The longest value of each parameter, in characters. */
const PARAMETERS = {
  id_token_hint: 16_384,
  requested_connection: 128,
  requested_connection_scope: 2_048,
  requested_identity: 256,
} as const

export interface LinkingRequest {
  readonly action: 'link' | 'unlink'
  readonly hint: string | undefined
  readonly connection: string
  /** As asked, to be sent on; `readScopes` splits it. */
  readonly connectionScope: string | undefined
  /** `provider|user_id` */
  readonly identity: string | undefined
}

/**
 * The parameters of a linking request. Each is one string, in one place, under one name: with or
 * without the prefix `ext-`, which pushed requests and third-party applications have to use. An
 * absent hint is left to the check of the hint.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.1 (no parameter more than once)
 */
export function readLinkingRequest(event: PostLoginEvent): LinkingRequest | Denial {
  const action = asksFor(event, 'link_account') ? 'link' : 'unlink'
  const values: Partial<Record<keyof typeof PARAMETERS, string>> = {}
  for (const name of Object.keys(PARAMETERS) as (keyof typeof PARAMETERS)[]) {
    const [value, ...more] = [...readAll(event, name), ...readAll(event, `ext-${name}`)]
    if (value === undefined) continue
    if (more.length > 0) return deny('invalid_request', `${name} is given more than once`)
    if (!isParameter(value, PARAMETERS[name]))
      return deny('invalid_request', `${name} is malformed`)
    values[name] = value
  }
  const { requested_connection: connection, requested_connection_scope: connectionScope } = values
  if (connection === undefined) return deny('invalid_request', 'requested_connection is missing')
  if (action === 'link' && values.requested_identity !== undefined)
    return deny('invalid_request', 'requested_identity does not go with link_account')
  if (action === 'unlink' && connectionScope !== undefined)
    return deny('invalid_request', 'requested_connection_scope does not go with unlink_account')
  if (connectionScope !== undefined && readScopes(connectionScope).length === 0)
    return deny('invalid_request', 'requested_connection_scope is empty')
  return {
    action,
    hint: values.id_token_hint,
    connection,
    connectionScope,
    identity: values.requested_identity,
  }
}

/** Upstream scopes, split where Auth0 splits them: at commas and at blanks. */
export function readScopes(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}

/** The `connection_scope` values of a nested login, wherever they stand. */
export function readConnectionScopes(event: PostLoginEvent): readonly unknown[] {
  return readAll(event, 'connection_scope')
}

/** What came back to `/continue`: one code, or why there is none. */
export function readCallback(event: PostLoginEvent): string | Denial {
  const { code, error } = event.request.query ?? {}
  if (error === 'access_denied') return deny('link_cancelled')
  if (error !== undefined) return deny('callback_invalid', 'the second login ended in an error')
  if (!isParameter(code, 4_096)) return deny('callback_invalid', 'there is no single code')
  return code
}

function readAll(event: PostLoginEvent, name: string): readonly unknown[] {
  const { query, body, method } = event.request
  return [query, method?.toUpperCase() === 'POST' ? body : undefined]
    .filter((source) => source != null && Object.hasOwn(source, name))
    .map((source) => source?.[name])
    .filter((value) => value !== undefined)
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
