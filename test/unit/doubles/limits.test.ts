/** The doubles of `event`, `api`, `api.cache` and `console` hold an Action to the platform's limits. */

import { describe, expect, test } from 'vitest'
import { createApi } from '../../../scripts/testing/api.ts'
import { CACHE_LIMITS, createCache } from '../../../scripts/testing/cache.ts'
import { createConsole } from '../../../scripts/testing/console.ts'
import { buildEvent, changeEvent, deepFreeze } from '../../../scripts/testing/event.ts'

describe('the cache', () => {
  const ok = { type: 'success' }
  const error = (code: string) => ({ type: 'error', code })

  test('gives back what it was given, and when that ends', () => {
    const cache = createCache({ now: () => 1_000 })
    expect(cache.set('key', 'value', { ttl: 500 })).toEqual(ok)
    expect(cache.get('key')).toEqual({ value: 'value', expires_at: 1_500 })
    expect(cache.set('other', 'value')).toEqual(ok)
    expect(cache.get('other')?.expires_at).toBe(1_000 + 15 * 60_000)
    expect(cache.get('absent')).toBeUndefined()
  })

  test('forgets at the end, and still counts what it has forgotten', () => {
    let now = 0
    const cache = createCache({ now: () => now })
    cache.set('one', 'x'.repeat(4_000), { ttl: 10 })
    cache.set('two', 'x'.repeat(4_000), { ttl: 10 })
    now = 10
    expect(cache.get('one')).toBeUndefined()
    expect(cache.set('three', 'x'.repeat(400))).toEqual(error('CacheSizeExceeded'))
    cache.delete('one')
    expect(cache.set('three', 'x'.repeat(400))).toEqual(ok)
  })

  test.each([
    ['k'.repeat(65), 'v', 'CacheKeySizeExceeded'],
    ['é'.repeat(33), 'v', 'CacheKeySizeExceeded'],
    ['k', 'v'.repeat(4_097), 'CacheValueSizeExceeded'],
    ['k', 'é'.repeat(2_049), 'CacheValueSizeExceeded'],
    ['', 'v', 'FailedToSetCacheRecord'],
    [7, 'v', 'FailedToSetCacheRecord'],
    ['k', { v: 1 }, 'FailedToSetCacheRecord'],
  ])('refuses %j', (key, value, code) => {
    const cache = createCache()
    expect(cache.set(key as string, value as string)).toEqual(error(code))
    expect(cache.entries()).toEqual([])
    expect(cache.refused).toHaveLength(1)
  })

  test.each([
    [CACHE_LIMITS.maxTtlMs, undefined],
    [CACHE_LIMITS.maxTtlMs + 1, 'InvalidExpiry'],
    [Number.NaN, 'InvalidExpiry'],
    [0, 'ItemAlreadyExpired'],
    [-1, 'ItemAlreadyExpired'],
  ])('answers a lifetime of %s ms with %s', (ttl, code) => {
    const answer = createCache().set('k', 'v', { ttl })
    expect(answer).toEqual(code === undefined ? ok : error(code))
  })

  test('has room for 20 entries', () => {
    const cache = createCache()
    for (let index = 0; index < 20; index++) expect(cache.set(`k${index}`, 'v')).toEqual(ok)
    expect(cache.set('k20', 'v')).toEqual(error('CacheSizeExceeded'))
    expect(cache.set('k0', 'w')).toEqual(ok)
  })

  test('counts the old value and the new one when it overwrites', () => {
    const cache = createCache()
    cache.set('one', 'x'.repeat(4_096))
    cache.set('two', 'x'.repeat(3_000))
    expect(cache.set('two', 'x'.repeat(3_000))).toEqual(error('CacheSizeExceeded'))
    expect(cache.delete('two')).toEqual(ok)
    expect(cache.set('two', 'x'.repeat(3_000))).toEqual(ok)
  })

  test('says that there is nothing to delete', () => {
    expect(createCache().delete('absent')).toEqual(error('CacheKeyDoesNotExist'))
  })
})

describe('api', () => {
  test('records what it is asked, in order', () => {
    const { api, commands, metadata } = createApi()
    api.transaction.setMetadata('key', 'value')
    api.redirect.sendUserTo('https://example.com/x')
    api.idToken.setCustomClaim('https://example.com/claim', { a: 1 })
    api.access.deny('no')
    expect(commands).toEqual([
      { type: 'transaction.setMetadata', key: 'key', value: 'value' },
      { type: 'redirect.sendUserTo', url: 'https://example.com/x' },
      { type: 'idToken.setCustomClaim', name: 'https://example.com/claim', value: { a: 1 } },
      { type: 'access.deny', reason: 'no' },
    ])
    expect(metadata).toEqual({ key: 'value' })
  })

  test.each([
    ['k'.repeat(65), 'v'],
    ['', 'v'],
    ['k', 'v'.repeat(8_193)],
    ['k', { v: 1 }],
    ['k', null],
    ['k', undefined],
  ])('throws for the metadata %j', (key, value) => {
    const { api, metadata } = createApi()
    expect(() => api.transaction.setMetadata(key, value as string)).toThrow('setMetadata')
    expect(metadata).toEqual({})
  })

  test('throws when all metadata together are too large', () => {
    const { api } = createApi({ metadata: { other: 'x'.repeat(8_000) } })
    api.transaction.setMetadata('one', 'x'.repeat(8_000))
    expect(() => api.transaction.setMetadata('two', 'x'.repeat(1_000))).toThrow('together')
    api.transaction.setMetadata('one', 'x'.repeat(8_100))
  })

  test.each(['', '/relative', 'javascript:alert(1)', 'example.com'])(
    'throws for a redirect to "%s"',
    (url) => {
      expect(() => createApi().api.redirect.sendUserTo(url)).toThrow('sendUserTo')
    },
  )

  test('throws for a redirect where no page can be shown', () => {
    const { api } = createApi({ canRedirect: () => false })
    expect(api.redirect.canRedirect?.()).toBe(false)
    expect(() => api.redirect.sendUserTo('https://example.com/')).toThrow('no page')
  })

  test('has no canRedirect unless it is given one', () => {
    expect('canRedirect' in createApi().api.redirect).toBe(false)
  })

  test.each([
    'sub',
    'aud',
    'nonce',
    'https://auth0.com/x',
    'https://a.webtask.io/x',
    'https://WEBTASK.run/',
    'urn:auth0:x',
    '$x',
  ])('drops the claim %s without a word', (name) => {
    const { api, commands, droppedClaims } = createApi()
    api.idToken.setCustomClaim(name, 1)
    expect(commands).toEqual([])
    expect(droppedClaims).toEqual([name])
  })

  test.each([undefined, () => 1])('throws for a claim whose value is %s', (value) => {
    expect(() => createApi().api.idToken.setCustomClaim('x', value)).toThrow('not JSON')
  })

  test.each([
    [[]],
    [[{ type: 'sms' }]],
    [[{ type: 'phone', options: { preferredMethod: 'fax' } }]],
  ])('throws for the challenge %j', (factors) => {
    const { api } = createApi()
    expect(() => api.authentication.challengeWithAny(factors as never)).toThrow('challengeWithAny')
  })
})

describe('the console', () => {
  test('formats as Node does, and keeps 256 characters', () => {
    const { console, lines, kept, clear } = createConsole()
    console.log('%s and %j', 'text', { a: 1 })
    console.error(new TypeError('no').message, [1])
    expect(lines).toEqual(['text and {"a":1}', 'no [ 1 ]'])
    console.info('x'.repeat(300))
    expect(kept()).toHaveLength(256)
    clear()
    expect(lines).toEqual([])
  })
})

describe('buildEvent', () => {
  test('gives the same event at every call, and shares nothing', () => {
    const [one, other] = [buildEvent(), buildEvent()]
    expect(one).toEqual(other)
    expect(one.user).not.toBe(other.user)
    expect(one.user.identities).not.toBe(other.user.identities)
  })

  test('merges objects, replaces arrays, and removes what is undefined', () => {
    const event = buildEvent({
      request: { query: { state: 'other', id_token_hint: undefined } },
      transaction: { requested_scopes: ['openid'] },
      session: undefined,
    })
    expect(event.request.query).toMatchObject({ state: 'other', response_type: 'code' })
    expect(event.request.query).not.toHaveProperty('id_token_hint')
    expect(event.transaction?.requested_scopes).toEqual(['openid'])
    expect(event).not.toHaveProperty('session')
  })

  test('is left as it is by a change', () => {
    const event = deepFreeze(buildEvent())
    const changed = changeEvent(event, { user: { user_id: 'other' } })
    expect(changed.user.user_id).toBe('other')
    expect(event).toEqual(buildEvent())
  })

  test('is frozen to its last object on demand', () => {
    const event = deepFreeze(buildEvent())
    expect(() => Object.assign(event.user, { user_id: 'x' })).toThrow(TypeError)
    expect(() => Object.assign(event.request.query ?? {}, { x: 1 })).toThrow(TypeError)
  })
})
