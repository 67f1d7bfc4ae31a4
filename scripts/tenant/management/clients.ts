/**
 * Applications in the Management API: reading, making and changing them, with the platform's limits of
 * metadata. Secrets are shown to tokens that may read them. What it changes is among the tenant's
 * applications.
 *
 * @see https://auth0.com/docs/api/management/v2/clients/post-clients
 */

import { randomBytes } from 'node:crypto'
import type { Application, Applications } from '../applications.ts'
import type { Exchange } from '../http.ts'
import {
  type Answer,
  chooseFields,
  failure,
  invalidBody,
  paged,
  paginate,
  type Route,
  record,
} from '../management-routes.ts'

type Values = Readonly<Record<string, unknown>>

export interface ClientOptions {
  readonly applications: Applications
  readonly maxPageSize: number
}

const MAX_METADATA = 10
const MAX_METADATA_CHARACTERS = 255
const METADATA_NAME = /^[A-Za-z0-9:,\-+=_*?"/\\()<>@\t ]{1,255}$/

const DEFAULTS = {
  is_first_party: true,
  oidc_conformant: false,
  grant_types: ['authorization_code', 'implicit', 'refresh_token', 'client_credentials'],
  callbacks: [],
  jwt_configuration: { alg: 'RS256', lifetime_in_seconds: 36_000, secret_encoded: false },
  client_metadata: {},
}

export function clientRoutes({ applications, maxPageSize }: ClientOptions): readonly Route[] {
  const noClient = () => failure(404, 'inexistent_client', 'The client does not exist.')
  const maySeeSecrets = (scopes: readonly string[]) => scopes.includes('read:client_keys')

  const show = (application: Application, scopes: readonly string[]): Values => ({
    ...application.values,
    client_id: application.clientId,
    name: application.name,
    is_first_party: application.firstParty,
    grant_types: application.grantTypes,
    callbacks: application.redirectUris,
    global: false,
    ...(maySeeSecrets(scopes) ? { client_secret: application.clientSecret } : {}),
  })

  function list(exchange: Exchange, scopes: readonly string[]): Answer {
    const shown = (application: Application) => chooseFields(exchange, show(application, scopes))
    if ((exchange.query.take ?? exchange.query.from) !== undefined) {
      const all = applications.all.map((application) => ({ id: application.clientId, application }))
      const { items, ...next } = paginate(exchange, all, maxPageSize)
      const clients = items.map(({ application }) => shown(application))
      return { status: 200, body: { clients, ...next } }
    }
    const { items, total, page, per_page } = paged(exchange, applications.all, shown, maxPageSize)
    const body = { clients: items, total, start: page * per_page, limit: per_page }
    return { status: 200, body: exchange.query.include_totals === 'true' ? body : items }
  }

  function create({ json }: Exchange, scopes: readonly string[]): Answer {
    const body = record(json) ?? {}
    const problem = problemOf(body)
    if (problem !== undefined) return invalidBody(problem)
    if (typeof body.name !== 'string' || body.name === '') return invalidBody('name is required')
    const application: Application = toApplication(
      {
        clientId: randomBytes(24).toString('base64url'),
        clientSecret: randomBytes(48).toString('base64url'),
        name: body.name,
        caller: comesBack(body.callbacks) ? 'action' : 'application',
        firstParty: true,
        grantTypes: [],
        redirectUris: [],
        anyLocalPort: false,
        managementScopes: [],
        values: {},
      },
      { ...DEFAULTS, ...body },
    )
    applications.put(application)
    return { status: 201, body: show(application, scopes) }
  }

  function update({ json }: Exchange, id: string, scopes: readonly string[]): Answer {
    const application = applications.find(id)
    if (application === undefined) return noClient()
    const body = record(json) ?? {}
    const problem = problemOf(body)
    if (problem !== undefined) return invalidBody(problem)
    const metadata = mergeMetadata(application.values.client_metadata, body.client_metadata)
    if (Object.keys(metadata).length > MAX_METADATA)
      return invalidBody('client_metadata is too large')
    const changed = toApplication(application, { ...body, client_metadata: metadata })
    applications.put(changed)
    return { status: 200, body: show(changed, scopes) }
  }

  const read = ['read:clients', 'read:client_keys']
  return [
    {
      method: 'GET',
      path: 'clients',
      scope: read,
      answer: (exchange, _, scopes) => list(exchange, scopes),
    },
    {
      method: 'POST',
      path: 'clients',
      scope: 'create:clients',
      answer: (exchange, _, scopes) => create(exchange, scopes),
    },
    {
      method: 'GET',
      path: 'clients/*',
      scope: read,
      answer: (exchange, [id = ''], scopes) => {
        const application = applications.find(id)
        if (application === undefined) return noClient()
        return { status: 200, body: chooseFields(exchange, show(application, scopes)) }
      },
    },
    {
      method: 'PATCH',
      path: 'clients/*',
      scope: 'update:clients',
      answer: (exchange, [id = ''], scopes) => update(exchange, id, scopes),
    },
    {
      method: 'DELETE',
      path: 'clients/*',
      scope: 'delete:clients',
      answer: (_, [id = '']) => {
        applications.remove(id)
        return { status: 204 }
      },
    },
  ]
}

/** A companion of an Action comes back to the tenant itself; any other application does not. */
const comesBack = (callbacks: unknown): boolean =>
  !Array.isArray(callbacks) ||
  callbacks.length === 0 ||
  callbacks.some((one) => /\/continue$/.test(String(one)))

/** What of a body the platform would refuse. */
function problemOf({ client_metadata: metadata, callbacks, name }: Values): string | undefined {
  if (typeof name === 'string' && /[<>]/.test(name)) return 'name holds < or >'
  if (Array.isArray(callbacks) && !callbacks.every((one) => URL.canParse(String(one))))
    return 'callbacks are no URLs'
  const entries = Object.entries(record(metadata) ?? {})
  if (entries.length > MAX_METADATA) return 'client_metadata has more than 10 properties'
  for (const [key, value] of entries) {
    if (!METADATA_NAME.test(key)) return `client_metadata.${key} has no such name`
    if (value === null) continue
    if (typeof value !== 'string' || value.length > MAX_METADATA_CHARACTERS)
      return `client_metadata.${key} is no string of at most 255 characters`
  }
  return undefined
}

/** Properties are merged one by one; `null` removes one. */
function mergeMetadata(present: unknown, given: unknown): Values {
  const merged = { ...record(present), ...record(given) }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null))
}

function toApplication(application: Application, body: Values): Application {
  const { name, is_first_party: firstParty, grant_types: grantTypes, callbacks, ...values } = body
  const strings = (value: unknown, otherwise: readonly string[]): readonly string[] =>
    Array.isArray(value) ? value.map(String) : otherwise
  return {
    ...application,
    name: typeof name === 'string' ? name : application.name,
    firstParty: typeof firstParty === 'boolean' ? firstParty : application.firstParty,
    grantTypes: strings(grantTypes, application.grantTypes),
    redirectUris: strings(callbacks, application.redirectUris),
    values: { ...application.values, ...values },
  }
}
