/**
 * Puts the parts of a tenant together: its users, its Actions and their host, an authorization server
 * for each domain, the logins between them, and the Management API. No I/O; gives back the parts, and
 * the function that answers its requests.
 */

import { randomBytes } from 'node:crypto'
import type { PostLoginEvent } from '../../src/platform.ts'
import { type CacheDouble, createCache } from '../testing/cache.ts'
import { type ActionRegistry, createActionRegistry } from './action-registry.ts'
import { createActionsHost, type HostValues } from './actions-host.ts'
import { type Applications, registerApplications } from './applications.ts'
import { type AuthorizationServer, createAuthorizationServer } from './authorization-server.ts'
import { createConnectionLogin } from './connection-login.ts'
import { CONNECTIONS, type Connection, type ConnectionPerson } from './connections.ts'
import { buildTenantEvent } from './event.ts'
import type { Addresses } from './front-door.ts'
import { type Exchange, one, sendJson } from './http.ts'
import type { Log } from './log.ts'
import { type ContinueBehaviour, createLogin, type Login, STATE_LIFETIME_MS } from './login.ts'
import { createConnectionSettings } from './management/connection-settings.ts'
import { createManagementApi } from './management-api.ts'
import { issueManagementToken, tokenParameters } from './management-token.ts'
import { answerPasswordGrant, isPasswordGrant } from './password-grant.ts'
import { USUAL_ANSWERS } from './platform-answers.ts'
import { createProviderSessions } from './provider-sessions.ts'
import { makeSigningKeys } from './signing-keys.ts'
import { createStore, type Store } from './store.ts'
import type { PlatformBehaviour, TenantOptions } from './tenant.ts'
import { totp } from './totp.ts'
import type { LoginTransaction, RequestValues } from './transaction.ts'

export const CHALLENGE_CODE = '123456'

export interface Parts {
  readonly applications: Applications
  readonly connections: readonly Connection[]
  readonly store: Store
  readonly cache: CacheDouble
  readonly registry: ActionRegistry
  addPerson(connection: string, person: ConnectionPerson): void
  rotateKeys(): Promise<void>
  behave(change: PlatformBehaviour): void
  answer(exchange: Exchange): Promise<void>
  /** What went wrong in an authorization server that should not have. */
  serverError(): Error | undefined
  close(): void
}

export async function assemble(
  addresses: Addresses,
  log: Log,
  options: TenantOptions,
): Promise<Parts> {
  const domains = [addresses.canonicalDomain, addresses.customDomain]
  const applications = registerApplications(domains, {
    companion: options.companion ?? 'registered',
    thirdParty: options.thirdPartyApplication ?? 'strict',
  })
  const answers = { ...USUAL_ANSWERS, ...options.answers }
  const connections: Connection[] = [...CONNECTIONS, ...(options.moreConnections ?? [])]
  const connectionSettings = createConnectionSettings(connections, applications, options)
  const made = options.signingKeys ?? (await makeSigningKeys(addresses.canonicalDomain))
  // A copy, which `rotateKeys` fills anew: everybody reads the keys where they need them.
  const keys = { ...made }
  const cookiePrefix = `tenant_${randomBytes(4).toString('hex')}`
  const store = createStore()
  const cache = createCache()
  const registry = createActionRegistry(options.buildDelayMs ?? 150)
  const people = new Map(connections.map(({ name, people: known }) => [name, [...known]]))

  const addUser = (connection: Connection, person: ConnectionPerson): void => {
    if (connection.strategy === 'auth0') store.create(connection, person)
  }
  const addPersonTo = (connection: Connection, person: ConnectionPerson): void => {
    people.set(connection.name, [...(people.get(connection.name) ?? []), person])
    addUser(connection, person)
  }
  const totpSecrets = new Map<string, string>()
  const codesOf = (userId: string): readonly string[] => {
    const secret = totpSecrets.get(userId)
    return secret === undefined ? [] : [-1, 0, 1].map((step) => totp(secret, Date.now(), step))
  }
  for (const connection of connections) {
    for (const person of connection.people) addUser(connection, person)
  }

  function buildEvent(
    transaction: LoginTransaction,
    request: RequestValues,
    values: HostValues,
  ): PostLoginEvent {
    const { authentication, clientId, domain, sessionId } = transaction
    const user = store.get(authentication?.userId ?? '')
    const application = applications.find(clientId)
    const connection = connections.find(({ name }) => name === authentication?.connection)
    if (!authentication || !user || !application || !connection) {
      throw new Error('a run without a user')
    }
    return buildTenantEvent({
      ...values,
      transaction,
      request,
      application,
      connection,
      authentication,
      sessionId,
      user,
      configuration: options.configuration ?? {},
      customDomain: domain === addresses.customDomain ? domain : undefined,
    })
  }

  const host = createActionsHost({
    registry,
    cache,
    log,
    realm: options.realm ?? 'host',
    timeoutMs: options.actionTimeoutMs ?? 20_000,
    freezeEvents: options.freezeEvents ?? true,
    urnClaims: options.urnClaims ?? 'dropped',
    answers,
    canRedirectExists: options.canRedirectExists ?? true,
    buildEvent,
    setUserMetadata: ({ authentication }, key, value) => {
      const user = store.get(authentication?.userId ?? '')
      if (user === undefined) return
      store.update(user.user_id, { user_metadata: { ...user.user_metadata, [key]: value } })
    },
  })

  const servers = new Map<string, AuthorizationServer>()
  function serverOf(domain: string): AuthorizationServer {
    const server = servers.get(domain)
    if (server === undefined) throw new Error(`${domain} is no domain of this tenant`)
    return server
  }

  const continueBehaviour: ContinueBehaviour = {
    stateLifetimeMs: STATE_LIFETIME_MS.usual,
    boundToBrowser: true,
    once: true,
    requestValues: 'fresh',
    ...options.continueBehaviour,
  }
  let nestedSession = options.nestedSession ?? 'kept'
  const connectionLogin = createConnectionLogin({
    connections,
    isEnabled: connectionSettings.isEnabled,
    peopleOf: ({ name }) => people.get(name) ?? [],
    providerSessions: createProviderSessions(cookiePrefix),
    loginPages: answers.loginPages,
    store,
    log,
  })
  const login: Login = createLogin({
    cookiePrefix,
    applications,
    connections: connectionLogin,
    store,
    challengeCode: CHALLENGE_CODE,
    answers,
    codesOf,
    continueBehaviour,
    requestRules: { customValues: options.customValues ?? 'any' },
    serverOf,
    host,
  })

  let serverError: Error | undefined
  for (const domain of domains) {
    const server = createAuthorizationServer({
      domain,
      cookiePrefix,
      applications,
      keys,
      stateLifetimeMs: continueBehaviour.stateLifetimeMs,
      answers,
      get nestedSession() {
        return nestedSession
      },
      hooks: {
        userOf: store.get,
        outcomeOf: login.outcomeOf,
        refreshed: login.refreshed,
        pageFor: login.pageFor,
        onServerError: (error) => {
          serverError = error
        },
      },
    })
    servers.set(domain, server)
  }

  const audience = `https://${addresses.canonicalDomain}/api/v2/`
  const tokenOptions = { audience, applications, keys }
  const manage = createManagementApi({
    ...tokenOptions,
    store,
    registry,
    connectionSettings,
    customDomains: answers.customDomains === 'ready' ? [addresses.customDomain] : [],
    answers,
    totpSecrets,
    addPerson: addPersonTo,
    removePeople: ({ name }) => void people.delete(name),
    maxPageSize: options.maxPageSize ?? 100,
  })

  async function answer(exchange: Exchange): Promise<void> {
    const { body, domain, method, res, url } = exchange
    const { pathname: path, search } = url
    if (await options.answerFirst?.(exchange)) return
    if (await login.handle(exchange)) return
    if (path === '/.well-known/jwks.json') return sendJson(res, 200, keys.jwks)
    if (path.startsWith('/api/v2/')) return manage(exchange)
    if (path === '/oauth/par') return login.push(exchange)
    const parameters = tokenParameters(exchange)
    const grantType = path === '/oauth/token' ? one(parameters, 'grant_type') : undefined
    if (grantType === 'client_credentials') return issueManagementToken(exchange, tokenOptions)
    if (isPasswordGrant(grantType)) {
      return answerPasswordGrant(exchange, {
        applications,
        connections: connectionLogin,
        host,
        keys,
        store,
      })
    }
    const clientId = one(parameters, 'client_id')
    if (clientId !== undefined) exchange.identify(clientId)
    await serverOf(domain).pass(exchange, { method, path: path + search, body })
  }

  return {
    applications,
    connections,
    store,
    cache,
    registry,
    addPerson(name, person) {
      const connection = connections.find((known) => known.name === name)
      if (connection === undefined) throw new Error(`There is no connection ${name}`)
      addPersonTo(connection, person)
    },
    async rotateKeys() {
      Object.assign(keys, await makeSigningKeys(addresses.canonicalDomain))
      for (const server of servers.values()) server.renew()
    },
    behave({ nestedSession: session = nestedSession, ...change }) {
      nestedSession = session
      Object.assign(continueBehaviour, change)
      for (const server of servers.values()) server.renew()
    },
    answer,
    serverError: () => serverError,
    close: host.close,
  }
}
