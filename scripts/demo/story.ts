/**
 * What the demo does: deploys the bundle to a local tenant, logs a person in, links a second login to
 * the account in two phases (pending, and confirmed by the application), tries the same with somebody
 * else's hint, and unlinks it again. Opens sockets on
 * loopback, by the tenant; gives each chapter to a listener when it is over, and the whole as data.
 */

import { DATABASE, GITHUB, GOOGLE, PASSWORD } from '../tenant/connections.ts'
import { startTenant, type Tenant } from '../tenant/index.ts'
import type { LogEntry } from '../tenant/log.ts'
import {
  createWebApplication,
  type LoginResult,
  type WebApplication,
} from '../tenant/web-application.ts'
import { createBrowser, type Page } from '../testing/browser.ts'
import { deployAction } from './deployment.ts'
import type { DemoOptions } from './options.ts'
import type { Names } from './timeline.ts'

export const ACTION_NAME = 'account-linking'

export interface Identity {
  readonly connection: string
  readonly provider: string
  readonly user_id: string
}

export interface Account {
  readonly userId: string
  readonly identities: readonly Identity[]
}

export interface Chapter {
  readonly title: string
  readonly entries: readonly LogEntry[]
}

export interface Story {
  readonly tenant: { readonly domain: string; readonly frontDoor: string }
  readonly action: { readonly name: string; readonly bytes: number }
  readonly chapters: readonly Chapter[]
  readonly account: {
    readonly before: Account
    readonly linked: Account
    readonly unlinked: Account
  }
  readonly pending: LoginResult
  readonly linked: LoginResult
  readonly denied: LoginResult
  readonly unlinked: LoginResult
  /** The way back proved the second login, said so, and changed nothing. */
  readonly linkIsPending: boolean
  /** The account holds both identities, under the user id it had. */
  readonly accountIsLinked: boolean
  /** The wrong hint was denied, and nothing was linked. */
  readonly wrongHintIsDenied: boolean
  /** The second identity is gone, and the main one is there. */
  readonly accountIsUnlinked: boolean
}

export interface Listener {
  readonly onStart: (story: Pick<Story, 'tenant' | 'action'>) => void
  readonly onChapter: (chapter: Chapter, startedAtMs: number, names: Names) => void
}

const ALEX = 'alex@example.com'
const SAM = 'sam@example.net'

const RESULT_CLAIM = 'https://app.example.com/linking'

export async function tellStory(
  code: string,
  { httpPort, httpsPort }: DemoOptions,
  listener: Listener,
): Promise<Story> {
  const tenant = await startTenant({ httpPort, httpsPort })
  try {
    return await tell(code, tenant, listener)
  } finally {
    await tenant.close()
  }
}

async function tell(code: string, tenant: Tenant, listener: Listener): Promise<Story> {
  const startedAtMs = Date.now()
  const about = {
    tenant: { domain: tenant.canonicalDomain, frontDoor: tenant.canonicalFrontDoor },
    action: { name: ACTION_NAME, bytes: Buffer.byteLength(code) },
  }
  listener.onStart(about)
  const chapters: Chapter[] = []
  const known = tenant.applications.all.map(({ clientId, name }) => [clientId, name] as const)
  const names: Names = new Map(known)

  async function chapter<T>(title: string, events: () => Promise<T>): Promise<T> {
    tenant.clearLog()
    const value = await events()
    const over = { title, entries: tenant.log() }
    chapters.push(over)
    listener.onChapter(over, startedAtMs, names)
    return value
  }

  await chapter('The Action is deployed, as to any tenant', () => deploy(code, tenant))

  const app = await createWebApplication(tenant)
  const stopAt = ({ href }: URL): boolean => href.startsWith(app.redirectUri)
  const browser = createBrowser({ stopAt })
  const visit = (url: URL): Promise<Page> => browser.open(tenant.frontDoorOf(url))

  const alex = await chapter('Alex logs in to an application', () =>
    logIn(app, visit, browser.submit, ALEX),
  )
  const before = accountOf(tenant, alex.userId)

  /** Asks with Alex's hint, logs in at the nested login, comes back. */
  async function ask(scope: string, values: Record<string, string>): Promise<LoginResult> {
    const attempt = await app.start({
      scope: `openid ${scope}`,
      requested_connection: GOOGLE,
      id_token_hint: alex.idToken,
    })
    const loginPage = await visit(attempt.url)
    // Without a login page there was a denial, which the end tells.
    const refused = loginPage.forms.length === 0
    const back = refused ? loginPage : await browser.submit(loginPage, { values })
    return attempt.complete(back.url)
  }

  const pending = await chapter(`Alex links ${GOOGLE} to the account: the link is pending`, () =>
    ask('link_account offline_access', { email: ALEX }),
  )
  const isUntouched = connectionsOf(accountOf(tenant, alex.userId)) === DATABASE

  const linked = await chapter(
    'The application has its own request back, and confirms the link',
    () => confirm(app, pending),
  )
  const accountLinked = accountOf(tenant, alex.userId)

  const others = createBrowser({ stopAt })
  const sam = await logIn(app, (url) => others.open(tenant.frontDoorOf(url)), others.submit, SAM)
  const denied = await chapter(`The same for ${GITHUB}, with a hint that is Sam's`, async () => {
    const attempt = await app.start({
      scope: 'openid link_account',
      requested_connection: GITHUB,
      id_token_hint: sam.idToken,
    })
    const back = await visit(attempt.url)
    return attempt.complete(back.url)
  })

  const bothThere = connectionsOf(accountOf(tenant, alex.userId)) === `${DATABASE} ${GOOGLE}`

  const unlinked = await chapter(`Alex unlinks ${GOOGLE}, with a login at the main identity`, () =>
    ask('unlink_account', { email: ALEX, password: PASSWORD }),
  )
  const accountUnlinked = accountOf(tenant, alex.userId)

  return {
    ...about,
    chapters,
    account: { before, linked: accountLinked, unlinked: accountUnlinked },
    pending,
    linked,
    denied,
    unlinked,
    linkIsPending: isUntouched && resultOf(pending).status === 'pending',
    accountIsLinked: bothThere && linked.type === 'tokens' && linked.claims.sub === alex.userId,
    wrongHintIsDenied:
      bothThere && denied.type === 'denied' && denied.description.startsWith('hint_invalid:'),
    accountIsUnlinked:
      bothThere && unlinked.type === 'tokens' && connectionsOf(accountUnlinked) === DATABASE,
  }
}

function deploy(code: string, tenant: Tenant): Promise<void> {
  const { clientId, clientSecret } = tenant.applications.deployer
  return deployAction({
    domain: tenant.canonicalDomain,
    clientId,
    clientSecret,
    name: ACTION_NAME,
    code,
    settings: { ...tenant.companionSettings, CONFIRM_LINK: 'yes', RESULT_CLAIM },
  })
}

interface ToldResult {
  readonly status?: unknown
  readonly confirmation?: unknown
}

/** What the ID token says of the link. */
function resultOf(result: LoginResult): ToldResult {
  const told = result.type === 'tokens' ? result.claims[RESULT_CLAIM] : undefined
  return typeof told === 'object' && told !== null ? told : {}
}

/** By the back channel; what was denied before there is nothing to confirm of. */
async function confirm(app: WebApplication, pending: LoginResult): Promise<LoginResult> {
  const { confirmation } = resultOf(pending)
  if (pending.type === 'denied' || typeof confirmation !== 'string') return pending
  return app.refresh(pending.refreshToken ?? '', { link_confirmation: confirmation })
}

async function logIn(
  app: WebApplication,
  visit: (url: URL) => Promise<Page>,
  submit: (page: Page, submission: { values: Record<string, string> }) => Promise<Page>,
  email: string,
): Promise<{ readonly userId: string; readonly idToken: string }> {
  const attempt = await app.start({ connection: DATABASE })
  const loginPage = await visit(attempt.url)
  const back = await submit(loginPage, { values: { email, password: PASSWORD } })
  const result = await attempt.complete(back.url)
  if (result.type === 'denied') throw new Error(`the login was denied: ${result.description}`)
  return { userId: String(result.claims.sub), idToken: result.idToken }
}

function connectionsOf({ identities }: Account): string {
  return identities.map(({ connection }) => connection).join(' ')
}

function accountOf(tenant: Tenant, userId: string): Account {
  const identities = tenant.users.get(userId)?.identities ?? []
  return {
    userId,
    identities: identities.map(({ connection, provider, user_id }) => ({
      connection,
      provider,
      user_id,
    })),
  }
}
