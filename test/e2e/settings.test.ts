/** The settings that change what a browser meets, on dist/action.js in the local tenant. */

import { describe, expect, test } from 'vitest'
import { DATABASE, GOOGLE } from '../../scripts/tenant/connections.ts'
import { ALEX, codeOf, connectionsOf, createUser, SAM, startScenario } from './scenario.ts'

const CLAIM = 'https://example.com/account_linking'
const OTP = [{ type: 'otp' }]

describe('ENFORCE_MFA', () => {
  const settings = { ENFORCE_MFA: 'yes' }

  test('denies an enrolled user who has not done it, before any redirect', async () => {
    const { tenant, logIn, askForLink } = await startScenario({ settings })
    const idToken = await logIn()
    tenant.users.update(ALEX.userId, { enrolledFactors: OTP })

    const { attempt, page } = await askForLink(idToken)

    expect(await attempt.complete(page.url)).toBeDenied('mfa_required')
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })

  test('challenges an enrolled user at the nested login', async () => {
    const { tenant, browser, logIn, askForLink } = await startScenario({ settings })
    const secondary = createUser(tenant, GOOGLE, ALEX.email)
    tenant.users.update(secondary, { enrolledFactors: OTP })
    const { attempt, page } = await askForLink(await logIn())

    const challenge = await browser.submit(page, { values: { email: ALEX.email } })
    const wrong = await browser.submit(challenge, { values: { code: '000000' } })
    const back = await browser.submit(wrong, { values: { code: tenant.challengeCode } })

    expect(challenge.title).toBe('Second factor')
    expect(wrong.status).toBe(400)
    expect(await attempt.complete(back.url)).toGoOn()
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  test('"no" challenges nobody', async () => {
    const { tenant, link } = await startScenario()
    const secondary = createUser(tenant, GOOGLE, ALEX.email)
    tenant.users.update(secondary, { enrolledFactors: OTP })

    expect(await link()).toGoOn()
  })
})

test('NESTED_PARAMS reach the connection', async () => {
  const settings = { NESTED_PARAMS: 'access_type=offline&prompt=consent' }
  const { tenant, link } = await startScenario({ settings })

  const result = await link()

  expect(result).toGoOn()
  expect(tenant.logins().at(-1)).toMatchObject({
    connection: GOOGLE,
    parameters: { access_type: 'offline', prompt: 'consent' },
  })
})

test('requested_connection_scope reaches the connection as it was asked', async () => {
  const { tenant, link } = await startScenario()
  const scope = 'https://example.com/auth/calendar,https://example.com/auth/mail'

  const result = await link({ requested_connection_scope: scope })

  expect(result).toGoOn()
  expect(tenant.logins().at(-1)).toMatchObject({ connection: GOOGLE, connectionScope: scope })
})

describe('ALLOWED_CONNECTION_SCOPES', () => {
  test('a scope that is widened in the browser is denied at the nested login', async () => {
    const settings = { ALLOWED_CONNECTION_SCOPES: 'calendar' }
    const { tenant, browser, logIn, askForLink } = await startScenario({ settings })
    const { attempt, page } = await askForLink(await logIn(), {
      requested_connection_scope: 'calendar',
    })
    const nested = page.visited.find(({ searchParams }) => searchParams.has('connection_scope'))
    const widened = new URL(nested ?? page.url)
    expect(widened.searchParams.get('connection_scope')).toBe('calendar')

    widened.searchParams.set('connection_scope', 'calendar,mail')
    const loginPage = await browser.open(widened)
    const back = await browser.submit(loginPage, { values: { email: ALEX.email } })

    expect(tenant.runs().find((run) => run.nested)?.commands).toEqual([
      { type: 'access.deny', reason: expect.stringMatching(/^scope_not_allowed: /) },
    ])
    expect(await attempt.complete(back.url)).toBeDenied('scope_not_allowed')
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })
})

describe('RESULT_CLAIM', () => {
  const settings = { RESULT_CLAIM: CLAIM }

  test('tells the application in the ID token what happened', async () => {
    const { link, logIn, askForLink } = await startScenario({ settings })

    const linked = await link()
    const again = await askForLink(await logIn())

    expect(linked).toMatchObject({ claims: { [CLAIM]: { status: 'linked', connection: GOOGLE } } })
    expect(await again.attempt.complete(again.page.url)).toMatchObject({
      claims: { [CLAIM]: { status: 'already_linked', connection: GOOGLE } },
    })
  })

  test('the claim of the nested login does not reach the application', async () => {
    const { link } = await startScenario({ settings })

    const result = await link()

    const names = result.type === 'tokens' ? Object.keys(result.claims) : []
    expect(names.filter((name) => name.includes(':'))).toEqual([CLAIM])
  })
})

describe('MERGE_USER_METADATA', () => {
  const ofPrimary = { theme: 'dark' }
  const ofSecondary = { theme: 'light', language: 'en' }

  test.each([
    { setting: 'yes', expected: { theme: 'dark', language: 'en' } },
    { setting: 'no', expected: { theme: 'dark' } },
  ])('"$setting": the primary has $expected', async ({ setting, expected }) => {
    const { tenant, link } = await startScenario({ settings: { MERGE_USER_METADATA: setting } })
    const secondary = createUser(tenant, GOOGLE, ALEX.email)
    tenant.users.update(ALEX.userId, { user_metadata: ofPrimary })
    tenant.users.update(secondary, { user_metadata: ofSecondary, app_metadata: { admin: true } })

    await link()

    expect(tenant.users.get(ALEX.userId)).toMatchObject({ app_metadata: {} })
    expect(tenant.users.get(ALEX.userId)?.user_metadata).toEqual(expected)
  })
})

describe('REQUIRE_MATCHING_EMAIL', () => {
  const settings = { REQUIRE_MATCHING_EMAIL: 'yes' }

  test.each([
    { email: ALEX.email, expected: 'no denial' },
    { email: SAM.email, expected: 'email_mismatch' },
    { email: 'kim@example.org', expected: 'secondary_email_unverified' },
  ])('$email at the nested login: $expected', async ({ email, expected }) => {
    const { link } = await startScenario({ settings })

    expect(codeOf(await link({}, email))).toBe(expected)
  })
})
