/**
 * The browser session of the local tenant, as Actions and applications see it: `event.session.id` and
 * the `sid` of ID tokens are one value, which lasts as long as the session does; a token that no
 * session stands behind has none. Over real sockets.
 */

import { describe, expect, test } from 'vitest'
import { DATABASE, PASSWORD } from '../../scripts/tenant/connections.ts'
import type { Tenant } from '../../scripts/tenant/index.ts'
import type { LoginResult } from '../../scripts/tenant/web-application.ts'
import { readClaims } from '../../scripts/testing/sign.ts'
import { ALEX, SAM, type Scenario, type ScenarioOptions, startScenario } from './scenario.ts'

const sidOf = (idToken: string): unknown => readClaims(idToken).sid

const sessionsOf = (tenant: Tenant, nested = false): readonly unknown[] =>
  tenant
    .runs()
    .filter((run) => run.nested === nested)
    .map(({ event }) => event.session?.id)

/** Logs somebody in anew, whoever the browser's session is of. */
async function logInAnew({ app, browser, tenant }: Scenario, email: string): Promise<LoginResult> {
  const login = await app.start({ connection: DATABASE, prompt: 'login' })
  const page = await browser.open(tenant.frontDoorOf(login.url))
  const back = await browser.submit(page, { values: { email, password: PASSWORD } })
  return login.complete(back.url)
}

const linkWith = async (options: ScenarioOptions = {}) => {
  const scenario = await startScenario({ settings: { PIN_SESSION: 'no' }, ...options })
  const hint = await scenario.logIn()
  const asked = await scenario.askForLink(hint, { scope: 'openid link_account offline_access' })
  const result = await asked.finish()
  if (result.type === 'denied') throw new Error(result.description)
  return { ...scenario, hint, result }
}

test.each(['canonical', 'custom'] as const)(
  'at the %s domain, `sid` is `event.session.id` from login to login and over the nested one',
  async (domain) => {
    const { hint, result, tenant } = await linkWith({ domain })

    expect(sidOf(hint)).toMatch(/^.{20,}$/)
    expect(result.claims.sid).toBe(sidOf(hint))
    expect(sessionsOf(tenant)).toEqual([sidOf(hint), sidOf(hint), sidOf(hint)])
    expect(sessionsOf(tenant, true)).not.toEqual([sidOf(hint)])
  },
)

test('where the nested login replaces the session, the way back is in another one', async () => {
  const { hint, result, tenant } = await linkWith({ tenant: { nestedSession: 'replaced' } })

  const [first, start, wayBack] = sessionsOf(tenant)
  expect([first, start]).toEqual([sidOf(hint), sidOf(hint)])
  expect([wayBack]).toEqual(sessionsOf(tenant, true))
  expect(wayBack).not.toBe(start)
  expect(result.claims).toMatchObject({ sub: ALEX.userId, sid: expect.any(String) })
})

test('a refreshed ID token keeps the `sid` of its login, and so does the next one', async () => {
  const { app, hint, result } = await linkWith()

  const first = await app.refresh(result.refreshToken ?? '')
  const second = await app.refresh(first.refreshToken ?? result.refreshToken ?? '')

  expect([first.claims.sid, second.claims.sid]).toEqual([sidOf(hint), sidOf(hint)])
})

test.each(['id_token', 'code id_token'])('response_type=%s carries `sid` too', async (type) => {
  const { app, browser, logIn, tenant } = await startScenario()
  const sid = sidOf(await logIn())
  const login = await app.start({ response_type: type })

  const { url } = await browser.open(tenant.frontDoorOf(login.url))

  const idToken = new URLSearchParams(url.hash.slice(1)).get('id_token') ?? ''
  expect(sidOf(idToken)).toBe(sid)
})

describe('another session is', () => {
  test('that of another browser of the same user', async () => {
    const { logIn, newBrowser } = await startScenario()

    const [mine, other] = [await logIn(), await logIn(ALEX.email, newBrowser())]

    expect(sidOf(mine)).not.toBe(sidOf(other))
  })

  test('that of another user in the same browser, and that after a logout', async () => {
    const scenario = await startScenario()
    const { browser, logIn, tenant } = scenario
    const first = await logIn()
    const second = await logInAnew(scenario, SAM.email)
    await browser.open(`${tenant.canonicalFrontDoor}/v2/logout`)
    const third = await logIn()

    const sids = [sidOf(first), second.type === 'tokens' && second.claims.sid, sidOf(third)]
    expect(new Set(sids).size).toBe(3)
    expect(sessionsOf(tenant)).toEqual(sids)
  })
})

test('`auth_time` is there where `max_age` was asked for, and nowhere else', async () => {
  const { app, browser, logIn, tenant } = await startScenario()
  const claims = readClaims(await logIn())
  const again = async (parameters: Readonly<Record<string, string>>) => {
    const login = await app.start(parameters)
    const page = await browser.open(tenant.frontDoorOf(login.url))
    const result = await login.complete(page.url)
    return result.type === 'tokens' ? result.claims : {}
  }

  expect(claims.auth_time).toEqual(expect.any(Number))
  expect(await again({ max_age: '600' })).toMatchObject({ auth_time: claims.auth_time })
  expect(await again({})).not.toHaveProperty('auth_time')
})

test('who authenticates once more stays in the session', async () => {
  const scenario = await startScenario()
  const sid = sidOf(await scenario.logIn())

  expect(await logInAnew(scenario, ALEX.email)).toMatchObject({ claims: { sid } })
})

describe('a refresh', () => {
  /** A login with a refresh token, and a claim in its ID token that its own run has set. */
  async function logInFor(code?: string) {
    const scenario = await startScenario()
    const { app, browser, tenant } = scenario
    if (code !== undefined) tenant.install({ name: 'example', code })
    const login = await app.start({ connection: DATABASE, scope: 'openid offline_access' })
    const page = await browser.open(tenant.frontDoorOf(login.url))
    const back = await browser.submit(page, { values: { email: ALEX.email, password: PASSWORD } })
    const result = await login.complete(back.url)
    const refreshToken = result.type === 'tokens' ? (result.refreshToken ?? '') : ''
    return { ...scenario, refreshToken, result }
  }

  test('runs the Actions, without a transaction, a session or the tokens; ours does nothing', async () => {
    const { app, refreshToken, tenant } = await logInFor()

    await app.refresh(refreshToken)

    const [, run, ...more] = tenant.runs()
    expect(more).toEqual([])
    expect(run).toMatchObject({ commands: [], lines: [], roundTrips: 0 })
    expect(run?.event.transaction).toBeUndefined()
    expect(run?.event.session).toEqual({})
    expect(run?.event.authentication?.methods).toMatchObject([{ name: 'pwd' }])
    expect(run?.event.request.body).toMatchObject({ grant_type: 'refresh_token' })
    const secrets = [refreshToken, tenant.applications.web.clientSecret]
    for (const secret of secrets) expect(JSON.stringify(run?.event.request)).not.toContain(secret)
  })

  test('has the claims of its own run, and keeps none of the login', async () => {
    const { app, refreshToken, result } = await logInFor(
      `exports.onExecutePostLogin = async (event, api) =>
        api.idToken.setCustomClaim(event.transaction ? 'login' : 'refresh', event.request.body.extra ?? 1)`,
    )

    const { claims } = await app.refresh(refreshToken)

    expect(result).toMatchObject({ claims: { login: 1 } })
    expect(claims).toMatchObject({ refresh: 1, sub: ALEX.userId })
    expect(claims).not.toHaveProperty('login')
  })

  test.each([
    { what: 'a denial', command: "api.access.deny('not today')", error: 'access_denied' },
    {
      what: 'a redirect, which no page can show',
      command: "api.redirect.sendUserTo('https://example.com/')",
      error: 'server_error',
    },
  ])('gives no token after $what, and the refresh token stays good', async ({ command, error }) => {
    const when = (condition: string) =>
      `exports.onExecutePostLogin = async (event, api) => { if (${condition}) ${command} }`
    const { app, refreshToken, tenant } = await logInFor(when('!event.transaction'))

    await expect(app.refresh(refreshToken)).rejects.toMatchObject({ error })

    tenant.install({ name: 'example', code: when('false') })
    expect(await app.refresh(refreshToken)).toMatchObject({ claims: { sub: ALEX.userId } })
  })

  test('of a token that nobody has, or that a blocked user has, runs nothing', async () => {
    const { app, refreshToken, tenant } = await logInFor()

    await expect(app.refresh('nonsense')).rejects.toMatchObject({ error: 'invalid_grant' })
    tenant.users.update(ALEX.userId, { blocked: true })
    await expect(app.refresh(refreshToken)).rejects.toMatchObject({ error: 'unauthorized' })
    expect(tenant.runs()).toHaveLength(1)
  })
})

describe('the password grant', () => {
  async function startGrant() {
    const scenario = await startScenario()
    const { applications } = scenario.tenant
    const grantTypes = [...applications.web.grantTypes, 'password']
    applications.put({ ...applications.web, grantTypes })
    return scenario
  }

  test('gives an ID token without `sid`: no session stands behind it', async () => {
    const { app } = await startGrant()

    const { claims } = await app.logInByPassword(ALEX.email, PASSWORD)

    expect(claims).toMatchObject({ sub: ALEX.userId, email: ALEX.email })
    expect(claims).not.toHaveProperty('sid')
  })

  test('runs the Actions, without a transaction, a session or the password', async () => {
    const { app, tenant } = await startGrant()

    await app.logInByPassword(ALEX.email, PASSWORD)

    const [run, ...more] = tenant.runs()
    expect(more).toEqual([])
    expect(run?.event.session).toEqual({})
    expect(run?.event.transaction).toBeUndefined()
    expect(run?.commands).toEqual([])
    expect(run?.error).toBeUndefined()
    expect(JSON.stringify(run?.event.request)).not.toContain(PASSWORD)
  })

  test('is for nobody else: another password, a blocked user, an application without it', async () => {
    const { app, tenant } = await startGrant()
    const { web } = tenant.applications

    await expect(app.logInByPassword(ALEX.email, 'wrong')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    tenant.users.update(ALEX.userId, { blocked: true })
    await expect(app.logInByPassword(ALEX.email, PASSWORD)).rejects.toMatchObject({
      error: 'unauthorized',
    })
    tenant.applications.put(web)
    await expect(app.logInByPassword(ALEX.email, PASSWORD)).rejects.toMatchObject({
      error: 'unauthorized_client',
    })
  })
})
