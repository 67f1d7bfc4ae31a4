/**
 * Auth0's own server SDKs as an application of the tenant uses them, unmodified: the sessions are kept
 * in memory, the browser is the double. The SDKs talk to the tenant's back channel by the global
 * `fetch`, and the browser to its front door.
 */

import { AuthClient } from '@auth0/auth0-auth-js'
import {
  type AuthorizationParameters,
  ServerClient,
  type SessionData,
  type StartLinkUserOptions,
  type StateStore,
  type TransactionStore,
} from '@auth0/auth0-server-js'
import { DATABASE, PASSWORD } from '../../scripts/tenant/connections.ts'
import type { Tenant } from '../../scripts/tenant/index.ts'
import type { Browser, Page } from '../../scripts/testing/browser.ts'

/** A store in memory: one application, one person. */
function createStore<T>() {
  const entries = new Map<string, T>()
  return {
    set: async (identifier: string, value: T) => {
      entries.set(identifier, structuredClone(value))
    },
    get: async (identifier: string): Promise<T | undefined> =>
      structuredClone(entries.get(identifier)),
    delete: async (identifier: string) => {
      entries.delete(identifier)
    },
  }
}

/** What the SDK rejects with when the application was denied. */
export interface SdkDenial {
  readonly name: string
  readonly error: string | undefined
  readonly description: string | undefined
}

export interface SdkApplication {
  readonly sdk: ServerClient
  /** Logs a person in at the database, by the SDK. */
  logIn(browser: Browser, email: string, parameters?: AuthorizationParameters): Promise<void>
  /** Opens a URL that an SDK has made, as a browser does. */
  open(browser: Browser, url: URL): Promise<Page>
  session(): Promise<SessionData>
}

export interface SdkApplicationOptions {
  readonly redirectUri: string
  /** Default: the canonical one. */
  readonly domain?: string
}

export function createSdkApplication(
  tenant: Tenant,
  { redirectUri, domain = tenant.canonicalDomain }: SdkApplicationOptions,
): SdkApplication {
  const { clientId, clientSecret } = tenant.applications.web
  const transactionStore: TransactionStore = createStore()
  const stateStore: StateStore = { ...createStore(), deleteByLogoutToken: async () => {} }
  const sdk = new ServerClient({
    domain,
    clientId,
    clientSecret,
    authorizationParams: { redirect_uri: redirectUri },
    transactionStore,
    stateStore,
  })
  const open = (browser: Browser, url: URL) => browser.open(tenant.frontDoorOf(url))

  async function logIn(browser: Browser, email: string, parameters = {}): Promise<void> {
    const authorizationParams = { connection: DATABASE, ...parameters }
    const page = await open(browser, await sdk.startInteractiveLogin({ authorizationParams }))
    // Without a login page there is a session already.
    const back =
      page.forms.length === 0
        ? page
        : await browser.submit(page, { values: { email, password: PASSWORD } })
    await sdk.completeInteractiveLogin(back.url)
  }

  async function session(): Promise<SessionData> {
    const found = await sdk.getSession()
    if (found === undefined) throw new Error('the SDK has no session')
    return found
  }

  return { sdk, logIn, open, session }
}

/** The client below the session: it makes URLs and redeems what comes back. */
export function createAuthClient(tenant: Tenant, redirectUri: string): AuthClient {
  const { clientId, clientSecret } = tenant.applications.web
  return new AuthClient({
    domain: tenant.canonicalDomain,
    clientId,
    clientSecret,
    authorizationParams: { redirect_uri: redirectUri },
  })
}

/**
 * A link without upstream scopes. The SDK's type demands `connectionScope`, its code leaves it out of
 * the URL when it is missing.
 */
export const linkWithoutScope = (connection: string) => ({ connection }) as StartLinkUserOptions

/** Waits for an SDK to refuse; gives back what it tells. */
export async function readSdkDenial(refused: Promise<unknown>): Promise<SdkDenial> {
  const outcome = await refused.then(
    () => new Error('it was not refused'),
    (error: unknown) => error,
  )
  const { name, cause } = outcome as Error & { readonly cause?: Readonly<Record<string, unknown>> }
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return { name, error: text(cause?.error), description: text(cause?.error_description) }
}
