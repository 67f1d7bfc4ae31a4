/**
 * Ways back that come late, on dist/action.js in the local tenant: what the platform still takes, and
 * what the Action makes of it. The clock is set, nobody waits.
 */

import { afterEach, expect, test, vi } from 'vitest'
import { DATABASE, GOOGLE } from '../../scripts/tenant/connections.ts'
import type { Tenant } from '../../scripts/tenant/index.ts'
import { STATE_LIFETIME_MS } from '../../scripts/tenant/login.ts'
import { ALEX, connectionsOf, startScenario } from './scenario.ts'

afterEach(() => {
  vi.useRealTimers()
})

const SECOND = 1_000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE

/**
 * A link whose second login is done after this long. The nested login's own page is asked for only
 * then: it is a login like any other, with a time of its own.
 */
async function linkAfter(
  waitedMs: number,
  stateLifetimeMs: number = STATE_LIFETIME_MS.usual,
  meanwhile: (tenant: Tenant) => void = () => {},
) {
  const tenantOptions = { continueBehaviour: { stateLifetimeMs } }
  const scenario = await startScenario({ tenant: tenantOptions })
  const { askForLink, browser, logIn, tenant } = scenario
  const { attempt, page } = await askForLink(await logIn())
  vi.useFakeTimers({ now: Date.now() + waitedMs, toFake: ['Date'] })
  const nested = page.visited.find(({ searchParams }) => searchParams.get('max_age') === '0')
  meanwhile(tenant)
  const login = await browser.open(nested ?? page.url)
  const back = await browser.submit(login, { values: { email: ALEX.email } })
  return { ...scenario, attempt, back, connections: connectionsOf(tenant, ALEX.userId) }
}

test('within fifteen minutes a link is made', async () => {
  const { attempt, back, connections } = await linkAfter(14 * MINUTE)

  expect(await attempt.complete(back.url)).toGoOn()
  expect(connections).toEqual([DATABASE, GOOGLE])
})

test.each([
  { waitedMs: 16 * MINUTE, stateLifetimeMs: STATE_LIFETIME_MS.usual },
  { waitedMs: STATE_LIFETIME_MS.usual - 5 * SECOND, stateLifetimeMs: STATE_LIFETIME_MS.usual },
  { waitedMs: DAY / 2, stateLifetimeMs: STATE_LIFETIME_MS.long },
])(
  'after $waitedMs ms the Action refuses what the platform takes',
  async ({ stateLifetimeMs, waitedMs }) => {
    const { attempt, back, connections, tenant } = await linkAfter(waitedMs, stateLifetimeMs)

    expect(await attempt.complete(back.url)).toBeDenied('callback_invalid')
    expect(tenant.runs().at(-1)).toMatchObject({ handler: 'onContinuePostLogin', roundTrips: 0 })
    expect(connections).toEqual([DATABASE])
  },
)

test('after an hour the platform knows of no such login, and no Action runs', async () => {
  const { back, connections, tenant } = await linkAfter(STATE_LIFETIME_MS.usual + SECOND)

  expect(back).toMatchObject({ status: 400, title: 'This login cannot go on' })
  expect(back.url.pathname).toBe('/continue')
  expect(tenant.runs().map(({ handler }) => handler)).not.toContain('onContinuePostLogin')
  expect(connections).toEqual([DATABASE])
})

test.each([
  { what: 'the user has been blocked', values: { blocked: true } },
  {
    what: 'the password has been reset',
    values: { last_password_reset: '2026-09-01T12:00:00.000Z' },
  },
])('after $what the way back is binding_mismatch', async ({ values }) => {
  const { attempt, back, connections, tenant } = await linkAfter(MINUTE, undefined, ({ users }) => {
    users.update(ALEX.userId, values)
  })

  expect(await attempt.complete(back.url)).toBeDenied('binding_mismatch')
  expect(tenant.runs().at(-1)).toMatchObject({ handler: 'onContinuePostLogin', roundTrips: 0 })
  expect(connections).toEqual([DATABASE])
})

test('a blocked user does not get as far as an Action', async () => {
  const { app, browser, logIn, tenant } = await startScenario()
  await logIn()
  const before = tenant.runs().length
  tenant.users.update(ALEX.userId, { blocked: true })
  const login = await app.start()

  const page = await browser.open(tenant.frontDoorOf(login.url))

  expect(await login.complete(page.url)).toMatchObject({
    error: 'unauthorized',
    description: 'user is blocked',
  })
  expect(tenant.runs()).toHaveLength(before)
})
