/**
 * The logins at the connections: their pages, and whether somebody who submits one is who it is. Makes
 * the stand-alone user of a person whom the tenant does not know yet, and notes each login; no I/O.
 */

import type { Connection, ConnectionPerson } from './connections.ts'
import type { Html } from './html.ts'
import { type Exchange, one, sendPage, toSearch } from './http.ts'
import type { Log, LoginEntry, Parameters } from './log.ts'
import { choicePage, connectionPage, page, universalLoginPage, unknownLoginPage } from './pages.ts'
import type { PlatformAnswers } from './platform-answers.ts'
import type { ProviderSessions } from './provider-sessions.ts'
import type { Store } from './store.ts'
import { type Authentication, connectionParameters, type LoginTransaction } from './transaction.ts'

export interface ConnectionLoginOptions {
  readonly connections: readonly Connection[]
  readonly isEnabled: (connection: string, clientId: string) => boolean
  readonly peopleOf: (connection: Connection) => readonly ConnectionPerson[]
  readonly providerSessions: ProviderSessions
  readonly loginPages: PlatformAnswers['loginPages']
  readonly store: Store
  readonly log: Log
}

export type Verdict =
  | { readonly type: 'authenticated'; readonly authentication: Authentication }
  | { readonly type: 'cancelled' }
  /** Only the user name was asked for, so far. */
  | { readonly type: 'incomplete' }
  | { readonly type: 'refused'; readonly why: string }

export interface ConnectionLogin {
  /** If it is enabled for this application. */
  find(name: string, clientId: string): Connection | undefined
  /** The page on which a person chooses between the connections. */
  choices(transaction: LoginTransaction, application: string): Html
  page(
    exchange: Exchange,
    transaction: LoginTransaction,
    connection: Connection,
    error?: string,
  ): Html
  /** What a submitted page comes to. */
  judge(form: Parameters, transaction: LoginTransaction, connection: Connection): Verdict
  /** What stands for the page's form where nobody is asked. */
  formWithoutPage(exchange: Exchange, connection: Connection): Parameters | undefined
  /** The provider's own login page, outside any login at the tenant; its form begins a session. */
  answerAtProvider(exchange: Exchange, name: string): void
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
  const { connections, isEnabled, log, peopleOf, providerSessions, store } = options

  /** Begins the note of a login; what is given back completes it. */
  function note({ id, clientId, parameters }: LoginTransaction, connection: Connection) {
    const { sequence, atMs, elapsedMs } = log.begin()
    const connectionScope = one(parameters, 'connection_scope')
    return (result: Pick<LoginEntry, 'result' | 'created' | 'identity' | 'userId'>): void => {
      log.add({
        kind: 'login',
        sequence,
        atMs,
        durationMs: elapsedMs(),
        transactionId: id,
        clientId,
        connection: connection.name,
        connectionScope,
        parameters: connectionParameters(parameters),
        ...result,
      })
    }
  }

  const pageOf = (
    { form, query }: Exchange,
    connection: Connection,
    state: string,
    error?: string,
  ): Html =>
    universalPageOf(form, connection, state, error) ??
    connectionPage({
      connection: connection.name,
      database: isDatabase(connection),
      state,
      people: peopleOf(connection).filter(({ unlisted }) => unlisted !== true),
      loginHint: one(form, 'email') ?? one(query, 'login_hint') ?? '',
      error,
    })

  function universalPageOf(
    form: Parameters,
    connection: Connection,
    state: string,
    error: string | undefined,
  ): Html | undefined {
    const { loginPages } = options
    if (!isDatabase(connection) || loginPages === 'sample') return undefined
    if (loginPages === 'unknown') return unknownLoginPage()
    const username = loginPages === 'universal' ? undefined : one(form, 'username')
    const asksPassword = loginPages === 'universal' || username !== undefined
    return universalLoginPage({
      state,
      username,
      asksPassword,
      error,
    })
  }

  function findOrCreate(connection: Connection, person: ConnectionPerson) {
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
          .filter(({ isHidden, name }) => isHidden !== true && isEnabled(name, clientId))
          .map((connection) => ({
            name: connection.name,
            url: upstreamUrl(connection, parameters, interactionId),
          })),
      }),

    page: (exchange, { interactionId = '' }, connection, error) =>
      pageOf(exchange, connection, interactionId, error),

    formWithoutPage(exchange, connection) {
      if (connection.asksNobody === true) {
        const hint = one(exchange.query, 'login_hint')
        const people = peopleOf(connection)
        const { email } = people.find((known) => known.email === hint) ?? people[0] ?? {}
        return email === undefined ? undefined : { person: email }
      }
      const email = providerSessions.personAt(connection, exchange)
      return email === undefined ? undefined : { person: email }
    },

    answerAtProvider(exchange, wanted) {
      const { form, method, res } = exchange
      const connection = connections.find(({ name }) => name === wanted)
      if (connection === undefined || isDatabase(connection)) {
        const html = page({ title: 'Nothing here', text: 'There is no such provider.' })
        return sendPage(res, 404, html)
      }
      if (method !== 'POST') return sendPage(res, 200, pageOf(exchange, connection, ''))
      const email = one(form, 'person') ?? one(form, 'email') ?? ''
      if (!peopleOf(connection).some((person) => person.email === email)) {
        return sendPage(res, 400, pageOf(exchange, connection, '', 'There is no such person.'))
      }
      providerSessions.begin(connection, exchange, email)
      const text = `This browser has a session at ${connection.name} now.`
      sendPage(res, 200, page({ title: 'Logged in', text }))
    },

    judge(form, transaction, connection) {
      if (one(form, 'username') !== undefined && one(form, 'password') === undefined)
        return { type: 'incomplete' }
      const complete = note(transaction, connection)
      if (one(form, 'action') === 'cancel') {
        complete({ result: 'cancelled', created: false })
        return { type: 'cancelled' }
      }
      // Whoever is chosen by the page's own button gives no password.
      const chosen = one(form, 'person')
      const wanted = chosen ?? (one(form, 'username') ?? one(form, 'email'))?.toLowerCase()
      const person = peopleOf(connection).find(({ email }) => email === wanted)
      const password = chosen === undefined ? person?.password : undefined
      if (person === undefined || (password !== undefined && password !== one(form, 'password'))) {
        complete({ result: 'refused', created: false })
        return { type: 'refused', why: 'There is no such person, or the password is wrong.' }
      }
      const { userId, created } = findOrCreate(connection, person)
      const identity = `${connection.provider}|${connection.identityId(person)}`
      complete({ result: 'success', created, userId, identity })
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
