/**
 * What a browser meets at the tenant: /authorize and its resumption, login pages, the second factor,
 * the way back at /continue, logout, and pushed authorization requests. Answers requests; keeps the
 * transactions that are under way in memory.
 */

import { randomBytes } from 'node:crypto'
import type { ActionsHost } from './actions-host.ts'
import type { Application, Applications } from './applications.ts'
import type { AuthorizationServer, ExchangedToken } from './authorization-server.ts'
import {
  customParameters,
  grantedParameters,
  isStrict,
  type RequestRules,
  refuseRequest,
} from './authorize-request.ts'
import { createBoundedMap } from './bounded.ts'
import { type ConnectionLogin, upstreamUrl } from './connection-login.ts'
import {
  type Exchange,
  filterParameters,
  one,
  redirect,
  sendJson,
  sendPage,
  setCookie,
  toSearch,
} from './http.ts'
import type { Parameters } from './log.ts'
import { challengePage, consentPage, page } from './pages.ts'
import type { PlatformAnswers } from './platform-answers.ts'
import type { Store } from './store.ts'
import { withoutBrowser } from './token-request.ts'
import {
  type Authentication,
  type LoginTransaction,
  type Outcome,
  type RequestValues,
  requestValues,
  serverParameters,
} from './transaction.ts'

/** How the platform's way back behaves, where Auth0's documents leave it open. */
export interface ContinueBehaviour {
  /** How long a suspended login waits for its way back: `STATE_LIFETIME_MS` has the two there are. */
  readonly stateLifetimeMs: number
  /** /continue is good in the browser that was sent away, and in no other. */
  readonly boundToBrowser: boolean
  /** The second use of a `state` is refused. */
  readonly once: boolean
  /** `first`: address and user agent of the request that started are repeated on the way back. */
  readonly requestValues: 'fresh' | 'first'
}

export interface LoginOptions {
  readonly cookiePrefix: string
  readonly applications: Applications
  readonly connections: ConnectionLogin
  readonly store: Store
  readonly challengeCode: string
  /** Codes that are good besides, of a user's own authenticator app. */
  readonly codesOf: (userId: string) => readonly string[]
  readonly answers: PlatformAnswers
  readonly continueBehaviour: ContinueBehaviour
  readonly requestRules: RequestRules
  readonly serverOf: (domain: string) => AuthorizationServer
  readonly host: ActionsHost
}

export interface Login {
  /** Answers the request if it is one of the paths that browsers use. */
  handle(exchange: Exchange): Promise<boolean>
  /** Keeps the parameters that only Actions see, and hands the rest on. */
  push(exchange: Exchange): Promise<void>
  /** The hooks of the authorization servers. */
  outcomeOf(
    transaction: LoginTransaction,
    session: { readonly id: string; readonly userId: string; readonly authTime: number },
  ): Promise<Outcome>
  refreshed(exchange: Exchange, token: ExchangedToken): Promise<Outcome>
  pageFor(transaction: LoginTransaction, prompt: string, interactionId: string): string | undefined
}

/**
 * `long`: the tenant's switch *Long state expirations*, which older tenants have on.
 *
 * @see https://auth0.com/docs/troubleshoot/product-lifecycle/past-migrations/migrate-to-1-hour-expiration
 */
export const STATE_LIFETIME_MS = { usual: 3_600_000, long: 259_200_000 } as const

interface Suspended {
  readonly transaction: LoginTransaction
  readonly atMs: number
}

const BLOCKED: Outcome = {
  type: 'failed',
  error: 'unauthorized',
  description: 'user is blocked',
}

/** Of each: what is older belongs to logins that nobody goes on with. */
const MAX_UNDER_WAY = 500

const KNOWN_NAMES = ['client_id', 'redirect_uri', 'response_type', 'scope', 'state']

/** What a nested login's event shows of its request. */
function shownOf(request: RequestValues, { nestedQuery }: PlatformAnswers): RequestValues {
  if (nestedQuery === 'whole') return request
  const keep = (name: string) => nestedQuery === 'known names' && KNOWN_NAMES.includes(name)
  return { ...request, query: filterParameters(request.query, keep) }
}

const handle = (): string => randomBytes(24).toString('base64url')

export function createLogin(options: LoginOptions): Login {
  const { applications, connections, continueBehaviour, cookiePrefix, host, store } = options
  const { requestRules } = options
  const interactions = createBoundedMap<string, LoginTransaction>(MAX_UNDER_WAY)
  const redirects = createBoundedMap<string, Suspended>(MAX_UNDER_WAY)
  const pushed = createBoundedMap<string, Parameters>(MAX_UNDER_WAY)
  const sessions = createBoundedMap<string, Authentication>(MAX_UNDER_WAY)
  const cameBack = createBoundedMap<string, boolean>(MAX_UNDER_WAY)
  const browserCookie = `${cookiePrefix}_browser`

  function read(exchange: Exchange) {
    const { query, form, method } = exchange
    const direct: Parameters = method === 'POST' ? { ...query, ...form } : query
    const requestUri = one(direct, 'request_uri')
    const stored = requestUri === undefined ? undefined : pushed.get(requestUri)
    const clientId = one(direct, 'client_id') ?? ''
    const application = applications.find(clientId)
    const values = requestValues(exchange)
    const refusal = application && refuseRequest(application, stored ?? direct, requestRules)
    if (stored !== undefined) {
      const toServer = { client_id: clientId, request_uri: requestUri ?? '' }
      const request = { ...values, query: customParameters(stored), body: {} }
      return { clientId, parameters: stored, toServer, request, refusal }
    }
    const request: RequestValues =
      application?.firstParty === false
        ? { ...values, query: customParameters(values.query), body: customParameters(values.body) }
        : values
    const granted = application === undefined ? direct : grantedParameters(application, direct)
    const toServer = serverParameters(granted)
    return { clientId, parameters: direct, toServer, request, refusal }
  }

  async function authorize(exchange: Exchange): Promise<void> {
    if (exchange.url.href.length > options.answers.urlCharacters) {
      const text = 'The address is too long.'
      return sendPage(exchange.res, 414, page({ title: 'This login cannot go on', text }))
    }
    const { clientId, parameters, toServer, request: whole, refusal } = read(exchange)
    const nested = applications.find(clientId)?.caller === 'action'
    const request = nested ? shownOf(whole, options.answers) : whole
    if (refusal !== undefined) {
      const text = `${refusal.error}: ${refusal.description}`
      return sendPage(exchange.res, 400, page({ title: 'This login cannot go on', text }))
    }
    const browserId = exchange.cookies[browserCookie] ?? handle()
    setCookie(exchange.res, browserCookie, browserId)
    const transaction: LoginTransaction = {
      id: `txn_${handle()}`,
      nested,
      domain: exchange.domain,
      clientId,
      parameters,
      request,
      browserId,
    }
    const isSilent = parameters.prompt === 'none' && cameBack.get(browserId) === true
    if (options.answers.sessionAfter === 'nobody' && isSilent)
      await serverOf(transaction).endSession(exchange)
    await serverOf(transaction).authorize(exchange, transaction, `/authorize?${toSearch(toServer)}`)
  }

  async function resume(exchange: Exchange, interactionId: string): Promise<void> {
    const transaction = interactions.get(interactionId)
    if (transaction === undefined) return over(exchange)
    const server = serverOf(transaction)
    const { boundToBrowser } = continueBehaviour
    const own = boundToBrowser ? undefined : await server.cookiesFor(transaction)
    const headers = own === undefined ? exchange.headers : { ...exchange.headers, cookie: own }
    await server.authorize({ ...exchange, headers }, transaction, exchange.url.pathname)
  }

  const serverOf = ({ domain }: LoginTransaction) => options.serverOf(domain)

  function over({ res }: Exchange): void {
    const text = 'It is over, was used already, or belongs to another browser.'
    sendPage(res, 400, page({ title: 'This login cannot go on', text }))
  }

  async function outcomeOf(
    transaction: LoginTransaction,
    session: { readonly id: string; readonly userId: string; readonly authTime: number },
  ): Promise<Outcome> {
    const authentication = transaction.authentication ?? sessions.get(session.id)
    if (authentication !== undefined) sessions.set(session.id, authentication)
    if (transaction.outcome !== undefined) return transaction.outcome
    transaction.sessionId = session.id
    const user = store.get(session.userId)
    if (authentication?.userId !== session.userId || user === undefined) {
      return { type: 'failed', error: 'server_error', description: 'the session has no user' }
    }
    if (user.blocked === true) return BLOCKED
    transaction.authentication = authentication
    store.update(user.user_id, { logins_count: user.logins_count + 1 })
    transaction.outcome = await host.start(transaction, transaction.request)
    return transaction.outcome
  }

  /** How the user had authenticated is known as long as the session is. */
  async function refreshed(exchange: Exchange, token: ExchangedToken): Promise<Outcome> {
    const { accountId: userId, authTime: atSeconds = 0, clientId = '', sessionUid = '' } = token
    const { blocked, identities: [main] = [] } = store.get(userId) ?? {}
    if (blocked === true) return BLOCKED
    const unknown = { userId, connection: main?.connection ?? '', methods: [], atSeconds }
    return host.start(...withoutBrowser(exchange, clientId, sessions.get(sessionUid) ?? unknown))
  }

  function pageFor(transaction: LoginTransaction, prompt: string, interactionId: string) {
    transaction.interactionId = interactionId
    interactions.set(interactionId, transaction)
    if (prompt === 'login') return loginUrl(transaction, interactionId)
    return transaction.outcome && leavingUrl(transaction, transaction.outcome)
  }

  function loginUrl(transaction: LoginTransaction, state: string): string | undefined {
    const { clientId, parameters } = transaction
    const name = one(parameters, 'connection')
    if (name === undefined) return `/u/login?${toSearch({ state })}`
    const connection = connections.find(name, clientId)
    return connection && upstreamUrl(connection, parameters, state)
  }

  /** Where a suspended run sends the browser. */
  function leavingUrl(transaction: LoginTransaction, outcome: Outcome): string | undefined {
    if (outcome.type === 'challenge') {
      return `/u/challenge?${toSearch({ state: transaction.interactionId ?? '' })}`
    }
    if (outcome.type !== 'redirect') return undefined
    const state = handle()
    redirects.set(state, { transaction, atMs: Date.now() })
    const url = new URL(outcome.url)
    url.searchParams.set('state', state)
    return url.href
  }

  /** After a page: away again, or back to the authorization server for the answer. */
  async function goOn(exchange: Exchange, transaction: LoginTransaction): Promise<void> {
    const { outcome } = transaction
    const away = outcome && leavingUrl(transaction, outcome)
    if (away !== undefined) return redirect(exchange.res, away)
    await finish(exchange, transaction, { actions: {} })
  }

  async function finish(
    exchange: Exchange,
    transaction: LoginTransaction,
    result: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const url = await serverOf(transaction).finish(exchange, transaction, result)
    if (url === undefined) over(exchange)
    else redirect(exchange.res, url)
  }

  /** The transaction whose page this is. */
  function pending(exchange: Exchange): LoginTransaction | undefined {
    const { form, method, query } = exchange
    return interactions.get(one(method === 'POST' ? form : query, 'state') ?? '')
  }

  async function choose(exchange: Exchange): Promise<void> {
    const transaction = pending(exchange)
    if (transaction === undefined) return over(exchange)
    const application = applications.find(transaction.clientId)?.name ?? transaction.clientId
    sendPage(exchange.res, 200, connections.choices(transaction, application))
  }

  async function upstream(exchange: Exchange, name: string): Promise<void> {
    const transaction = pending(exchange)
    const connection = transaction && connections.find(name, transaction.clientId)
    if (connection === undefined || transaction === undefined) return over(exchange)
    const form =
      exchange.method === 'POST' ? exchange.form : connections.formWithoutPage(exchange, connection)
    if (form === undefined) {
      return sendPage(exchange.res, 200, connections.page(exchange, transaction, connection))
    }
    const verdict = connections.judge(form, transaction, connection)
    if (verdict.type === 'refused') {
      const html = connections.page(exchange, transaction, connection, verdict.why)
      return sendPage(exchange.res, 400, html)
    }
    if (verdict.type === 'incomplete')
      return sendPage(exchange.res, 200, connections.page(exchange, transaction, connection))
    if (verdict.type === 'cancelled') {
      const cancelled = { error: 'access_denied', error_description: 'The login was cancelled' }
      return finish(exchange, transaction, cancelled)
    }
    transaction.authentication = verdict.authentication
    if (asksConsent(transaction, connection)) return askConsent(exchange, transaction)
    await finish(exchange, transaction, {})
  }

  const asksConsent = ({ nested }: LoginTransaction, { strategy }: { strategy: string }) =>
    options.answers.consentPage !== 'never' && !nested && strategy === 'auth0'

  function askConsent({ res }: Exchange, { clientId, interactionId = '' }: LoginTransaction): void {
    const application = applications.find(clientId)?.name ?? clientId
    const yes = options.answers.consentPage === 'allow' ? 'Allow' : 'Accept'
    sendPage(res, 200, consentPage({ application, state: interactionId, yes }))
  }

  async function consent(exchange: Exchange): Promise<void> {
    const transaction = pending(exchange)
    if (transaction?.authentication === undefined) return over(exchange)
    const declined = {
      error: 'access_denied',
      error_description: 'User did not authorize the request',
    }
    await finish(exchange, transaction, one(exchange.form, 'action') === 'accept' ? {} : declined)
  }

  async function challenge(exchange: Exchange): Promise<void> {
    const transaction = pending(exchange)
    const { authentication, interactionId, outcome, sessionId } = transaction ?? {}
    if (transaction === undefined || authentication === undefined || interactionId === undefined) {
      return over(exchange)
    }
    if (outcome?.type !== 'challenge') return over(exchange)
    const code = options.challengeCode
    if (exchange.method !== 'POST') {
      return sendPage(exchange.res, 200, challengePage(interactionId, code))
    }
    const codes = [code, ...options.codesOf(authentication.userId)]
    if (!codes.includes(one(exchange.form, 'code') ?? '')) {
      const html = challengePage(interactionId, code, 'This is not the code.')
      return sendPage(exchange.res, 400, html)
    }
    const mfa = { name: 'mfa', timestamp: new Date().toISOString() }
    const stronger = { ...authentication, methods: [...authentication.methods, mfa] }
    transaction.authentication = stronger
    if (sessionId !== undefined) sessions.set(sessionId, stronger)
    transaction.outcome = await host.resumeAfterChallenge(transaction)
    await goOn(exchange, transaction)
  }

  async function wayBack(exchange: Exchange): Promise<void> {
    const { form, method, query } = exchange
    if (method === 'POST' && options.answers.formPost === 'refused') return over(exchange)
    const state = one(method === 'POST' ? form : query, 'state') ?? ''
    const { atMs = 0, transaction } = redirects.get(state) ?? {}
    if (transaction?.domain !== exchange.domain) return over(exchange)
    if (Date.now() - atMs > continueBehaviour.stateLifetimeMs) return over(exchange)
    const sameBrowser = exchange.cookies[browserCookie] === transaction.browserId
    if (continueBehaviour.boundToBrowser && !sameBrowser) return over(exchange)
    if (continueBehaviour.once) redirects.delete(state)
    cameBack.set(transaction.browserId, true)
    const session = await serverOf(transaction).sessionOf(exchange, transaction.nested)
    transaction.sessionId = session?.id
    const fresh = requestValues(exchange)
    const { ip, userAgent } = transaction.request
    const request =
      continueBehaviour.requestValues === 'first' ? { ...fresh, ip, userAgent } : fresh
    transaction.outcome = await host.resumeAfterRedirect(transaction, request)
    await goOn(exchange, transaction)
  }

  async function logOut(exchange: Exchange): Promise<void> {
    await options.serverOf(exchange.domain).endSession(exchange)
    const { query } = exchange
    const target = one(query, 'returnTo') ?? one(query, 'post_logout_redirect_uri')
    if (target !== undefined) return redirect(exchange.res, target)
    sendPage(exchange.res, 200, page({ title: 'Logged out', text: 'The session is over.' }))
  }

  /** RFC 9126. */
  async function push(exchange: Exchange): Promise<void> {
    const application: Application | undefined = applications.find(one(exchange.form, 'client_id'))
    if (application === undefined) return sendJson(exchange.res, 401, { error: 'invalid_client' })
    exchange.identify(application.clientId)
    const refusal = isStrict(application)
      ? { error: 'unauthorized_client', description: 'PAR is not supported for this client.' }
      : refuseRequest(application, exchange.form, requestRules)
    if (refusal !== undefined) {
      const { description: error_description, error } = refusal
      return sendJson(exchange.res, 400, { error, error_description })
    }
    const secret = filterParameters(exchange.form, (name) => name === 'client_secret')
    const body = Buffer.from(toSearch({ ...serverParameters(exchange.form), ...secret }).toString())
    const presented = { method: 'POST', path: '/oauth/par', body }
    await options.serverOf(exchange.domain).pass(exchange, presented, (answer) => {
      const { request_uri: requestUri } = (answer ?? {}) as { readonly request_uri?: string }
      if (requestUri === undefined) return
      pushed.set(
        requestUri,
        filterParameters(exchange.form, (name) => name !== 'client_secret'),
      )
    })
  }

  return {
    async handle(exchange) {
      const { pathname } = exchange.url
      const [, first = '', second, third] = pathname.split('/').map(decodeURIComponent)
      if (pathname === '/authorize') await authorize(exchange)
      else if (first === 'authorize' && second !== undefined) await resume(exchange, second)
      else if (pathname === '/continue') await wayBack(exchange)
      else if (pathname === '/u/login') await choose(exchange)
      else if (pathname === '/u/challenge') await challenge(exchange)
      else if (pathname === '/u/consent') await consent(exchange)
      else if (first === 'upstream' && third === 'authorize') await upstream(exchange, second ?? '')
      else if (first === 'upstream' && third === 'login') {
        connections.answerAtProvider(exchange, second ?? '')
      } else if (pathname === '/v2/logout' || pathname === '/oidc/logout') await logOut(exchange)
      else return false
      return true
    },
    push,
    outcomeOf,
    refreshed,
    pageFor,
  }
}
