/**
 * Client grants in the Management API: what an application may do at the Management API itself, the only
 * API that the tenant has. What it changes is among the tenant's applications.
 *
 * @see https://auth0.com/docs/api/management/v2/client-grants/post-client-grants
 */

import type { Application, Applications } from '../applications.ts'
import { type Exchange, one } from '../http.ts'
import {
  type Answer,
  failure,
  invalidBody,
  paginate,
  type Route,
  record,
} from '../management-routes.ts'

export interface ClientGrantOptions {
  readonly applications: Applications
  readonly audience: string
  readonly maxPageSize: number
}

const PREFIX = 'cgr_'

const scopesOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined

export function clientGrantRoutes(options: ClientGrantOptions): readonly Route[] {
  const { applications, audience, maxPageSize } = options

  const show = ({ clientId, managementScopes: scope }: Application) => ({
    id: PREFIX + clientId,
    client_id: clientId,
    audience,
    scope,
    subject_type: 'client',
  })

  function list(exchange: Exchange): Answer {
    const asked = {
      client_id: one(exchange.query, 'client_id'),
      audience: one(exchange.query, 'audience'),
    }
    const grants = applications.all
      .filter(({ managementScopes }) => managementScopes.length > 0)
      .map(show)
      .filter((grant) => (asked.client_id ?? grant.client_id) === grant.client_id)
      .filter((grant) => (asked.audience ?? grant.audience) === grant.audience)
    const { items, ...next } = paginate(exchange, grants, maxPageSize)
    const paging = one(exchange.query, 'take') ?? one(exchange.query, 'include_totals')
    const body = { client_grants: items, total: grants.length, ...next }
    return { status: 200, body: paging === undefined ? grants : body }
  }

  function create({ json }: Exchange): Answer {
    const { client_id: clientId, audience: asked, scope } = record(json) ?? {}
    const application = typeof clientId === 'string' ? applications.find(clientId) : undefined
    if (application === undefined)
      return failure(404, 'inexistent_client', 'There is no such client.')
    if (asked !== audience)
      return failure(404, 'inexistent_resource_server', 'There is no such API.')
    if (application.managementScopes.length > 0)
      return failure(409, 'grant_conflict', 'A resource with the same properties already exists.')
    const scopes = scopesOf(scope)
    if (scopes === undefined) return invalidBody('scope is no array of strings')
    const granted = { ...application, managementScopes: scopes }
    applications.put(granted)
    return { status: 201, body: show(granted) }
  }

  function update({ json }: Exchange, id: string): Answer {
    const application = applications.find(id.slice(PREFIX.length))
    if (application === undefined || application.managementScopes.length === 0)
      return failure(404, 'inexistent_client_grant', 'The client grant does not exist.')
    const scopes = scopesOf(record(json)?.scope)
    if (scopes === undefined) return invalidBody('scope is no array of strings')
    const granted = { ...application, managementScopes: scopes }
    applications.put(granted)
    return { status: 200, body: show(granted) }
  }

  const path = 'client-grants'
  return [
    { method: 'GET', path, scope: 'read:client_grants', answer: list },
    { method: 'POST', path, scope: 'create:client_grants', answer: create },
    {
      method: 'PATCH',
      path: `${path}/*`,
      scope: 'update:client_grants',
      answer: (exchange, [id = '']) => update(exchange, id),
    },
  ]
}
