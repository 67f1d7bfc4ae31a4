/**
 * An application that links accounts, with Auth0's official server SDK: what a web application of
 * yours does. Given its configuration it is one function from request to response, without a
 * framework; it talks to the tenant by the SDKs alone.
 *
 * Log in, link, unlink: each is one URL to send the browser to, and all come back to /callback.
 */

import { ServerClient } from '@auth0/auth0-server-js'
import { createAccounts } from './application/account.ts'
import { askForCalendar, CALENDAR } from './application/agent.ts'
import { checkNote, readDenial } from './application/denial.ts'
import { type Note, renderPage } from './application/pages.ts'
import { createStores, type Exchange, takeNote, writeNote } from './application/sessions.ts'

export interface ApplicationConfig {
  /** The tenant's domain, as in the settings of the application. */
  readonly domain: string
  readonly clientId: string
  readonly clientSecret: string
  /** Where this application is. */
  readonly baseUrl: string
  /** Encrypts its cookies; 32 characters or more. */
  readonly sessionSecret: string
  /** A machine-to-machine application with `read:users`, to show the linked identities. */
  readonly management: { readonly clientId: string; readonly clientSecret: string }
  /** The connections that it offers to link. */
  readonly connections: readonly string[]
  readonly calendarUrl: string
}

/** What the application wants to know again when the browser is back. */
interface AppState {
  readonly done: Note
  /** What the agent has said so far; it goes on by itself. */
  readonly agent?: readonly string[]
}

export function createApplication(config: ApplicationConfig) {
  const auth0 = new ServerClient<Exchange>({
    domain: config.domain,
    clientId: config.clientId,
    clientSecret: config.clientSecret,
    authorizationParams: {
      redirect_uri: `${config.baseUrl}/callback`,
      scope: 'openid profile email offline_access',
    },
    ...createStores(config),
  })
  const accounts = createAccounts(config)

  async function home(exchange: Exchange): Promise<Response> {
    const note = takeNote(exchange)
    const user = await auth0.getUser(exchange)
    if (user === undefined) return renderPage(exchange, { note })
    // An agent whose link has just been made does not wait to be asked again.
    const agent = note?.agent && (await runAgent(exchange, note.agent))
    if (agent instanceof URL) return redirect(exchange, agent)
    const { identities } = await accounts.read(user.sub)
    const { connections } = config
    const account = { user, identities, connections }
    return renderPage(exchange, { note: note && checkNote(note, account), account, agent })
  }

  async function logIn(exchange: Exchange): Promise<Response> {
    const appState: AppState = { done: { tone: 'good', text: 'You are logged in.' } }
    // After `reauth_required` the user shall authenticate again, whatever session there is.
    const again = exchange.form.get('again') === 'yes' ? { max_age: 0 } : {}
    return redirect(
      exchange,
      await auth0.startInteractiveLogin({ appState, authorizationParams: again }, exchange),
    )
  }

  async function startLink(connection: string, exchange: Exchange): Promise<URL> {
    const appState: AppState = {
      done: { tone: 'good', text: 'is linked.', connection, expects: 'linked' },
    }
    // The SDK's type wants `connectionScope`; its code leaves it out where it is missing.
    const options = { connection, appState } as Parameters<typeof auth0.startLinkUser>[0]
    return auth0.startLinkUser(options, exchange)
  }

  function startUnlink(connection: string, exchange: Exchange): Promise<URL> {
    const appState: AppState = {
      done: { tone: 'good', text: 'is unlinked.', connection, expects: 'unlinked' },
    }
    const identity = exchange.form.get('identity')
    const authorizationParams = identity === null ? {} : { requested_identity: identity }
    return auth0.startUnlinkUser({ connection, appState, authorizationParams }, exchange)
  }

  /** What the agent says, or where the browser has to go first: it needs a token that is not there. */
  async function runAgent(exchange: Exchange, said: readonly string[]) {
    const answer = await askForCalendar(auth0, exchange, config.calendarUrl)
    if (answer.type === 'events') return [...said, ...answer.lines]
    // Never twice in a row: a link that brings no token would go round for ever.
    if (said.length > 0) return [...said, answer.why, 'There is still no token. I stop here.']
    const agent = [
      'What is on my calendar today?',
      answer.why,
      `I ask for ${CALENDAR.connection} with the scope ${CALENDAR.scope}.`,
    ]
    const { connection, scope: connectionScope } = CALENDAR
    const done: Note = { tone: 'good', text: 'is linked, and the agent goes on.', connection }
    const appState: AppState = { done, agent }
    return auth0.startLinkUser({ connection, connectionScope, appState }, exchange)
  }

  async function ask(exchange: Exchange): Promise<Response> {
    const agent = await runAgent(exchange, [])
    if (agent instanceof URL) return redirect(exchange, agent)
    writeNote(exchange, {
      tone: 'good',
      text: 'The agent has a token already.',
      agent: ['What is on my calendar today?'],
    })
    return redirect(exchange, '/')
  }

  /** Every login, link and unlink ends here, well or not: the SDK completes them all alike. */
  async function callback(exchange: Exchange): Promise<Response> {
    try {
      const { appState } = await auth0.completeInteractiveLogin<AppState>(exchange.url, exchange)
      const { agent, done } = appState ?? {}
      if (done !== undefined) writeNote(exchange, agent === undefined ? done : { ...done, agent })
    } catch (error) {
      writeNote(exchange, readDenial(error))
    }
    return redirect(exchange, '/')
  }

  async function logOut(exchange: Exchange): Promise<Response> {
    return redirect(exchange, await auth0.logout({ returnTo: `${config.baseUrl}/` }, exchange))
  }

  /** Without a session there is nothing to link to: the SDK refuses, and the user logs in first. */
  async function start(exchange: Exchange, url: (connection: string) => Promise<URL>) {
    const connection = exchange.form.get('connection') ?? ''
    if (!config.connections.includes(connection))
      return new Response('No such connection', { status: 400 })
    return redirect(exchange, await url(connection))
  }

  return async function answer(exchange: Exchange): Promise<Response> {
    const route = `${exchange.request.method} ${exchange.url.pathname}`
    try {
      if (route === 'GET /') return await home(exchange)
      if (route === 'GET /callback') return await callback(exchange)
      if (route === 'POST /login') return await logIn(exchange)
      if (route === 'POST /link') return await start(exchange, (name) => startLink(name, exchange))
      if (route === 'POST /unlink')
        return await start(exchange, (name) => startUnlink(name, exchange))
      if (route === 'POST /agent') return await ask(exchange)
      if (route === 'POST /logout') return await logOut(exchange)
    } catch (error) {
      const note = readDenial(error)
      if (route === 'GET /') return renderPage(exchange, { note })
      writeNote(exchange, note)
      return redirect(exchange, '/')
    }
    return new Response('Not found', { status: 404 })
  }
}

function redirect({ headers }: Exchange, location: URL | string): Response {
  headers.set('location', String(location))
  return new Response(null, { status: 303, headers })
}
