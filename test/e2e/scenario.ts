/**
 * What the end-to-end tests share: a tenant with dist/action.js in it, an application, a browser, and
 * the steps that people take. Opens sockets on loopback; every tenant that it starts is closed after
 * its test.
 */

import { readFileSync } from 'node:fs'
import { afterEach } from 'vitest'
import { DATABASE, GOOGLE, PASSWORD } from '../../scripts/tenant/connections.ts'
import { startTenant, type Tenant, type TenantOptions } from '../../scripts/tenant/index.ts'
import { makeSigningKeys } from '../../scripts/tenant/signing-keys.ts'
import {
  createWebApplication,
  type LoginAttempt,
  type LoginResult,
  type WebApplication,
} from '../../scripts/tenant/web-application.ts'
import {
  type Browser,
  type BrowserOptions,
  createBrowser,
  type Page,
} from '../../scripts/testing/browser.ts'

const ACTION_CODE = readFileSync(new URL('../../dist/action.js', import.meta.url), 'utf8')

export const ALEX = {
  email: 'alex@example.com',
  userId: 'auth0|5f7c8ec7c33c6c004bbafe82',
  googleId: '115015401343387192604',
}
export const SAM = { email: 'sam@example.net', userId: 'auth0|602c2b6a1d5e4f0069a3b7c1' }

type Values = Readonly<Record<string, string>>

export interface ScenarioOptions {
  readonly tenant?: TenantOptions
  /** Settings of the Action beside the required ones. */
  readonly settings?: Values
  readonly domain?: 'canonical' | 'custom'
  /** Default: the first-party one. */
  readonly application?: 'web' | 'thirdParty'
}

export interface Scenario {
  readonly tenant: Tenant
  readonly app: WebApplication
  readonly browser: Browser
  /** Another browser that rests at the application's callback. */
  newBrowser(options?: BrowserOptions): Browser
  /** Logs a person in at the database; gives back the ID token. */
  logIn(email?: string, browser?: Browser): Promise<string>
  /** Asks for a link; the page is where the browser comes to rest. */
  askForLink(idToken: string, parameters?: Values): Promise<AskedLink>
  /** The whole of it: log in, ask, log in at google-oauth2, come back. */
  link(parameters?: Values, email?: string): Promise<LoginResult>
}

export interface AskedLink {
  readonly attempt: LoginAttempt
  readonly page: Page
  /** Logs in at the connection's page and redeems what comes back. */
  finish(email?: string): Promise<LoginResult>
}

const open: Tenant[] = []

/** The tenants of a file share their keys: it is by the issuer that they tell themselves apart. */
const signingKeys = makeSigningKeys('tenant.example.com')

afterEach(async () => {
  await Promise.all(open.splice(0).map((tenant) => tenant.close()))
})

export async function startTestTenant(options: TenantOptions = {}): Promise<Tenant> {
  const tenant = await startTenant({ signingKeys: await signingKeys, ...options })
  open.push(tenant)
  return tenant
}

const requiredSettings = (tenant: Tenant): Values => ({
  ...tenant.companionSettings,
  ACTION_SECRET: 'example-action-secret-with-more-than-32-characters',
})

export async function startScenario(options: ScenarioOptions = {}): Promise<Scenario> {
  const tenant = await startTestTenant(options.tenant)
  const secrets = { ...requiredSettings(tenant), ...options.settings }
  tenant.install({ name: 'account-linking', code: ACTION_CODE, secrets })
  return openScenario(tenant, options)
}

/** The same steps at a tenant that has its Action already. */
export async function openScenario(
  tenant: Tenant,
  options: Pick<ScenarioOptions, 'domain' | 'application'> = {},
): Promise<Scenario> {
  const domain = options.domain === 'custom' ? tenant.customDomain : tenant.canonicalDomain
  const application = tenant.applications[options.application ?? 'web']
  const app = await createWebApplication(tenant, { domain, application })
  const newBrowser = (given: BrowserOptions = {}) =>
    createBrowser({ stopAt: ({ href }) => href.startsWith(app.redirectUri), ...given })
  const browser = newBrowser()

  async function logIn(email = ALEX.email, from = browser): Promise<string> {
    const login = await app.start({ connection: DATABASE, max_age: '3600' })
    const page = await from.open(tenant.frontDoorOf(login.url))
    // Without a login page there is a session already.
    const back =
      page.forms.length === 0
        ? page
        : await from.submit(page, { values: { email, password: PASSWORD } })
    const result = await login.complete(back.url)
    if (result.type === 'denied') throw new Error(`denied: ${result.description}`)
    return result.idToken
  }

  async function askForLink(idToken: string, parameters: Values = {}): Promise<AskedLink> {
    const attempt = await app.start({
      scope: 'openid link_account',
      requested_connection: GOOGLE,
      id_token_hint: idToken,
      ...parameters,
    })
    const page = await browser.open(tenant.frontDoorOf(attempt.url))
    const finish = async (email = ALEX.email) => {
      const back = await browser.submit(page, { values: { email } })
      return attempt.complete(back.url)
    }
    return { attempt, page, finish }
  }

  async function link(parameters: Values = {}, email = ALEX.email): Promise<LoginResult> {
    const asked = await askForLink(await logIn(), parameters)
    return asked.finish(email)
  }

  return { tenant, app, browser, newBrowser, logIn, askForLink, link }
}

/** The connections of a user's identities, the main one first. */
export const connectionsOf = (tenant: Tenant, userId: string): readonly string[] | undefined =>
  tenant.users.get(userId)?.identities.map(({ connection }) => connection)

/** Makes the stand-alone user of a person at a connection, as a login there does; gives back its id. */
export function createUser(tenant: Tenant, connectionName: string, wanted: string): string {
  const connection = tenant.connections.find(({ name }) => name === connectionName)
  const person = connection?.people.find(({ email }) => email === wanted)
  if (connection === undefined || person === undefined) throw new Error(`nobody is ${wanted}`)
  return tenant.users.create(connection, person).user_id
}

/** Links somebody of a connection to an account, behind the Action's back; gives back its id. */
export function linkUser(
  tenant: Tenant,
  userId: string,
  connection: string,
  email: string,
): string {
  const identity = createUser(tenant, connection, email)
  const bar = identity.indexOf('|')
  tenant.users.link(userId, identity.slice(0, bar), identity.slice(bar + 1))
  return identity
}

/** The code of a denial as the application sees it; or that there was none. */
export function codeOf(result: LoginResult): string {
  if (result.type === 'tokens') return 'no denial'
  return result.description.split(':')[0] ?? ''
}
