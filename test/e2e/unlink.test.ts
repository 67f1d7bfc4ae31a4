/**
 * An unlink from the application's request to the account, on dist/action.js in the local tenant, over
 * real sockets: what goes, who has to come back, and every way in which nothing goes.
 */

import { describe, expect, test } from 'vitest'
import { DATABASE, ENTERPRISE, GITHUB, GOOGLE, PASSWORD } from '../../scripts/tenant/connections.ts'
import type { Tenant } from '../../scripts/tenant/index.ts'
import type { LoginAttempt, LoginResult } from '../../scripts/tenant/web-application.ts'
import type { Browser, Page } from '../../scripts/testing/browser.ts'
import {
  ALEX,
  connectionsOf,
  createUser,
  linkUser,
  SAM,
  type Scenario,
  type ScenarioOptions,
  startScenario,
} from './scenario.ts'

type Values = Readonly<Record<string, string>>

const GOOGLE_USER = `google-oauth2|${ALEX.googleId}`
const SAM_AT_GOOGLE = 'google-oauth2|108204268033311374519'

interface UnlinkScenario extends Scenario {
  /** Asks for an unlink; the page is where the browser comes to rest. */
  ask(idToken: string, parameters?: Values, from?: Browser): Promise<Asked>
  /** The whole of it: log in, ask, log in once more, come back. */
  unlink(parameters?: Values): Promise<LoginResult>
}

interface Asked {
  readonly attempt: LoginAttempt
  readonly page: Page
  finish(email?: string): Promise<LoginResult>
}

/** A tenant in which the account of Alex has these connections' people linked. */
async function startLinked(
  options: ScenarioOptions = {},
  links: readonly (readonly [connection: string, email: string])[] = [[GOOGLE, ALEX.email]],
): Promise<UnlinkScenario> {
  const scenario = await startScenario(options)
  const { app, browser, logIn, tenant } = scenario
  for (const [connection, email] of links) linkUser(tenant, ALEX.userId, connection, email)

  async function ask(idToken: string, parameters: Values = {}, from = browser): Promise<Asked> {
    const attempt = await app.start({
      scope: 'openid unlink_account',
      requested_connection: GOOGLE,
      id_token_hint: idToken,
      ...parameters,
    })
    const page = await from.open(tenant.frontDoorOf(attempt.url))
    const finish = async (email = ALEX.email) => {
      const back = await from.submit(page, { values: { email, password: PASSWORD } })
      return attempt.complete(back.url)
    }
    return { attempt, page, finish }
  }

  async function unlink(parameters: Values = {}): Promise<LoginResult> {
    const { finish } = await ask(await logIn(), parameters)
    return finish()
  }

  return { ...scenario, ask, unlink }
}

const deletions = (tenant: Tenant) =>
  tenant.requests().filter(({ method, caller }) => method === 'DELETE' && caller === 'action')

const hosts = (['canonical', 'custom'] as const).flatMap((domain) =>
  (['host', 'own'] as const).map((realm) => ({ domain, realm })),
)

describe.each(hosts)('at the $domain domain, in the realm "$realm"', ({ domain, realm }) => {
  test('an unlink leaves the main identity, and a stand-alone user of the other', async () => {
    const { tenant, logIn, ask } = await startLinked({ domain, tenant: { realm } })
    const { page, finish } = await ask(await logIn())

    const result = await finish()

    expect(page.title).toBe(`Log in with ${DATABASE}`)
    expect(result).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
    expect(connectionsOf(tenant, GOOGLE_USER)).toEqual([GOOGLE])
    expect(deletions(tenant)).toMatchObject([
      {
        domain: tenant.canonicalDomain,
        path: `/api/v2/users/${encodeURIComponent(ALEX.userId)}/identities/google-oauth2/${ALEX.googleId}`,
        status: 200,
      },
    ])
    expect(tenant.runs().map(({ error }) => error)).toEqual(Array(4).fill(undefined))
  })
})

test('afterwards the identity logs in as a user of its own, and can be linked again', async () => {
  const { tenant, app, unlink, newBrowser, link } = await startLinked()
  await unlink()
  const login = await app.start({ connection: GOOGLE })
  const other = newBrowser()
  const page = await other.open(tenant.frontDoorOf(login.url))
  const back = await other.submit(page, { values: { email: ALEX.email } })

  expect(await login.complete(back.url)).toMatchObject({ claims: { sub: GOOGLE_USER } })

  expect(await link()).toGoOn()
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
})

test('what a link has joined an unlink takes apart, round after round', async () => {
  const { tenant, link, unlink } = await startLinked({}, [])

  for (const _ of [1, 2]) {
    expect(await link()).toGoOn()
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
    expect(await unlink()).toGoOn()
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  }
})

test('RESULT_CLAIM says what has happened, to the application alone', async () => {
  const RESULT_CLAIM = 'https://example.com/account_linking'
  const { tenant, unlink } = await startLinked({ settings: { RESULT_CLAIM } })

  const result = await unlink()

  expect(result).toMatchObject({
    claims: { [RESULT_CLAIM]: { status: 'unlinked', connection: GOOGLE } },
  })
  const [nested] = tenant.runs().filter((run) => run.nested)
  expect(JSON.stringify(nested?.commands)).not.toContain(RESULT_CLAIM)
})

test('an enterprise identity, whose user id has two bars, can go', async () => {
  const { tenant, unlink } = await startLinked({}, [
    [ENTERPRISE, 'alex.example@enterprise.example.com'],
  ])

  expect(await unlink({ requested_connection: ENTERPRISE })).toGoOn()
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
})

test('a social main identity is proved at its connection, and the database entry goes', async () => {
  const { tenant, app, ask, newBrowser } = await startLinked({}, [])
  createUser(tenant, GOOGLE, ALEX.email)
  tenant.users.link(GOOGLE_USER, 'auth0', ALEX.userId.slice('auth0|'.length))
  const browser = newBrowser()
  const login = await app.start({ connection: GOOGLE })
  const page = await browser.open(tenant.frontDoorOf(login.url))
  const back = await browser.submit(page, { values: { email: ALEX.email } })
  const result = await login.complete(back.url)
  const idToken = result.type === 'tokens' ? result.idToken : ''

  const asked = await ask(idToken, { requested_connection: DATABASE }, browser)

  expect(asked.page.title).toBe(`Log in with ${GOOGLE}`)
  expect(await asked.finish()).toMatchObject({ claims: { sub: GOOGLE_USER } })
  expect(connectionsOf(tenant, GOOGLE_USER)).toEqual([GOOGLE])
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
})

describe('what cannot go', () => {
  test.each([
    ['the main identity', 'identity_is_primary', { requested_connection: DATABASE }],
    [
      'the main identity by its name',
      'identity_is_primary',
      { requested_connection: DATABASE, requested_identity: ALEX.userId },
    ],
    ['what is not linked', 'identity_not_found', { requested_connection: GITHUB }],
    ["another user's identity", 'identity_not_found', { requested_identity: SAM_AT_GOOGLE }],
    [
      "another user's main identity",
      'identity_not_found',
      { requested_connection: DATABASE, requested_identity: SAM.userId },
    ],
    ['anything with an upstream scope', 'invalid_request', { requested_connection_scope: 'x' }],
    [
      'anything together with a link',
      'invalid_request',
      { scope: 'openid link_account unlink_account' },
    ],
  ])('%s: %s, without a second login', async (_what, code, parameters: Values) => {
    const { tenant, logIn, ask } = await startLinked()
    linkUser(tenant, SAM.userId, GOOGLE, SAM.email)

    const { attempt, page } = await ask(await logIn(), parameters)

    expect(page.visited.map(({ pathname }) => pathname)).toEqual(['/authorize', '/callback'])
    expect(await attempt.complete(page.url)).toBeDenied(code)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
    expect(connectionsOf(tenant, SAM.userId)).toEqual([DATABASE, GOOGLE])
  })

  test('anything where ALLOW_UNLINK says no', async () => {
    const { tenant, logIn, ask } = await startLinked({ settings: { ALLOW_UNLINK: 'no' } })

    const { attempt, page } = await ask(await logIn())

    expect(await attempt.complete(page.url)).toBeDenied('unlink_not_allowed')
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  test("anything with another user's hint", async () => {
    const { tenant, logIn, ask, newBrowser } = await startLinked()
    const hintOfSam = await logIn(SAM.email, newBrowser())
    await logIn()

    const { attempt, page } = await ask(hintOfSam)

    expect(await attempt.complete(page.url)).toBeDenied('hint_invalid')
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  test('what ALLOWED_CONNECTIONS does not list can go all the same', async () => {
    const { tenant, unlink } = await startLinked({ settings: { ALLOWED_CONNECTIONS: GITHUB } })

    expect(await unlink()).toGoOn()
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })
})

describe('two identities of one connection', () => {
  const both = [
    [GOOGLE, ALEX.email],
    [GOOGLE, SAM.email],
  ] as const

  test('need one of them to be named', async () => {
    const { tenant, logIn, ask } = await startLinked({}, both)

    const { attempt, page } = await ask(await logIn())

    expect(await attempt.complete(page.url)).toBeDenied('invalid_request')
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE, GOOGLE])
  })

  test.each([
    ['the first', GOOGLE_USER, SAM_AT_GOOGLE],
    ['the second', SAM_AT_GOOGLE, GOOGLE_USER],
  ])('%s goes where it is named, and the other stays', async (_which, gone, kept) => {
    const { tenant, unlink } = await startLinked({}, both)

    expect(await unlink({ requested_identity: gone })).toGoOn()
    const identities = tenant.users.get(ALEX.userId)?.identities ?? []
    expect(identities.map(({ provider, user_id }) => `${provider}|${user_id}`)).toEqual([
      ALEX.userId,
      kept,
    ])
  })
})

describe('coming back', () => {
  test('as somebody else changes nothing', async () => {
    const { tenant, logIn, ask } = await startLinked()
    const { finish } = await ask(await logIn())

    expect(await finish(SAM.email)).toBeDenied('connection_mismatch')
    expect(deletions(tenant)).toEqual([])
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
    expect(connectionsOf(tenant, SAM.userId)).toEqual([DATABASE])
  })

  test('by the very identity that shall go, put into the URL in the browser', async () => {
    const { app, tenant, logIn, ask, newBrowser } = await startLinked()
    let holds = true
    const browser = newBrowser({
      stopAt: ({ href, searchParams }) =>
        href.startsWith(app.redirectUri) ||
        (holds && searchParams.get('client_id') === tenant.applications.companion.clientId),
    })
    const { attempt, page } = await ask(await logIn(ALEX.email, browser), {}, browser)
    holds = false
    const altered = new URL(page.url)
    expect(altered.searchParams.get('connection')).toBe(DATABASE)
    altered.searchParams.set('connection', GOOGLE)

    const google = await browser.open(altered)
    const back = await browser.submit(google, { values: { email: ALEX.email } })

    expect(google.title).toBe(`Log in with ${GOOGLE}`)
    expect(await attempt.complete(back.url)).toBeDenied('connection_mismatch')
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  test('without having logged in is told as a cancellation', async () => {
    const { browser, tenant, logIn, ask } = await startLinked()
    const { attempt, page } = await ask(await logIn())

    const back = await browser.submit(page, { button: 'cancel' })

    expect(await attempt.complete(back.url)).toBeDenied('link_cancelled')
    expect(tenant.runs().at(-1)?.roundTrips).toBe(0)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  // The platform documents 400 for much else as well, and no 404.
  test.each([
    [404, 'identity_not_found'],
    [400, 'link_failed'],
  ])(
    'after the account was unlinked elsewhere, where the tenant says %i: %s',
    async (status, code) => {
      const { tenant, logIn, ask } = await startLinked()
      const { finish } = await ask(await logIn())
      tenant.users.unlink(ALEX.userId, 'google-oauth2', ALEX.googleId)
      if (status === 404) tenant.fault({ route: /^DELETE /, status, body: '{}' })

      expect(await finish()).toBeDenied(code)
      expect(deletions(tenant).map((one) => one.status)).toEqual([status])
      expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
    },
  )

  test('twice unlinks nothing more', async () => {
    const continueBehaviour = { once: false }
    const { browser, tenant, unlink } = await startLinked({ tenant: { continueBehaviour } }, [
      [GOOGLE, ALEX.email],
      [GITHUB, ALEX.email],
    ])
    await unlink()
    const wayBack = tenant.requests().find(({ path }) => path === '/continue')
    const query = new URLSearchParams(wayBack?.query as Values)

    await browser.open(`${tenant.canonicalFrontDoor}/continue?${query}`)

    const [first, again] = tenant.runs().filter(({ handler }) => handler === 'onContinuePostLogin')
    expect(first?.commands).toEqual([])
    expect(again).toMatchObject({
      commands: [{ type: 'access.deny', reason: expect.stringMatching(/^callback_invalid: /) }],
    })
    expect(again?.error).toBeUndefined()
    expect(deletions(tenant)).toHaveLength(1)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GITHUB])
  })
})

describe('round trips', () => {
  test('cold: one at the start, three on the way back; warm: none and two', async () => {
    const { tenant, unlink } = await startLinked({}, [
      [GOOGLE, ALEX.email],
      [GITHUB, ALEX.email],
    ])
    await unlink()
    await unlink({ requested_connection: GITHUB })

    const flows = tenant
      .runs()
      .filter(({ event }) => event.transaction?.requested_scopes?.includes('unlink_account'))
    expect(flows.map(({ handler, roundTrips }) => [handler, roundTrips])).toEqual([
      ['onExecutePostLogin', 1],
      ['onContinuePostLogin', 3],
      ['onExecutePostLogin', 0],
      ['onContinuePostLogin', 2],
    ])
    expect(tenant.runs().filter(({ nested, roundTrips }) => nested && roundTrips > 0)).toEqual([])
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })
})

describe('trouble', () => {
  const route = /^DELETE \/api\/v2\/users\//

  test('an unlink that happened and was not answered is a success, once', async () => {
    const { tenant, unlink } = await startLinked()
    tenant.fault({ route, break: 'lose' })
    // The only answer that tells it; which one the platform gives is not documented.
    tenant.fault({ route, status: 404, body: '{}' })

    expect(await unlink()).toGoOn()
    expect(deletions(tenant).map(({ status }) => status)).toEqual([undefined, 404])
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })

  test('an unlink that did not happen is tried again', async () => {
    const { tenant, unlink } = await startLinked()
    tenant.fault({ route, break: 'reset' })
    tenant.fault({ route, status: 503, body: '<html>' })
    tenant.fault({ route, status: 429, headers: { 'retry-after': '0' }, body: '{}' })

    expect(await unlink()).toGoOn()
    expect(deletions(tenant).map(({ status }) => status)).toEqual([undefined, 503, 429, 200])
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })

  test.each([400, 403])(
    'an unlink that the tenant refuses by %i is link_failed',
    async (status) => {
      const { tenant, unlink } = await startLinked()
      tenant.fault({ route, status, times: 9, body: '{"message": "alex@example.com"}' })

      const result = await unlink()

      expect(result).toBeDenied('link_failed')
      expect(JSON.stringify(result)).not.toContain('alex@example.com')
      expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
    },
  )
})
