/**
 * `api.cache` within the platform's limits. In memory, no I/O. As on the platform a write that does
 * not fit is answered with `{type: 'error', code}` and never thrown; `entries` shows what is stored.
 *
 * @see https://auth0.com/docs/customize/actions/limitations
 */

import type { CacheError, PlatformCache } from '../../src/platform.ts'

export interface CacheEntry {
  readonly key: string
  readonly value: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export type CacheOperation = 'get' | 'set' | 'delete'

export interface CacheDouble extends PlatformCache {
  /** Everything stored, expired entries included: they still count. */
  entries(): readonly CacheEntry[]
  /** What all entries take now, keys included. */
  sizeBytes(): number
  /** Every write that the limits refused. */
  readonly refused: readonly { readonly key: string; readonly code: string }[]
  /** Every call, in order. */
  readonly calls: readonly { readonly operation: CacheOperation; readonly key: string }[]
}

export interface CacheOptions {
  /** The clock, in milliseconds since the epoch. */
  readonly now?: () => number
}

/**
 * Entries by number, sizes in bytes of UTF-8, lifetimes in milliseconds.
 *
 * @see https://auth0.com/docs/customize/actions/limitations
 */
export const CACHE_LIMITS = {
  entries: 20,
  keyBytes: 64,
  valueBytes: 4_096,
  totalBytes: 8_192,
  defaultTtlMs: 15 * 60_000,
  maxTtlMs: 24 * 60 * 60_000,
} as const

const failure = (code: string): CacheError => ({ type: 'error', code })
const bytes = (text: string): number => Buffer.byteLength(text, 'utf8')
const sizeOf = ({ key, value }: CacheEntry): number => bytes(key) + bytes(value)

/**
 * Makes an empty `api.cache`. Nothing throws: a write beyond `CACHE_LIMITS` stores nothing, answers
 * `{type: 'error', code}` and is noted in `refused`. Overwriting needs room for the old value and the
 * new, and expired entries count until they are deleted. `ttl` is in milliseconds, 15 minutes where it
 * is left out. Share one between runs as a tenant does between all its post-login Actions.
 */
export function createCache({ now = Date.now }: CacheOptions = {}): CacheDouble {
  const stored = new Map<string, CacheEntry>()
  const refused: { key: string; code: string }[] = []
  const calls: { operation: CacheOperation; key: string }[] = []

  const sizeBytes = (): number =>
    [...stored.values()].reduce((sum, entry) => sum + sizeOf(entry), 0)

  function problemOf(key: unknown, value: unknown, ttl: unknown): string | undefined {
    if (typeof key !== 'string' || key === '') return 'FailedToSetCacheRecord'
    if (typeof value !== 'string') return 'FailedToSetCacheRecord'
    if (bytes(key) > CACHE_LIMITS.keyBytes) return 'CacheKeySizeExceeded'
    if (bytes(value) > CACHE_LIMITS.valueBytes) return 'CacheValueSizeExceeded'
    if (typeof ttl !== 'number' || !Number.isFinite(ttl)) return 'InvalidExpiry'
    if (ttl > CACHE_LIMITS.maxTtlMs) return 'InvalidExpiry'
    if (ttl <= 0) return 'ItemAlreadyExpired'
    if (!stored.has(key) && stored.size >= CACHE_LIMITS.entries) return 'CacheSizeExceeded'
    // The old value is not freed first: overwriting needs room for both.
    const total = sizeBytes() + bytes(key) + bytes(value)
    return total > CACHE_LIMITS.totalBytes ? 'CacheSizeExceeded' : undefined
  }

  return {
    get(key) {
      calls.push({ operation: 'get', key })
      const entry = stored.get(key)
      if (entry === undefined || entry.expiresAt <= now()) return undefined
      return { value: entry.value, expires_at: entry.expiresAt }
    },
    set(key, value, options) {
      calls.push({ operation: 'set', key })
      const ttl = options?.ttl ?? CACHE_LIMITS.defaultTtlMs
      const code = problemOf(key, value, ttl)
      if (code !== undefined) {
        refused.push({ key, code })
        return failure(code)
      }
      stored.set(key, { key, value, expiresAt: now() + ttl })
      return { type: 'success' }
    },
    delete(key) {
      calls.push({ operation: 'delete', key })
      return stored.delete(key) ? { type: 'success' } : failure('CacheKeyDoesNotExist')
    },
    entries: () => [...stored.values()],
    sizeBytes,
    refused,
    calls,
  }
}
