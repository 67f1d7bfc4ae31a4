/**
 * One person's attempt, finished by another: the attacker starts a link, and hands the address of the
 * second login to a victim. On dist/action.js in the local tenant, over real sockets, with a platform
 * that binds the way back to the browser or does not, and that repeats the first request's values or
 * does not.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { DATABASE, GITHUB, GOOGLE } from '../../scripts/tenant/connections.ts'
import type { TenantOptions } from '../../scripts/tenant/index.ts'
import type { LoginAttempt } from '../../scripts/tenant/web-application.ts'
import type { BrowserOptions, Page } from '../../scripts/testing/browser.ts'
import { ALEX, codeOf, connectionsOf, SAM, type Scenario, startScenario } from '../e2e/scenario.ts'
import { attack } from './rows.ts'

type Values = Readonly<Record<string, string>>

const ALEX_AT_GOOGLE = `google-oauth2|${ALEX.googleId}`
const VICTIM_AGENT = 'Mozilla/5.0 (Macintosh) VictimBrowser/1.0'

const isNested = ({ searchParams }: URL): boolean => searchParams.get('max_age') === '0'
const isWayBack = ({ pathname }: URL): boolean => pathname === '/continue'

function nestedUrl(page: Page): URL {
  const url = page.visited.find(isNested)
  if (url === undefined) throw new Error('there was no second login')
  return url
}

interface HandedOver {
  readonly attempt: LoginAttempt
  /** Where the victim's browser comes to rest. */
  readonly end: Page
}

/** Sam asks for a link, and Alex logs in at the address that Sam hands over. */
async function handOver(scenario: Scenario, victim: BrowserOptions): Promise<HandedOver> {
  const { askForLink, logIn, newBrowser } = scenario
  const { attempt, page } = await askForLink(await logIn(SAM.email))
  const browser = newBrowser(victim)
  const loginPage = await browser.open(nestedUrl(page))
  const end = await browser.submit(loginPage, { values: { email: ALEX.email } })
  return { attempt, end }
}

/** The same, but the way back is taken in Sam's browser. */
async function intercept(scenario: Scenario, victim: BrowserOptions): Promise<HandedOver> {
  const { attempt, end } = await handOver(scenario, { ...victim, stopAt: isWayBack })
  expect(isWayBack(end.url)).toBe(true)
  return { attempt, end: await scenario.browser.open(end.url) }
}

/** Nothing of Alex's is Sam's. */
function expectUntouched({ tenant }: Scenario): void {
  expect(connectionsOf(tenant, SAM.userId)).toEqual([DATABASE])
  expect(connectionsOf(tenant, ALEX_AT_GOOGLE)).toEqual([GOOGLE])
  expect(tenant.requests().filter(({ path }) => path.endsWith('/identities'))).toEqual([])
}

const logOf = ({ tenant }: Scenario): string => tenant.runs().at(-1)?.lines.join('\n') ?? ''

const platform = (
  boundToBrowser: boolean,
  requestValues: 'fresh' | 'first' = 'fresh',
): TenantOptions => ({ continueBehaviour: { boundToBrowser, requestValues } })

interface Place {
  readonly what: string
  readonly victim: BrowserOptions
  readonly settings: Values
  readonly named: string
}

const PLACES: readonly Place[] = [
  { what: 'user agent', victim: { userAgent: VICTIM_AGENT }, settings: {}, named: 'user_agent' },
  {
    what: 'user agent, sessions not pinned',
    victim: { userAgent: VICTIM_AGENT },
    settings: { PIN_SESSION: 'no' },
    named: 'user_agent',
  },
  {
    what: 'address',
    victim: { ip: '203.0.113.99' },
    settings: { PIN_IP_ADDRESS: 'yes', PIN_SESSION: 'no', PIN_USER_AGENT: 'no' },
    named: 'address',
  },
]

attack('fixation', () => {
  test('a platform that binds the way back refuses the victim’s browser', async () => {
    const scenario = await startScenario({ tenant: platform(true) })
    const { end } = await handOver(scenario, {})
    expect([end.status, end.url.pathname]).toEqual([400, '/continue'])
    expect(scenario.tenant.runs().map(({ handler }) => handler)).not.toContain(
      'onContinuePostLogin',
    )
    expectUntouched(scenario)
  })

  describe.each(PLACES)('another $what', ({ victim, settings, named }) => {
    test.each(['fresh', 'first'] as const)(
      'is refused when the victim comes back, request values being %s',
      async (values) => {
        const scenario = await startScenario({ settings, tenant: platform(false, values) })
        const { attempt, end } = await handOver(scenario, victim)
        expect(await attempt.complete(end.url)).toBeDenied('binding_mismatch')
        if (settings.PIN_SESSION === 'no') expect(logOf(scenario)).toContain(`another ${named}`)
        expectUntouched(scenario)
      },
    )

    test.each(['fresh', 'first'] as const)(
      'is refused when the attacker got hold of the way back, request values being %s',
      async (values) => {
        const scenario = await startScenario({ settings, tenant: platform(true, values) })
        const { attempt, end } = await intercept(scenario, victim)
        expect(await attempt.complete(end.url)).toBeDenied('binding_mismatch')
        expect(logOf(scenario)).toContain(`another ${named}`)
        expectUntouched(scenario)
      },
    )
  })

  test('a browser of the same kind has no session of the attacker’s', async () => {
    const scenario = await startScenario({ tenant: platform(false, 'first') })
    const { attempt, end } = await handOver(scenario, {})
    expect(await attempt.complete(end.url)).toBeDenied('binding_mismatch')
    expect(logOf(scenario)).toContain('another session')
    expectUntouched(scenario)
  })

  test('a victim who is logged in has a session of another', async () => {
    const scenario = await startScenario({ tenant: platform(false, 'first') })
    const { askForLink, logIn, newBrowser } = scenario
    const { attempt, page } = await askForLink(await logIn(SAM.email))
    const victim = newBrowser()
    await logIn(ALEX.email, victim)
    const loginPage = await victim.open(nestedUrl(page))
    const back = await victim.submit(loginPage, { values: { email: ALEX.email } })
    expect(await attempt.complete(back.url)).toBeDenied('binding_mismatch')
    expect(logOf(scenario)).toContain('another session')
    expectUntouched(scenario)
  })

  // What no Action can tell apart: the platform's own binding is the only one left. SECURITY.md
  // says so, and which settings narrow it.
  describe('the gap: all pinned values are equal', () => {
    test('and the platform does not bind the way back, and sessions are not pinned', async () => {
      const scenario = await startScenario({
        settings: { PIN_SESSION: 'no' },
        tenant: platform(false),
      })
      const { attempt, end } = await handOver(scenario, {})
      expect(await attempt.complete(end.url)).toGoOn()
      expect(connectionsOf(scenario.tenant, SAM.userId)).toEqual([DATABASE, GOOGLE])
    })

    test('and the attacker got hold of the victim’s way back', async () => {
      const scenario = await startScenario({ tenant: platform(true) })
      const { attempt, end } = await intercept(scenario, {})
      expect(await attempt.complete(end.url)).toGoOn()
      expect(connectionsOf(scenario.tenant, SAM.userId)).toEqual([DATABASE, GOOGLE])
    })

    test('but for the address, which PIN_IP_ADDRESS closes', async () => {
      const scenario = await startScenario({
        settings: { PIN_SESSION: 'no', PIN_IP_ADDRESS: 'yes' },
        tenant: platform(false, 'first'),
      })
      const { attempt, end } = await handOver(scenario, { ip: '203.0.113.99' })
      expect(await attempt.complete(end.url)).toBeDenied('binding_mismatch')
      expectUntouched(scenario)
    })
  })

  describe('an honest link, where the nested login', () => {
    test.each<readonly ['kept' | 'replaced', Values, string]>([
      ['kept', {}, 'no denial'],
      ['kept', { PIN_SESSION: 'no' }, 'no denial'],
      ['replaced', { PIN_SESSION: 'no' }, 'no denial'],
      ['replaced', {}, 'binding_mismatch'],
    ])('has %s the session, with %j: %s', async (nestedSession, settings, expected) => {
      const scenario = await startScenario({ settings, tenant: { nestedSession } })
      expect(codeOf(await scenario.link())).toBe(expected)
      const isDenied = expected === 'binding_mismatch'
      const linked = isDenied ? [DATABASE] : [DATABASE, GOOGLE]
      expect(connectionsOf(scenario.tenant, ALEX.userId)).toEqual(linked)
      if (isDenied) expect(logOf(scenario)).toContain('another session')
    })
  })
})

attack('confirmedElsewhere', () => {
  // Nobody binds anything, every pinned value is equal, and the victim does all that is asked of her:
  // the way back proves two people, and the application whose session it is never confirms.
  describe('nothing is linked', () => {
    const settings = {
      CONFIRM_LINK: 'yes',
      RESULT_CLAIM: 'https://app.example.com/linking',
      PIN_SESSION: 'no',
      PIN_USER_AGENT: 'no',
    }
    const SWITCHES = [true, false].flatMap((bound) =>
      (['fresh', 'first'] as const).flatMap((values) =>
        (['kept', 'replaced'] as const).map((session) => [bound, values, session] as const),
      ),
    )

    test.each(SWITCHES)(
      'the way back bound: %s, request values %s, session %s',
      async (bound, values, nestedSession) => {
        const scenario = await startScenario({
          settings,
          tenant: { ...platform(bound, values), nestedSession },
        })
        const { end } = bound ? await intercept(scenario, {}) : await handOver(scenario, {})
        expectUntouched(scenario)
        // The browser that comes back is not the one that started: its application has another state.
        const own = await scenario.app.start({ scope: 'openid link_account' })
        await expect(own.complete(end.url)).rejects.toHaveProperty(
          'cause.message',
          expect.stringContaining('"state"'),
        )
        expectUntouched(scenario)
      },
    )

    test('and without it the same is linked', async () => {
      const { CONFIRM_LINK: _, ...open } = settings
      const scenario = await startScenario({ settings: open, tenant: platform(false, 'first') })
      await handOver(scenario, {})
      expect(connectionsOf(scenario.tenant, SAM.userId)).toEqual([DATABASE, GOOGLE])
    })
  })
})

/** Asks for a link as Alex; the browser then goes to a changed address of the second login. */
async function change(settings: Values, edit: (url: URL) => void, parameters: Values = {}) {
  const scenario = await startScenario({ settings })
  const { attempt, page } = await scenario.askForLink(await scenario.logIn(), parameters)
  const url = new URL(nestedUrl(page))
  edit(url)
  const next = await scenario.browser.open(url)
  const back =
    next.forms.length === 0
      ? next
      : await scenario.browser.submit(next, { values: { email: ALEX.email } })
  const code =
    back.url.pathname === '/callback' ? codeOf(await attempt.complete(back.url)) : 'no answer'
  const linked = scenario.tenant.requests().filter(({ path }) => path.endsWith('/identities'))
  return { code, linked, scenario }
}

attack('widenedScope', () => {
  test('the browser asks for more than the list allows', async () => {
    const { code, linked } = await change(
      { ALLOWED_CONNECTION_SCOPES: 'calendar.readonly' },
      ({ searchParams }) => searchParams.set('connection_scope', 'calendar.readonly mail'),
      { requested_connection_scope: 'calendar.readonly' },
    )
    expect(code).toBe('scope_not_allowed')
    expect(linked).toEqual([])
  })
})

attack('editedRequest', () => {
  test.each<readonly [string, (parameters: URLSearchParams) => void]>([
    ['prompt taken out', (given) => given.delete('prompt')],
    ['prompt twice', (given) => given.append('prompt', 'consent')],
    ['fewer scopes', (given) => given.set('connection_scope', 'calendar')],
    ['no scopes', (given) => given.delete('connection_scope')],
  ])('%s', async (_what, edit) => {
    const { code, linked } = await change(
      { NESTED_PARAMS: 'prompt=login' },
      ({ searchParams }) => edit(searchParams),
      { requested_connection_scope: 'calendar mail' },
    )
    expect(['callback_invalid', 'no answer']).toContain(code)
    expect(linked).toEqual([])
  })

  test('left alone it links', async () => {
    const { code } = await change({ NESTED_PARAMS: 'prompt=login' }, () => undefined, {
      requested_connection_scope: 'calendar mail',
    })
    expect(code).toBe('no denial')
  })
})

attack('changedRequest', () => {
  test.each<readonly [string, (parameters: URLSearchParams) => void, string]>([
    ['connection=github', (given) => given.set('connection', GITHUB), 'connection_mismatch'],
    ['no connection', (given) => given.delete('connection'), 'no answer'],
    ['another nonce', (given) => given.set('nonce', 'x'.repeat(43)), 'callback_invalid'],
    ['no nonce', (given) => given.delete('nonce'), 'callback_invalid'],
    [
      'another challenge',
      (given) => given.set('code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'),
      'callback_invalid',
    ],
    [
      'a foreign way back',
      (given) => given.set('redirect_uri', 'https://other.example.net/continue'),
      'no answer',
    ],
  ])('%s', async (_what, edit, expected) => {
    const { code, linked } = await change({}, ({ searchParams }) => edit(searchParams))
    expect(code).toBe(expected)
    expect(linked).toEqual([])
  })
})

attack('weakenedRequest', () => {
  test.each<readonly [string, (parameters: URLSearchParams) => void, Values, string]>([
    ['no max_age', (given) => given.delete('max_age'), {}, 'callback_invalid'],
    ['prompt=none', (given) => given.set('prompt', 'none'), {}, 'callback_invalid'],
    [
      'scope=openid under REQUIRE_MATCHING_EMAIL',
      (given) => given.set('scope', 'openid'),
      { REQUIRE_MATCHING_EMAIL: 'yes' },
      'secondary_email_unverified',
    ],
    [
      'a link scope',
      (given) => given.set('scope', 'openid profile email link_account'),
      {},
      'invalid_request',
    ],
  ])('%s', async (_what, edit, settings, expected) => {
    const { code, linked } = await change(settings, ({ searchParams }) => edit(searchParams))
    expect(code).toBe(expected)
    expect(linked).toEqual([])
  })
})

attack('redirectedTenant', () => {
  test.each([
    ['GET /.well-known/jwks.json', 302],
    ['POST /oauth/token', 307],
    [/^POST \/api\/v2\/users\//, 308],
  ])('over real sockets, at %s: nobody else is asked', async (route, status) => {
    let asked = 0
    const elsewhere = createServer((_, response) => {
      asked += 1
      response.end('{}')
    })
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
    const { port } = elsewhere.address() as AddressInfo
    const scenario = await startScenario()
    const idToken = await scenario.logIn()
    const location = `http://127.0.0.1:${port}/collect`
    scenario.tenant.fault({ route, times: 9, status, headers: { location } })
    const { page, attempt } = await scenario.askForLink(idToken)
    const end =
      page.forms.length === 0
        ? page
        : await scenario.browser.submit(page, { values: { email: ALEX.email } })
    await new Promise((resolve) => elsewhere.close(resolve))
    expect(asked).toBe(0)
    scenario.tenant.clearFaults()
    expect(await attempt.complete(end.url)).toBeDenied('service_unavailable')
    expect(connectionsOf(scenario.tenant, ALEX.userId)).toEqual([DATABASE])
  })
})
