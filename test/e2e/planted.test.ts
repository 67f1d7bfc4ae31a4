/**
 * A planted account: whoever controls a connection logs a victim's browser in as himself, and has the
 * victim's own login at a provider linked to his account, without a click of the victim's. The whole
 * attack on dist/action.js in the local tenant, over real sockets; and whose hints PIN_SESSION refuses.
 */

import { describe, expect, test } from 'vitest'
import {
  DATABASE,
  GOOGLE,
  PARTNER,
  PARTNER_CONNECTION,
  PASSWORD,
} from '../../scripts/tenant/connections.ts'
import type { Tenant } from '../../scripts/tenant/index.ts'
import type { LoginResult } from '../../scripts/tenant/web-application.ts'
import type { Browser, Page } from '../../scripts/testing/browser.ts'
import {
  ALEX,
  connectionsOf,
  type Scenario,
  type ScenarioOptions,
  startScenario,
} from './scenario.ts'

const MALLORY = {
  id: 'mallory',
  email: 'mallory@example.com',
  emailVerified: true,
  name: 'Mallory Example',
}
const MALLORY_ID = `oidc|${PARTNER}|mallory`

/** The last error line that the Action wrote: what its admin reads. */
const causeOf = (tenant: Tenant): string | undefined =>
  tenant
    .runs()
    .flatMap(({ lines }) => lines)
    .findLast((line) => line.startsWith('account-linking:error '))

/** The victim has a session at the provider, as everybody has. */
async function logInAtProvider({ tenant }: Scenario, browser: Browser): Promise<void> {
  const page = await browser.open(`${tenant.canonicalFrontDoor}/upstream/${GOOGLE}/login`)
  await browser.submit(page, { button: ALEX.email })
}

interface Attacked extends Scenario {
  readonly page: Page
  readonly result: LoginResult
}

/**
 * The attacker logs in by his own connection, in his own browser, for a fresh hint; then the victim's
 * browser opens his link, which logs it in as the attacker. Nobody clicks.
 */
async function plant(options: ScenarioOptions = {}): Promise<Attacked> {
  const moreConnections = [PARTNER_CONNECTION]
  const scenario = await startScenario({ ...options, tenant: { moreConnections } })
  const { app, browser: victim, logIn, newBrowser, tenant } = scenario
  tenant.addPerson(PARTNER, MALLORY)
  const own = await app.start({ connection: PARTNER })
  const back = await newBrowser().open(tenant.frontDoorOf(own.url))
  const mallory = await own.complete(back.url)
  if (mallory.type === 'denied') throw new Error(mallory.description)
  await logIn(ALEX.email, victim)
  await logInAtProvider(scenario, victim)

  const attack = await app.start({
    connection: PARTNER,
    prompt: 'login',
    scope: 'openid link_account',
    requested_connection: GOOGLE,
    id_token_hint: mallory.idToken,
  })
  const page = await victim.open(tenant.frontDoorOf(attack.url))
  return { ...scenario, page, result: await attack.complete(page.url) }
}

describe('a planted account', () => {
  test('is session_mismatch: nothing is linked, and nobody is sent to the provider', async () => {
    const { page, result, tenant } = await plant()

    expect(result).toBeDenied('session_mismatch')
    expect(causeOf(tenant)).toMatch(/sid/)
    expect(connectionsOf(tenant, MALLORY_ID)).toEqual([PARTNER])
    expect(tenant.users.get(`google-oauth2|${ALEX.googleId}`)).toBeUndefined()
    expect(page.visited.filter(({ pathname }) => pathname.includes(GOOGLE))).toEqual([])
    expect(tenant.runs().at(-1)).toMatchObject({ nested: false })
  })

  test('takes the identity of the victim without PIN_SESSION, whatever else is pinned', async () => {
    const settings = { PIN_SESSION: 'no', PIN_USER_AGENT: 'yes', PIN_IP_ADDRESS: 'yes' }
    const { newBrowser, app, page, result, tenant, ...scenario } = await plant({ settings })

    expect(result).toMatchObject({ type: 'tokens', claims: { sub: MALLORY_ID } })
    expect(connectionsOf(tenant, MALLORY_ID)).toEqual([PARTNER, GOOGLE])
    // Not a page on the way.
    expect(page.visited.map(({ pathname }) => pathname.split('/')[1])).toEqual([
      'authorize',
      'upstream',
      'authorize',
      'authorize',
      'upstream',
      'authorize',
      'continue',
      'authorize',
      'callback',
    ])
    // From now on the victim's login at the provider is a login as the attacker.
    const browser = newBrowser()
    await logInAtProvider({ ...scenario, app, newBrowser, tenant }, browser)
    const login = await app.start({ connection: GOOGLE })
    const back = await browser.open(tenant.frontDoorOf(login.url))
    expect(await login.complete(back.url)).toMatchObject({ claims: { sub: MALLORY_ID } })
  })
})

describe('a hint of another session is session_mismatch', () => {
  test('that of another browser of the same user', async () => {
    const { askForLink, logIn, newBrowser, tenant } = await startScenario()
    const foreign = await logIn(ALEX.email, newBrowser())
    await logIn()

    const { attempt, page } = await askForLink(foreign)

    expect(await attempt.complete(page.url)).toBeDenied('session_mismatch')
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })

  test('that of a password grant, which no session stands behind', async () => {
    const { app, askForLink, logIn, tenant } = await startScenario()
    const { applications } = tenant
    const grantTypes = [...applications.web.grantTypes, 'password']
    applications.put({ ...applications.web, grantTypes })
    await logIn()
    const { idToken } = await app.logInByPassword(ALEX.email, PASSWORD)

    const { attempt, page } = await askForLink(idToken)

    expect(await attempt.complete(page.url)).toBeDenied('session_mismatch')
    expect(causeOf(tenant)).toMatch(/sid/)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })

  test('that of the session before a logout', async () => {
    const { askForLink, browser, logIn, tenant } = await startScenario()
    const old = await logIn()
    await browser.open(`${tenant.canonicalFrontDoor}/v2/logout`)
    await logIn()

    const { attempt, page } = await askForLink(old)

    expect(await attempt.complete(page.url)).toBeDenied('session_mismatch')
  })

  test('and an unlink is denied alike', async () => {
    const { app, browser, link, logIn, newBrowser, tenant } = await startScenario()
    await link()
    const attempt = await app.start({
      scope: 'openid unlink_account',
      requested_connection: GOOGLE,
      id_token_hint: await logIn(ALEX.email, newBrowser()),
    })

    const page = await browser.open(tenant.frontDoorOf(attempt.url))

    expect(await attempt.complete(page.url)).toBeDenied('session_mismatch')
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })
})

describe('a hint of this session links', () => {
  test('though it came by a refresh', async () => {
    const { app, askForLink, browser, tenant } = await startScenario()
    const login = await app.start({ connection: DATABASE, scope: 'openid offline_access' })
    const page = await browser.open(tenant.frontDoorOf(login.url))
    const back = await browser.submit(page, { values: { email: ALEX.email, password: PASSWORD } })
    const first = await login.complete(back.url)
    const refreshToken = first.type === 'tokens' ? (first.refreshToken ?? '') : ''
    const { idToken } = await app.refresh(refreshToken)

    const asked = await askForLink(idToken)

    expect(await asked.finish()).toGoOn()
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  test('after the login that a session_mismatch asks for', async () => {
    const { askForLink, logIn, newBrowser, tenant } = await startScenario()
    const foreign = await logIn(ALEX.email, newBrowser())
    await logIn()
    const { attempt, page } = await askForLink(foreign)
    expect(await attempt.complete(page.url)).toBeDenied('session_mismatch')

    const asked = await askForLink(await logIn())

    expect(await asked.finish()).toGoOn()
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })
})
