/**
 * A link from the application's request to the account, on dist/action.js in the local tenant, over
 * real sockets: at both kinds of domain and in both realms, and every way in which it ends otherwise.
 */

import { describe, expect, test } from 'vitest'
import { DATABASE, ENTERPRISE, GITHUB, GOOGLE } from '../../scripts/tenant/connections.ts'
import { ALEX, connectionsOf, SAM, startScenario } from './scenario.ts'

const hosts = (['canonical', 'custom'] as const).flatMap((domain) =>
  (['host', 'own'] as const).map((realm) => ({ domain, realm })),
)

describe.each(hosts)('at the $domain domain, in the realm "$realm"', ({ domain, realm }) => {
  test('a link joins both identities under the user id of the primary', async () => {
    const { tenant, link } = await startScenario({ domain, tenant: { realm } })

    const result = await link()

    expect(result).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
    expect(tenant.users.get(`google-oauth2|${ALEX.googleId}`)).toBeUndefined()
    expect(tenant.runs().map(({ error }) => error)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  test('the issuer and the way back are the domain in use', async () => {
    const { tenant, link } = await startScenario({ domain, tenant: { realm } })
    const inUse = domain === 'custom' ? tenant.customDomain : tenant.canonicalDomain

    const result = await link()

    expect(result).toMatchObject({ claims: { iss: `https://${inUse}/` } })
    const requests = tenant.requests()
    expect(requests.find(({ path }) => path === '/continue')?.domain).toBe(inUse)
    expect(requests.find(({ path }) => path.endsWith('/identities'))).toMatchObject({
      domain: tenant.canonicalDomain,
      status: 201,
    })
  })
})

describe('round trips', () => {
  test('cold: one at the start, three on the way back; warm: none and two', async () => {
    const { tenant, logIn, askForLink } = await startScenario()
    const google = await askForLink(await logIn())
    await google.finish()
    const github = await askForLink(await logIn(), { requested_connection: GITHUB })

    await github.finish()

    const flows = tenant
      .runs()
      .map(({ handler, nested, roundTrips }) => [handler, nested, roundTrips])
    expect(flows).toEqual([
      ['onExecutePostLogin', false, 0],
      ['onExecutePostLogin', false, 1],
      ['onExecutePostLogin', true, 0],
      ['onContinuePostLogin', false, 3],
      ['onExecutePostLogin', false, 0],
      ['onExecutePostLogin', false, 0],
      ['onExecutePostLogin', true, 0],
      ['onContinuePostLogin', false, 2],
    ])
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE, GITHUB])
  })

  test('every write to the cache was within its limits', async () => {
    const { tenant, link } = await startScenario()

    await link()

    expect(tenant.cache.entries().length).toBeGreaterThan(0)
    expect(tenant.cache.refused).toEqual([])
  })
})

test('an enterprise identity, whose user id has two bars, is linked', async () => {
  const { tenant, link } = await startScenario()

  const result = await link(
    { requested_connection: ENTERPRISE },
    'alex.example@enterprise.example.com',
  )

  expect(result).toGoOn()
  expect(tenant.users.get(ALEX.userId)?.identities[1]).toMatchObject({
    provider: 'oidc',
    user_id: `${ENTERPRISE}|alex`,
  })
})

test('afterwards the linked identity logs in as the primary', async () => {
  const { app, link, newBrowser, tenant } = await startScenario()
  await link()
  const login = await app.start({ connection: GOOGLE })
  const browser = newBrowser()
  const page = await browser.open(tenant.frontDoorOf(login.url))

  const back = await browser.submit(page, { values: { email: ALEX.email } })

  expect(await login.complete(back.url)).toMatchObject({ claims: { sub: ALEX.userId } })
})

test("denies another user's hint before any redirect", async () => {
  const { tenant, logIn, askForLink, newBrowser } = await startScenario()
  const hintOfSam = await logIn(SAM.email, newBrowser())
  await logIn()

  const { attempt, page } = await askForLink(hintOfSam)

  expect(page.visited.map(({ pathname }) => pathname)).toEqual(['/authorize', '/callback'])
  expect(await attempt.complete(page.url)).toBeDenied('hint_invalid')
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
})

test('a cancelled second login is told as such and changes nothing', async () => {
  const { tenant, browser, logIn, askForLink } = await startScenario()
  const { attempt, page } = await askForLink(await logIn())

  const back = await browser.submit(page, { button: 'cancel' })

  expect(await attempt.complete(back.url)).toBeDenied('link_cancelled')
  expect(tenant.runs().at(-1)?.roundTrips).toBe(0)
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
})

test('what is linked already needs no second login', async () => {
  const { tenant, logIn, link, askForLink } = await startScenario()
  await link()

  const { attempt, page } = await askForLink(await logIn())

  expect(page.visited.map(({ pathname }) => pathname)).toEqual(['/authorize', '/callback'])
  expect(await attempt.complete(page.url)).toMatchObject({ claims: { sub: ALEX.userId } })
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
})

test('an account with identities of its own is not absorbed', async () => {
  const { tenant, link } = await startScenario()
  const { connections, users } = tenant
  const google = connections.find(({ name }) => name === GOOGLE)
  const person = google?.people.find(({ email }) => email === ALEX.email)
  if (google === undefined || person === undefined) throw new Error('no such person')
  const { user_id } = users.create(google, person)
  users.link(user_id, 'auth0', SAM.userId.slice('auth0|'.length))

  expect(await link()).toBeDenied('identity_in_use')
  expect(connectionsOf(tenant, user_id)).toEqual([GOOGLE, DATABASE])
})

test('the outer login keeps its session through the nested one', async () => {
  const { app, browser, tenant, link } = await startScenario()
  await link({}, SAM.email)
  const silent = await app.start({ prompt: 'none' })

  const page = await browser.open(tenant.frontDoorOf(silent.url))

  expect(await silent.complete(page.url)).toMatchObject({ claims: { sub: ALEX.userId } })
})

test('a request that arrives by POST is a request', async () => {
  const { app, browser, tenant, logIn } = await startScenario()
  const attempt = await app.start({
    scope: 'openid link_account',
    requested_connection: GOOGLE,
    id_token_hint: await logIn(),
  })
  const target = new URL(tenant.frontDoorOf(attempt.url))
  const fields = [...target.searchParams].map(([name, value]) => ({ name, value }))
  target.search = ''
  const form = { method: 'post', action: target, fields, buttons: [] } as const
  const blank = { url: target, status: 200, html: '', title: '', links: [], visited: [] }

  const page = await browser.submit({ ...blank, forms: [form] })
  const back = await browser.submit(page, { values: { email: ALEX.email } })

  expect(await attempt.complete(back.url)).toGoOn()
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
})

describe('pushed authorization requests', () => {
  async function push(prefix: string) {
    const { app, browser, tenant, logIn } = await startScenario()
    const attempt = await app.push({
      scope: 'openid link_account',
      [`${prefix}requested_connection`]: GOOGLE,
      [`${prefix}id_token_hint`]: await logIn(),
    })
    const page = await browser.open(tenant.frontDoorOf(attempt.url))
    return { attempt, browser, page, tenant }
  }

  test('parameters with the prefix ext- arrive', async () => {
    const { attempt, browser, page, tenant } = await push('ext-')

    const back = await browser.submit(page, { values: { email: ALEX.email } })

    expect(await attempt.complete(back.url)).toGoOn()
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  test('others do not', async () => {
    const { attempt, page } = await push('')

    expect(await attempt.complete(page.url)).toBeDenied('invalid_request')
  })
})

test('a permissive third-party application asks with the prefix ext-', async () => {
  const { app, browser, logIn, tenant } = await startScenario({
    application: 'thirdParty',
    tenant: { thirdPartyApplication: 'permissive' },
  })
  const attempt = await app.start({
    scope: 'openid link_account',
    'ext-requested_connection': GOOGLE,
    'ext-id_token_hint': await logIn(),
  })
  const page = await browser.open(tenant.frontDoorOf(attempt.url))

  const back = await browser.submit(page, { values: { email: ALEX.email } })

  expect(await attempt.complete(back.url)).toGoOn()
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
})
