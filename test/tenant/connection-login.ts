/**
 * The logins at the connections: their pages, and whether somebody who submits one is who it is. Makes
 * the stand-alone user of a person whom the tenant does not know yet, and notes each login; no I/O.
 */

import type { Connection, Person } from './connections.ts'
import { type Exchange, one, toSearch } from './http.ts'
import type { Log, LoginEntry, Parameters } from './log.ts'
import { choicePage, connectionPage } from './pages.ts'
import type { Store } from './store.ts'
import { type Authentication, connectionParameters, type LoginTransaction } from './transaction.ts'

export interface ConnectionLoginOptions {
  readonly connections: readonly Connection[]
  readonly isEnabled: (connection: string, clientId: string) => boolean
  readonly peopleOf: (connection: Connection) => readonly Person[]
  readonly store: Store
  readonly log: Log
}

export type Verdict =
  | { readonly type: 'authenticated'; readonly authentication: Authentication }
  | { readonly type: 'cancelled' }
  | { readonly type: 'refused'; readonly why: string }

export interface ConnectionLogin {
  /** If it is enabled for this application. */
  find(name: string, clientId: string): Connection | undefined
  /** The page on which a person chooses between the connections. */
  choices(transaction: LoginTransaction, application: string): string
  page(
    exchange: Exchange,
    transaction: LoginTransaction,
    connection: Connection,
    error?: string,
  ): string
  /** What a submitted page comes to. */
  judge(exchange: Exchange, transaction: LoginTransaction, connection: Connection): Verdict
  /** Without a page, at the database. */
  authenticateByPassword(email: string, password: string): Authentication | undefined
}

/** The URL at which an upstream provider would be asked, with what it would be asked for. */
export function upstreamUrl({ name }: Connection, parameters: Parameters, state: string): string {
  const scope = one(parameters, 'connection_scope')
  const query = {
    ...connectionParameters(parameters),
    ...(scope === undefined ? {} : { scope }),
    state,
  }
  return `/upstream/${encodeURIComponent(name)}/authorize?${toSearch(query)}`
}

const isDatabase = ({ strategy }: Connection): boolean => strategy === 'auth0'

function authenticationBy(connection: Connection, userId: string): Authentication {
  const name = isDatabase(connection) ? 'pwd' : 'federated'
  return {
    userId,
    connection: connection.name,
    methods: [{ name, timestamp: new Date().toISOString() }],
    atSeconds: Math.floor(Date.now() / 1000),
  }
}

export function createConnectionLogin(options: ConnectionLoginOptions): ConnectionLogin {
  const { connections, isEnabled, log, peopleOf, store } = options

  /** Begins the note of a login; what is given back completes it. */
  function note({ id, clientId, parameters }: LoginTransaction, connection: Connection) {
    const { sequence, atMs, elapsedMs } = log.begin()
    const connectionScope = one(parameters, 'connection_scope')
    return (result: Pick<LoginEntry, 'result' | 'created' | 'userId'>): void => {
      log.add({
        kind: 'login',
        sequence,
        atMs,
        durationMs: elapsedMs(),
        transactionId: id,
        clientId,
        connection: connection.name,
        ...(connectionScope === undefined ? {} : { connectionScope }),
        parameters: connectionParameters(parameters),
        ...result,
      })
    }
  }

  function findOrCreate(connection: Connection, person: Person) {
    const known = store.findByIdentity(connection.provider, connection.identityId(person))
    const { user_id: userId } = known ?? store.create(connection, person)
    return { userId, created: known === undefined }
  }

  return {
    find: (wanted, clientId) =>
      connections.find(({ name }) => name === wanted && isEnabled(name, clientId)),

    choices: ({ clientId, interactionId = '', parameters }, application) =>
      choicePage({
        application,
        choices: connections
          .filter(({ name }) => isEnabled(name, clientId))
          .map((connection) => ({
            name: connection.name,
            url: upstreamUrl(connection, parameters, interactionId),
          })),
      }),

    page: ({ form, query }, { interactionId = '' }, connection, error) =>
      connectionPage({
        connection: connection.name,
        database: isDatabase(connection),
        state: interactionId,
        people: peopleOf(connection).filter(({ unlisted }) => unlisted !== true),
        loginHint: one(form, 'email') ?? one(query, 'login_hint') ?? '',
        ...(error === undefined ? {} : { error }),
      }),

    judge({ form }, transaction, connection) {
      const complete = note(transaction, connection)
      if (one(form, 'action') === 'cancel') {
        complete({ result: 'cancelled', created: false })
        return { type: 'cancelled' }
      }
      // Whoever is chosen by the page's own button gives no password.
      const chosen = one(form, 'person')
      const wanted = chosen ?? one(form, 'email')?.toLowerCase()
      const person = peopleOf(connection).find(({ email }) => email === wanted)
      const password = chosen === undefined ? person?.password : undefined
      if (person === undefined || (password !== undefined && password !== one(form, 'password'))) {
        complete({ result: 'refused', created: false })
        return { type: 'refused', why: 'There is no such person, or the password is wrong.' }
      }
      const { userId, created } = findOrCreate(connection, person)
      complete({ result: 'success', created, userId })
      return { type: 'authenticated', authentication: authenticationBy(connection, userId) }
    },

    authenticateByPassword(email, password) {
      const connection = connections.find(isDatabase)
      const person = connection && peopleOf(connection).find((known) => known.email === email)
      if (connection === undefined || person?.password !== password) return undefined
      return authenticationBy(connection, findOrCreate(connection, person).userId)
    },
  }
}
