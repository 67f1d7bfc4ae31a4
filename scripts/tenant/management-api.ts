/**
 * The part of the Management API v2 that account linking and its deployment use. Checks the token and
 * its scopes, and answers with what the route says.
 *
 * @see https://auth0.com/docs/api/management/v2
 */

import type { ActionRegistry } from './action-registry.ts'
import { type Exchange, sendJson } from './http.ts'
import { clientGrantRoutes } from './management/client-grants.ts'
import { clientRoutes } from './management/clients.ts'
import type { ConnectionSettings } from './management/connection-settings.ts'
import { connectionRoutes } from './management/connections.ts'
import { type PersonRouteOptions, personRoutes } from './management/people.ts'
import { tenantRoutes } from './management/tenant-routes.ts'
import { actionRoutes } from './management-actions.ts'
import {
  type Answer,
  failure,
  type Route,
  refuseFields,
  refusePaging,
} from './management-routes.ts'
import { type ManagementTokenOptions, verifyManagementToken } from './management-token.ts'
import { userRoutes } from './management-users.ts'
import type { PlatformAnswers } from './platform-answers.ts'
import type { Store } from './store.ts'

export interface ManagementApiOptions extends ManagementTokenOptions, PersonRouteOptions {
  readonly answers: PlatformAnswers
  readonly store: Store
  readonly registry: ActionRegistry
  readonly connectionSettings: ConnectionSettings
  readonly customDomains: readonly string[]
  readonly maxPageSize: number
}

export function createManagementApi(options: ManagementApiOptions) {
  const routes = [
    ...userRoutes(options.store, options.answers),
    ...personRoutes(options),
    ...actionRoutes(options.registry, options.maxPageSize),
    ...clientRoutes(options),
    ...clientGrantRoutes(options),
    ...connectionRoutes(options),
    ...tenantRoutes(options),
  ]

  async function answerOf(exchange: Exchange): Promise<Answer> {
    const verification = await verifyManagementToken(exchange, options)
    if (verification.type === 'missing') {
      return failure(401, 'missing_token', 'Missing authentication')
    }
    if (verification.type === 'invalid') {
      return failure(401, 'invalid_token', `Invalid token: ${verification.why}`)
    }
    const { clientId, scopes } = verification.grant
    exchange.identify(clientId)
    const segments = exchange.url.pathname.split('/').slice(3).map(decodeURIComponent)
    for (const route of routes) {
      const parameters = match(route, exchange.method, segments)
      if (parameters === undefined) continue
      const permitted = [route.scope].flat()
      if (!permitted.some((scope) => scopes.includes(scope))) {
        const message = `Insufficient scope, expected any of: ${permitted.join(',')}`
        return failure(403, 'insufficient_scope', message)
      }
      return (
        refuseFields(exchange, scopes) ??
        refusePaging(exchange) ??
        route.answer(exchange, parameters, scopes)
      )
    }
    return failure(404, 'not_found', 'There is no such route')
  }

  return async (exchange: Exchange): Promise<void> => {
    const { status, body } = await answerOf(exchange)
    sendJson(exchange.res, status, body)
  }
}

function match({ method, path }: Route, asked: string, segments: readonly string[]) {
  const pattern = path.split('/')
  if (method !== asked || pattern.length !== segments.length) return undefined
  const fits = pattern.every((part, index) => part === '*' || part === segments[index])
  return fits ? segments.filter((_, index) => pattern[index] === '*') : undefined
}
