/**
 * A link in two phases by Auth0's server SDKs, unmodified, with the examples as they are shown: confirmed
 * by an exchange of the refresh token, or by one more login. On dist/action.js in the local tenant.
 */

import { describe, expect, test, vi } from 'vitest'
import { confirm, confirmInBrowser, readResult } from '../../.github/application/confirm.ts'
import { complete, link } from '../../.github/application/server-sdk.ts'
import { DATABASE, GOOGLE } from '../../scripts/tenant/connections.ts'
import { createAuthClient, createSdkApplication, linkWithoutScope } from '../support/sdk.ts'
import { ALEX, connectionsOf, SAM, type ScenarioOptions, startScenario } from './scenario.ts'

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

  test('needs max_age with the link for that login, where PRIMARY_MAX_AUTH_AGE is set', async () => {
    const max_age = 600
    const started = await startTenant({}, { PRIMARY_MAX_AUTH_AGE: String(max_age) })
    const { tenant, app, browser, connections } = started
    const { sdk, logIn, open } = createSdkApplication(tenant, { redirectUri: app.redirectUri })
    const confirmAfter = async (authorizationParams: { readonly max_age?: number }) => {
      await logIn(browser, ALEX.email, { max_age })
      const options = { ...linkWithoutScope(GOOGLE), authorizationParams }
      const page = await open(browser, await sdk.startLinkUser(options))
      const pending = await browser.submit(page, { values: { email: ALEX.email } })
      expect(await complete(sdk, {}, pending.url)).toBeUndefined()
      const back = await open(browser, await confirmInBrowser(sdk, {}))
      return complete(sdk, {}, back.url)
    }
    expect(await confirmAfter({})).toMatchObject({ code: 'reauth_required' })
    expect(await confirmAfter({ max_age })).toBeUndefined()
    expect(connections()).toEqual([DATABASE, GOOGLE])
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
    await visitor.logIn(newBrowser(), SAM.email)
    const page = await owner.open(browser, await link(owner.sdk, {}))
    const back = await browser.submit(page, { values: { email: ALEX.email } })
    await expect(visitor.sdk.completeInteractiveLogin(back.url)).rejects.toThrow()
    expect(connections()).toEqual([DATABASE])
  })
})

// SECURITY.md tells it among what is left: the attacker's application confirms, in its own session.
test('who gets hold of another person’s way back links it, confirmed or not', async () => {
  const { tenant, app, browser, logIn, askForLink, newBrowser } = await startTenant()
  const { attempt, page } = await askForLink(await logIn(SAM.email), {
    scope: 'openid link_account offline_access',
  })
  const nested = page.visited.find(({ searchParams }) => searchParams.get('max_age') === '0')
  const victim = newBrowser({ stopAt: ({ pathname }) => pathname === '/continue' })
  if (nested === undefined) throw new Error('there was no second login')
  const wayBack = await victim.submit(await victim.open(nested), { values: { email: ALEX.email } })
  const pending = await attempt.complete((await browser.open(wayBack.url)).url)
  if (pending.type === 'denied') throw new Error(pending.description)
  expect(connectionsOf(tenant, SAM.userId)).toEqual([DATABASE])
  const { confirmation = '' } = readResult(pending.idToken) ?? {}
  await app.refresh(pending.refreshToken ?? '', { link_confirmation: confirmation })
  expect(connectionsOf(tenant, SAM.userId)).toEqual([DATABASE, GOOGLE])
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
