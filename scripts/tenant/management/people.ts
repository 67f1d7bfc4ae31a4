/**
 * Making and removing of connections and of their users in the Management API, and the second factor of
 * a user: what a rehearsal sets up and takes away again. What it changes is in the store and in the
 * connection settings.
 *
 * @see https://auth0.com/docs/api/management/v2/users/post-users
 * @see https://auth0.com/docs/api/management/v2/users/post-authentication-methods
 */

import { randomBytes } from 'node:crypto'
import type { Connection, ConnectionPerson } from '../connections.ts'
import type { Exchange } from '../http.ts'
import { type Answer, failure, invalidBody, type Route, record } from '../management-routes.ts'
import type { Store } from '../store.ts'
import type { ConnectionSettings } from './connection-settings.ts'

export interface PersonRouteOptions {
  readonly store: Store
  readonly connectionSettings: ConnectionSettings
  readonly addPerson: (connection: Connection, person: ConnectionPerson) => void
  readonly removePeople: (connection: Connection) => void
  /** Who has a second factor, and the secret behind its codes, in base32. */
  readonly totpSecrets: Map<string, string>
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

export function personRoutes(options: PersonRouteOptions): readonly Route[] {
  const { addPerson, connectionSettings: settings, removePeople, store, totpSecrets } = options

  function createConnection({ json }: Exchange): Answer {
    const { name, strategy, metadata } = record(json) ?? {}
    if (typeof name !== 'string' || !/^[a-zA-Z0-9](-?[a-zA-Z0-9]+)*$/.test(name))
      return invalidBody('name is no name of a connection')
    if (strategy !== 'auth0') return invalidBody('only databases are made here')
    if (settings.all.some((one) => one.name === name))
      return failure(409, 'connection_conflict', 'A connection with this name already exists.')
    const id = `con_${randomBytes(8).toString('hex')}`
    const database = { id, name, strategy, provider: 'auth0', isSocial: false, people: [] }
    settings.add(
      { ...database, identityId: (person) => person.id },
      record(metadata) as Readonly<Record<string, string>>,
    )
    return { status: 201, body: { ...database, metadata } }
  }

  /** With all its users. */
  function removeConnection(id: string): Answer {
    const connection = settings.all.find((one) => one.id === id)
    if (connection === undefined) return { status: 204 }
    for (const { identities, user_id: userId } of store.all())
      if (identities[0]?.connection === connection.name) store.remove(userId)
    removePeople(connection)
    settings.remove(connection)
    return { status: 202, body: { deleted_at: new Date().toISOString() } }
  }

  function createUser({ json }: Exchange): Answer {
    const body = record(json) ?? {}
    const [email, password] = [text(body.email), text(body.password)]
    const connection = settings.all.find(({ name }) => name === body.connection)
    if (connection === undefined)
      return failure(400, 'inexistent_connection', 'The connection does not exist')
    if (email === undefined || password === undefined) return invalidBody('email and password')
    const id = randomBytes(12).toString('hex')
    const emailVerified = body.email_verified === true
    addPerson(connection, { id, email, password, emailVerified, name: email })
    const { user_id: userId } = store.findByIdentity(connection.provider, id) ?? {}
    if (userId === undefined) return failure(400, 'invalid_body', 'no such user was made')
    return {
      status: 201,
      body: store.update(userId, { app_metadata: { ...record(body.app_metadata) } }),
    }
  }

  function createFactor({ json }: Exchange, userId: string): Answer {
    const { type, totp_secret: secret } = record(json) ?? {}
    if (store.get(userId) === undefined)
      return failure(404, 'inexistent_user', 'The user does not exist.')
    if (type !== 'totp' || typeof secret !== 'string') return invalidBody('type is not totp')
    totpSecrets.set(userId, secret)
    store.update(userId, { enrolledFactors: [{ type: 'otp' }] })
    return { status: 201, body: { id: 'totp|example', type, confirmed: true } }
  }

  return [
    {
      method: 'POST',
      path: 'connections',
      scope: 'create:connections',
      answer: createConnection,
    },
    {
      method: 'DELETE',
      path: 'connections/*',
      scope: 'delete:connections',
      answer: (_, [id = '']) => removeConnection(id),
    },
    { method: 'POST', path: 'users', scope: 'create:users', answer: createUser },
    {
      method: 'DELETE',
      path: 'users/*',
      scope: 'delete:users',
      answer: (_, [userId = '']) => {
        store.remove(userId)
        return { status: 204 }
      },
    },
    {
      method: 'POST',
      path: 'users/*/authentication-methods',
      scope: 'create:authentication_methods',
      answer: (exchange, [userId = '']) => createFactor(exchange, userId),
    },
  ]
}
