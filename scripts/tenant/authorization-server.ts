/**
 * The authorization server of one domain: `oidc-provider` with Auth0's routes, claims and answers. A
 * second instance over the same storage serves nested logins, under cookies of its own, so that they
 * leave the session of the outer login alone. What a login needs from a person, and what its Actions
 * say, is asked of the caller's hooks.
 */

import type { IncomingMessage } from 'node:http'
import { errors, type Interaction, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Applications } from './applications.ts'
import {
  addClaims,
  allowRedirectUris,
  answerLikeAuth0,
  describeLikeAuth0,
  loadExistingGrant,
  policy,
  renderError,
  STATIC_CONFIGURATION,
  toAccount,
  toClient,
} from './authorization-config.ts'
import { createBoundedMap } from './bounded.ts'
import { type Exchange, type Presented, present } from './http.ts'
import type { PlatformAnswers } from './platform-answers.ts'
import { createProviderStorage } from './provider-storage.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { StoredUser } from './store.ts'
import type { LoginTransaction, Outcome } from './transaction.ts'

/** A refresh token, in words that the package's types can tell without those of `oidc-provider`. */
export interface ExchangedToken {
  readonly accountId: string
  readonly clientId?: string | undefined
  readonly sessionUid?: string | undefined
  readonly authTime?: number | undefined
}

export interface AuthorizationHooks {
  readonly userOf: (userId: string) => StoredUser | undefined
  /** A session has a user: what do the Actions say? Asked once or, after a page, once more. */
  readonly outcomeOf: (
    transaction: LoginTransaction,
    session: { readonly id: string; readonly userId: string; readonly authTime: number },
  ) => Promise<Outcome>
  /** A refresh token is exchanged: what do the Actions say? There is no page to show. */
  readonly refreshed: (exchange: Exchange, token: ExchangedToken) => Promise<Outcome>
  /** Where the browser goes for a prompt; `undefined` where the connection does not exist. */
  readonly pageFor: (
    transaction: LoginTransaction,
    prompt: string,
    interactionId: string,
  ) => string | undefined
  readonly onServerError: (error: Error) => void
}

export interface AuthorizationServerOptions {
  readonly domain: string
  /** Cookies know no ports: each tenant has names of its own. */
  readonly cookiePrefix: string
  readonly applications: Applications
  readonly keys: SigningKeys
  readonly hooks: AuthorizationHooks
  /** Nested logins take the outer login's session over instead of having their own. */
  readonly nestedSession: 'kept' | 'replaced'
  /** How long a login may take that waits for the browser. */
  readonly stateLifetimeMs: number
  readonly answers: PlatformAnswers
}

export interface CurrentSession {
  readonly id: string
  readonly userId: string | undefined
}

export interface AuthorizationServer {
  /** Hands a request of a login to the server. */
  authorize(exchange: Exchange, transaction: LoginTransaction, path: string): Promise<void>
  /** Any other request. `onBody` sees what the answer's body will be. */
  pass(exchange: Exchange, presented: Presented, onBody?: (body: unknown) => void): Promise<void>
  /** The session that this browser has, by its cookie. */
  sessionOf(exchange: Exchange, nested: boolean): Promise<CurrentSession | undefined>
  /** Answers an interaction; gives back where the browser goes on. */
  finish(
    exchange: Exchange,
    transaction: LoginTransaction,
    result: Readonly<Record<string, unknown>>,
  ): Promise<string | undefined>
  /** The cookies with which a way back is good, whatever the browser sends. */
  cookiesFor(transaction: LoginTransaction): Promise<string>
  endSession(exchange: Exchange): Promise<void>
  /** Signs with what the keys are now; whatever it has stored stays good. */
  renew(): void
}

type Role = 'outer' | 'nested'

function throwWhenEnded(
  outcome: Outcome,
  { denialCharacters, nestedDenial }: PlatformAnswers,
  nested = false,
): void {
  if (outcome.type === 'denied') {
    const reason = nested && nestedDenial === 'bare' ? 'access denied' : outcome.reason
    throw new errors.AccessDenied(reason.slice(0, denialCharacters))
  }
  if (outcome.type === 'failed') {
    throw new errors.CustomOIDCProviderError(outcome.error, outcome.description)
  }
}

/** Their claims are asked for when the code is redeemed, or a token refreshed. */
const MAX_GRANTS = 2_000

export function createAuthorizationServer(options: AuthorizationServerOptions) {
  const { cookiePrefix, domain, hooks } = options
  const transactions = new WeakMap<IncomingMessage, LoginTransaction>()
  const exchanges = new WeakMap<IncomingMessage, Exchange>()
  const bodyListeners = new WeakMap<IncomingMessage, (body: unknown) => void>()
  const claimsOfGrants = createBoundedMap<string, Readonly<Record<string, unknown>>>(MAX_GRANTS)
  const storage = createProviderStorage((clientId) => {
    const application = options.applications.find(clientId)
    return application && toClient(application)
  })

  const transactionOf = ({ req }: KoaContextWithOIDC): LoginTransaction => {
    const transaction = transactions.get(req)
    if (transaction === undefined) throw new Error('a login without its transaction')
    return transaction
  }

  /** The Actions run as the last prompt: only a redirect or a challenge makes the browser leave. */
  async function actionsWantPage(ctx: KoaContextWithOIDC): Promise<boolean> {
    const { session, entities } = ctx.oidc
    if (session === undefined) throw new Error('an Action asked without a session')
    const { accountId = '', loginTs = 0, uid } = session
    const seen = { id: uid, userId: accountId, authTime: loginTs }
    const transaction = transactionOf(ctx)
    const outcome = await hooks.outcomeOf(transaction, seen)
    throwWhenEnded(outcome, options.answers, transaction.nested)
    if (outcome.type !== 'done') return true
    if (entities.Grant !== undefined) claimsOfGrants.set(entities.Grant.jti, outcome.claims)
    return false
  }

  /** Before any token is issued: its claims are those of this run, not of the login. */
  async function runAtRefresh(ctx: KoaContextWithOIDC, token: ExchangedToken): Promise<void> {
    const exchange = exchanges.get(ctx.req)
    if (exchange === undefined) throw new Error('an exchange of tokens without its request')
    const outcome = await hooks.refreshed(exchange, token)
    throwWhenEnded(outcome, options.answers)
    const { Grant } = ctx.oidc.entities
    if (Grant !== undefined && outcome.type === 'done') {
      claimsOfGrants.set(Grant.jti, outcome.claims)
    }
  }

  function pageFor(ctx: KoaContextWithOIDC, { prompt, uid }: Interaction): string {
    const url = hooks.pageFor(transactionOf(ctx), prompt.name, uid)
    if (url !== undefined) return url
    throw new errors.CustomOIDCProviderError('invalid_request', 'the connection was not found')
  }

  function createProvider(role: Role): Provider {
    const cookieName = (name: string): string => `${cookiePrefix}_${role}_${name}`
    const provider = new Provider(`https://${domain}/`, {
      ...STATIC_CONFIGURATION,
      ttl: { ...STATIC_CONFIGURATION.ttl, Interaction: options.stateLifetimeMs / 1000 },
      adapter: storage,
      cookies: {
        names: {
          session: cookieName('session'),
          interaction: cookieName('interaction'),
          resume: cookieName('resume'),
        },
      },
      findAccount: async (ctx, userId, token) => {
        const user = hooks.userOf(userId)
        if (user === undefined) return undefined
        if (token?.kind === 'RefreshToken' && token.consumed === undefined) {
          await runAtRefresh(ctx, token)
        }
        return toAccount(user)
      },
      interactions: {
        policy: policy(actionsWantPage),
        url: pageFor,
      },
      jwks: { keys: [options.keys.current.privateJwk, options.keys.next.privateJwk] },
      loadExistingGrant,
      renderError,
    })
    provider.proxy = true
    provider.on('server_error', (_ctx, error) => {
      // What an Action has broken is none of the server's own.
      if (!(error instanceof errors.CustomOIDCProviderError)) hooks.onServerError(error)
    })
    provider.use(async (ctx, next) => {
      await next()
      answerLikeAuth0(ctx)
      describeLikeAuth0(ctx)
      bodyListeners.get(ctx.req)?.(ctx.body)
    })
    allowRedirectUris(provider, options.applications)
    addClaims(provider, claimsOfGrants, options.answers)
    return provider
  }

  function createProviders(): Readonly<Record<Role, Provider>> {
    const outer = createProvider('outer')
    return { outer, nested: options.nestedSession === 'kept' ? createProvider('nested') : outer }
  }

  let providers = createProviders()
  const cookieRoleOf = (nested: boolean): Role =>
    nested && options.nestedSession === 'kept' ? 'nested' : 'outer'
  const providerOf = ({ nested }: { nested: boolean }): Provider =>
    providers[nested ? 'nested' : 'outer']

  async function findSession(exchange: Exchange, nested: boolean) {
    const id = exchange.cookies[`${cookiePrefix}_${cookieRoleOf(nested)}_session`]
    return id === undefined ? undefined : providerOf({ nested }).Session.find(id)
  }

  const server: AuthorizationServer = {
    async authorize(exchange, transaction, path) {
      const { cookie } = exchange.headers
      const req = present(exchange, { method: 'GET', path, headers: { cookie } })
      transactions.set(req, transaction)
      await providerOf(transaction).callback()(req, exchange.res)
    },

    async pass(exchange, presented, onBody) {
      const req = present(exchange, presented)
      exchanges.set(req, exchange)
      if (onBody !== undefined) bodyListeners.set(req, onBody)
      await providers.outer.callback()(req, exchange.res)
    },

    async sessionOf(exchange, nested) {
      const session = await findSession(exchange, nested)
      return session === undefined ? undefined : { id: session.uid, userId: session.accountId }
    },

    async finish(exchange, transaction, result) {
      const { interactionId, nested, authentication } = transaction
      if (interactionId === undefined) return undefined
      const interaction = await providerOf(transaction).Interaction.find(interactionId)
      if (interaction === undefined) return undefined
      const login = authentication && {
        accountId: authentication.userId,
        ts: authentication.atSeconds,
        amr: authentication.methods.map(({ name }) => name),
      }
      // Where another user's session stands in the browser, the server would ask to log that one
      // out; like Auth0, this one just replaces it.
      const session = await findSession(exchange, nested)
      if (login !== undefined) {
        const another = session !== undefined && session.accountId !== login.accountId
        if (another) await session.destroy()
        if (another || session?.uid !== interaction.session?.uid) interaction.session = undefined
      }
      interaction.result = { ...interaction.lastSubmission, ...(login && { login }), ...result }
      await interaction.save(interaction.exp - Math.floor(Date.now() / 1000))
      return interaction.returnTo
    },

    async cookiesFor(transaction) {
      const role = cookieRoleOf(transaction.nested)
      const { interactionId = '' } = transaction
      const interaction = await providerOf(transaction).Interaction.find(interactionId)
      const session = interaction?.session?.cookie
      const resume = `${cookiePrefix}_${role}_resume=${interactionId}`
      return session === undefined
        ? resume
        : `${resume}; ${cookiePrefix}_${role}_session=${session}`
    },

    async endSession(exchange) {
      for (const nested of [false, true]) await (await findSession(exchange, nested))?.destroy()
    },

    renew() {
      providers = createProviders()
    },
  }
  return server
}
