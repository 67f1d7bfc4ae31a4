/**
 * Whatever the cache holds, and however it behaves: a hint that is forged stays refused, a login that
 * is good stays good, and no write is ever refused for its size.
 */

import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { createCache } from '../../scripts/testing/cache.ts'
import { SECRETS } from '../../scripts/testing/event.ts'
import { linkingEvent, nestedLogin, type Run, resumeEvent } from '../../scripts/testing/flow.ts'
import { publishedKey } from '../../scripts/testing/keys.ts'
import { NOW_MS, type Person, PRIMARY, SECONDARY } from '../../scripts/testing/people.ts'
import type { PlatformCache } from '../../src/platform.ts'
import { spellings } from '../support/invariants.ts'
import { odd, telling } from './generators.ts'
import { useTenant } from './recorded-tenant.ts'
import { attempt, bundle, property } from './world.ts'

/** Of one tenant; then there is another. */
const MAX_LINKS = 100

const person = (number: number): Person => ({
  ...SECONDARY,
  user_id: `google-oauth2|${number}`,
  identities: [{ connection: 'google-oauth2', provider: 'google-oauth2', user_id: String(number) }],
})

/** A tenant for many runs, and what a cache holds after a whole link there. */
async function warmUp() {
  const people = Array.from({ length: MAX_LINKS + 1 }, (_, number) => person(number))
  const tenant = useTenant({ users: [PRIMARY, ...people] })
  const cache = createCache()
  const event = await linkingEvent({ tenant })
  const started = await attempt(bundle.onExecutePostLogin, event, { cache })
  const run: Run = { ...started, event, denial: undefined }
  const nested = await nestedLogin(bundle, run, { user: person(0) })
  await attempt(bundle.onContinuePostLogin, resumeEvent(run, nested, { tenant }), { cache })
  expect(tenant.links).toHaveLength(1)
  expect(cache.entries()).toHaveLength(2)
  return { tenant, event, started, entries: cache.entries() }
}

/** What a cache that was good before says now. */
type Twist =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'text'; readonly at: number; readonly cut: number; readonly put: string }
  | { readonly kind: 'swapped' | 'throwing' | 'refusing' | 'foreign keys' | 'empty' | 'whole' }

const twist: fc.Arbitrary<Twist> = fc.oneof(
  fc.record({ kind: fc.constant('value' as const), value: odd }),
  fc.record({
    kind: fc.constant('text' as const),
    at: fc.nat(2_000),
    cut: fc.nat(3),
    put: fc.string({ maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constantFrom('swapped', 'throwing', 'refusing', 'foreign keys', 'empty', 'whole'),
  }),
)

const throwing = (): never => {
  throw Object.assign(new Error('the cache is away'), { code: 'EXAMPLE' })
}

function twisted(good: ReturnType<typeof createCache>, twist: Twist): PlatformCache {
  const entries = good.entries()
  const read = (key: string): unknown => {
    const found = good.get(key)
    switch (twist.kind) {
      case 'value':
        return twist.value
      case 'text':
        return (
          found && {
            ...found,
            value:
              found.value.slice(0, twist.at) + twist.put + found.value.slice(twist.at + twist.cut),
          }
        )
      case 'swapped':
        return { expires_at: 0, value: entries.find((entry) => entry.key !== key)?.value }
      case 'foreign keys':
        return { expires_at: 0, value: JSON.stringify({ keys: [publishedKey('foreign')] }) }
      case 'empty':
        return undefined
      default:
        return found
    }
  }
  if (twist.kind === 'throwing') return { get: throwing, set: throwing, delete: throwing }
  return {
    get: (key) => read(key) as ReturnType<PlatformCache['get']>,
    set: (key, value, options) =>
      twist.kind === 'refusing'
        ? { type: 'error', code: 'CacheSizeExceeded' }
        : good.set(key, value, options),
    delete: (key) => good.delete(key),
  }
}

/** Entries of other Actions, which take room. */
const others = fc.array(fc.tuple(fc.string({ maxLength: 60 }), telling), { maxLength: 20 })

describe('a cache', () => {
  let warm: Awaited<ReturnType<typeof warmUp>> | undefined

  property(
    'costs a round trip at most, and opens no door',
    fc.record({ twist, others, forged: fc.boolean(), whenBack: fc.boolean() }),
    async ({ twist, others, forged, whenBack }, tally) => {
      if (warm === undefined || warm.tenant.links.length > MAX_LINKS) warm = await warmUp()
      const { tenant, event, entries } = warm
      const good = createCache()
      for (const { key, value, expiresAt } of entries) {
        good.set(key, value, { ttl: expiresAt - NOW_MS })
      }
      for (const [key, value] of others) good.set(`other:${key}`, value)
      const refused = good.refused.length
      const cache = twisted(good, twist)
      const secrets = [SECRETS.AUTH0_CLIENT_SECRET, SECRETS.ACTION_SECRET].flatMap(spellings)

      if (forged) {
        const token = await tenant.signIdToken({ sub: event.user.user_id }, {}, 'foreign')
        const query = { ...event.request.query, id_token_hint: token }
        const again = { ...event, request: { ...event.request, query } }
        const ran = await attempt(bundle.onExecutePostLogin, again, { cache, secrets })
        expect(ran.broken).toEqual([])
        expect(ran.code).toBe('hint_invalid')
        return
      }
      const started = whenBack
        ? warm.started
        : await attempt(bundle.onExecutePostLogin, event, { cache, secrets })
      expect(started.broken).toEqual([])
      expect(started.redirect).toBeDefined()
      const run: Run = { ...started, event, denial: undefined }
      // Somebody new each time: what is linked is linked.
      const user = person(tenant.links.length)
      const nested = await nestedLogin(bundle, run, { user })
      const back = resumeEvent(run, nested, { tenant })
      const ran = await attempt(bundle.onContinuePostLogin, back, { cache, secrets })
      expect(ran.broken).toEqual([])
      expect(ran.code).toBeUndefined()
      expect(tenant.links.at(-1)).toEqual({
        primary: event.user.user_id,
        identity: user.user_id,
      })
      if (others.length === 0) expect(good.refused.length).toBe(refused)
      tally.passed += 1
    },
    { reaches: 0.3 },
  )
})
