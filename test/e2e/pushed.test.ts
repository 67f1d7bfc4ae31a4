/**
 * The other ways in which a request reaches /authorize, on dist/action.js in the local tenant, over
 * real sockets: pushed (RFC 9126), by a third-party application, by POST. Of the first two only
 * parameters with the prefix `ext-` arrive at the Action; a strict third-party application, which is
 * what every new one is, gets no further than that.
 */

import { describe, expect, test } from 'vitest'
import { DATABASE, GITHUB, GOOGLE, PASSWORD } from '../../scripts/tenant/connections.ts'
import type { Tenant } from '../../scripts/tenant/index.ts'
import type { LoginAttempt, WebApplication } from '../../scripts/tenant/web-application.ts'
import type { Browser, Page } from '../../scripts/testing/browser.ts'
import { createSdkApplication, readSdkDenial } from '../support/sdk.ts'
import {
  ALEX,
  connectionsOf,
  openScenario,
  SAM,
  type ScenarioOptions,
  startScenario,
} from './scenario.ts'

type Values = Readonly<Record<string, string>>

interface Carrier {
  readonly carrier: string
  readonly application: 'web' | 'thirdParty'
  /** Whether parameters without the prefix arrive as well. */
  readonly plainArrives: boolean
  /** Where the Action finds them. */
  readonly place: 'query' | 'body'
  readonly start: (app: WebApplication, parameters: Values) => Promise<LoginAttempt>
  readonly open: (browser: Browser, url: string) => Promise<Page>
}

/** Sends the authorization request as a form does: all of it in the body. */
function post(browser: Browser, href: string): Promise<Page> {
  const action = new URL(href)
  const fields = [...action.searchParams].map(([name, value]) => ({ name, value }))
  action.search = ''
  const form = { method: 'post', action, fields, buttons: [] } as const
  const blank = { url: action, status: 200, html: '', title: '', links: [], visited: [] }
  return browser.submit({ ...blank, forms: [form] })
}

const get = (browser: Browser, url: string) => browser.open(url)
const start = (app: WebApplication, parameters: Values) => app.start(parameters)
const push = (app: WebApplication, parameters: Values) => app.push(parameters)

const CARRIERS: readonly Carrier[] = [
  {
    carrier: 'a pushed request',
    application: 'web',
    plainArrives: false,
    place: 'query',
    start: push,
    open: get,
  },
  {
    carrier: 'a pushed request of a permissive third-party application',
    application: 'thirdParty',
    plainArrives: false,
    place: 'query',
    start: push,
    open: get,
  },
  {
    carrier: 'a request of a permissive third-party application',
    application: 'thirdParty',
    plainArrives: false,
    place: 'query',
    start,
    open: get,
  },
  {
    carrier: 'a POST of a permissive third-party application',
    application: 'thirdParty',
    plainArrives: false,
    place: 'body',
    start,
    open: post,
  },
  {
    carrier: 'a POST',
    application: 'web',
    plainArrives: true,
    place: 'body',
    start,
    open: post,
  },
]

const prefixed = (parameters: Values): Values =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`ext-${name}`, value]))

async function startCarrier({ application, ...carrier }: Carrier) {
  const tenantOptions = { thirdPartyApplication: 'permissive' } as const
  const scenario = await startScenario({ application, tenant: tenantOptions })
  const { app, browser, logIn, tenant } = scenario
  const idToken = await logIn()

  /** Asks, in a browser in which Alex is logged in. */
  async function ask(scope: string, parameters: Values) {
    const attempt = await carrier.start(app, { scope, ...parameters })
    const page = await carrier.open(browser, tenant.frontDoorOf(attempt.url))
    return { attempt, page }
  }

  /** The same, and logs in at the second login. */
  async function through(scope: string, parameters: Values, email = ALEX.email) {
    const { attempt, page } = await ask(scope, parameters)
    const back = await browser.submit(page, { values: { email, password: PASSWORD } })
    return { title: page.title, result: await attempt.complete(back.url) }
  }

  return { ...scenario, idToken, ask, through }
}

/** What the first run of a linking request was given. */
function givenTo(tenant: Tenant, place: 'query' | 'body'): readonly string[] {
  const run = tenant
    .runs()
    .findLast(({ handler, nested }) => handler === 'onExecutePostLogin' && !nested)
  return Object.keys(run?.event.request[place] ?? {})
}

describe.each(CARRIERS)('$carrier', (carrier) => {
  test('links, and unlinks again, by parameters with the prefix ext-', async () => {
    const { tenant, idToken, through } = await startCarrier(carrier)
    const request = prefixed({ requested_connection: GOOGLE, id_token_hint: idToken })

    const link = await through('openid link_account', request)

    expect(link.result).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])

    const unlink = await through('openid unlink_account', request)

    expect(unlink.title).toBe(`Log in with ${DATABASE}`)
    expect(unlink.result).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })

  test('carries ext-requested_connection_scope and ext-requested_identity', async () => {
    const { tenant, idToken, ask, through } = await startCarrier(carrier)
    const link = prefixed({
      requested_connection: GOOGLE,
      requested_connection_scope: 'calendar',
      id_token_hint: idToken,
    })
    await through('openid link_account', link)
    const unlink = (id: string) =>
      prefixed({
        requested_connection: GOOGLE,
        requested_identity: `google-oauth2|${id}`,
        id_token_hint: idToken,
      })

    const { attempt, page } = await ask('openid unlink_account', unlink('108204268033311374519'))
    const { result } = await through('openid unlink_account', unlink(ALEX.googleId))

    expect(tenant.logins().find(({ connection }) => connection === GOOGLE)?.connectionScope).toBe(
      'calendar',
    )
    expect(await attempt.complete(page.url)).toBeDenied('identity_not_found')
    expect(result).toGoOn()
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })

  test("another user's hint: hint_invalid", async () => {
    const { tenant, app, ask, newBrowser } = await startCarrier(carrier)
    const login = await app.start({ connection: DATABASE })
    const other = newBrowser()
    const page = await other.open(tenant.frontDoorOf(login.url))
    const values = { email: SAM.email, password: PASSWORD }
    const result = await login.complete((await other.submit(page, { values })).url)
    const hintOfSam = result.type === 'tokens' ? result.idToken : ''
    expect(result).toMatchObject({ claims: { sub: SAM.userId } })

    const asked = await ask(
      'openid link_account',
      prefixed({ requested_connection: GOOGLE, id_token_hint: hintOfSam }),
    )

    expect(await asked.attempt.complete(asked.page.url)).toBeDenied('hint_invalid')
  })
})

describe.each(CARRIERS.filter(({ plainArrives }) => !plainArrives))(
  '$carrier without the prefix',
  (carrier) => {
    test.each(['link_account', 'unlink_account'])(
      '%s: the Action sees no parameter, and denies invalid_request',
      async (scope) => {
        const { tenant, idToken, ask } = await startCarrier(carrier)
        const request = { requested_connection: GOOGLE, id_token_hint: idToken }

        const { attempt, page } = await ask(`openid ${scope}`, request)

        expect(givenTo(tenant, 'query')).toEqual([])
        expect(givenTo(tenant, 'body')).toEqual([])
        expect(page.visited.map(({ pathname }) => pathname)).toEqual(['/authorize', '/callback'])
        expect(await attempt.complete(page.url)).toBeDenied('invalid_request')
        expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
      },
    )

    test('of the hint alone: hint_invalid', async () => {
      const { tenant, idToken, ask } = await startCarrier(carrier)
      const request = { 'ext-requested_connection': GOOGLE, id_token_hint: idToken }

      const { attempt, page } = await ask('openid link_account', request)

      expect(givenTo(tenant, carrier.place)).toEqual(['ext-requested_connection'])
      expect(await attempt.complete(page.url)).toBeDenied('hint_invalid')
    })
  },
)

describe.each(CARRIERS.filter(({ plainArrives }) => plainArrives))(
  '$carrier without the prefix',
  (carrier) => {
    test('links, and unlinks again', async () => {
      const { tenant, idToken, through } = await startCarrier(carrier)
      const request = { requested_connection: GOOGLE, id_token_hint: idToken }

      const link = await through('openid link_account', request)

      expect(givenTo(tenant, 'query')).toEqual([])
      expect(givenTo(tenant, 'body')).toEqual(expect.arrayContaining(Object.keys(request)))
      expect(link.result).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
      expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])

      const unlink = await through('openid unlink_account', request)

      expect(unlink.result).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
      expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
    })
  },
)

describe('a pushed request', () => {
  test('brings ten custom parameters, and with more it is refused', async () => {
    const { app, browser, tenant, logIn } = await startScenario()
    const idToken = await logIn()
    const push = (others: number) => {
      const names = Array.from({ length: others }, (_, at) => `ext-x${at}`)
      return app.push({
        scope: 'openid link_account',
        ...Object.fromEntries(names.map((name) => [name, '1'])),
        'ext-requested_connection': GOOGLE,
        'ext-id_token_hint': idToken,
      })
    }

    const page = await browser.open(tenant.frontDoorOf((await push(8)).url))

    expect(page.title).toBe(`Log in with ${GOOGLE}`)
    expect(givenTo(tenant, 'query')).toHaveLength(10)
    await expect(push(9)).rejects.toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('less than or equal to 10 keys'),
    })
  })

  test('is not altered by parameters beside its request_uri', async () => {
    const { app, browser, tenant, logIn } = await startScenario()
    const attempt = await app.push({
      scope: 'openid link_account',
      'ext-requested_connection': GOOGLE,
      'ext-id_token_hint': await logIn(),
    })
    const url = new URL(tenant.frontDoorOf(attempt.url))
    url.searchParams.set('ext-requested_connection', GITHUB)
    url.searchParams.set('requested_connection', GITHUB)

    const page = await browser.open(url)

    expect(page.title).toBe(`Log in with ${GOOGLE}`)
  })

  test('is what auth0-server-js makes of a login with pushedAuthorizationRequests', async () => {
    const { app, browser, tenant } = await startScenario()
    const { sdk, logIn, open, session } = createSdkApplication(tenant, app)
    await logIn(browser, ALEX.email)
    const { idToken } = await session()
    const startWith = (prefix: string) =>
      sdk.startInteractiveLogin({
        pushedAuthorizationRequests: true,
        authorizationParams: {
          scope: 'openid link_account',
          [`${prefix}requested_connection`]: GOOGLE,
          [`${prefix}id_token_hint`]: idToken,
        },
      })
    const plain = await open(browser, await startWith(''))
    const denial = await readSdkDenial(sdk.completeInteractiveLogin(plain.url))

    const url = await startWith('ext-')
    const page = await open(browser, url)
    const back = await browser.submit(page, { values: { email: ALEX.email } })
    await sdk.completeInteractiveLogin(back.url)

    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
    expect(denial.description).toMatch(/^invalid_request: /)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
    expect((await session()).user?.sub).toBe(ALEX.userId)
  })
})

describe('custom parameters of any request', () => {
  const NAMES = [
    'id_token_hint',
    'requested_connection',
    'requested_connection_scope',
    'requested_identity',
    'requested_login_hint',
  ]

  test.each([
    { name: 'ext-', taken: false },
    { name: `ext-${'x'.repeat(28)}`, taken: true },
    { name: `ext-${'x'.repeat(29)}`, taken: false },
    { name: 'ext-a.b', taken: false },
    ...NAMES.map((name) => ({ name: `ext-${name}`, taken: true })),
  ])('the name $name is taken: $taken', async ({ name, taken }) => {
    const { app, browser, tenant } = await startScenario()
    const attempt = await app.start({ connection: DATABASE, [name]: 'value' })

    const page = await browser.open(tenant.frontDoorOf(attempt.url))
    const pushed = await app.push({ [name]: 'value' }).then(
      () => true,
      ({ error }) => error,
    )

    expect(page.status).toBe(taken ? 200 : 400)
    expect(page.html.includes('error parsing ext params')).toBe(!taken)
    expect(pushed).toBe(taken || 'invalid_request')
  })

  test('the same name twice is refused', async () => {
    const { app, browser, tenant } = await startScenario()
    const { url } = await app.start({ 'ext-requested_connection': GOOGLE })
    url.searchParams.append('ext-requested_connection', GITHUB)

    const page = await browser.open(tenant.frontDoorOf(url))

    expect(page).toMatchObject({ status: 400, html: expect.stringContaining('is not unique') })
    expect(tenant.runs()).toEqual([])
  })

  test('where values have their documented form too, no hint arrives: not by PAR, not otherwise', async () => {
    const { app, browser, logIn, tenant } = await startScenario({
      tenant: { customValues: 'documented' },
    })
    const idToken = await logIn()
    const before = tenant.runs().length
    const request = { scope: 'openid link_account', 'ext-requested_connection': GOOGLE }
    const short = await app.push({ ...request, 'ext-requested_identity': 'a b/c:d@e~f*g.h-i_j' })
    expect(short.url.searchParams.has('request_uri')).toBe(true)

    const hint = { 'ext-id_token_hint': idToken }
    await expect(app.push({ ...request, ...hint })).rejects.toMatchObject({
      error: 'invalid_request',
    })
    const { url } = await app.start({ ...request, ...hint })
    const page = await browser.open(tenant.frontDoorOf(url))

    expect(page).toMatchObject({
      status: 400,
      html: expect.stringContaining('fails to match the required pattern'),
    })
    expect(tenant.runs()).toHaveLength(before)
  })
})

describe('a strict third-party application cannot link', () => {
  const strict = (options: ScenarioOptions = {}) =>
    startScenario({ application: 'thirdParty', ...options })

  test('it gets no ID token, so it has no hint', async () => {
    const { app, browser, tenant } = await strict()
    const login = await app.start({ connection: DATABASE, scope: 'openid offline_access' })
    const page = await browser.open(tenant.frontDoorOf(login.url))
    const back = await browser.submit(page, { values: { email: ALEX.email, password: PASSWORD } })

    // An OpenID Connect client takes such an answer for broken.
    await expect(login.complete(back.url)).rejects.toThrow('invalid response')
    const answer = tenant.requests().findLast(({ path }) => path === '/oauth/token')?.answer
    expect(answer).toMatchObject({ access_token: expect.any(String) })
    expect(answer).not.toHaveProperty('id_token')
    expect(tenant.applications.thirdParty.clientId).toMatch(/^tpc_/)
  })

  test('the hint of another application is not its own, by the one name that arrives', async () => {
    const { app, browser, tenant } = await strict()
    const { logIn } = await openScenario(tenant)
    const attempt = await app.start({
      scope: 'openid link_account',
      'ext-requested_connection': GOOGLE,
      'ext-id_token_hint': await logIn(ALEX.email, browser),
    })

    const page = await browser.open(tenant.frontDoorOf(attempt.url))

    expect(await attempt.complete(page.url)).toBeDenied('hint_invalid')
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })

  test.each([
    { what: 'id_token_hint', change: { id_token_hint: 'x.y.z' }, says: 'id_token_hint' },
    {
      what: 'requested_connection',
      change: { requested_connection: GOOGLE },
      says: 'requested_connection',
    },
    {
      what: 'an ID token at once',
      change: { response_type: 'code id_token' },
      says: 'unsupported_response_type',
    },
    { what: 'a request without PKCE', change: { code_challenge: '' }, says: 'PKCE' },
  ])('$what is refused before any Action runs', async ({ change, says }) => {
    const { app, browser, tenant } = await strict()
    const { url } = await app.start({ scope: 'openid link_account', ...change })
    if (url.searchParams.get('code_challenge') === '') url.searchParams.delete('code_challenge')

    const page = await browser.open(tenant.frontDoorOf(url))

    expect(page).toMatchObject({ status: 400, html: expect.stringContaining(says) })
    expect(page.url.pathname).toBe('/authorize')
    expect(tenant.runs()).toEqual([])
  })

  test('PAR is refused', async () => {
    const { app } = await strict()

    await expect(app.push({ 'ext-requested_connection': GOOGLE })).rejects.toMatchObject({
      error: 'unauthorized_client',
    })
  })
})

describe('a first-party request', () => {
  test('may use the prefix, and may not give a parameter under both names', async () => {
    const { logIn, askForLink } = await startScenario()
    const idToken = await logIn()

    const twice = await askForLink(idToken, { 'ext-requested_connection': GOOGLE })

    expect(await twice.attempt.complete(twice.page.url)).toBeDenied('invalid_request')
  })

  test('by POST may not give a parameter in the URL and in the body', async () => {
    const { app, browser, tenant, logIn } = await startScenario()
    const attempt = await app.start({
      scope: 'openid link_account',
      requested_connection: GOOGLE,
      id_token_hint: await logIn(),
    })
    const url = new URL(tenant.frontDoorOf(attempt.url))
    const fields = [...url.searchParams].map(([name, value]) => ({ name, value }))
    url.search = `requested_connection=${GITHUB}`
    const form = { method: 'post', action: url, fields, buttons: [] } as const
    const blank = { url, status: 200, html: '', title: '', links: [], visited: [] }

    const page = await browser.submit({ ...blank, forms: [form] })

    expect(await attempt.complete(page.url)).toBeDenied('invalid_request')
  })
})

test('on the way back a body is not read', async () => {
  const { app, newBrowser, tenant, logIn } = await startScenario()
  let holds = true
  const browser = newBrowser({
    stopAt: ({ href, pathname }) =>
      href.startsWith(app.redirectUri) || (holds && pathname === '/continue'),
  })
  const attempt = await app.start({
    scope: 'openid link_account',
    requested_connection: GOOGLE,
    id_token_hint: await logIn(ALEX.email, browser),
  })
  const page = await browser.open(tenant.frontDoorOf(attempt.url))
  const wayBack = await browser.submit(page, { values: { email: ALEX.email } })
  holds = false

  const back = await post(browser, wayBack.url.href)

  expect(wayBack.url.searchParams.has('code')).toBe(true)
  expect(await attempt.complete(back.url)).toBeDenied('callback_invalid')
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
})
