/** `src/jwks.ts`: which keys of a JWKS count, and when they are fetched. */

import { describe, expect, test } from 'vitest'
import { createCache } from '../../scripts/testing/cache.ts'
import { CANONICAL_DOMAIN, NOW_MS } from '../../scripts/testing/people.ts'
import { openCache } from '../../src/cache.ts'
import { openHttp } from '../../src/http.ts'
import { createKeySource } from '../../src/jwks.ts'

const KEY = { kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'one', n: 'AQAB', e: 'AQAB' }

/** Each test has a domain of its own: an instance remembers what it has looked for in vain. */
let domains = 0

function source(...answers: readonly unknown[]) {
  const domain = `${domains++}.${CANONICAL_DOMAIN}`
  const platform = createCache({ now: () => NOW_MS })
  let requests = 0
  let atMs = 0
  const fetch = async () => {
    const answer = answers[Math.min(requests++, answers.length - 1)]
    return new Response(typeof answer === 'string' ? answer : JSON.stringify(answer))
  }
  const open = () => {
    const nowMs = () => NOW_MS
    const http = openHttp({ fetch, monotonicMs: () => atMs, nowMs, onAnswer: () => {} })
    return createKeySource(domain, http, openCache(platform, Buffer.alloc(32, 1), nowMs))
  }
  return {
    open,
    requests: () => requests,
    later: (ms: number) => {
      atMs += ms
    },
    forget: () => {
      for (const { key } of platform.entries()) platform.delete(key)
    },
  }
}

describe('createKeySource', () => {
  test('finds a key, and keeps no more of it than is needed', async () => {
    const { open } = source({ keys: [{ ...KEY, x5c: ['x'], x5t: 'x' }] })
    expect(await open().find('one')).toEqual({ kid: 'one', n: 'AQAB', e: 'AQAB' })
  })

  test.each([
    { ...KEY, kty: 'EC' },
    { ...KEY, use: 'enc' },
    { ...KEY, alg: 'RS512' },
    { ...KEY, alg: 'RSA-OAEP' },
    { ...KEY, kid: 7 },
    { ...KEY, n: undefined },
    { ...KEY, e: 65_537 },
    null,
    'text',
    [KEY],
  ])('does not count %j', async (key) => {
    const { open } = source({ keys: [key] })
    expect(await open().find('one')).toBeUndefined()
  })

  test('counts a key without use and alg', async () => {
    const { use: _use, alg: _alg, ...bare } = KEY
    expect(
      await source({ keys: [bare] })
        .open()
        .find('one'),
    ).toBeDefined()
  })

  test('asks once for several keys, and not at all when they are cached', async () => {
    const { open, requests } = source({ keys: [KEY, { ...KEY, kid: 'two' }] })
    const first = open()
    await first.find('one')
    await first.find('two')
    await first.find('three')
    await open().find('two')
    expect(requests()).toBe(1)
  })

  test('asks once more for a key that is not among the cached ones', async () => {
    const { open, requests } = source({ keys: [KEY] }, { keys: [{ ...KEY, kid: 'two' }] })
    await open().find('one')
    expect(await open().find('two')).toBeDefined()
    expect(requests()).toBe(2)
  })

  test('asks once more for each key that the cache has no room for', async () => {
    const five = ['a', 'b', 'c', 'd', 'e'].map((kid) => ({ ...KEY, kid }))
    const { open, requests } = source({ keys: five })
    for (const { kid } of five) expect(await open().find(kid)).toMatchObject({ kid })
    expect(requests()).toBe(3)
  })

  describe('a key that the domain does not have', () => {
    const TWO = { ...KEY, kid: 'two' }

    test('is asked for once in ten seconds, whoever asks', async () => {
      const { open, requests, later } = source({ keys: [KEY] })
      await open().find('one')
      for (const kid of ['a', 'b', 'c']) expect(await open().find(kid)).toBeUndefined()
      expect(requests()).toBe(2)
      later(9_999)
      await open().find('d')
      expect(requests()).toBe(2)
      later(1)
      await open().find('e')
      expect(requests()).toBe(3)
      await open().find('f')
      expect(requests()).toBe(3)
    })

    test('is asked for once by all that come at once', async () => {
      const { open, requests } = source({ keys: [KEY] })
      await open().find('one')
      const kids = Array.from({ length: 50 }, (_, index) => `made-up-${index}`)
      const found = await Promise.all(kids.map((kid) => open().find(kid)))
      expect(new Set(found)).toEqual(new Set([undefined]))
      expect(requests()).toBe(2)
    })

    test('counts where the cache was empty too', async () => {
      const { open, requests } = source({ keys: [KEY] })
      await open().find('a')
      await open().find('b')
      expect(requests()).toBe(1)
    })

    test('does not stand in the way of those that are known', async () => {
      const { open, requests } = source({ keys: [KEY] })
      await open().find('a')
      expect(await open().find('one')).toBeDefined()
      expect(requests()).toBe(1)
    })

    test('is found ten seconds later, where it is new', async () => {
      const { open, later } = source({ keys: [KEY] }, { keys: [KEY, TWO] })
      await open().find('a')
      expect(await open().find('two')).toBeUndefined()
      later(10_000)
      expect(await open().find('two')).toBeDefined()
    })

    test('is found by the question of another, where it is new', async () => {
      const { open, later, requests } = source({ keys: [KEY] }, { keys: [KEY, TWO] })
      await open().find('a')
      later(10_000)
      await open().find('b')
      expect(await open().find('two')).toBeDefined()
      expect(requests()).toBe(2)
    })

    test('is asked for at once where the cache is empty', async () => {
      const { open, requests, forget } = source({ keys: [KEY] }, { keys: [TWO] })
      await open().find('a')
      forget()
      expect(await open().find('two')).toBeDefined()
      expect(requests()).toBe(2)
    })

    test('is none that may be there where the domain does not answer', async () => {
      const { open, requests } = source({ keys: [KEY] }, 'no key set')
      await open().find('one')
      for (const kid of ['a', 'b'])
        expect(await open().find(kid)).toMatchObject({ code: 'service_unavailable' })
      expect(requests()).toBe(2)
    })

    test('hides none of those that the cache has no room for', async () => {
      const five = ['a', 'b', 'c', 'd', 'e'].map((kid) => ({ ...KEY, kid }))
      const { open, requests, later } = source({ keys: five })
      for (let second = 0; second < 9; second++) {
        await open().find('made-up')
        expect(await open().find('e')).toMatchObject({ kid: 'e' })
        later(1_000)
      }
      expect(requests()).toBe(1)
    })

    test('is one domain’s matter', async () => {
      const one = source({ keys: [KEY] })
      const other = source({ keys: [KEY] }, { keys: [TWO] })
      await one.open().find('a')
      await other.open().find('one')
      expect(await other.open().find('two')).toBeDefined()
    })
  })

  test.each(['', 'text', 'null', '[]', '{}', '{"keys":{}}', '{"keys":null}'])(
    'takes %j for no key set',
    async (answer) => {
      expect(await source(answer).open().find('one')).toMatchObject({ code: 'service_unavailable' })
    },
  )
})
