/**
 * Connections in the Management API: reading them, their options, for which two scopes of their own are
 * needed, and for which applications each is enabled. What it changes is in the connection settings.
 *
 * @see https://auth0.com/docs/api/management/v2/connections/patch-clients
 */

import type { Applications } from '../applications.ts'
import type { Connection } from '../connections.ts'
import type { Exchange } from '../http.ts'
import {
  type Answer,
  chooseFields,
  failure,
  invalidBody,
  paginate,
  type Route,
  record,
} from '../management-routes.ts'
import type { ConnectionSettings } from './connection-settings.ts'

export interface ConnectionRouteOptions {
  readonly applications: Applications
  readonly connectionSettings: ConnectionSettings
  readonly maxPageSize: number
}

type Scopes = readonly string[]

const MAX_CLIENTS = 50

export function connectionRoutes(given: ConnectionRouteOptions): readonly Route[] {
  const { applications, connectionSettings: settings, maxPageSize } = given
  const noConnection = () => failure(404, 'inexistent_connection', 'The connection does not exist.')
  const find = (id: string) => settings.all.find((connection) => connection.id === id)

  const show = ({ id, name, strategy }: Connection, scopes: Scopes) => ({
    id,
    name,
    strategy,
    realms: [name],
    is_domain_connection: false,
    metadata: settings.metadataOf(name),
    ...(scopes.includes('read:connections_options') ? { options: settings.optionsOf(name) } : {}),
  })

  function page(exchange: Exchange, found: readonly Connection[], scopes: Scopes): Answer {
    const { items, ...next } = paginate(exchange, found, maxPageSize)
    const shown = items.map((connection) => chooseFields(exchange, show(connection, scopes)))
    return { status: 200, body: { connections: shown, ...next } }
  }

  function list(exchange: Exchange, scopes: Scopes): Answer {
    const asked = (name: 'name' | 'strategy', value: string) =>
      [exchange.query[name] ?? value].flat().includes(value)
    const found = settings.all.filter(
      ({ name, strategy }) => asked('name', name) && asked('strategy', strategy),
    )
    return page(exchange, found, scopes)
  }

  function listOfClient(exchange: Exchange, clientId: string, scopes: Scopes): Answer {
    if (applications.find(clientId) === undefined)
      return failure(404, 'inexistent_client', 'The client does not exist.')
    const found = settings.all.filter(({ name }) => settings.isEnabled(name, clientId))
    return page(exchange, found, scopes)
  }

  function listClients(exchange: Exchange, id: string): Answer {
    const connection = find(id)
    if (connection === undefined) return noConnection()
    const clients = settings.enabledClients(connection.name).map((one) => ({ id: one }))
    const { items, ...next } = paginate(exchange, clients, maxPageSize)
    const shown = items.map((client) => ({ client_id: client.id }))
    return { status: 200, body: { clients: shown, ...next } }
  }

  function updateClients({ json }: Exchange, id: string): Answer {
    const connection = find(id)
    if (connection === undefined) return noConnection()
    if (!Array.isArray(json) || json.length === 0 || json.length > MAX_CLIENTS)
      return invalidBody(`not 1 to ${MAX_CLIENTS} clients`)
    for (const { client_id: clientId, status } of json.map((item) => record(item) ?? {})) {
      if (typeof clientId !== 'string' || typeof status !== 'boolean')
        return invalidBody('no client_id with a status')
      if (applications.find(clientId) === undefined)
        return failure(404, 'inexistent_client', 'The client does not exist.')
      settings.enable(connection.name, clientId, status)
    }
    return { status: 204 }
  }

  function update({ json }: Exchange, id: string, scopes: Scopes): Answer {
    const connection = find(id)
    if (connection === undefined) return noConnection()
    const options = record(record(json)?.options)
    if (options !== undefined && !scopes.includes('update:connections_options'))
      return failure(
        403,
        'insufficient_scope',
        'Insufficient scope, expected any of: update:connections_options',
      )
    if (options !== undefined) settings.setOptions(connection.name, options)
    return { status: 200, body: show(connection, scopes) }
  }

  const read = 'read:connections'
  const write = 'update:connections'
  return [
    {
      method: 'GET',
      path: 'connections',
      scope: read,
      answer: (exchange, _, scopes) => list(exchange, scopes),
    },
    {
      method: 'GET',
      path: 'connections/*',
      scope: read,
      answer: (exchange, [id = ''], scopes) => {
        const found = find(id)
        if (found === undefined) return noConnection()
        return { status: 200, body: chooseFields(exchange, show(found, scopes)) }
      },
    },
    {
      method: 'PATCH',
      path: 'connections/*',
      scope: write,
      answer: (exchange, [id = ''], scopes) => update(exchange, id, scopes),
    },
    {
      method: 'GET',
      path: 'connections/*/clients',
      scope: read,
      answer: (exchange, [id = '']) => listClients(exchange, id),
    },
    {
      method: 'PATCH',
      path: 'connections/*/clients',
      scope: write,
      answer: (exchange, [id = '']) => updateClients(exchange, id),
    },
    {
      method: 'GET',
      path: 'clients/*/connections',
      scope: read,
      answer: (exchange, [id = ''], scopes) => listOfClient(exchange, id, scopes),
    },
  ]
}
