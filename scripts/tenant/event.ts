/**
 * Builds `event` for one run of an Action, as complete as Auth0's. Pure, no I/O.
 *
 * @see https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-event-object
 */

import type { PostLoginEvent } from '../../src/platform.ts'
import type { Application } from './applications.ts'
import type { Connection } from './connections.ts'
import { one } from './http.ts'
import type { StoredUser } from './store.ts'
import {
  type Authentication,
  type LoginTransaction,
  protocolOf,
  type RequestValues,
  words,
} from './transaction.ts'

export interface EventContext {
  readonly transaction: LoginTransaction
  readonly request: RequestValues
  readonly application: Application
  readonly connection: Connection
  readonly authentication: Authentication
  /** `undefined`: the platform gives none. */
  readonly sessionId: string | undefined
  readonly user: StoredUser
  /** Live: `api.transaction.setMetadata` shows at once. */
  readonly metadata: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, string>>
  readonly configuration: Readonly<Record<string, string>>
  /** Where the domain in use is no canonical one. */
  readonly customDomain: string | undefined
}

export function buildTenantEvent(context: EventContext): PostLoginEvent {
  const { authentication, customDomain, request, sessionId, user } = context
  const { connection } = context
  const { enrolledFactors, ...profile } = user
  return {
    authentication: { methods: authentication.methods },
    authorization: { roles: [] },
    client: {
      client_id: context.application.clientId,
      name: context.application.name,
      metadata: {},
    },
    configuration: context.configuration,
    connection: {
      id: connection.id,
      name: connection.name,
      strategy: connection.strategy,
      metadata: {},
    },
    ...(customDomain === undefined ? {} : { custom_domain: { domain: customDomain } }),
    request: {
      ip: request.ip,
      hostname: request.hostname,
      method: request.method,
      query: request.query,
      body: request.body,
      language: 'en',
      geoip: {},
      ...(request.userAgent === undefined ? {} : { user_agent: request.userAgent }),
    },
    secrets: context.secrets,
    session: sessionId === undefined ? {} : sessionOf(sessionId, context),
    stats: { logins_count: user.logins_count },
    tenant: { id: 'example' },
    ...(context.transaction.browserless ? {} : { transaction: transactionOf(context) }),
    user: { ...profile, ...(enrolledFactors === undefined ? {} : { enrolledFactors }) },
  } as PostLoginEvent
}

const sessionOf = (id: string, { application, authentication }: EventContext) => ({
  id,
  authenticated_at: new Date(authentication.atSeconds * 1000).toISOString(),
  clients: [{ client_id: application.clientId }],
})

function transactionOf({ transaction, metadata }: EventContext) {
  const { id, parameters } = transaction
  const responseType = words(one(parameters, 'response_type'))
  const optional = {
    login_hint: one(parameters, 'login_hint'),
    redirect_uri: one(parameters, 'redirect_uri'),
    response_mode: one(parameters, 'response_mode'),
    state: one(parameters, 'state'),
  }
  return {
    id,
    acr_values: words(one(parameters, 'acr_values')),
    locale: words(one(parameters, 'ui_locales'))[0] ?? 'en',
    metadata,
    prompt: words(one(parameters, 'prompt')),
    protocol: protocolOf(responseType),
    requested_authorization_details: [],
    requested_scopes: words(one(parameters, 'scope')),
    response_type: responseType,
    ui_locales: words(one(parameters, 'ui_locales')),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  }
}
