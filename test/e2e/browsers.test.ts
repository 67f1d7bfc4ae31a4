/**
 * Ways back that are replayed, taken in another browser or at another tenant, on dist/action.js in the
 * local tenant, whose platform can be set to bind them to the browser or to leave that to the Action.
 */

import { describe, expect, test } from 'vitest'
import { DATABASE, GOOGLE } from '../../scripts/tenant/connections.ts'
import type { Tenant } from '../../scripts/tenant/index.ts'
import type { Page } from '../../scripts/testing/browser.ts'
import { ALEX, connectionsOf, startScenario } from './scenario.ts'

const pathIs =
  (path: string) =>
  ({ pathname }: URL): boolean =>
    pathname === path

function urlAt(page: Page, path: string): URL {
  const url = page.visited.find(pathIs(path))
  if (url === undefined) throw new Error(`the browser was not at ${path}`)
  return url
}

const linkRequests = (tenant: Tenant): number =>
  tenant.requests().filter(({ path }) => path.endsWith('/identities')).length

describe('a replayed way back', () => {
  test('is refused by the platform, and the Action does not run', async () => {
    const { tenant, browser, logIn, askForLink } = await startScenario()
    const { page } = await askForLink(await logIn())
    const back = await browser.submit(page, { values: { email: ALEX.email } })
    const runs = tenant.runs().length

    const again = await browser.open(urlAt(back, '/continue'))

    expect(again.status).toBe(400)
    expect(tenant.runs().length).toBe(runs)
    expect(linkRequests(tenant)).toBe(1)
  })

  test('links nothing more where the platform runs the Action again', async () => {
    const continueBehaviour = { once: false }
    const { tenant, browser, logIn, askForLink } = await startScenario({
      tenant: { continueBehaviour },
    })
    const { page } = await askForLink(await logIn())
    const back = await browser.submit(page, { values: { email: ALEX.email } })

    await browser.open(urlAt(back, '/continue'))

    expect(tenant.runs().at(-1)).toMatchObject({ handler: 'onContinuePostLogin', roundTrips: 0 })
    expect(tenant.runs().at(-1)?.error).toBeUndefined()
    expect(linkRequests(tenant)).toBe(1)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })
})

describe('the way back in another browser', () => {
  const unbound = { continueBehaviour: { boundToBrowser: false } }

  /** Up to the way back in the first browser; what the second one makes of it. */
  async function takeOver(
    options: { readonly unbound: boolean; readonly userAgent?: string; readonly ip?: string },
    settings: Readonly<Record<string, string>> = {},
  ) {
    const scenario = await startScenario({
      settings,
      tenant: options.unbound ? unbound : {},
    })
    const { tenant, newBrowser, logIn, askForLink } = scenario
    const { attempt, page } = await askForLink(await logIn())
    const { unbound: _, ...given } = options
    const other = newBrowser(given)
    const nested = page.visited.find(({ searchParams }) => searchParams.get('max_age') === '0')
    const loginPage = await other.open(nested ?? page.url)
    const back = await other.submit(loginPage, { values: { email: ALEX.email } })
    return { attempt, back, tenant }
  }

  test('is refused by a platform that binds it', async () => {
    const { back, tenant } = await takeOver({ unbound: false })

    expect(back.status).toBe(400)
    expect(back.url.pathname).toBe('/continue')
    expect(tenant.runs().map(({ handler }) => handler)).not.toContain('onContinuePostLogin')
  })

  test.each([
    { what: 'another user agent', given: { userAgent: 'ExampleBrowser/2.0' }, settings: {} },
    { what: 'no session of the outer login', given: {}, settings: { PIN_USER_AGENT: 'no' } },
    {
      what: 'another address',
      given: { ip: '203.0.113.99' },
      settings: { PIN_USER_AGENT: 'no', PIN_SESSION: 'no', PIN_IP_ADDRESS: 'yes' },
    },
  ])('is refused by the Action: $what', async ({ given, settings }) => {
    const { attempt, back, tenant } = await takeOver({ unbound: true, ...given }, settings)

    expect(await attempt.complete(back.url)).toBeDenied('binding_mismatch')
    expect(tenant.runs().at(-1)?.roundTrips).toBe(0)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })

  test.each([
    { what: 'user agent', given: { userAgent: 'ExampleBrowser/2.0' }, settings: {} },
    { what: 'address', given: { ip: '203.0.113.99' }, settings: { PIN_IP_ADDRESS: 'yes' } },
  ])(
    'a nested login with another $what is refused though the platform repeats the first one',
    async ({ given, settings }) => {
      const { tenant, browser, newBrowser, logIn, askForLink } = await startScenario({
        settings,
        tenant: { continueBehaviour: { requestValues: 'first' } },
      })
      const { attempt, page } = await askForLink(await logIn())
      const nested = page.visited.find(({ searchParams }) => searchParams.get('max_age') === '0')
      const other = newBrowser({ ...given, stopAt: pathIs('/continue') })
      const loginPage = await other.open(nested ?? page.url)
      const wayBack = await other.submit(loginPage, { values: { email: ALEX.email } })

      const back = await browser.open(wayBack.url)

      expect(await attempt.complete(back.url)).toBeDenied('binding_mismatch')
      expect(linkRequests(tenant)).toBe(0)
    },
  )
})

describe('where a nested login replaces the session of the outer one', () => {
  const tenant = { nestedSession: 'replaced' } as const

  test('PIN_SESSION refuses the way back', async () => {
    const { link } = await startScenario({ tenant })

    expect(await link()).toBeDenied('binding_mismatch')
  })

  test('without PIN_SESSION the application gets tokens as the primary', async () => {
    const { link } = await startScenario({ tenant, settings: { PIN_SESSION: 'no' } })

    expect(await link()).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
  })
})

test('two attempts at once in one browser each end in their own link', async () => {
  const { browser, tenant, logIn, askForLink } = await startScenario()
  const idToken = await logIn()
  const google = await askForLink(idToken)
  const github = await askForLink(idToken, { requested_connection: 'github' })

  const first = await browser.submit(google.page, { values: { email: ALEX.email } })
  const second = await browser.submit(github.page, { values: { email: ALEX.email } })

  expect(await google.attempt.complete(first.url)).toGoOn()
  expect(await github.attempt.complete(second.url)).toGoOn()
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE, 'github'])
})

test('two tenants at once serve one browser without disturbing each other', async () => {
  const [one, other] = await Promise.all([startScenario(), startScenario()])
  const shared = one.newBrowser()
  const hints = [await one.logIn(ALEX.email, shared), await other.logIn(ALEX.email, shared)]

  const silent = await Promise.all(
    [one, other].map(async ({ app, tenant }) => {
      const attempt = await app.start({ prompt: 'none' })
      const page = await shared.open(tenant.frontDoorOf(attempt.url))
      return attempt.complete(page.url)
    }),
  )
  const foreign = await one.logIn().then(() => one.askForLink(hints[1] ?? ''))

  expect(silent).toMatchObject([
    { claims: { sub: ALEX.userId, iss: `https://${one.tenant.canonicalDomain}/` } },
    { claims: { sub: ALEX.userId, iss: `https://${other.tenant.canonicalDomain}/` } },
  ])
  expect(await foreign.attempt.complete(foreign.page.url)).toBeDenied('hint_invalid')
  expect(await one.link()).toMatchObject({ type: 'tokens' })
  expect(connectionsOf(other.tenant, ALEX.userId)).toEqual([DATABASE])
})
