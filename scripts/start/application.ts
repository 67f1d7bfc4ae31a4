/**
 * An application that links accounts, with Auth0's server SDK: the example for one of yours. From its
 * configuration it makes one function from request to response, without a framework; it talks to the
 * tenant by Auth0's SDKs, and by one request of its own that confirms a link.
 *
 * Every line with `auth0.` is the SDK's. To log in, link or unlink is one URL to send the browser to;
 * all come back to /callback, where a denial is an error of the SDK, which `readDenial` reads. What to
 * say then, and the question that the agent could not answer yet, waits meanwhile in the `appState`.
 * A link that is `pending` then is this browser's own: the SDK has found the request that it began. It
 * is confirmed at once, or when the person has said yes at /confirm.
 */

import { ServerClient } from '@auth0/auth0-server-js'
import { createBoundedMap } from '../tenant/bounded.ts'
import { type AccountsConfig, createAccounts } from './application/account.ts'
import {
  askForCalendar,
  CALENDAR,
  giveUp,
  QUESTION,
  questionFor,
  WHICH,
} from './application/agent.ts'
import { asksFirst, setAskFirst } from './application/ask-first.ts'
import { createConfirmations } from './application/confirm.ts'
import { checkNote, readDenial, tellResult } from './application/denial.ts'
import type { Exchange } from './application/exchange.ts'
import { type Note, takeNote, writeNote } from './application/note.ts'
import { renderPage } from './application/pages.ts'
import { createStores } from './application/sessions.ts'

export interface ApplicationConfig extends AccountsConfig {
  readonly clientId: string
  readonly clientSecret: string
  /** The origin of this application: the only one whose forms it takes. */
  readonly baseUrl: string
  /** Encrypts its cookies; 32 characters or more. */
  readonly sessionSecret: string
  /** The connections that it offers to link. */
  readonly connections: readonly string[]
  readonly calendarUrl: string
  /** As the Action's RESULT_CLAIM. */
  readonly resultClaim: string
  /** As the Action's IDENTITIES_PER_CONNECTION; asked for every page. */
  readonly identitiesPerConnection: () => number
}

/** What the SDK keeps while the browser is away, and gives back at the callback. */
interface AppState {
  /** To be said when it went well. */
  readonly done: Note
}

/** A day. Asked for at every login and link, it puts `auth_time` into the ID token: the next hint. */
const MAX_AUTH_AGE_SECONDS = 86_400

/** Confirmations that are used or refused: each is good for five minutes, and for one answer. */
const MAX_ANSWERED = 10_000

/** Where the SDK keeps it meanwhile. */
const TRANSACTION = '__a0_tx'

export function createApplication(config: ApplicationConfig) {
  const { baseUrl, connections } = config
  const stores = createStores(config)
  const auth0 = new ServerClient<Exchange>({
    domain: config.domain,
    clientId: config.clientId,
    clientSecret: config.clientSecret,
    authorizationParams: {
      redirect_uri: `${baseUrl}/callback`,
      scope: 'openid profile email offline_access',
      max_age: MAX_AUTH_AGE_SECONDS,
    },
    transactionIdentifier: TRANSACTION,
    ...stores,
  })
  const accounts = createAccounts(config)
  const confirmations = createConfirmations(config)
  const answered = createBoundedMap<string, true>(MAX_ANSWERED)

  async function logIn(exchange: Exchange): Promise<Response> {
    const appState: AppState = { done: { tone: 'good', text: 'You are logged in.' } }
    // After a denial the browser's session at the tenant may be that of the second login.
    const again = exchange.form.get('again') === 'yes' ? { prompt: 'login' } : {}
    const options = { appState, authorizationParams: again }
    return redirect(exchange, await auth0.startInteractiveLogin(options, exchange))
  }

  async function link(exchange: Exchange): Promise<Response> {
    const connection = readConnection(exchange)
    const held = Number.parseInt(exchange.form.get('held') ?? '0', 10) || 0
    const appState: AppState = {
      done: { tone: 'good', text: 'is linked.', connection, expects: 'linked', held },
    }
    // The SDK's type wants a `connectionScope`; its code leaves it out where it is missing.
    const options = { connection, appState } as Parameters<typeof auth0.startLinkUser>[0]
    return redirect(exchange, await auth0.startLinkUser(options, exchange))
  }

  async function unlink(exchange: Exchange): Promise<Response> {
    const connection = readConnection(exchange)
    // `provider|user_id`: the account may have several of one connection.
    const identity = exchange.form.get('identity') ?? ''
    const appState: AppState = {
      done: { tone: 'good', text: 'is unlinked.', connection, identity, expects: 'unlinked' },
    }
    const authorizationParams = { requested_identity: identity }
    const options = { connection, appState, authorizationParams }
    return redirect(exchange, await auth0.startUnlinkUser(options, exchange))
  }

  /** The agent answers, or asks for a link with the scope that it needs; then it goes on by itself. */
  async function ask(exchange: Exchange): Promise<Response> {
    const user = await auth0.getUser(exchange)
    const identities = (user && (await accounts.read(user.sub))) ?? []
    const { connection, scope: connectionScope } = CALENDAR
    const found = identities.filter((one) => one.connection === connection)
    const isOne = found.length === 1
    const chosen = isOne ? found[0] : found.find(({ id }) => id === exchange.form.get('identity'))
    if (found.length > 1 && chosen === undefined) {
      const text = 'The agent has a question.'
      writeNote(exchange, { tone: 'good', text, agent: [QUESTION, WHICH], asks: true })
      return redirect(exchange, '/')
    }
    const question = chosen === undefined || isOne ? QUESTION : questionFor(chosen)
    const who = chosen === undefined ? {} : { identity: chosen.id }
    const answer = await askForCalendar(auth0, exchange, calendarOf(chosen?.id))
    if (answer.type === 'said') {
      const text = 'The agent has a token already.'
      writeNote(exchange, { tone: 'good', text, agent: [question], ...who })
      return redirect(exchange, '/')
    }
    const request = `I ask for ${connection} with the scope ${connectionScope}.`
    const agent = [question, answer.why, request]
    const text = 'is linked, and the agent goes on.'
    const appState: AppState = {
      done: { tone: 'good', text, connection, expects: 'linked', agent, ...who },
    }
    // So that the provider offers that very account; nothing trusts it.
    const hint = chosen?.label === undefined ? {} : { requested_login_hint: chosen.label }
    const options = { connection, connectionScope, appState, authorizationParams: hint }
    return redirect(exchange, await auth0.startLinkUser(options, exchange))
  }

  const calendarOf = (identity: string | undefined) => ({
    calendarUrl: config.calendarUrl,
    identity,
    stores,
  })

  /** Asks once more and not again: a link that brings no token would go round for ever. */
  async function goOn(
    exchange: Exchange,
    said: readonly string[],
    identity: string | undefined,
  ): Promise<readonly string[]> {
    const answer = await askForCalendar(auth0, exchange, calendarOf(identity))
    if (answer.type === 'said') return [...said, ...answer.lines]
    return [...said, answer.why, 'There is still no token. I stop here.']
  }

  /** Every login, link and unlink ends here, well or not: the SDK completes them all alike. */
  async function callback(exchange: Exchange): Promise<Response> {
    let done: Note | undefined
    try {
      const { appState } = await auth0.completeInteractiveLogin<AppState>(exchange.url, exchange)
      done = appState?.done
    } catch (error) {
      writeNote(exchange, await withTalk(exchange, readDenial(error)))
      return redirect(exchange, '/')
    }
    if (done === undefined) return redirect(exchange, '/')
    const result = confirmations.read(await stores.readSession(exchange))
    const isPending = result.status === 'pending' && done.expects === 'linked'
    if (!isPending || result.connection !== done.connection) {
      writeNote(exchange, tellResult(done, result))
      return redirect(exchange, '/')
    }
    if (!asksFirst(exchange)) return confirm(exchange, done)
    // What is to be said then waits for the answer.
    writeNote(exchange, done)
    return redirect(exchange, '/confirm')
  }

  /** The link of this session that waits to be confirmed, if any does. */
  async function readPending(exchange: Exchange) {
    const session = await stores.readSession(exchange)
    const { confirmation = '', connection = '', status } = confirmations.read(session)
    if (session === undefined || status !== 'pending' || answered.get(confirmation))
      return undefined
    return { session, confirmation, connection }
  }

  async function confirm(exchange: Exchange, done: Note): Promise<Response> {
    const pending = await readPending(exchange)
    if (pending === undefined) {
      writeNote(exchange, { tone: 'bad', text: 'There is nothing to confirm any more.' })
      return redirect(exchange, '/')
    }
    answered.set(pending.confirmation, true)
    try {
      const { refreshToken, result } = await confirmations.confirm(
        pending.session,
        pending.confirmation,
      )
      // The ID token stays the login's: it is the next hint, and has to be of the browser's session.
      await stores.changeSession(exchange, { refreshToken })
      writeNote(exchange, tellResult(done, result))
    } catch (error) {
      writeNote(exchange, withLastWords(done, readDenial(error)))
    }
    return redirect(exchange, '/')
  }

  async function askPerson(exchange: Exchange): Promise<Response> {
    const pending = await readPending(exchange)
    const user = await auth0.getUser(exchange)
    if (pending === undefined || user === undefined) return redirect(exchange, '/')
    return renderPage(exchange, { question: { user, connection: pending.connection } })
  }

  async function takeAnswer(exchange: Exchange): Promise<Response> {
    const pending = await readPending(exchange)
    const { connection = '' } = pending ?? {}
    const done: Note = takeNote(exchange) ?? {
      tone: 'good',
      text: 'is linked.',
      connection,
      expects: 'linked',
    }
    if (exchange.form.get('answer') === 'yes') return confirm(exchange, done)
    if (pending !== undefined) answered.set(pending.confirmation, true)
    const text = 'You said no: nothing was linked.'
    writeNote(exchange, withLastWords(done, { tone: 'bad', text, code: 'link_cancelled' }))
    return redirect(exchange, '/')
  }

  /** The SDK gives the `appState` back when all went well; after a denial it is still in its store. */
  async function withTalk(exchange: Exchange, denial: Note): Promise<Note> {
    const transaction = await stores.transactionStore.get(TRANSACTION, exchange)
    const { done } = (transaction?.appState ?? {}) as Partial<AppState>
    return withLastWords(done, denial)
  }

  async function home(exchange: Exchange): Promise<Response> {
    const note = takeNote(exchange)
    const user = await auth0.getUser(exchange)
    if (user === undefined) return renderPage(exchange, { note })
    const agent =
      note?.tone === 'good' && note.agent && note.asks !== true
        ? await goOn(exchange, note.agent, note.identity)
        : note?.agent
    const identities = await accounts.read(user.sub)
    const perConnection = config.identitiesPerConnection()
    const isAsking = asksFirst(exchange)
    const account = { user, identities, connections, perConnection, asksFirst: isAsking }
    return renderPage(exchange, { note: note && checkNote(note, identities), account, agent })
  }

  async function logOut(exchange: Exchange): Promise<Response> {
    return redirect(exchange, await auth0.logout({ returnTo: `${baseUrl}/` }, exchange))
  }

  async function switchAskFirst(exchange: Exchange): Promise<Response> {
    setAskFirst(exchange)
    return redirect(exchange, '/')
  }

  function readConnection({ form }: Exchange): string {
    const connection = form.get('connection') ?? ''
    if (!connections.includes(connection)) throw new Error('There is no such login to link.')
    return connection
  }

  const routes: Readonly<Record<string, (exchange: Exchange) => Promise<Response>>> = {
    'GET /': home,
    'GET /callback': callback,
    'GET /confirm': askPerson,
    'POST /confirm': takeAnswer,
    'POST /ask-first': switchAskFirst,
    'POST /login': logIn,
    'POST /link': link,
    'POST /unlink': unlink,
    'POST /agent': ask,
    'POST /logout': logOut,
  }

  return async function answer(exchange: Exchange): Promise<Response> {
    const { method } = exchange.request
    // A form of another site, or of another port of this machine, is not the user's will.
    if (method === 'POST' && exchange.request.headers.get('origin') !== baseUrl) {
      return new Response('Not from here', { status: 403 })
    }
    const route = routes[`${method} ${exchange.url.pathname}`]
    if (route === undefined) return new Response('Not found', { status: 404 })
    try {
      return await route(exchange)
    } catch (error) {
      if (route === home) return broken(exchange, error)
      // A refusal of the SDK's own: without a session there is nothing to link to.
      writeNote(exchange, readDenial(error))
      return redirect(exchange, '/')
    }
  }
}

/** What the agent was asked is still there after a denial, and it says that it stops. */
function withLastWords(done: Note | undefined, denial: Note): Note {
  if (done?.agent === undefined) return denial
  return { ...denial, agent: [...done.agent, giveUp(denial.code)] }
}

/** With its headers: the note is taken all the same, so that it cannot break the next page too. */
function broken({ headers }: Exchange, error: unknown): Response {
  console.error(error)
  return new Response('Something went wrong', { status: 500, headers })
}

function redirect({ headers }: Exchange, location: URL | string): Response {
  headers.set('location', String(location))
  return new Response(null, { status: 303, headers })
}
