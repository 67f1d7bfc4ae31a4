/** `src/cache.ts`: sealed entries within the platform's limits. */

import { describe, expect, test } from 'vitest'
import { createCache } from '../../scripts/testing/cache.ts'
import { NOW_MS } from '../../scripts/testing/people.ts'
import { openCache } from '../../src/cache.ts'

const KEY = Buffer.alloc(32, 1)
const OTHER_KEY = Buffer.alloc(32, 2)
const now = () => NOW_MS
const TTL_MS = 60_000

const open = (platform = createCache({ now }), key = KEY, nowMs = now) => ({
  platform,
  cache: openCache(platform, key, nowMs),
})

describe('an entry', () => {
  test.each([{ a: 1 }, [1, 2], 'text', 7, null, false])('comes back as it was: %j', (value) => {
    const { cache } = open()
    cache.write('name', { value, ttlMs: TTL_MS })
    expect(cache.read('name')).toEqual(value)
  })

  test('is sealed anew at every write', () => {
    const { cache, platform } = open()
    cache.write('name', { value: 'text', ttlMs: TTL_MS })
    const [first] = platform.entries()
    cache.write('name', { value: 'text', ttlMs: TTL_MS })
    expect(platform.entries()).toHaveLength(1)
    expect(platform.entries()[0]?.value).not.toBe(first?.value)
  })

  test('opens under its own key and name only', () => {
    const { cache, platform } = open()
    cache.write('one', { value: 'first', ttlMs: TTL_MS })
    cache.write('two', { value: 'second', ttlMs: TTL_MS })
    const [one, two] = platform.entries()
    platform.set(two?.key ?? '', one?.value ?? '')
    expect(cache.read('two')).toBeUndefined()
    expect(cache.read('one')).toBe('first')
    expect(open(platform, OTHER_KEY).cache.read('one')).toBeUndefined()
  })

  test('is not opened after its time, even if the platform still has it', () => {
    let at = NOW_MS
    const platform = createCache({ now })
    const cache = openCache(platform, KEY, () => at)
    cache.write('name', { value: 'text', ttlMs: TTL_MS })
    at = NOW_MS + TTL_MS - 1
    expect(cache.read('name')).toBe('text')
    at = NOW_MS + TTL_MS
    expect(cache.read('name')).toBeUndefined()
  })

  test('is not opened when any character of it has changed', () => {
    const { cache, platform } = open()
    cache.write('name', { value: 'text', ttlMs: TTL_MS })
    const [{ key, value } = { key: '', value: '' }] = platform.entries()
    // The last character may carry unused bits: base64url of another text can be the same bytes.
    for (let index = 0; index < value.length - 1; index++) {
      const letter = value[index] === 'A' ? 'B' : 'A'
      platform.delete(key)
      platform.set(key, value.slice(0, index) + letter + value.slice(index + 1))
      expect([index, cache.read('name')]).toEqual([index, undefined])
    }
  })

  test('with a shortened tag is not opened', () => {
    const { cache, platform } = open()
    cache.write('name', { value: 'text', ttlMs: TTL_MS })
    const [{ key, value } = { key: '', value: '' }] = platform.entries()
    for (let bytes = 0; bytes < Buffer.from(value, 'base64url').length; bytes++) {
      platform.delete(key)
      platform.set(key, Buffer.from(value, 'base64url').subarray(0, bytes).toString('base64url'))
      expect([bytes, cache.read('name')]).toEqual([bytes, undefined])
    }
  })

  test('stands under another key for another name or ACTION_SECRET, the same for the same', () => {
    const keys = [KEY, OTHER_KEY].flatMap((key) =>
      ['one', 'two'].map((name) => open(undefined, key).cache.keyOf(name)),
    )
    expect(new Set(keys).size).toBe(4)
    expect(open().cache.keyOf('one')).toBe(keys[0])
  })

  test('is gone when it was dropped', () => {
    const { cache, platform } = open()
    cache.write('name', { value: 'text', ttlMs: TTL_MS })
    cache.drop('name')
    expect(cache.read('name')).toBeUndefined()
    expect(platform.entries()).toEqual([])
  })
})

describe('the limits', () => {
  test('a value that is too large is left out, and the old one goes on', () => {
    const { cache, platform } = open()
    cache.write('name', { value: 'old', ttlMs: TTL_MS })
    cache.write('name', { value: 'x'.repeat(5_000), ttlMs: TTL_MS })
    expect(platform.refused).toEqual([])
    expect(cache.read('name')).toBe('old')
  })

  test.each([0, -1, -60_000])('a lifetime of %s ms is none', (ttlMs) => {
    const { cache, platform } = open()
    cache.write('name', { value: 'text', ttlMs })
    expect(cache.read('name')).toBeUndefined()
    expect(platform.refused).toEqual([])
  })

  test('a lifetime is a day at most', () => {
    const { cache, platform } = open()
    cache.write('name', { value: 'text', ttlMs: 10 * 86_400_000 })
    expect(platform.entries()[0]?.expiresAt).toBe(NOW_MS + 86_400_000)
    expect(platform.refused).toEqual([])
  })

  test('an entry is replaced where old and new would not fit beside each other', () => {
    const { cache, platform } = open()
    for (let round = 0; round < 3; round++) {
      for (const name of ['one', 'two']) {
        cache.write(name, { value: String(round).repeat(2_900), ttlMs: TTL_MS })
      }
    }
    expect(cache.read('one')).toBe('2'.repeat(2_900))
    expect(cache.read('two')).toBe('2'.repeat(2_900))
    expect(platform.refused).toEqual([])
  })
})
