/**
 * `api.cache` within its limits, sealed: the keys of a domain (`jwks.ts`) and the Management token
 * (`management.ts`), and nothing of a user. Other Actions of the trigger can neither read nor forge an
 * entry, and what does not open is absent. A failure of the cache costs a round trip, never the
 * login. The only file that reads or writes `api.cache`.
 *
 * @see https://auth0.com/docs/customize/actions/actions-overview (limits of the cache)
 */
import { deriveTag } from './derive.ts'
import { isRecord } from './json.ts'
import { PLATFORM, type PlatformCache } from './platform.ts'
import { seal, unseal } from './seal.ts'

export interface Entry {
  readonly value: unknown
  readonly ttlMs: number
}

export interface Cache {
  /** The opened value, or `undefined` when there is none that can be trusted. */
  read(name: string): unknown
  write(name: string, entry: Entry): void
  drop(name: string): void
  /** Where the entry stands: a keyed hash of its name, another one under another ACTION_SECRET. */
  keyOf(name: string): string
}

/** `key` is derived from ACTION_SECRET; `nowMs` gives the time in milliseconds since the epoch. */
export function openCache(platform: PlatformCache, key: Buffer, nowMs: () => number): Cache {
  const keyOf = (name: string) => `cial:${deriveTag(key, 'cache-entry/v1', name).slice(0, 22)}`

  /** The cache may throw, refuse or hold anything: each of these is an absent entry. */
  function orAbsent<T>(operation: () => T): T | undefined {
    try {
      return operation()
    } catch {
      return undefined
    }
  }

  function read(name: string): unknown {
    const at = keyOf(name)
    return orAbsent(() => {
      const stored = platform.get(at)?.value
      if (typeof stored !== 'string') return undefined
      const entry = unseal(key, at, stored)
      return isRecord(entry) && nowMs() < Number(entry.expiresAtMs) ? entry.value : undefined
    })
  }

  function drop(name: string): void {
    orAbsent(() => platform.delete(keyOf(name)))
  }

  function write(name: string, { value, ttlMs }: Entry): void {
    const at = keyOf(name)
    const ttl = Math.min(ttlMs, PLATFORM.maxCacheTtlMs)
    if (ttl <= 0) return
    const sealed = seal(key, at, { value, expiresAtMs: nowMs() + ttl })
    if (sealed.length > PLATFORM.maxCacheValueBytes) return
    drop(name) // an overwritten value would count beside the new one
    orAbsent(() => platform.set(at, sealed, { ttl }))
  }

  return { read, write, drop, keyOf }
}
