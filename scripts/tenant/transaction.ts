/**
 * One login transaction of the tenant: from a request at /authorize to the answer at the
 * application's redirect URI, with the redirects and pages between. Types, and the pure reading of a
 * request's parameters; no I/O.
 */

import { type Exchange, filterParameters, one } from './http.ts'
import type { Parameters } from './log.ts'

export interface AuthenticationMethod {
  readonly name: string
  readonly timestamp: string
}

/** How the user of a session authenticated. */
export interface Authentication {
  readonly userId: string
  readonly connection: string
  readonly methods: readonly AuthenticationMethod[]
  readonly atSeconds: number
}

/** What becomes `event.request`. */
export interface RequestValues {
  readonly ip: string
  readonly hostname: string
  readonly method: string
  readonly query: Parameters
  readonly body: Parameters
  readonly userAgent: string | undefined
}

/** How the run of a transaction's Actions ended, so far. */
export type Outcome =
  | { readonly type: 'done'; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly type: 'denied'; readonly reason: string }
  | { readonly type: 'failed'; readonly error: string; readonly description: string }
  | { readonly type: 'redirect'; readonly url: string }
  | { readonly type: 'challenge' }

export interface LoginTransaction {
  readonly id: string
  readonly nested: boolean
  /** No browser, no page, no session: a token request. Its Actions see no transaction. */
  readonly browserless?: boolean
  readonly domain: string
  readonly clientId: string
  /** Parameters of the authorization request, wherever it was made (query, body, PAR). */
  readonly parameters: Parameters
  readonly request: RequestValues
  /** The browser's own cookie, by which its way back is known. */
  readonly browserId: string
  /** The present interaction of the authorization server. */
  interactionId?: string
  authentication?: Authentication
  sessionId?: string | undefined
  outcome?: Outcome
}

export function requestValues(exchange: Exchange): RequestValues {
  const { ip, domain, method, query, form, userAgent } = exchange
  return { ip, hostname: domain, method, query, body: form, userAgent }
}

export const words = (text: string | undefined): readonly string[] =>
  (text ?? '').split(' ').filter((word) => word !== '')

/** @see https://auth0.com/docs/authenticate/protocols: what Actions see as `transaction.protocol`. */
export function protocolOf(responseType: readonly string[]): string {
  if (!responseType.includes('code')) return 'oidc-implicit-profile'
  return responseType.length === 1 ? 'oidc-basic-profile' : 'oidc-hybrid-profile'
}

/** The parameters of OAuth and OpenID Connect that the authorization server itself acts upon. */
const SERVER_PARAMETERS = new Set([
  'client_id',
  'code_challenge',
  'code_challenge_method',
  'max_age',
  'nonce',
  'prompt',
  'redirect_uri',
  'request_uri',
  'response_mode',
  'response_type',
  'scope',
  'state',
])

/**
 * What the authorization server gets to see. `id_token_hint` is not among it: it is for the Action,
 * and the server would judge it itself. Other prompts than `none` and `login` are for the connection.
 */
export function serverParameters(parameters: Parameters): Parameters {
  const prompts = words(one(parameters, 'prompt')).filter((word) => /^(none|login)$/.test(word))
  // RFC 9126 clients send the scope with the pushed request, and OIDC Core 11 wants a consent prompt.
  const offline = words(one(parameters, 'scope')).includes('offline_access')
  const all = offline && !prompts.includes('none') ? [...prompts, 'consent'] : prompts
  const { prompt: _prompt, ...others } = filterParameters(parameters, (name) =>
    SERVER_PARAMETERS.has(name),
  )
  return all.length === 0 ? others : { ...others, prompt: all.join(' ') }
}

const NOT_FOR_CONNECTIONS = new Set([
  ...SERVER_PARAMETERS,
  'audience',
  'connection',
  'connection_scope',
  'id_token_hint',
  'organization',
  'requested_connection',
  'requested_connection_scope',
  'requested_identity',
])
NOT_FOR_CONNECTIONS.delete('prompt')

/** What of a request is meant for the connection: `access_type`, `prompt`, `login_hint`… */
export function connectionParameters(parameters: Parameters): Parameters {
  return filterParameters(parameters, (name) => !NOT_FOR_CONNECTIONS.has(name))
}
