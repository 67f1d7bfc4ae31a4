/**
 * An application that links accounts, with Auth0's server SDK: the example for one of yours. From its
 * configuration it makes one function from request to response, without a framework; it talks to the
 * tenant by Auth0's SDKs alone.
 *
 * Every line with `auth0.` is the SDK's. To log in, link or unlink is one URL to send the browser to;
 * all come back to /callback, where a denial is an error of the SDK, which `readDenial` reads. What to
 * say then, and the question that the agent could not answer yet, waits meanwhile in the `appState`.
 */

import { ServerClient } from '@auth0/auth0-server-js'
import { type AccountsConfig, createAccounts } from './application/account.ts'
import { askForCalendar, CALENDAR, giveUp, QUESTION } from './application/agent.ts'
import { checkNote, readDenial } from './application/denial.ts'
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
}

/** What the SDK keeps while the browser is away, and gives back at the callback. */
interface AppState {
  /** To be said when it went well. */
  readonly done: Note
}

/** A day. Asked for at every login and link, it puts `auth_time` into the ID token: the next hint. */
const MAX_AUTH_AGE_SECONDS = 86_400

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

  async function logIn(exchange: Exchange): Promise<Response> {
    const appState: AppState = { done: { tone: 'good', text: 'You are logged in.' } }
    // After a denial the browser's session at the tenant may be that of the second login.
    const again = exchange.form.get('again') === 'yes' ? { prompt: 'login' } : {}
    const options = { appState, authorizationParams: again }
    return redirect(exchange, await auth0.startInteractiveLogin(options, exchange))
  }

  async function link(exchange: Exchange): Promise<Response> {
    const connection = readConnection(exchange)
    const appState: AppState = {
      done: { tone: 'good', text: 'is linked.', connection, expects: 'linked' },
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
    const answer = await askForCalendar(auth0, exchange, config.calendarUrl)
    if (answer.type === 'said') {
      const text = 'The agent has a token already.'
      writeNote(exchange, { tone: 'good', text, agent: [QUESTION] })
      return redirect(exchange, '/')
    }
    const { connection, scope: connectionScope } = CALENDAR
    const request = `I ask for ${connection} with the scope ${connectionScope}.`
    const appState: AppState = {
      done: {
        tone: 'good',
        text: 'is linked, and the agent goes on.',
        connection,
        expects: 'linked',
        agent: [QUESTION, answer.why, request],
      },
    }
    const options = { connection, connectionScope, appState }
    return redirect(exchange, await auth0.startLinkUser(options, exchange))
  }

  /** Asks once more and not again: a link that brings no token would go round for ever. */
  async function goOn(exchange: Exchange, said: readonly string[]): Promise<readonly string[]> {
    const answer = await askForCalendar(auth0, exchange, config.calendarUrl)
    if (answer.type === 'said') return [...said, ...answer.lines]
    return [...said, answer.why, 'There is still no token. I stop here.']
  }

  /** Every login, link and unlink ends here, well or not: the SDK completes them all alike. */
  async function callback(exchange: Exchange): Promise<Response> {
    try {
      const { appState } = await auth0.completeInteractiveLogin<AppState>(exchange.url, exchange)
      if (appState !== undefined) writeNote(exchange, appState.done)
    } catch (error) {
      writeNote(exchange, await withTalk(exchange, readDenial(error)))
    }
    return redirect(exchange, '/')
  }

  /** The SDK gives the `appState` back when all went well; after a denial it is still in its store. */
  async function withTalk(exchange: Exchange, denial: Note): Promise<Note> {
    const transaction = await stores.transactionStore.get(TRANSACTION, exchange)
    const { done } = (transaction?.appState ?? {}) as Partial<AppState>
    if (done?.agent === undefined) return denial
    return { ...denial, agent: [...done.agent, giveUp(denial.code)] }
  }

  async function home(exchange: Exchange): Promise<Response> {
    const note = takeNote(exchange)
    const user = await auth0.getUser(exchange)
    if (user === undefined) return renderPage(exchange, { note })
    const agent =
      note?.tone === 'good' && note.agent ? await goOn(exchange, note.agent) : note?.agent
    const identities = await accounts.read(user.sub)
    const account = { user, identities, connections }
    return renderPage(exchange, { note: note && checkNote(note, identities), account, agent })
  }

  async function logOut(exchange: Exchange): Promise<Response> {
    return redirect(exchange, await auth0.logout({ returnTo: `${baseUrl}/` }, exchange))
  }

  function readConnection({ form }: Exchange): string {
    const connection = form.get('connection') ?? ''
    if (!connections.includes(connection)) throw new Error('There is no such login to link.')
    return connection
  }

  const routes: Readonly<Record<string, (exchange: Exchange) => Promise<Response>>> = {
    'GET /': home,
    'GET /callback': callback,
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

/** With its headers: the note is taken all the same, so that it cannot break the next page too. */
function broken({ headers }: Exchange, error: unknown): Response {
  console.error(error)
  return new Response('Something went wrong', { status: 500, headers })
}

function redirect({ headers }: Exchange, location: URL | string): Response {
  headers.set('location', String(location))
  return new Response(null, { status: 303, headers })
}
