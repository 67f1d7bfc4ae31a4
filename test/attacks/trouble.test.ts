/**
 * Faults at every call of the flow. After each of them the account is linked and said to be, or
 * untouched and said to be, held against the tenant's own users.
 */

import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { createApi } from '../../scripts/testing/api.ts'
import { createCache } from '../../scripts/testing/cache.ts'
import { createConsole } from '../../scripts/testing/console.ts'
import type { Fault } from '../../scripts/testing/faults.ts'
import {
  hintClaims,
  type NestedRun,
  nestedLogin,
  PLATFORM_STATE,
  type Run,
  resumeEvent,
  resumeLink,
  startLink,
} from '../../scripts/testing/flow.ts'
import { publishedKey } from '../../scripts/testing/keys.ts'
import { loadAction } from '../../scripts/testing/load.ts'
import {
  CANONICAL_DOMAIN,
  CUSTOM_DOMAIN,
  NOW_MS,
  type Person,
  PRIMARY,
  SECONDARY,
} from '../../scripts/testing/people.ts'
import {
  createTenantDouble,
  type Route,
  type TenantDouble,
} from '../../scripts/testing/tenant-double.ts'
import type { PlatformCache } from '../../src/platform.ts'
import { idle, stopTimers, untilSettled, untilSo } from '../support/settle.ts'
import { attack } from './rows.ts'

const HANDLER_LIMIT_MS = 15_000
const RESULT_CLAIM = 'urn:example:linking'
const ROUTES: readonly Route[] = ['jwks', 'code', 'client-credentials', 'link']
const PAGE = '<!doctype html><title>alex@example.com</title>'

const injected = createConsole()
const dist = readFileSync(new URL('../../dist/action.js', import.meta.url), 'utf8')
const load = () => loadAction(dist, { console: injected.console })
/** An instance remembers for ten seconds that a key was looked for in vain. */
let bundle = load()

const answer = (
  status: number,
  body: unknown = {},
  headers: Readonly<Record<string, string>> = {},
): Fault => ({ kind: 'answer', status, body, headers })

interface Trouble {
  readonly what: string
  readonly fault: Fault
}

const row = (what: string, fault: Fault): Trouble => ({ what, fault })

/** What may happen to any call. */
const FAULTS: readonly Trouble[] = [
  row('hangs', { kind: 'hang' }),
  row('resets', { kind: 'reset' }),
  row('refuses', { kind: 'refuse' }),
  row('stalls in the middle', { kind: 'stalled', applied: false }),
  row('breaks in the middle', { kind: 'truncated', applied: false }),
  row('never ends', { kind: 'endless' }),
  row('answers 400', answer(400)),
  row('answers 401', answer(401)),
  row('answers 403', answer(403)),
  row('answers 404 in HTML', answer(404, PAGE, { 'content-type': 'text/html' })),
  row('answers 422', answer(422, { message: 'alex@example.com' })),
  row('answers 429', answer(429)),
  row('answers 429 with Retry-After', answer(429, {}, { 'retry-after': '1' })),
  row('answers 500', answer(500)),
  row('answers 502 in HTML', answer(502, PAGE, { 'content-type': 'text/html' })),
  row('answers 503 with Retry-After', answer(503, {}, { 'retry-after': '1' })),
  row('sends the caller elsewhere', answer(307, '', { location: 'https://other.example.net/' })),
]

/** Answers of 200 that say nothing; a link needs no more than the status. */
const NONSENSE: readonly Trouble[] = [
  row('answers in HTML', answer(200, PAGE, { 'content-type': 'text/html' })),
  row('answers truncated JSON', answer(200, '{"keys": [{"kty": "RSA", "n')),
  row('answers an empty object', answer(200, {})),
  row('answers 300 kB', answer(200, { padding: 'x'.repeat(300_000) })),
]

/** What a link is when the tenant has done it, and its answer does not arrive. */
const LOST: readonly Trouble[] = [
  row('hangs', { kind: 'hang', applied: true }),
  row('resets', { kind: 'reset', applied: true }),
  row('breaks in the middle', { kind: 'truncated', applied: true }),
  row('stalls in the middle', { kind: 'stalled', applied: true }),
  row('never ends', { kind: 'endless', applied: true }),
  row('answers 500', { kind: 'answer', status: 500, applied: true }),
  row('answers 503', { kind: 'answer', status: 503, applied: true }),
  row('answers 504 in HTML', { kind: 'answer', status: 504, body: PAGE, applied: true }),
]

const person = (id: string): Person => ({
  ...SECONDARY,
  user_id: `google-oauth2|${id}`,
  identities: [{ connection: 'google-oauth2', provider: 'google-oauth2', user_id: id }],
})

let tenant: TenantDouble
let cache: PlatformCache

function use(next: TenantDouble): void {
  tenant = next
  vi.stubGlobal('fetch', tenant.fetch)
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MS, toFake: ['Date'] })
  use(createTenantDouble())
  cache = createCache()
  injected.clear()
})

const begin = (settings: Readonly<Record<string, string>> = {}): Promise<Run> =>
  startLink(bundle, { tenant, cache, settings: { RESULT_CLAIM, ...settings } })

interface Ended extends Run {
  readonly tookMs: number
  readonly isLinked: boolean
}

const isLinked = (): boolean => tenant.user(PRIMARY.user_id)?.identities.length === 2

async function comeBack(started: Run, nested: NestedRun): Promise<Ended> {
  stopTimers(Date.now())
  const { value, tookMs } = await untilSettled(
    resumeLink(bundle, started, nested, { tenant, cache }),
  )
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] })
  return { ...value, tookMs, isLinked: isLinked() }
}

/** The account is as the application is told. */
function expectTruth(ran: Ended): void {
  const said = ran.claims[RESULT_CLAIM] as { readonly status?: string } | undefined
  expect(said?.status === 'linked').toBe(ran.isLinked)
  expect(ran.code === undefined).toBe(ran.isLinked)
  expect(ran.tookMs).toBeLessThanOrEqual(HANDLER_LIMIT_MS)
  expect(tenant.links.length).toBe(ran.isLinked ? 1 : 0)
  expect(tenant.user(SECONDARY.user_id) === undefined).toBe(ran.isLinked)
  expect(`${ran.denial}${injected.lines.join()}`).not.toContain('alex@')
}

attack('trouble', () => {
  describe.each(ROUTES)('at %s', (route) => {
    // A link that is answered 2xx is believed to be one, whatever becomes of the answer's body.
    const believed: readonly Fault['kind'][] = ['stalled', 'truncated', 'endless']
    const all =
      route === 'link'
        ? FAULTS.filter(({ fault }) => !believed.includes(fault.kind))
        : [...FAULTS, ...NONSENSE]

    async function through(fail: () => void): Promise<Ended> {
      const started = await begin()
      const nested = await nestedLogin(bundle, started)
      if (route === 'jwks') cache = createCache()
      fail()
      return comeBack(started, nested)
    }

    test.each(all)('a tenant that $what from now on: untouched, and said so', async ({ fault }) => {
      const ran = await through(() => tenant.failAlways(route, fault))
      expect(ran.isLinked).toBe(false)
      expect(ran).toBeDenied('service_unavailable', 'link_failed', 'misconfigured')
      expectTruth(ran)
    })

    test.each(all)('a tenant that $what once: said as it is', async ({ fault }) => {
      expectTruth(await through(() => tenant.fail(route, fault)))
    })
  })

  test.each([...FAULTS, ...NONSENSE])(
    'keys that a tenant that $what does not give: no redirect',
    async ({ fault }) => {
      tenant.failAlways('jwks', fault)
      stopTimers(NOW_MS)
      const { value, tookMs } = await untilSettled(begin())
      // A key set without keys is one all the same.
      expect(value).toBeDenied('service_unavailable', 'hint_invalid')
      expect(tookMs).toBeLessThanOrEqual(HANDLER_LIMIT_MS)
    },
  )

  test('a good key set in 300 kB is none', async () => {
    const body = { keys: [publishedKey('current')], padding: 'x'.repeat(300_000) }
    tenant.failAlways('jwks', answer(200, body))
    expect(await begin()).toBeDenied('service_unavailable')
    tenant.failAlways('jwks', answer(200, { ...body, padding: 'x'.repeat(200_000) }))
    expect(await begin()).toRedirect()
  })

  test('a platform that refuses a claim after the link does not undo it', async () => {
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    const event = resumeEvent(started, nested, { tenant })
    const { api, commands } = createApi({ cache, metadata: started.metadata })
    const refusing = (): never => {
      throw new Error('no claims today')
    }
    await bundle.onContinuePostLogin(event, { ...api, idToken: { setCustomClaim: refusing } })
    expect(isLinked()).toBe(true)
    expect(commands).toEqual([])
    expect(injected.lines.at(-1)).toContain(':outcome linked')
  })

  test('two faults at each call are one success still', async () => {
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    for (const route of ROUTES) tenant.fail(route, { kind: 'refuse' }, answer(429))
    const ran = await comeBack(started, nested)
    expect(ran.isLinked).toBe(true)
    expectTruth(ran)
  })

  test.each([
    ['between start and way back', 'next' as const, ['next'] as const],
    ['with the old one still published', 'next' as const, ['next', 'current'] as const],
  ])('keys that rotate %s are found', async (_what, key, published) => {
    use(createTenantDouble({ keys: ['current'] }))
    bundle = load()
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    tenant.publish(...published)
    const resumed = await resumeLink(bundle, started, nested, { tenant, cache, login: { key } })
    expect(resumed).toGoOn()
    expect(tenant.links).toHaveLength(1)
    // And the next start takes the new ones from the cache.
    const before = tenant.calls()
    const hint = await tenant.signIdToken({}, {}, 'next')
    await startLink(bundle, { tenant, cache, hint })
    expect(tenant.calls()).toBe(before)
  })

  test('a flood of made-up keys costs the tenant one request, and nobody else a link', async () => {
    bundle = load()
    await begin()
    const asked = tenant.calls('jwks')
    const flood = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const hint = await tenant.signIdToken({}, { kid: `made-up-${index}` })
        return startLink(bundle, { tenant, cache, hint })
      }),
    )
    expect(new Set(flood.map(({ code }) => code))).toEqual(new Set(['hint_invalid']))
    expect(tenant.calls('jwks')).toBe(asked + 1)
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    expect((await comeBack(started, nested)).isLinked).toBe(true)
    expect(tenant.calls('jwks')).toBe(asked + 1)
  })

  test('a flood of made-up keys hides a key that is new for ten seconds at most', async () => {
    bundle = load()
    use(createTenantDouble({ keys: ['current'] }))
    let atMs = performance.now()
    vi.spyOn(performance, 'now').mockImplementation(() => atMs)
    const flood = async () => {
      const hint = await tenant.signIdToken({}, { kid: 'made-up' })
      expect(await startLink(bundle, { tenant, cache, hint })).toBeDenied('hint_invalid')
    }
    const honest = async () => {
      const { event } = await begin()
      const hint = await tenant.signIdToken(hintClaims(event), {}, 'next')
      return startLink(bundle, { tenant, cache, hint })
    }
    await flood()
    tenant.publish('next', 'current')
    for (let second = 0; second < 10; second++) {
      expect(await honest()).toBeDenied('hint_invalid')
      await flood()
      atMs += 1_000
    }
    expect(await honest()).toRedirect()
    expect(tenant.calls('jwks')).toBe(2)
  })

  test('a key that was withdrawn while the browser was away is good no more, once that is known', async () => {
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    tenant.publish('next')
    cache = createCache()
    const resumed = await resumeLink(bundle, started, nested, { tenant, cache })
    expect(resumed).toBeDenied('callback_invalid')
    expect(tenant.links).toEqual([])
  })

  test('a Management token that was revoked is replaced once', async () => {
    const other = person('1')
    use(createTenantDouble({ users: [PRIMARY, SECONDARY, other] }))
    const first = await begin()
    await resumeLink(bundle, first, await nestedLogin(bundle, first, { user: other }), {
      tenant,
      cache,
    })
    tenant.revokeTokens()
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    const resumed = await resumeLink(bundle, started, nested, { tenant, cache })
    expect(resumed).toGoOn()
    expect(tenant.links).toHaveLength(2)
    expect(tenant.calls('client-credentials')).toBe(2)
  })

  test.each([
    ['an hour ahead', 3_600_000],
    ['a year ahead', 31_536_000_000],
    ['an hour back', -3_600_000],
  ])('a clock that jumps %s changes no account by mistake', async (_what, jumpMs) => {
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    const code = tenant.authorize(started.redirect?.href ?? '', {
      user: SECONDARY,
      claims: nested.claims,
    })
    vi.setSystemTime(NOW_MS + jumpMs)
    const resumed = await resumeLink(bundle, started, nested, {
      tenant,
      cache,
      query: { state: PLATFORM_STATE, code },
    })
    expect(resumed.code === undefined).toBe(isLinked())
    expect(injected.lines.join('\n').length).toBeLessThan(512)
  })

  test('a clock that jumps while a call hangs changes no time limit', async () => {
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    tenant.failAlways('code', { kind: 'hang' })
    stopTimers(NOW_MS)
    const startedAtMs = performance.now()
    const work = resumeLink(bundle, started, nested, { tenant, cache })
    vi.setSystemTime(NOW_MS - 3_600_000)
    const { value } = await untilSettled(work)
    expect(value).toBeDenied('service_unavailable')
    expect(performance.now() - startedAtMs).toBeLessThanOrEqual(HANDLER_LIMIT_MS)
  })
})

attack('lostAnswer', () => {
  test.each(LOST)(
    'a link whose answer $what once is a success, counted once',
    async ({ fault }) => {
      const started = await begin()
      const nested = await nestedLogin(bundle, started)
      tenant.fail('link', fault)
      const ran = await comeBack(started, nested)
      expect(ran.isLinked).toBe(true)
      expectTruth(ran)
      expect(injected.lines.filter((line) => line.includes(':outcome linked'))).toHaveLength(1)
    },
  )

  test.each(LOST.filter(({ fault }) => fault.kind === 'hang' || fault.kind === 'reset'))(
    'one that $what for good is service_unavailable, and the next attempt says already_linked',
    async ({ fault }) => {
      const started = await begin()
      const nested = await nestedLogin(bundle, started)
      tenant.fail('link', fault)
      tenant.failAlways('link', { ...fault, applied: false } as Fault)
      const ran = await comeBack(started, nested)
      expect(ran).toBeDenied('service_unavailable')
      expect(ran.tookMs).toBeLessThanOrEqual(HANDLER_LIMIT_MS)
      expect(ran.isLinked).toBe(true)
      const identities = tenant.user(PRIMARY.user_id)?.identities ?? []
      const next = await startLink(bundle, {
        tenant,
        cache,
        event: { user: { identities } },
        settings: { RESULT_CLAIM },
      })
      expect(next.claims[RESULT_CLAIM]).toMatchObject({ status: 'already_linked' })
    },
  )

  test('a first 409 is no success', async () => {
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    tenant.fail('link', { kind: 'refuse' }, answer(429), answer(409))
    const ran = await comeBack(started, nested)
    expect(ran).toBeDenied('identity_in_use')
    expectTruth(ran)
  })

  test('the lost answer of a code is no proof of anything', async () => {
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    tenant.fail('code', { kind: 'reset', applied: true })
    const ran = await comeBack(started, nested)
    expect(ran).toBeDenied('service_unavailable')
    expectTruth(ran)
  })
})

attack('redirectedTenant', () => {
  test.each(
    ROUTES.flatMap((route) => [301, 302, 303, 307, 308].map((status) => ({ route, status }))),
  )('$status at $route is not followed', async ({ route, status }) => {
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    cache = createCache()
    tenant.failAlways(route, answer(status, '', { location: 'https://other.example.net/collect' }))
    const ran = await comeBack(started, nested)
    expect(ran).toBeDenied('service_unavailable')
    expect(new Set(tenant.requests.map(({ url }) => new URL(url).host))).toEqual(
      new Set([CANONICAL_DOMAIN]),
    )
    expectTruth(ran)
  })
})

attack('sharedFetch', () => {
  /** Tokens are on their way until the codes of both ways back are exchanged, and a little longer. */
  function holdTokens(): void {
    const { fetch } = tenant
    vi.stubGlobal('fetch', async (input: string, init: RequestInit) => {
      if (String(init.body).includes('client_credentials')) {
        await untilSo(() => tenant.calls('code') === 2)
        for (let turn = 0; turn < 10; turn++) await idle()
      }
      return fetch(input, init)
    })
  }

  test('ends in its own time', async () => {
    const other = person('1')
    use(createTenantDouble({ users: [PRIMARY, SECONDARY, other] }))
    const earlier = await begin()
    const nestedEarlier = await nestedLogin(bundle, earlier, { user: other })
    await resumeLink(bundle, earlier, nestedEarlier, { tenant, cache })
    const pausing = await begin()
    const nestedOne = await nestedLogin(bundle, pausing)
    const late = await begin()
    const nestedTwo = await nestedLogin(bundle, late)
    // The first is to wait with its link, and then learns that its token is revoked; meanwhile the
    // second, which has none, asks for one that never comes.
    tenant.revokeTokens()
    tenant.fail('link', answer(429, {}, { 'retry-after': '10' }))
    tenant.failAlways('client-credentials', { kind: 'hang' })
    stopTimers(NOW_MS)
    const timed = async (work: Promise<Run>) => ({ ...(await work), endedAtMs: Date.now() })
    const first = timed(resumeLink(bundle, pausing, nestedOne, { tenant, cache }))
    await untilSo(() => tenant.calls('link') === 2 && vi.getTimerCount() > 0)
    await vi.advanceTimersByTimeAsync(9_000)
    const secondAtMs = Date.now()
    const second = timed(resumeLink(bundle, late, nestedTwo, { tenant, cache: createCache() }))
    await untilSo(() => tenant.calls('client-credentials') === 2)
    const { value } = await untilSettled(Promise.all([first, second]))
    expect(value.map(({ code }) => code)).toEqual(['service_unavailable', 'service_unavailable'])
    expect(tenant.calls('link')).toBe(3)
    expect(value[0].endedAtMs - NOW_MS).toBeGreaterThan(10_000)
    expect(value[0].endedAtMs - NOW_MS).toBeLessThanOrEqual(HANDLER_LIMIT_MS)
    expect(value[1].endedAtMs - secondAtMs).toBeLessThanOrEqual(HANDLER_LIMIT_MS)
    expect(tenant.links).toHaveLength(1)
  })

  test('a failure that is another’s own is tried again by oneself', async () => {
    const one = await begin()
    const nestedOne = await nestedLogin(bundle, one)
    const two = await begin()
    const nestedTwo = await nestedLogin(bundle, two)
    tenant.fail('client-credentials', answer(403, { error: 'access_denied' }))
    holdTokens()
    const both = await Promise.all([
      resumeLink(bundle, one, nestedOne, { tenant, cache }),
      resumeLink(bundle, two, nestedTwo, { tenant, cache }),
    ])
    expect(both.map(({ code }) => code ?? 'linked').sort()).toEqual(['linked', 'misconfigured'])
    expect(tenant.calls('client-credentials')).toBe(2)
    expect(tenant.links).toHaveLength(1)
  })

  test('of a token that is on its way serves both', async () => {
    const other = person('1')
    use(createTenantDouble({ users: [PRIMARY, SECONDARY, other] }))
    const one = await begin()
    const nestedOne = await nestedLogin(bundle, one)
    const two = await begin()
    const nestedTwo = await nestedLogin(bundle, two, { user: other })
    holdTokens()
    await Promise.all([
      resumeLink(bundle, one, nestedOne, { tenant, cache }),
      resumeLink(bundle, two, nestedTwo, { tenant, cache }),
    ])
    expect(tenant.links).toHaveLength(2)
    expect(tenant.calls('client-credentials')).toBe(1)
  })
})

attack('poisonedCache', () => {
  const foreignKeys = JSON.stringify({ keys: [publishedKey('foreign')] })

  const always = (value: unknown): PlatformCache => ({
    get: () => ({ value, expires_at: NOW_MS + 60_000 }) as ReturnType<PlatformCache['get']>,
    set: () => ({ type: 'success' }),
    delete: () => ({ type: 'success' }),
  })
  const throwing = (): never => {
    throw new Error('the cache is away')
  }

  const POISON: readonly (readonly [string, () => PlatformCache])[] = [
    ['holds a well-formed key set with a foreign key', () => always(foreignKeys)],
    [
      'holds that as an opened entry',
      () => always(JSON.stringify({ value: [publishedKey('foreign')], expiresAtMs: NOW_MS * 2 })),
    ],
    ['holds a token of another Action', () => always('another-token')],
    ['holds an empty text', () => always('')],
    ['holds no text', () => always({ keys: [] })],
    ['holds nothing but null', () => always(null)],
    ['throws', () => ({ get: throwing, set: throwing, delete: throwing })],
    [
      'refuses',
      () => ({ ...createCache(), set: () => ({ type: 'error', code: 'CacheSizeExceeded' }) }),
    ],
  ]

  test.each(POISON)('one that %s costs round trips, and opens no door', async (_what, make) => {
    cache = make()
    const forged = await tenant.signIdToken({ sub: PRIMARY.user_id }, {}, 'foreign')
    expect(await startLink(bundle, { tenant, cache, hint: forged })).toBeDenied('hint_invalid')
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    const key = { login: { key: 'foreign' as const } }
    const attacked = await resumeLink(bundle, started, nested, { tenant, cache, ...key })
    expect(attacked).toBeDenied('callback_invalid')
    expect(tenant.links).toEqual([])
    expect(await resumeLink(bundle, started, nested, { tenant, cache })).toGoOn()
    expect(tenant.links).toHaveLength(1)
  })

  test('entries that change places do not open', async () => {
    const good = createCache()
    cache = good
    // The keys of two domains: alike in form, and each good for its own issuer alone.
    await begin()
    const custom = {
      request: { hostname: CUSTOM_DOMAIN },
      custom_domain: { domain: CUSTOM_DOMAIN },
    }
    const there = await startLink(bundle, { tenant, cache, event: custom })
    expect(there).toRedirect({ host: CUSTOM_DOMAIN })
    const [one, two, ...more] = good.entries()
    if (one === undefined || two === undefined) throw new Error('there are no two entries')
    expect(more).toEqual([])
    for (const { key } of [one, two]) good.delete(key)
    good.set(one.key, two.value)
    good.set(two.key, one.value)
    const before = tenant.calls('jwks')
    expect(await begin()).toRedirect()
    expect(tenant.calls('jwks')).toBe(before + 1)
  })

  test('one that gives what has expired is not believed', async () => {
    const good = createCache()
    cache = {
      ...good,
      get: (key) => {
        const entry = good.entries().find((one) => one.key === key)
        return entry && { value: entry.value, expires_at: entry.expiresAt }
      },
    }
    await begin()
    const before = tenant.calls('jwks')
    vi.setSystemTime(NOW_MS + 9 * 60_000)
    expect(await begin()).toRedirect()
    expect(tenant.calls('jwks')).toBe(before)
    vi.setSystemTime(NOW_MS + 11 * 60_000)
    expect(await begin()).toRedirect()
    expect(tenant.calls('jwks')).toBe(before + 1)
  })

  test('one with room for a single entry takes it again and again', async () => {
    const narrow = createCache()
    cache = narrow
    await begin()
    const ownBytes = narrow.sizeBytes()
    const room = 8_192 - ownBytes - 100
    narrow.set('other-action-1', 'x'.repeat(Math.floor(room / 2) - 20))
    narrow.set('other-action-2', 'x'.repeat(Math.floor(room / 2) - 20))
    expect(narrow.refused).toEqual([])
    for (const minutes of [11, 22, 33]) {
      vi.setSystemTime(NOW_MS + minutes * 60_000)
      expect(await begin()).toRedirect()
      expect(narrow.refused).toEqual([])
    }
    expect(tenant.calls('jwks')).toBe(4)
  })

  test('one that is full is left as it is', async () => {
    const full = createCache()
    for (let entry = 0; entry < 20; entry++) full.set(`other-action-${entry}`, 'x'.repeat(300))
    const before = JSON.stringify(full.entries())
    cache = full
    const started = await begin()
    const nested = await nestedLogin(bundle, started)
    expect(await resumeLink(bundle, started, nested, { tenant, cache })).toGoOn()
    expect(JSON.stringify(full.entries())).toBe(before)
  })
})
