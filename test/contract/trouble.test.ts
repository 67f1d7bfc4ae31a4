/** Section 6 of the contract: trouble with the tenant, at every call, and how long it may take. */

import { describe, expect, test, vi } from 'vitest'
import type { Fault } from '../../scripts/testing/faults.ts'
import type { Run } from '../../scripts/testing/flow.ts'
import { publishedKey } from '../../scripts/testing/keys.ts'
import { NOW_MS, PRIMARY, SECONDARY } from '../../scripts/testing/people.ts'
import type { Route } from '../../scripts/testing/tenant-double.ts'
import { stopTimers, untilSettled } from '../support/settle.ts'
import { LINKED, onEverySubject, UNLINK_EVENT } from './harness.ts'

const HANDLER_LIMIT_MS = 15_000
const CALL_LIMIT_MS = 5_000

const answer = (
  status: number,
  body: unknown = {},
  headers: Readonly<Record<string, string>> = {},
): Fault => ({
  kind: 'answer',
  status,
  body,
  headers,
})

const html: Readonly<Record<string, string>> = { 'content-type': 'text/html' }
const PAGE = '<!doctype html><title>Example</title><p>Hello alex@example.com</p>'

const LIMITED = answer(429, { error: 'too_many_requests' }, { 'retry-after': '1' })

/** What never gets better, and what it is answered with wherever it happens. */
const STANDING: readonly (readonly [string, Fault])[] = [
  ['hangs', { kind: 'hang' }],
  ['breaks the connection', { kind: 'reset' }],
  ['cannot be reached', { kind: 'refuse' }],
  ['answers 500', answer(500)],
  ['answers 502 with a page', answer(502, PAGE, html)],
  ['answers 503 with Retry-After', answer(503, {}, { 'retry-after': '2' })],
  ['answers 429', answer(429)],
  ['answers 429 with Retry-After', LIMITED],
  ['answers 429 with a long Retry-After', answer(429, {}, { 'retry-after': '3600' })],
  [
    'answers 429 with Retry-After that is a date',
    answer(429, {}, { 'retry-after': 'Mon, 02 Mar 2026 12:00:02 GMT' }),
  ],
  ['answers 429 with Retry-After that is none', answer(429, {}, { 'retry-after': 'soon' })],
  ['answers 429 with a negative Retry-After', answer(429, {}, { 'retry-after': '-5' })],
  [
    'answers 429 with X-RateLimit-Reset',
    answer(429, {}, { 'x-ratelimit-reset': String(NOW_MS / 1000 + 2) }),
  ],
  [
    'answers 429 with X-RateLimit-Reset far away',
    answer(429, {}, { 'x-ratelimit-reset': String(NOW_MS / 1000 + 3_600) }),
  ],
]

/** Answers of 200 that are none, for the calls whose answer is needed. */
const UNREADABLE: readonly (readonly [string, Fault])[] = [
  ['answers with a page', answer(200, PAGE, html)],
  ['answers with half of it', { kind: 'truncated', applied: false }],
  ['stops in the middle', { kind: 'stalled', applied: false }],
  ['never ends', { kind: 'endless' }],
  ['answers with nothing', answer(200, '')],
  ['answers with null', answer(200, 'null')],
  ['answers with a list', answer(200, [])],
  ['answers with an empty object', answer(200, {})],
]

const ONCE: readonly (readonly [string, Fault])[] = [
  ['answers 500', answer(500)],
  ['answers 503 with a page', answer(503, PAGE, html)],
  ['answers 429', LIMITED],
  ['breaks the connection', { kind: 'reset' }],
  ['cannot be reached', { kind: 'refuse' }],
]

const ROUTES: readonly Route[] = ['jwks', 'code', 'client-credentials', 'link']

/** Notes how long the caller kept each call going: it aborts what it is done with. */
function timed(fetch: typeof globalThis.fetch, tookMs: number[]): typeof globalThis.fetch {
  return (input, init) => {
    const sentAtMs = Date.now()
    init?.signal?.addEventListener('abort', () => tookMs.push(Date.now() - sentAtMs))
    return fetch(input, init)
  }
}

onEverySubject((world) => {
  interface Ended extends Run {
    readonly tookMs: number
  }

  /** Runs the handler that makes the call, under a stopped clock. */
  async function reach(route: Route, trouble: () => void): Promise<Ended> {
    if (route === 'jwks') {
      trouble()
      stopTimers(NOW_MS)
      const { value, tookMs } = await untilSettled(world.start())
      return { ...value, tookMs }
    }
    const started = await world.start()
    const nested = await world.nested(started)
    trouble()
    stopTimers(NOW_MS)
    const { value, tookMs } = await untilSettled(world.resume(started, nested))
    return { ...value, tookMs }
  }

  describe.each(ROUTES)('%s', (route) => {
    test.each(STANDING)('that %s is service_unavailable, in time', async (_what, fault) => {
      const ran = await reach(route, () => world.tenant.failAlways(route, fault))
      expect(ran).toBeDenied('service_unavailable')
      expect(ran.tookMs).toBeLessThanOrEqual(HANDLER_LIMIT_MS)
      expect(ran.denial).not.toContain('alex@')
      expect(world.lines.join('\n')).not.toContain('alex@')
    })

    test.each(ONCE)('that %s once is tried again', async (_what, fault) => {
      const ran = await reach(route, () => world.tenant.fail(route, fault))
      expect(ran).not.toBeDenied()
      expect(ran.tookMs).toBeLessThanOrEqual(HANDLER_LIMIT_MS)
      if (route !== 'jwks') expect(world.tenant.links).toHaveLength(1)
    })

    const SILENCES: readonly (readonly [string, Fault])[] = [
      ['hangs', { kind: 'hang' }],
      ['stops in the middle', { kind: 'stalled', applied: false }],
    ]

    test.each(SILENCES)('that %s is given up after 5 seconds', async (_what, fault) => {
      const tookMs: number[] = []
      const ran = await reach(route, () => {
        world.tenant.failAlways(route, fault)
        vi.stubGlobal('fetch', timed(world.tenant.fetch, tookMs))
      })
      expect(ran.tookMs).toBeGreaterThanOrEqual(CALL_LIMIT_MS)
      expect(Math.max(...tookMs)).toBe(CALL_LIMIT_MS)
    })

    test('that redirects elsewhere is not followed', async () => {
      const location = 'https://other.example.net/'
      const ran = await reach(route, () =>
        world.tenant.failAlways(route, answer(307, {}, { location })),
      )
      expect(ran).toBeDenied('service_unavailable')
      for (const { url } of world.tenant.requests) expect(url).not.toContain('other.example.net')
    })

    test('that asks to wait is waited for', async () => {
      const ran = await reach(route, () =>
        world.tenant.fail(route, answer(429, {}, { 'retry-after': '3' })),
      )
      expect(ran).not.toBeDenied()
      expect(ran.tookMs).toBeGreaterThanOrEqual(3_000)
    })

    test('that asks to wait until a date is waited for, and not asked before', async () => {
      const date = new Date(NOW_MS + 3_000).toUTCString()
      const ran = await reach(route, () =>
        world.tenant.fail(route, answer(429, {}, { 'retry-after': date })),
      )
      expect(ran).not.toBeDenied()
      expect(ran.tookMs).toBe(3_000)
      expect(world.tenant.calls(route)).toBe(2)
    })

    test('that is asked to wait by the clock of the tenant, not by ours', async () => {
      const theirsMs = NOW_MS + 3_600_000
      const headers = {
        date: new Date(theirsMs).toUTCString(),
        'retry-after': new Date(theirsMs + 3_000).toUTCString(),
      }
      const ran = await reach(route, () => world.tenant.fail(route, answer(429, {}, headers)))
      expect(ran).not.toBeDenied()
      expect(ran.tookMs).toBe(3_000)
    })

    test('that says both is believed in its Retry-After', async () => {
      const both = { 'retry-after': '1', 'x-ratelimit-reset': String(NOW_MS / 1000 + 9) }
      const ran = await reach(route, () => world.tenant.fail(route, answer(429, {}, both)))
      expect(ran).not.toBeDenied()
      expect(ran.tookMs).toBeGreaterThanOrEqual(1_000)
      expect(ran.tookMs).toBeLessThan(2_000)
    })

    test('that says both, and its Retry-After is empty, is believed in the other', async () => {
      const both = { 'retry-after': '', 'x-ratelimit-reset': String(NOW_MS / 1000 + 3) }
      const ran = await reach(route, () => world.tenant.fail(route, answer(429, {}, both)))
      expect(ran).not.toBeDenied()
      expect(ran.tookMs).toBeGreaterThanOrEqual(2_000)
    })

    test('that says until when to wait is waited for', async () => {
      const until = { 'x-ratelimit-reset': String(NOW_MS / 1000 + 3) }
      const ran = await reach(route, () => world.tenant.fail(route, answer(429, {}, until)))
      expect(ran).not.toBeDenied()
      expect(ran.tookMs).toBeGreaterThanOrEqual(2_000)
    })
  })

  describe.each(['jwks', 'code', 'client-credentials'] as const)('%s', (route) => {
    test.each(UNREADABLE)('that %s is service_unavailable, in time', async (_what, fault) => {
      const ran = await reach(route, () => world.tenant.failAlways(route, fault))
      expect(ran).toBeDenied('service_unavailable')
      expect(ran.tookMs).toBeLessThanOrEqual(HANDLER_LIMIT_MS)
      expect(world.lines.join('\n')).not.toContain('alex@')
      expect(world.tenant.links).toEqual([])
    })
  })

  describe.each(ROUTES)('a page in the place of an answer: %s', (route) => {
    test.each([400, 401, 403, 404, 407, 409, 422, 451])(
      'that answers %i with one is service_unavailable, and asked once',
      async (status) => {
        const ran = await reach(route, () =>
          world.tenant.failAlways(route, answer(status, PAGE, html)),
        )
        expect(ran).toBeDenied('service_unavailable')
        expect(world.tenant.calls(route)).toBe(1)
        expect(world.tenant.links).toEqual([])
        expect(world.lines.join('\n')).not.toContain('alex@')
      },
    )

    const NO_OBJECTS = ['', 'null', '[]', '"Forbidden"', '{"error":']
    test.each(NO_OBJECTS)('that refuses with %j is service_unavailable', async (body) => {
      const ran = await reach(route, () => world.tenant.failAlways(route, answer(403, body)))
      expect(ran).toBeDenied('service_unavailable')
    })
  })

  describe('a body', () => {
    const MAX_BYTES = 256_000
    /** An answer whose body has so many bytes. */
    const sizedAnswer = (body: object) => (bytes: number) => {
      const ownBytes = JSON.stringify({ ...body, padding: '' }).length
      return answer(200, { ...body, padding: 'x'.repeat(bytes - ownBytes) })
    }
    const keySet = sizedAnswer({ keys: [publishedKey('current')] })
    const token = sizedAnswer({ access_token: 'x', token_type: 'Bearer' })

    test.each([
      ['jwks', keySet],
      ['client-credentials', token],
    ] as const)('of %s may have 256 kB', async (route, sized) => {
      world.tenant.failAlways('link', answer(201, []))
      world.tenant.failAlways(route, sized(MAX_BYTES))
      expect(await reach(route, () => {})).not.toBeDenied()
    })

    test.each([
      ['jwks', keySet],
      ['client-credentials', token],
    ] as const)('of %s may not have more', async (route, sized) => {
      world.tenant.failAlways('link', answer(201, []))
      const ran = await reach(route, () => world.tenant.failAlways(route, sized(MAX_BYTES + 1)))
      expect(ran).toBeDenied('service_unavailable')
      expect(world.tenant.calls('link')).toBe(0)
    })
  })

  describe('the whole of a way back', () => {
    test('takes 15 seconds at most when every call hangs until its last moment', async () => {
      const ran = await reach('code', () => {
        for (const route of ROUTES) {
          world.tenant.fail(
            route,
            { kind: 'hang' },
            { kind: 'hang', applied: true },
            { kind: 'hang' },
          )
        }
      })
      expect(ran.tookMs).toBeLessThanOrEqual(HANDLER_LIMIT_MS)
      expect(ran).toBeDenied('service_unavailable')
    })

    test('leaves no timer behind when it went well', async () => {
      const ran = await reach('link', () => {})
      expect(ran).toGoOn()
      expect(ran.tookMs).toBe(0)
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  describe.each(['code', 'client-credentials'] as const)('/oauth/token at %s', (route) => {
    test.each([
      [401, 'invalid_client', 'misconfigured'],
      [400, 'invalid_client', 'misconfigured'],
      [403, 'unauthorized_client', 'misconfigured'],
      [400, 'unauthorized_client', 'misconfigured'],
      [403, 'access_denied', 'misconfigured'],
      [401, 'access_denied', 'misconfigured'],
    ])('that answers %s %s is %s', async (status, error, code) => {
      const body = { error, error_description: 'of alex@example.com' }
      const ran = await reach(route, () => world.tenant.failAlways(route, answer(status, body)))
      expect(ran).toBeDenied(code)
      expect(world.tenant.calls(route)).toBe(1)
      expect(world.lines.join('\n')).not.toContain('alex@')
      expect(world.lines).toContainEqual(expect.stringMatching(/^account-linking:error /))
    })
  })

  describe('the code', () => {
    test('that is refused with invalid_grant is callback_invalid', async () => {
      const ran = await reach('code', () =>
        world.tenant.fail('code', answer(403, { error: 'invalid_grant' })),
      )
      expect(ran).toBeDenied('callback_invalid')
      expect(world.tenant.calls('code')).toBe(1)
    })

    test('that is refused for another reason is link_failed', async () => {
      const ran = await reach('code', () =>
        world.tenant.fail('code', answer(400, { error: 'invalid_request' })),
      )
      expect(ran).toBeDenied('link_failed')
    })

    const LOST: readonly (readonly [string, Fault])[] = [
      ['a broken connection', { kind: 'reset', applied: true }],
      ['a silence', { kind: 'hang', applied: true }],
      ['a 500', { kind: 'answer', status: 500, applied: true }],
    ]
    test.each(LOST)('that was used up behind %s is service_unavailable', async (_what, fault) => {
      const ran = await reach('code', () => world.tenant.fail('code', fault))
      expect(ran).toBeDenied('service_unavailable')
      expect(world.tenant.links).toEqual([])
    })

    test.each([
      ['a refused connection', { kind: 'refuse' } as Fault],
      ['a 429', LIMITED],
    ])('that is refused after %s is callback_invalid', async (_what, fault) => {
      const ran = await reach('code', () =>
        world.tenant.fail('code', fault, answer(403, { error: 'invalid_grant' })),
      )
      expect(ran).toBeDenied('callback_invalid')
    })
  })

  describe('the link', () => {
    const CONFLICT = answer(409, { statusCode: 409, message: 'already linked, alex@example.com' })

    test.each([
      ['409', CONFLICT, 'identity_in_use'],
      ['400', answer(400), 'link_failed'],
      ['403', answer(403), 'link_failed'],
      ['404', answer(404), 'link_failed'],
      ['422', answer(422), 'link_failed'],
    ])('answered with a first %s is denied', async (_what, fault, code) => {
      const ran = await reach('link', () => world.tenant.fail('link', fault))
      expect(ran).toBeDenied(code)
      expect(world.tenant.calls('link')).toBe(1)
      expect(world.lines.join('\n')).not.toContain('alex@')
    })

    const LOST: readonly (readonly [string, Fault])[] = [
      ['a broken connection', { kind: 'reset', applied: true }],
      ['a silence', { kind: 'hang', applied: true }],
      ['a 500', { kind: 'answer', status: 500, applied: true }],
      [
        'a 504 with a page',
        { kind: 'answer', status: 504, body: PAGE, headers: html, applied: true },
      ],
    ]

    test.each(LOST)(
      'that happened behind %s is a success, and happened once',
      async (_what, fault) => {
        const ran = await reach('link', () => world.tenant.fail('link', fault))
        expect(ran).toLink()
        expect(world.tenant.links).toEqual([
          { primary: PRIMARY.user_id, identity: SECONDARY.user_id },
        ])
        expect(world.lines.at(-1)).toMatch(/^account-linking:outcome linked /)
      },
    )

    test.each([
      ['a refused connection', { kind: 'refuse' } as Fault],
      ['a 429', LIMITED],
    ])('that is in conflict after %s is denied', async (_what, fault) => {
      const ran = await reach('link', () => world.tenant.fail('link', fault, CONFLICT))
      expect(ran).toBeDenied('identity_in_use')
    })

    test.each([400, 401, 403, 404, 410, 422])(
      'that was lost and is then refused with %i is service_unavailable: nobody knows',
      async (status) => {
        const lost: Fault = { kind: 'reset', applied: true }
        const ran = await reach('link', () => world.tenant.fail('link', lost, answer(status)))
        expect(ran).toBeDenied('service_unavailable')
        expect(world.tenant.calls('link')).toBe(2)
        expect(world.tenant.links).toHaveLength(1)
      },
    )

    test('that was lost and is then answered 409 by a proxy is service_unavailable', async () => {
      const ran = await reach('link', () =>
        world.tenant.fail('link', { kind: 'reset' }, answer(409, PAGE, html)),
      )
      expect(ran).toBeDenied('service_unavailable')
    })

    const UNREAD: readonly (readonly [string, Fault])[] = [
      ['half an answer', { kind: 'truncated' }],
      ['an answer that stops', { kind: 'stalled' }],
      ['an answer without an end', { kind: 'endless', applied: true }],
      ['a page', { kind: 'answer', status: 201, body: PAGE, headers: html, applied: true }],
      ['nothing', { kind: 'answer', status: 201, body: '', applied: true }],
      [
        'more than 256 kB',
        { kind: 'answer', status: 201, body: ['x'.repeat(300_000)], applied: true },
      ],
    ]

    test.each(UNREAD)('with a 2xx and %s is a success', async (_what, fault) => {
      const ran = await reach('link', () => world.tenant.fail('link', fault))
      expect(ran).toGoOn()
      expect(ran.tookMs).toBeLessThanOrEqual(HANDLER_LIMIT_MS)
      expect(world.tenant.links).toHaveLength(1)
      expect(world.tenant.calls('link')).toBe(1)
    })

    describe('with a cached token', () => {
      /** Fills the cache with a token, and takes the link back. */
      async function withCachedToken(trouble: () => void): Promise<Ended> {
        const other = {
          ...SECONDARY,
          user_id: 'google-oauth2|other',
          identities: [
            { connection: 'google-oauth2', provider: 'google-oauth2', user_id: 'other' },
          ],
        }
        world.settle(PRIMARY, SECONDARY, other)
        await world.whole({ nested: { user: other } })
        const started = await world.start()
        const nested = await world.nested(started)
        trouble()
        stopTimers(NOW_MS)
        const { value, tookMs } = await untilSettled(world.resume(started, nested))
        return { ...value, tookMs }
      }

      const linked = () => world.tenant.links.map(({ identity }) => identity)

      test('that was revoked fetches another one, once', async () => {
        const ran = await withCachedToken(() => world.tenant.revokeTokens())
        expect(ran).toGoOn()
        expect(linked()).toContain(SECONDARY.user_id)
        expect(world.tenant.calls('client-credentials')).toBe(2)
        expect(world.tenant.calls('link')).toBe(3)
      })

      test('that lacks a scope fetches another one, once', async () => {
        const ran = await withCachedToken(() => world.tenant.fail('link', answer(403)))
        expect(ran).toGoOn()
        expect(linked()).toContain(SECONDARY.user_id)
        expect(world.tenant.calls('client-credentials')).toBe(2)
      })

      test.each([401, 403])('gives up when the new one is answered with %s too', async (status) => {
        const ran = await withCachedToken(() => world.tenant.failAlways('link', answer(status)))
        expect(ran).toBeDenied('link_failed')
        expect(world.tenant.calls('client-credentials')).toBe(2)
        expect(world.tenant.calls('link')).toBe(3)
      })

      test.each([401, 403])('keeps it when a proxy answers %i with a page', async (status) => {
        const ran = await withCachedToken(() =>
          world.tenant.failAlways('link', answer(status, PAGE, html)),
        )
        expect(ran).toBeDenied('service_unavailable')
        expect(world.tenant.calls('client-credentials')).toBe(1)
        expect(world.tenant.calls('link')).toBe(2)
        // The keys of the domain, and the token.
        expect(world.cache.entries()).toHaveLength(2)
      })

      test('that was lost, and whose token is then refused, is a success', async () => {
        const ran = await withCachedToken(() =>
          world.tenant.fail('link', { kind: 'reset', applied: true }, answer(401)),
        )
        expect(ran).toGoOn()
        expect(world.tenant.calls('client-credentials')).toBe(2)
        expect(world.tenant.links).toHaveLength(2)
      })

      test('drops it although there is no other one to be had', async () => {
        const ran = await withCachedToken(() => {
          world.tenant.revokeTokens()
          world.tenant.failAlways('client-credentials', answer(403, { error: 'access_denied' }))
        })
        expect(ran).toBeDenied('misconfigured')
        // The keys of the domain are left.
        expect(world.cache.entries()).toHaveLength(1)
      })

      test('replaces it in the cache', async () => {
        await withCachedToken(() => world.tenant.revokeTokens())
        expect(world.cache.entries()).toHaveLength(2)
        expect(world.cache.refused).toEqual([])
      })
    })

    test('answered with 401 to a new token drops it once', async () => {
      const ran = await reach('link', () => world.tenant.failAlways('link', answer(401)))
      expect(ran).toBeDenied('link_failed')
      expect(world.tenant.calls('link')).toBe(1)
      // The keys of the domain are left.
      expect(world.cache.entries()).toHaveLength(1)
    })

    test('answered with 403 to a new token is not tried again', async () => {
      const ran = await reach('link', () => world.tenant.failAlways('link', answer(403)))
      expect(ran).toBeDenied('link_failed')
      expect(world.tenant.calls('link')).toBe(1)
    })
  })

  test.each([
    ['is refused', answer(400)],
    ['is answered by a proxy', answer(404, PAGE, html)],
  ])('an unlink that was lost and then %s is service_unavailable', async (_what, fault) => {
    world.settle(LINKED)
    const started = await world.start({ event: UNLINK_EVENT })
    const nested = await world.nested(started, { user: LINKED })
    world.tenant.fail('unlink', { kind: 'reset', applied: true }, fault)
    stopTimers(NOW_MS)
    const { value } = await untilSettled(world.resume(started, nested))
    expect(value).toBeDenied('service_unavailable')
    expect(world.tenant.unlinks).toHaveLength(1)
  })

  describe('the Management token', () => {
    test.each([
      ['no token', { token_type: 'Bearer', expires_in: 86_400 }],
      ['an empty one', { access_token: '', token_type: 'Bearer' }],
      ['one that is no text', { access_token: 7, token_type: 'Bearer' }],
    ])('that is %s is service_unavailable', async (_what, body) => {
      const ran = await reach('client-credentials', () =>
        world.tenant.failAlways('client-credentials', answer(200, body)),
      )
      expect(ran).toBeDenied('service_unavailable')
      expect(world.tenant.calls('link')).toBe(0)
    })
  })
})
