/**
 * A link in two phases by Auth0's server SDKs, unmodified, with the examples as they are shown: confirmed
 * by an exchange of the refresh token, or by one more login. On dist/action.js in the local tenant.
 */

import { describe, expect, test, vi } from 'vitest'
import { confirm, confirmInBrowser, readResult } from '../../.github/application/confirm.ts'
import { complete, link } from '../../.github/application/server-sdk.ts'
import { DATABASE, GOOGLE } from '../../scripts/tenant/connections.ts'
import { createAuthClient, createSdkApplication } from '../support/sdk.ts'
import { ALEX, connectionsOf, type ScenarioOptions, startScenario } from './scenario.ts'

const RESULT_CLAIM = 'https://app.example.com/linking'
const LINKED = { status: 'linked', connection: GOOGLE }

async function startTenant(tenantOptions: ScenarioOptions['tenant'] = {}, more = {}) {
  const settings = { CONFIRM_LINK: 'yes', RESULT_CLAIM, ...more }
  const scenario = await startScenario({ settings, tenant: tenantOptions })
  const { tenant } = scenario
  const client = { domain: tenant.canonicalDomain, ...tenant.applications.web }
  return { ...scenario, client, connections: () => connectionsOf(tenant, ALEX.userId) }
}

/** An application with the server SDK, after the callback of a link. */
async function startPending(...given: Parameters<typeof startTenant>) {
  const started = await startTenant(...given)
  const { tenant, app, browser } = started
  const application = createSdkApplication(tenant, { redirectUri: app.redirectUri })
  const { sdk, logIn, open, session } = application
  await logIn(browser, ALEX.email)
  const page = await open(browser, await link(sdk, {}))
  const back = await browser.submit(page, { values: { email: ALEX.email } })
  expect(await complete(sdk, {}, back.url)).toBeUndefined()
  const result = async () => readResult((await session()).idToken)
  return { ...started, ...application, result }
}

describe('auth0-server-js, where links are to be confirmed', () => {
  test('has no link from startLinkUser alone: the status is pending', async () => {
    const { result, connections } = await startPending()
    expect(await result()).toEqual({
      status: 'pending',
      connection: GOOGLE,
      confirmation: expect.stringMatching(/^[\w-]+$/),
      expires_at: expect.any(Number),
    })
    expect(connections()).toEqual([DATABASE])
  })

  test('finds the confirmation in the ID token of its session, and not in getUser()', async () => {
    const { sdk, result } = await startPending()
    expect((await result())?.confirmation).toBeTypeOf('string')
    expect(await sdk.getUser()).not.toHaveProperty([RESULT_CLAIM])
  })

  test('confirms by the refresh token of its session', async () => {
    const { client, session, connections } = await startPending()
    expect(await confirm(client, await session())).toMatchObject({ result: LINKED })
    expect(connections()).toEqual([DATABASE, GOOGLE])
  })

  test('confirms by one more login, which shows no page', async () => {
    const { sdk, open, browser, result, connections } = await startPending()
    const back = await open(browser, await confirmInBrowser(sdk, {}))
    expect(await complete(sdk, {}, back.url)).toBeUndefined()
    expect(await result()).toEqual(LINKED)
    expect(connections()).toEqual([DATABASE, GOOGLE])
  })

  test('keeps its refresh token through that login', async () => {
    const { sdk, open, browser, session } = await startPending()
    const { refreshToken } = await session()
    const back = await open(browser, await confirmInBrowser(sdk, {}))
    await complete(sdk, {}, back.url)
    expect((await session()).refreshToken).toBe(refreshToken)
  })

  test('is told by either that it took too long', async () => {
    const { client, sdk, open, browser, session, connections } = await startPending()
    vi.setSystemTime(Date.now() + 301_000)
    const denied = await confirm(client, await session())
    expect(denied).toEqual({
      denied: 'confirmation_invalid',
      sentence: expect.stringMatching(/^[A-Z].*\.$/),
    })
    const back = await open(browser, await confirmInBrowser(sdk, {}))
    expect(await complete(sdk, {}, back.url)).toMatchObject({ code: 'confirmation_invalid' })
    expect(connections()).toEqual([DATABASE])
  })

  // What no documentation tells: in whose session the browser is after the second login.
  test('confirms by the refresh token where the browser’s session was replaced', async () => {
    const { client, session, connections } = await startPending(
      { nestedSession: 'replaced' },
      { PIN_SESSION: 'no' },
    )
    expect(await confirm(client, await session())).toMatchObject({ result: LINKED })
    expect(connections()).toEqual([DATABASE, GOOGLE])
  })

  test('takes no callback that it did not start, and so has nothing to confirm', async () => {
    const { tenant, app, browser, newBrowser, connections } = await startTenant()
    const { redirectUri } = app
    const [owner, visitor] = [0, 1].map(() => createSdkApplication(tenant, { redirectUri }))
    if (owner === undefined || visitor === undefined) throw new Error('no applications')
    await owner.logIn(browser, ALEX.email)
    await visitor.logIn(newBrowser(), 'sam@example.net')
    const page = await owner.open(browser, await link(owner.sdk, {}))
    const back = await browser.submit(page, { values: { email: ALEX.email } })
    await expect(visitor.sdk.completeInteractiveLogin(back.url)).rejects.toThrow()
    expect(connections()).toEqual([DATABASE])
  })
})

describe('auth0-auth-js, where links are to be confirmed', () => {
  test('confirms by the refresh token that came with the confirmation', async () => {
    const { tenant, app, browser, logIn, client, connections } = await startTenant()
    const auth0 = createAuthClient(tenant, app.redirectUri)
    const { linkUserUrl, codeVerifier } = await auth0.buildLinkUserUrl({
      connection: GOOGLE,
      connectionScope: '',
      idToken: await logIn(),
    })
    const page = await browser.open(tenant.frontDoorOf(linkUserUrl))
    const back = await browser.submit(page, { values: { email: ALEX.email } })
    const tokens = await auth0.getTokenByCode(back.url, { codeVerifier })
    expect(tokens.claims?.[RESULT_CLAIM]).toMatchObject({ status: 'pending' })
    expect(connections()).toEqual([DATABASE])

    const { idToken = '', refreshToken = '' } = tokens
    expect(await confirm(client, { idToken, refreshToken })).toMatchObject({ result: LINKED })
    expect(connections()).toEqual([DATABASE, GOOGLE])
  })

  test('confirms by one more login, whose URL it builds', async () => {
    const { tenant, app, browser, logIn, connections } = await startTenant()
    const auth0 = createAuthClient(tenant, app.redirectUri)
    const { linkUserUrl, codeVerifier } = await auth0.buildLinkUserUrl({
      connection: GOOGLE,
      connectionScope: '',
      idToken: await logIn(),
    })
    const page = await browser.open(tenant.frontDoorOf(linkUserUrl))
    const back = await browser.submit(page, { values: { email: ALEX.email } })
    const { idToken } = await auth0.getTokenByCode(back.url, { codeVerifier })

    const again = await auth0.buildAuthorizationUrl({
      authorizationParams: {
        scope: 'openid confirm_link',
        id_token_hint: idToken,
        prompt: 'none',
      },
    })
    const { url } = await browser.open(tenant.frontDoorOf(again.authorizationUrl))
    const tokens = await auth0.getTokenByCode(url, { codeVerifier: again.codeVerifier })
    expect(tokens.claims?.[RESULT_CLAIM]).toEqual(LINKED)
    expect(connections()).toEqual([DATABASE, GOOGLE])
  })
})
