/**
 * The applications that speak this protocol already, unmodified: Auth0's server SDKs, and the
 * parameters that its Next.js SDK passes through. On dist/action.js in the local tenant.
 */

import { describe, expect, test, vi } from 'vitest'
import { DATABASE, ENTERPRISE, GITHUB, GOOGLE, PASSWORD } from '../../scripts/tenant/connections.ts'
import type { Tenant } from '../../scripts/tenant/index.ts'
import type { Browser, BrowserOptions, Page } from '../../scripts/testing/browser.ts'
import { readClaims } from '../../scripts/testing/sign.ts'
import {
  createAuthClient,
  createSdkApplication,
  linkWithoutScope,
  readSdkDenial,
  type SdkApplication,
} from '../support/sdk.ts'
import {
  ALEX,
  connectionsOf,
  linkUser,
  SAM,
  type ScenarioOptions,
  startScenario,
} from './scenario.ts'

const RESULT_CLAIM = 'https://example.com/account_linking'

interface SdkScenario extends SdkApplication {
  readonly tenant: Tenant
  readonly browser: Browser
  newBrowser(options?: BrowserOptions): Browser
  readonly redirectUri: string
  /** Logs in at the page of the second login, by a social connection or the database. */
  second(page: Page, email?: string): Promise<Page>
  link(connection?: string): Promise<void>
}

async function startSdk(options: ScenarioOptions = {}): Promise<SdkScenario> {
  const { tenant, app, browser, newBrowser } = await startScenario(options)
  const domain = options.domain === 'custom' ? tenant.customDomain : tenant.canonicalDomain
  const { redirectUri } = app
  const application = createSdkApplication(tenant, { redirectUri, domain })
  const second = (page: Page, email = ALEX.email) =>
    browser.submit(page, { values: { email, password: PASSWORD } })

  async function link(connection = GOOGLE): Promise<void> {
    const url = await application.sdk.startLinkUser(linkWithoutScope(connection))
    const back = await second(await application.open(browser, url))
    await application.sdk.completeLinkUser(back.url)
  }
  return { ...application, tenant, browser, newBrowser, redirectUri, second, link }
}

describe.each(['canonical', 'custom'] as const)('auth0-server-js at the %s domain', (domain) => {
  test('links, and unlinks again', async () => {
    const { sdk, logIn, open, session, tenant, browser, second } = await startSdk({ domain })
    await logIn(browser, ALEX.email)
    const before = await session()

    const linkUrl = await sdk.startLinkUser({ ...linkWithoutScope(GOOGLE), appState: { at: 1 } })
    const google = await open(browser, linkUrl)
    const linked = await sdk.completeLinkUser<{ at: number }>((await second(google)).url)

    expect(google.title).toBe(`Log in with ${GOOGLE}`)
    expect(linked.appState).toEqual({ at: 1 })
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])

    const unlinkUrl = await sdk.startUnlinkUser({ connection: GOOGLE, appState: { at: 2 } })
    const own = await open(browser, unlinkUrl)
    const unlinked = await sdk.completeUnlinkUser<{ at: number }>((await second(own)).url)

    expect(own.title).toBe(`Log in with ${DATABASE}`)
    expect(unlinked.appState).toEqual({ at: 2 })
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
    expect(tenant.users.get(`google-oauth2|${ALEX.googleId}`)?.identities).toHaveLength(1)

    const after = await session()
    expect(after.user?.sub).toBe(ALEX.userId)
    expect(after.refreshToken).toBeTypeOf('string')
    expect(after.tokenSets.length).toBeGreaterThan(before.tokenSets.length)
    expect(after.idToken).not.toBe(before.idToken)
    expect(tenant.runs().map(({ error }) => error)).not.toContainEqual(expect.anything())
  })
})

describe('auth0-server-js', () => {
  test('sends neither state nor nonce, and no pushed request', async () => {
    const { sdk, logIn, browser } = await startSdk()
    await logIn(browser, ALEX.email)

    const link = await sdk.startLinkUser({ connection: GOOGLE, connectionScope: 'calendar' })
    const unlink = await sdk.startUnlinkUser({ connection: GOOGLE })

    const names = ({ searchParams }: URL) => [...searchParams.keys()].sort()
    const common = [
      'client_id',
      'code_challenge',
      'code_challenge_method',
      'id_token_hint',
      'redirect_uri',
      'requested_connection',
    ]
    const tail = ['response_type', 'scope']
    expect(names(link)).toEqual([...common, 'requested_connection_scope', ...tail])
    expect(names(unlink)).toEqual([...common, ...tail])
    expect(link.searchParams.get('scope')).toBe('openid link_account offline_access')
    expect(unlink.searchParams.get('scope')).toBe('openid unlink_account')
  })

  test('has connectionScope asked at the connection', async () => {
    const { sdk, logIn, open, browser, second, tenant } = await startSdk()
    await logIn(browser, ALEX.email)
    const url = await sdk.startLinkUser({
      connection: GOOGLE,
      connectionScope: 'https://www.googleapis.com/auth/calendar.readonly',
    })

    await sdk.completeLinkUser((await second(await open(browser, url))).url)

    expect(tenant.logins().at(-1)).toMatchObject({
      connection: GOOGLE,
      connectionScope: 'https://www.googleapis.com/auth/calendar.readonly',
      result: 'success',
    })
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  test('links with a connectionScope of nothing, which its types ask for', async () => {
    const { sdk, logIn, open, second, browser, tenant } = await startSdk()
    await logIn(browser, ALEX.email)
    const page = await open(
      browser,
      await sdk.startLinkUser({ connection: GOOGLE, connectionScope: '' }),
    )
    await sdk.completeLinkUser((await second(page)).url)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  test('carries requested_identity of an unlink', async () => {
    const { sdk, logIn, open, link, browser, second, tenant } = await startSdk()
    await logIn(browser, ALEX.email)
    await link()
    const other = linkUser(tenant, ALEX.userId, GOOGLE, SAM.email)
    const unlink = async (authorizationParams = {}) =>
      open(browser, await sdk.startUnlinkUser({ connection: GOOGLE, authorizationParams }))

    const ambiguous = await readSdkDenial(sdk.completeUnlinkUser((await unlink()).url))
    const page = await unlink({ requested_identity: other })
    await sdk.completeUnlinkUser((await second(page)).url)

    expect(ambiguous.description).toMatch(/^invalid_request: /)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
    expect(tenant.users.get(other)?.identities).toHaveLength(1)
  })

  test('has the session of the primary, whoever logged in at the second login', async () => {
    const { sdk, logIn, open, session, browser, second, tenant } = await startSdk()
    await logIn(browser, ALEX.email)
    const url = await sdk.startLinkUser(linkWithoutScope(GOOGLE))

    await sdk.completeLinkUser((await second(await open(browser, url), SAM.email)).url)

    const { user, idToken, tokenSets } = await session()
    expect(user).toMatchObject({ sub: ALEX.userId, email: ALEX.email })
    expect(claimsOf(idToken)).toMatchObject({ sub: ALEX.userId })
    expect(tokenSets.map(({ scope }) => scope)).toContainEqual(
      expect.stringContaining('offline_access'),
    )
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  test('reads RESULT_CLAIM in its ID token', async () => {
    const { sdk, logIn, link, open, session, second, browser } = await startSdk({
      settings: { RESULT_CLAIM },
    })
    await logIn(browser, ALEX.email)

    await link()
    const linked = claimsOf((await session()).idToken)
    const url = await sdk.startUnlinkUser({ connection: GOOGLE })
    await sdk.completeUnlinkUser((await second(await open(browser, url))).url)
    const unlinked = claimsOf((await session()).idToken)

    expect(linked[RESULT_CLAIM]).toEqual({ status: 'linked', connection: GOOGLE })
    expect(unlinked[RESULT_CLAIM]).toEqual({ status: 'unlinked', connection: GOOGLE })
  })

  test('is told what was denied by its own error', async () => {
    const { sdk, logIn, open, session, browser, tenant } = await startSdk({
      settings: { ALLOWED_CONNECTIONS: GITHUB },
    })
    await logIn(browser, ALEX.email)
    const before = await session()
    const url = await sdk.startLinkUser(linkWithoutScope(GOOGLE))

    const back = await open(browser, url)

    expect(await readSdkDenial(sdk.completeLinkUser(back.url))).toEqual({
      name: 'TokenByCodeError',
      error: 'access_denied',
      description: expect.stringMatching(/^connection_not_allowed: [ -~]+$/),
    })
    expect(await session()).toEqual(before)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })

  test('is told of a second login that was given up', async () => {
    const { sdk, logIn, open, browser } = await startSdk()
    await logIn(browser, ALEX.email)
    const page = await open(browser, await sdk.startLinkUser(linkWithoutScope(GOOGLE)))

    const back = await browser.submit(page, { button: 'cancel' })

    const { error, description } = await readSdkDenial(sdk.completeLinkUser(back.url))
    expect(error).toBe('access_denied')
    expect(description).toMatch(/^link_cancelled: /)
  })

  test('has a hint that grows too old, and is mended by a new login', async () => {
    const { sdk, logIn, open, link, browser, tenant } = await startSdk()
    await logIn(browser, ALEX.email)
    vi.setSystemTime(Date.now() + 11 * 60_000)
    const late = await open(browser, await sdk.startLinkUser(linkWithoutScope(GOOGLE)))
    const denial = await readSdkDenial(sdk.completeLinkUser(late.url))

    await logIn(browser, ALEX.email)
    await link()

    expect(denial.description).toMatch(/^hint_expired: /)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  test('asks with max_age where PRIMARY_MAX_AUTH_AGE is set: no hint has an auth_time else', async () => {
    const { sdk, logIn, open, browser, second, tenant } = await startSdk({
      settings: { PRIMARY_MAX_AUTH_AGE: '300' },
    })
    const max_age = 300
    const start = async (connection: string, authorizationParams = {}) =>
      open(
        browser,
        await sdk.startLinkUser({ ...linkWithoutScope(connection), authorizationParams }),
      )
    const codeAt = async ({ url }: Page) =>
      (await readSdkDenial(sdk.completeLinkUser(url))).description?.split(':')[0]

    await logIn(browser, ALEX.email)
    expect(await codeAt(await start(GOOGLE))).toBe('reauth_required')

    await logIn(browser, ALEX.email, { max_age })
    await sdk.completeLinkUser((await second(await start(GOOGLE, { max_age }))).url)
    await sdk.completeLinkUser((await second(await start(GITHUB))).url)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE, GITHUB])

    // The ID token of a link that was asked for without it is the next hint.
    expect(await codeAt(await start(ENTERPRISE))).toBe('reauth_required')
  })

  test('may ask again at once after a denial', async () => {
    const { sdk, logIn, open, link, browser, tenant } = await startSdk()
    await logIn(browser, ALEX.email)
    const page = await open(browser, await sdk.startLinkUser(linkWithoutScope(GOOGLE)))
    const back = await browser.submit(page, { button: 'cancel' })
    await readSdkDenial(sdk.completeLinkUser(back.url))

    await link(GITHUB)

    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GITHUB])
  })

  test('has values of its own for each attempt of a session', async () => {
    const { sdk, logIn, open, newBrowser, tenant, redirectUri } = await startSdk()
    let holdsBeforeContinue = true
    const browser = newBrowser({
      stopAt: ({ href, pathname }) =>
        href.startsWith(redirectUri) || (holdsBeforeContinue && pathname === '/continue'),
    })
    await logIn(browser, ALEX.email)
    const attempt = async () => {
      const page = await open(browser, await sdk.startLinkUser(linkWithoutScope(GOOGLE)))
      const nested = page.visited.findLast(({ pathname }) => pathname === '/authorize')
      const back = await browser.submit(page, { values: { email: ALEX.email } })
      return { nested: nested?.searchParams, back: back.url }
    }
    const first = await attempt()
    const later = await attempt()
    const third = await attempt()
    holdsBeforeContinue = false

    for (const name of ['nonce', 'code_challenge']) {
      const values = [first, later, third].map(({ nested }) => nested?.get(name))
      expect(values).toEqual(Array(3).fill(expect.stringMatching(/^[\w-]{43}$/)))
      expect(new Set(values).size).toBe(3)
    }

    const crossed = new URL(later.back)
    crossed.searchParams.set('code', first.back.searchParams.get('code') ?? '')
    const refused = await browser.open(crossed)
    const denial = await readSdkDenial(sdk.completeLinkUser(refused.url))
    expect(denial.description).toMatch(/^callback_invalid: /)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])

    const own = await browser.open(third.back)
    await sdk.completeLinkUser(own.url)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })
})

describe('auth0-auth-js', () => {
  test('links and unlinks by the URLs that it builds', async () => {
    const { tenant, app, browser, logIn } = await startScenario()
    const client = createAuthClient(tenant, app.redirectUri)
    const idToken = await logIn()
    const through = async (url: URL, codeVerifier: string) => {
      const page = await browser.open(tenant.frontDoorOf(url))
      const values = { email: ALEX.email, password: PASSWORD }
      const back = await browser.submit(page, { values })
      const tokens = await client.getTokenByCode(back.url, { codeVerifier })
      return { title: page.title, tokens }
    }

    const link = await client.buildLinkUserUrl({
      connection: GOOGLE,
      connectionScope: 'calendar',
      idToken,
    })
    const linked = await through(link.linkUserUrl, link.codeVerifier)

    expect(linked.title).toBe(`Log in with ${GOOGLE}`)
    expect(linked.tokens.claims?.sub).toBe(ALEX.userId)
    expect(linked.tokens.refreshToken).toBeTypeOf('string')
    expect(tenant.logins().at(-1)?.connectionScope).toBe('calendar')
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])

    const unlink = await client.buildUnlinkUserUrl({
      connection: GOOGLE,
      idToken: linked.tokens.idToken ?? '',
    })
    const unlinked = await through(unlink.unlinkUserUrl, unlink.codeVerifier)

    expect(unlinked.title).toBe(`Log in with ${DATABASE}`)
    expect(unlinked.tokens.claims?.sub).toBe(ALEX.userId)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })

  test('is told what was denied, of a link and of an unlink', async () => {
    const { tenant, app, browser, logIn, newBrowser } = await startScenario()
    const client = createAuthClient(tenant, app.redirectUri)
    const idTokenOfSam = await logIn(SAM.email, newBrowser())
    const idToken = await logIn()
    const denialOf = async (url: URL, codeVerifier: string) => {
      const back = await browser.open(tenant.frontDoorOf(url))
      return readSdkDenial(client.getTokenByCode(back.url, { codeVerifier }))
    }

    const link = await client.buildLinkUserUrl({
      connection: GOOGLE,
      connectionScope: 'calendar',
      idToken: idTokenOfSam,
    })
    const unlink = await client.buildUnlinkUserUrl({ connection: GOOGLE, idToken })

    expect(await denialOf(link.linkUserUrl, link.codeVerifier)).toEqual({
      name: 'TokenByCodeError',
      error: 'access_denied',
      description: expect.stringMatching(/^hint_invalid: [ -~]+$/),
    })
    expect((await denialOf(unlink.unlinkUserUrl, unlink.codeVerifier)).description).toMatch(
      /^identity_not_found: /,
    )
  })
})

describe('the parameters that nextjs-auth0 passes through from /auth/login', () => {
  /** What a page of the application links to; the SDK adds state, nonce and PKCE of its own. */
  const loginRoute = (idToken: string, scope: string, parameters = {}): Record<string, string> =>
    Object.fromEntries(
      new URL(
        `http://localhost:3000/auth/login?${new URLSearchParams({
          scope: `openid profile email offline_access ${scope}`,
          requested_connection: GOOGLE,
          id_token_hint: idToken,
          ...parameters,
        })}`,
      ).searchParams,
    )

  test('link and unlink', async () => {
    const { app, browser, logIn, tenant } = await startScenario()
    const through = async (parameters: Record<string, string>) => {
      const attempt = await app.start(parameters)
      const page = await browser.open(tenant.frontDoorOf(attempt.url))
      const values = { email: ALEX.email, password: PASSWORD }
      const back = await browser.submit(page, { values })
      return { url: attempt.url, result: await attempt.complete(back.url) }
    }

    const link = await through(loginRoute(await logIn(), 'link_account'))

    const sent = Object.fromEntries(link.url.searchParams)
    expect(sent).toMatchObject({
      scope: 'openid profile email offline_access link_account',
      requested_connection: GOOGLE,
      code_challenge_method: 'S256',
      response_type: 'code',
    })
    for (const name of ['id_token_hint', 'state', 'nonce']) expect(sent[name]).toMatch(/.{20,}/)
    expect(sent).not.toHaveProperty('request_uri')
    expect(link.result).toMatchObject({
      type: 'tokens',
      claims: { sub: ALEX.userId, email: ALEX.email, name: 'Alex Example', nonce: sent.nonce },
      refreshToken: expect.any(String),
    })
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])

    const unlink = await through(loginRoute(await logIn(), 'unlink_account'))

    expect(unlink.result).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })

  test('are refused when the page that links there is not the application’s: no hint', async () => {
    const { app, browser, logIn, tenant } = await startScenario()
    const { id_token_hint: _, ...forged } = loginRoute(await logIn(), 'link_account')
    const attempt = await app.start(forged)

    const back = await browser.open(tenant.frontDoorOf(attempt.url))

    expect(await attempt.complete(back.url)).toBeDenied('hint_invalid')
  })
})

const claimsOf = (idToken: string | undefined) => readClaims(idToken ?? '')
