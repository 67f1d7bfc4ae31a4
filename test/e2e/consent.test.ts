/**
 * Incremental consent: a connection that is linked already is asked for more upstream scopes. On
 * dist/action.js in the local tenant, over real sockets: nothing is linked twice, and nobody but the
 * user can come back.
 */

import { describe, expect, test, vi } from 'vitest'
import { DATABASE, GITHUB, GOOGLE, PASSWORD } from '../../scripts/tenant/connections.ts'
import type { Tenant } from '../../scripts/tenant/index.ts'
import { createSdkApplication, linkWithoutScope, readSdkDenial } from '../support/sdk.ts'
import {
  ALEX,
  connectionsOf,
  linkUser,
  SAM,
  type ScenarioOptions,
  startScenario,
} from './scenario.ts'

const RESULT_CLAIM = 'https://example.com/account_linking'
const CALENDAR = 'https://www.googleapis.com/auth/calendar.readonly'
const MORE = { requested_connection_scope: CALENDAR }

/** A tenant in which Alex has linked google-oauth2 already, with nothing left in its log. */
async function startLinked(options: ScenarioOptions = {}) {
  const scenario = await startScenario(options)
  await scenario.link()
  scenario.tenant.clearLog()
  return scenario
}

const managementRequests = (tenant: Tenant) =>
  tenant.requests().filter(({ path }) => path.startsWith('/api/v2/'))

const isUnchanged = (tenant: Tenant) =>
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])

describe('the user', () => {
  test('consents at the connection, and the application gets a normal login', async () => {
    const { tenant, logIn, askForLink } = await startLinked({ settings: { RESULT_CLAIM } })
    const { page, finish } = await askForLink(await logIn(), MORE)

    const result = await finish()

    expect(page.title).toBe(`Log in with ${GOOGLE}`)
    expect(result).toMatchObject({
      type: 'tokens',
      claims: {
        sub: ALEX.userId,
        [RESULT_CLAIM]: { status: 'consented', connection: GOOGLE },
      },
    })
    expect(tenant.logins().at(-1)).toMatchObject({
      connection: GOOGLE,
      connectionScope: CALENDAR,
      result: 'success',
      created: false,
      userId: ALEX.userId,
    })
    expect(managementRequests(tenant)).toEqual([])
    isUnchanged(tenant)
  })

  test('costs one round trip on the way back: the code', async () => {
    const { tenant, logIn, askForLink } = await startLinked()
    const idToken = await logIn()
    tenant.clearLog()

    await (await askForLink(idToken, MORE)).finish()

    expect(tenant.runs().map(({ nested, roundTrips }) => [nested, roundTrips])).toEqual([
      [false, 0],
      [true, 0],
      [false, 1],
    ])
  })

  test('may ask for several scopes, which the connection sees as they were asked', async () => {
    const { tenant, logIn, askForLink } = await startLinked({
      settings: { ALLOWED_CONNECTION_SCOPES: `${CALENDAR}, drive, mail` },
    })
    const asked = { requested_connection_scope: `${CALENDAR},drive mail` }

    const result = await (await askForLink(await logIn(), asked)).finish()

    expect(result).toGoOn()
    expect(tenant.logins().at(-1)?.connectionScope).toBe(`${CALENDAR},drive mail`)
  })

  test('carries NESTED_PARAMS to the connection', async () => {
    const { tenant, logIn, askForLink } = await startLinked({
      settings: { NESTED_PARAMS: 'access_type=offline&prompt=consent' },
    })

    await (await askForLink(await logIn(), MORE)).finish()

    expect(tenant.logins().at(-1)?.parameters).toMatchObject({
      access_type: 'offline',
      prompt: 'consent',
    })
  })

  test('can do it for the connection of the main identity too', async () => {
    const { app, browser, tenant } = await startScenario({ settings: { RESULT_CLAIM } })
    const through = async (parameters: Readonly<Record<string, string>>) => {
      const attempt = await app.start(parameters)
      const page = await browser.open(tenant.frontDoorOf(attempt.url))
      const back = await browser.submit(page, { values: { email: ALEX.email } })
      return attempt.complete(back.url)
    }
    const login = await through({ connection: GOOGLE })
    const idToken = login.type === 'tokens' ? login.idToken : ''

    const result = await through({
      scope: 'openid link_account',
      requested_connection: GOOGLE,
      id_token_hint: idToken,
      ...MORE,
    })

    expect(result).toMatchObject({
      claims: {
        sub: `google-oauth2|${ALEX.googleId}`,
        [RESULT_CLAIM]: { status: 'consented', connection: GOOGLE },
      },
    })
    expect(connectionsOf(tenant, `google-oauth2|${ALEX.googleId}`)).toEqual([GOOGLE])
  })

  test('who cancels keeps what there was', async () => {
    const { browser, tenant, logIn, askForLink } = await startLinked()
    const { attempt, page } = await askForLink(await logIn(), MORE)

    const back = await browser.submit(page, { button: 'cancel' })

    expect(await attempt.complete(back.url)).toBeDenied('link_cancelled')
    isUnchanged(tenant)
  })
})

describe('somebody else', () => {
  test('who logs in there is not the user: connection_mismatch, and nothing is linked', async () => {
    const { tenant, logIn, askForLink } = await startLinked()
    const { finish } = await askForLink(await logIn(), MORE)

    const result = await finish(SAM.email)

    expect(result).toBeDenied('connection_mismatch')
    expect(managementRequests(tenant)).toEqual([])
    isUnchanged(tenant)
    expect(tenant.logins().at(-1)).toMatchObject({ created: true, connectionScope: CALENDAR })
  })

  test('is not linked either where ALLOW_MERGE would let them be', async () => {
    const { tenant, logIn, askForLink } = await startLinked({ settings: { ALLOW_MERGE: 'yes' } })
    const { finish } = await askForLink(await logIn(), MORE)

    expect(await finish(SAM.email)).toBeDenied('connection_mismatch')
    isUnchanged(tenant)
  })
})

describe('before the browser leaves', () => {
  test.each([
    ['a scope outside the list', 'scope_not_allowed', { ALLOWED_CONNECTION_SCOPES: 'drive' }],
    ['a connection outside the list', 'connection_not_allowed', { ALLOWED_CONNECTIONS: GITHUB }],
    ['MFA that was not done', 'mfa_required', { ENFORCE_MFA: 'always' }],
    ['an authentication of no known time', 'reauth_required', { PRIMARY_MAX_AUTH_AGE: '60' }],
  ])('%s: %s', async (_what, code, settings: Readonly<Record<string, string>>) => {
    const { tenant, app, browser, askForLink } = await startScenario({ settings })
    linkUser(tenant, ALEX.userId, GOOGLE, ALEX.email)
    const login = await app.start({ connection: DATABASE })
    const first = await browser.open(tenant.frontDoorOf(login.url))
    const values = { email: ALEX.email, password: PASSWORD }
    const result = await login.complete((await browser.submit(first, { values })).url)
    const idToken = result.type === 'tokens' ? result.idToken : ''

    const { attempt, page } = await askForLink(idToken, MORE)

    expect(page.visited.map(({ pathname }) => pathname)).toEqual(['/authorize', '/callback'])
    expect(await attempt.complete(page.url)).toBeDenied(code)
    isUnchanged(tenant)
  })

  test("another user's hint: hint_invalid", async () => {
    const { logIn, askForLink, newBrowser } = await startLinked()
    const hintOfSam = await logIn(SAM.email, newBrowser())

    const { attempt, page } = await askForLink(hintOfSam, MORE)

    expect(await attempt.complete(page.url)).toBeDenied('hint_invalid')
  })

  test('a hint that is too old: hint_expired', async () => {
    const { logIn, askForLink } = await startLinked()
    const idToken = await logIn()
    vi.setSystemTime(Date.now() + 11 * 60_000)

    const { attempt, page } = await askForLink(idToken, MORE)

    expect(await attempt.complete(page.url)).toBeDenied('hint_expired')
  })
})

test('a scope that is put into the URL in the browser is refused at the nested login', async () => {
  const { app, tenant, logIn, newBrowser } = await startLinked({
    settings: { ALLOWED_CONNECTION_SCOPES: CALENDAR },
  })
  let holds = true
  const browser = newBrowser({
    stopAt: ({ href, searchParams }) =>
      href.startsWith(app.redirectUri) ||
      (holds && searchParams.get('client_id') === tenant.applications.companion.clientId),
  })
  const attempt = await app.start({
    scope: 'openid link_account',
    requested_connection: GOOGLE,
    id_token_hint: await logIn(ALEX.email, browser),
    ...MORE,
  })
  const page = await browser.open(tenant.frontDoorOf(attempt.url))
  holds = false
  const altered = new URL(page.url)
  altered.searchParams.set('connection_scope', `${CALENDAR} mail`)

  const google = await browser.open(altered)
  const back = await browser.submit(google, { values: { email: ALEX.email } })

  expect(await attempt.complete(back.url)).toBeDenied('scope_not_allowed')
  const [nested] = tenant.runs().filter((run) => run.nested)
  expect(nested?.commands).toMatchObject([
    { type: 'access.deny', reason: expect.stringMatching(/^scope_not_allowed: /) },
  ])
})

test('auth0-server-js asks for more scopes by the same call as for the link', async () => {
  const { tenant, app, browser } = await startScenario()
  const { sdk, logIn, open, session } = createSdkApplication(tenant, app)
  await logIn(browser, ALEX.email)
  const first = await open(browser, await sdk.startLinkUser(linkWithoutScope(GOOGLE)))
  const linked = await browser.submit(first, { values: { email: ALEX.email } })
  await sdk.completeLinkUser(linked.url)
  const options = { connection: GOOGLE, connectionScope: CALENDAR }
  const page = await open(browser, await sdk.startLinkUser(options))
  const back = await browser.submit(page, { values: { email: ALEX.email } })

  await sdk.completeLinkUser(back.url)

  expect(tenant.logins().at(-1)).toMatchObject({ connectionScope: CALENDAR, userId: ALEX.userId })
  expect((await session()).user?.sub).toBe(ALEX.userId)
  isUnchanged(tenant)

  const again = await open(browser, await sdk.startLinkUser(options))
  const other = await browser.submit(again, { values: { email: SAM.email } })
  const denial = await readSdkDenial(sdk.completeLinkUser(other.url))
  expect(denial.description).toMatch(/^connection_mismatch: /)
  isUnchanged(tenant)
})
