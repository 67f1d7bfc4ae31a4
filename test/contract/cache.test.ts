/** Section 6 of the contract: the cache. What is in it, that it is sealed, and that it may fail. */

import { describe, expect, test, vi } from 'vitest'
import { createApi } from '../../scripts/testing/api.ts'
import { CACHE_LIMITS, createCache } from '../../scripts/testing/cache.ts'
import { hintClaims } from '../../scripts/testing/flow.ts'
import { publishedKey } from '../../scripts/testing/keys.ts'
import {
  CANONICAL_DOMAIN,
  COMPANION_ID,
  COMPANION_SECRET,
  CUSTOM_DOMAIN,
  NOW_MS,
} from '../../scripts/testing/people.ts'
import { signJwt } from '../../scripts/testing/sign.ts'
import { createTenantDouble } from '../../scripts/testing/tenant-double.ts'
import type { PlatformCache } from '../../src/platform.ts'
import { onEverySubject } from './harness.ts'

const CUSTOM = { request: { hostname: CUSTOM_DOMAIN }, custom_domain: { domain: CUSTOM_DOMAIN } }
const TEN_MINUTES_MS = 600_000
const DAY_MS = 86_400_000

onEverySubject((world) => {
  const link = () => world.whole()

  /** Another tenant with the same keys, as fresh as at the beginning; the cache stays. */
  function freshTenant() {
    const tenant = createTenantDouble()
    vi.stubGlobal('fetch', tenant.fetch)
    return tenant
  }

  const warm = async (cache: PlatformCache = world.cache) => {
    const tenant = freshTenant()
    const whole = await world.whole({ tenant, cache })
    return { ...whole, tenant, routes: tenant.requests.map(({ route }) => route) }
  }

  describe('what it holds', () => {
    test('is one entry for the keys and one for the token', async () => {
      await link()
      expect(world.cache.entries()).toHaveLength(2)
      expect(world.cache.refused).toEqual([])
    })

    test('has short keys that say nothing', async () => {
      await link()
      for (const { key } of world.cache.entries()) {
        expect(key.length).toBeLessThanOrEqual(CACHE_LIMITS.keyBytes)
        for (const name of [CANONICAL_DOMAIN, COMPANION_ID, 'jwks', 'token']) {
          expect(key).not.toContain(name)
        }
      }
    })

    test('cannot be read', async () => {
      await link()
      const stored = world.cache
        .entries()
        .flatMap(({ value }) => [value, Buffer.from(value, 'base64').toString('latin1')])
      const hidden = [
        'eyJ',
        '"keys"',
        '"kid"',
        publishedKey('current').n.slice(0, 40),
        publishedKey('current').kid,
      ]
      for (const text of stored) for (const word of hidden) expect(text).not.toContain(word)
    })

    test('has other keys and values under another ACTION_SECRET', async () => {
      await link()
      const first = world.cache.entries()
      const other = createCache()
      await world.whole({
        cache: other,
        tenant: freshTenant(),
        settings: { ACTION_SECRET: 'another-secret-with-more-than-32-characters' },
      })
      expect(other.entries()).toHaveLength(first.length)
      for (const field of ['key', 'value'] as const) {
        const known = new Set(first.map((entry) => entry[field]))
        for (const entry of other.entries()) expect(known.has(entry[field])).toBe(false)
      }
    })

    test('lives ten minutes for keys, and a minute less than its lifetime for the token', async () => {
      await link()
      const lifetimes = world.cache.entries().map(({ expiresAt }) => expiresAt - NOW_MS)
      expect(lifetimes).toEqual([TEN_MINUTES_MS, DAY_MS - 60_000])
    })

    test('stays under 8 kB with two domains and one token', async () => {
      world.tenant.publish('current', 'next', 'foreign')
      await link()
      const tenant = freshTenant()
      tenant.publish('current', 'next', 'foreign')
      await world.whole({ tenant, event: CUSTOM })
      expect(world.cache.entries()).toHaveLength(3)
      expect(world.cache.refused).toEqual([])
      expect(world.cache.sizeBytes()).toBeLessThan(CACHE_LIMITS.totalBytes)
    })

    test('holds three keys at most, and finds the others all the same', async () => {
      const { kid, ...key } = publishedKey('current')
      const published = (count: number) =>
        ['a', 'b', 'c', 'd', 'e'].slice(0, count).map((id) => ({ ...key, kid: `${kid}${id}` }))
      const sizes: number[] = []
      for (const count of [3, 5]) {
        await world.reload()
        const before = world.tenant.calls('jwks')
        const body = { keys: published(count) }
        world.tenant.failAlways('jwks', { kind: 'answer', status: 200, body })
        const cache = createCache()
        const { event } = await world.start({ cache })
        for (const { kid } of body.keys) {
          const hint = signJwt(hintClaims(event), { kid })
          expect(await world.start({ cache, hint })).toRedirect()
        }
        // The first hint was of another key: for ten seconds the two are found in what came then.
        expect(world.tenant.calls('jwks') - before).toBe(1)
        sizes.push(cache.sizeBytes())
      }
      expect(sizes[1]).toBe(sizes[0])
    })

    test('is renewed within the limits, over and over', async () => {
      for (let round = 0; round < 5; round++) {
        vi.setSystemTime(NOW_MS + round * (DAY_MS + 1))
        const { resumed } = await warm()
        expect(resumed).toGoOn()
      }
      expect(world.cache.refused).toEqual([])
      expect(world.cache.entries().length).toBeLessThanOrEqual(3)
    })

    test('leaves a token out that does not fit', async () => {
      const huge = 'x'.repeat(5_000)
      world.tenant.failAlways('client-credentials', {
        kind: 'answer',
        status: 200,
        body: { access_token: huge, token_type: 'Bearer', expires_in: 86_400 },
      })
      world.tenant.failAlways('link', { kind: 'answer', status: 201, body: [] })
      const { resumed } = await link()
      expect(resumed).toGoOn()
      // The keys of the domain alone.
      expect(world.cache.entries()).toHaveLength(1)
      expect(world.cache.refused).toEqual([])
    })

    test.each([0, 30, 60, 86_400, 10_000_000, undefined])(
      'links with a token of expires_in %s',
      async (expires_in) => {
        world.tenant.failAlways('client-credentials', {
          kind: 'answer',
          status: 200,
          body: { access_token: 'a-token', token_type: 'Bearer', expires_in },
        })
        world.tenant.failAlways('link', { kind: 'answer', status: 201, body: [] })
        const { resumed } = await link()
        expect(resumed).toGoOn()
        for (const { expiresAt } of world.cache.entries())
          expect(expiresAt - NOW_MS).toBeGreaterThan(0)
      },
    )
  })

  describe('what it saves', () => {
    test('is the keys and the token', async () => {
      await link()
      world.tenant.revokeTokens()
      // The other tenant does not know the first one's token: what counts is what is asked for.
      const { routes, started } = await warm()
      expect(started).toRedirect()
      expect(routes.slice(0, 2)).toEqual(['code', 'link'])
    })

    test('is forgotten after ten minutes for the keys', async () => {
      await world.start()
      vi.setSystemTime(NOW_MS + TEN_MINUTES_MS - 1)
      await world.start()
      expect(world.tenant.calls('jwks')).toBe(1)
      vi.setSystemTime(NOW_MS + TEN_MINUTES_MS + 1)
      await world.start()
      expect(world.tenant.calls('jwks')).toBe(2)
    })

    test('is not kept in the module: another cache means another request', async () => {
      await world.start({ cache: createCache() })
      await world.start({ cache: createCache() })
      expect(world.tenant.calls('jwks')).toBe(2)
    })

    test('belongs to one domain', async () => {
      await world.start()
      await world.start({ event: CUSTOM })
      expect(world.tenant.calls('jwks')).toBe(2)
    })

    test.each([
      ['client', 'anotherCompanionClientId00000001', COMPANION_SECRET],
      ['secret of the client', COMPANION_ID, 'another-secret-of-the-same-client'],
    ])('belongs to one %s', async (_what, clientId, clientSecret) => {
      await link()
      const tenant = createTenantDouble({ clientId, clientSecret })
      vi.stubGlobal('fetch', tenant.fetch)
      const { resumed } = await world.whole({
        tenant,
        settings: { AUTH0_CLIENT_ID: clientId, AUTH0_CLIENT_SECRET: clientSecret },
        nested: { event: { client: { client_id: clientId } } },
      })
      expect(resumed).toGoOn()
      // The other's token is not even tried.
      const routes = tenant.requests.map(({ route }) => route)
      expect(routes).toEqual(['code', 'client-credentials', 'link'])
    })
  })

  describe('what others put there', () => {
    async function poisoned(
      change: (value: string, values: readonly string[], index: number) => string,
    ) {
      await link()
      const entries = world.cache.entries()
      const values = entries.map(({ value }) => value)
      const cache = createCache()
      entries.forEach(({ key, value }, index) => {
        cache.set(key, change(value, values, index))
      })
      return warm(cache)
    }

    const foreignKeys = JSON.stringify({ keys: [publishedKey('foreign')] })
    const POISON: readonly (readonly [string, Parameters<typeof poisoned>[0]])[] = [
      ['nothing', () => ''],
      ['text', () => 'nonsense'],
      ['an object', () => '{}'],
      ['null', () => 'null'],
      ['a well-formed key set with a foreign key', () => foreignKeys],
      [
        'an exported key set of a library',
        () => JSON.stringify({ uat: NOW_MS / 1000, jwks: JSON.parse(foreignKeys) }),
      ],
      ['a token', () => 'eyJhbGciOiJub25lIn0.e30.'],
      ['a value cut short', (value) => value.slice(0, -4)],
      ['a value cut to a few characters', (value) => value.slice(0, 10)],
      [
        'a value with one letter changed',
        (value) => `${value[0] === 'A' ? 'B' : 'A'}${value.slice(1)}`,
      ],
      ['a value with its last letters changed', (value) => `${value.slice(0, -3)}AAA`],
      ['the other entry’s value', (_value, values, index) => values[1 - index] ?? ''],
    ]

    test.each(POISON)('is %s: it is fetched anew', async (_what, change) => {
      const { resumed, routes } = await poisoned(change)
      expect(resumed).toGoOn()
      expect(routes).toEqual(['jwks', 'code', 'client-credentials', 'link'])
    })

    test('makes no hint of a foreign key good', async () => {
      await world.start()
      const [entry] = world.cache.entries()
      const cache = createCache()
      cache.set(entry?.key ?? '', foreignKeys)
      const hint = await world.tenant.signIdToken({}, {}, 'foreign')
      expect(await world.start({ cache, hint })).toBeDenied('hint_invalid')
    })

    test('does not open under another ACTION_SECRET', async () => {
      await world.start()
      const [entry] = world.cache.entries()
      const stolen: PlatformCache = {
        get: () => ({ value: entry?.value ?? '', expires_at: NOW_MS + 1_000 }),
        set: () => ({ type: 'success' }),
        delete: () => ({ type: 'success' }),
      }
      await world.start({
        cache: stolen,
        settings: { ACTION_SECRET: 'another-secret-with-more-than-32-characters' },
      })
      expect(world.tenant.calls('jwks')).toBe(2)
    })
  })

  describe('a cache that', () => {
    const fails = (): never => {
      throw new Error('the cache is out of order')
    }
    const works = createCache()
    const refuses = (code: string) => () => ({ type: 'error', code }) as const
    const odd = (value: unknown) => (): never => value as never

    const CACHES: readonly (readonly [string, PlatformCache])[] = [
      ['throws everywhere', { get: fails, set: fails, delete: fails }],
      ['throws at get', { get: fails, set: () => undefined, delete: () => undefined }],
      ['throws at set', { get: () => undefined, set: fails, delete: () => undefined }],
      ['throws at delete', { get: () => undefined, set: () => undefined, delete: fails }],
      [
        'refuses every write',
        {
          get: () => undefined,
          set: refuses('CacheSizeExceeded'),
          delete: refuses('CacheKeyDoesNotExist'),
        },
      ],
      [
        'forgets everything',
        { get: () => undefined, set: () => ({ type: 'success' }), delete: () => undefined },
      ],
      ['gives null', { get: odd(null), set: () => undefined, delete: () => undefined }],
      ['gives a number', { get: odd(7), set: () => undefined, delete: () => undefined }],
      ['gives no value', { get: odd({}), set: () => undefined, delete: () => undefined }],
      [
        'gives a value that is no text',
        {
          get: odd({ value: { a: 1 }, expires_at: 0 }),
          set: () => undefined,
          delete: () => undefined,
        },
      ],
      ['answers with nothing', { get: works.get, set: odd(undefined), delete: odd(undefined) }],
    ]

    test.each(CACHES)('%s costs a round trip, never the login', async (_what, cache) => {
      const { resumed, routes } = await warm(cache)
      expect(resumed).toGoOn()
      expect(routes.filter((route) => route === 'link')).toHaveLength(1)
      expect(routes.length).toBeLessThanOrEqual(5)
    })

    test('is full of other Actions costs a round trip, never the login', async () => {
      const cache = createCache()
      for (let index = 0; index < 20; index++) cache.set(`other-${index}`, 'x'.repeat(300))
      const { resumed } = await warm(cache)
      expect(resumed).toGoOn()
      expect(cache.entries().filter(({ key }) => key.startsWith('other-'))).toHaveLength(20)
    })

    test('is not there at all costs a round trip, never the login', async () => {
      const { event } = await world.start()
      const { api, commands } = createApi()
      await world.handlers.onExecutePostLogin(event, { ...api, cache: undefined as never })
      expect(commands.map(({ type }) => type)).toContain('redirect.sendUserTo')
    })
  })

  test('logins that want the same keys at once do not disturb each other', async () => {
    const starts = await Promise.all([
      world.start(),
      world.start({ hint: { aud: 'another' } }),
      world.start({ event: CUSTOM }),
      world.start(),
    ])
    expect(starts.map(({ code }) => code)).toEqual([
      undefined,
      'hint_invalid',
      undefined,
      undefined,
    ])
    const challenges = starts.map(({ redirect }) => redirect?.searchParams.get('code_challenge'))
    expect(new Set(challenges).size).toBe(4)
    expect(starts[2]).toRedirect({ host: CUSTOM_DOMAIN })
  })
})
