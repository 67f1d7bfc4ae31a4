/** `src/keys.ts`: which keys of a JWKS count, and when they are fetched. */

import { describe, expect, test } from 'vitest'
import { openCache } from '../../src/cache.ts'
import { openHttp } from '../../src/http.ts'
import { createKeySource } from '../../src/keys.ts'
import { createCache } from '../support/cache.ts'
import { CANONICAL_DOMAIN, NOW_MS } from '../support/people.ts'

const KEY = { kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'one', n: 'AQAB', e: 'AQAB' }

function source(...answers: readonly unknown[]) {
  const platform = createCache({ now: () => NOW_MS })
  let requests = 0
  const fetch = async () => {
    const answer = answers[Math.min(requests++, answers.length - 1)]
    return new Response(typeof answer === 'string' ? answer : JSON.stringify(answer))
  }
  const open = () => {
    const nowMs = () => NOW_MS
    const http = openHttp({ fetch, monotonicMs: nowMs, nowMs, onAnswer: () => {} })
    return createKeySource(CANONICAL_DOMAIN, http, openCache(platform, Buffer.alloc(32, 1), nowMs))
  }
  return { open, requests: () => requests }
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

  test.each(['', 'text', 'null', '[]', '{}', '{"keys":{}}', '{"keys":null}'])(
    'takes %j for no key set',
    async (answer) => {
      expect(await source(answer).open().find('one')).toMatchObject({ code: 'service_unavailable' })
    },
  )
})
