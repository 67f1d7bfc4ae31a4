/** Section 10 of the contract: round trips, counted, and how long those take that are made at once. */

import { describe, expect, test, vi } from 'vitest'
import { createCache } from '../../scripts/testing/cache.ts'
import { buildEvent, type EventOverrides } from '../../scripts/testing/event.ts'
import type { Fault } from '../../scripts/testing/faults.ts'
import type { ResumeOptions } from '../../scripts/testing/flow.ts'
import { NOW_MS, PRIMARY, SECONDARY } from '../../scripts/testing/people.ts'
import { createTenantDouble, type Route } from '../../scripts/testing/tenant-double.ts'
import { stopTimers, untilSettled } from '../support/settle.ts'
import { LINKED, LINKED_EVENT, onEverySubject, query, UNLINK_EVENT } from './harness.ts'

const TRIP_MS = 50

onEverySubject((world) => {
  const routes = () => world.tenant.requests.map(({ route }) => route)

  test('a start asks for the keys, and for nothing when they are cached', async () => {
    await world.start()
    expect(routes()).toEqual(['jwks'])
    await world.start()
    expect(routes()).toEqual(['jwks'])
  })

  test('a way back with cached keys makes three requests', async () => {
    await world.whole()
    expect(routes()).toEqual(['jwks', 'code', 'client-credentials', 'link'])
  })

  test('a way back with cached keys and token makes two requests', async () => {
    const identity = { connection: 'google-oauth2', provider: 'google-oauth2', user_id: '1' }
    const other = { ...SECONDARY, user_id: 'google-oauth2|1', identities: [identity] }
    const tenant = createTenantDouble({ users: [PRIMARY, SECONDARY, other] })
    vi.stubGlobal('fetch', tenant.fetch)
    await world.whole({ tenant })
    const started = await world.start({ tenant })
    const nested = await world.nested(started, { user: other })
    const before = tenant.requests.length
    const resumed = await world.resume(started, nested, { tenant })
    expect(resumed).toGoOn()
    expect(tenant.links).toHaveLength(2)
    expect(tenant.requests.slice(before).map(({ route }) => route)).toEqual(['code', 'link'])
  })

  describe('side by side', () => {
    const LINK: EventOverrides = {}
    const CONSENT: EventOverrides = {
      ...LINKED_EVENT,
      ...query({ requested_connection_scope: 'a-scope' }),
    }

    interface Trouble extends Partial<ResumeOptions> {
      readonly faults?: readonly (readonly [Route, Fault])[]
    }

    /** A way back, every request of it a trip long, under a stopped clock. */
    async function comeBack(event = LINK, { faults = [], ...resume }: Trouble = {}) {
      const isLink = event === LINK
      world.settle(isLink ? PRIMARY : LINKED, SECONDARY)
      const started = await world.start({ event })
      const nested = await world.nested(started, isLink ? {} : { user: LINKED })
      for (const [route, fault] of faults) world.tenant.failAlways(route, fault)
      stopTimers(NOW_MS)
      const { fetch } = world.tenant
      let running = 0
      vi.stubGlobal('fetch', async (input: string, init: RequestInit) => {
        running += 1
        await new Promise((resolve) => setTimeout(resolve, TRIP_MS))
        return fetch(input, init).finally(() => {
          running -= 1
        })
      })
      const { value, tookMs } = await untilSettled(world.resume(started, nested, resume))
      return { ...value, tookMs, running }
    }

    const token = () => world.tenant.calls('client-credentials')

    test.each([
      ['link', LINK],
      ['unlink', UNLINK_EVENT],
    ])('a cold way back lasts as long as two trips: %s', async (_what, event) => {
      const { denial, tookMs } = await comeBack(event)
      expect(denial).toBeUndefined()
      expect(tookMs).toBe(2 * TRIP_MS)
      expect([world.tenant.calls('code'), token()]).toEqual([1, 1])
    })

    test('a consent asks for no token', async () => {
      const { denial, tookMs } = await comeBack(CONSENT)
      expect(denial).toBeUndefined()
      expect(tookMs).toBe(TRIP_MS)
      expect(token()).toBe(0)
    })

    test('a way back without a code asks for no token', async () => {
      expect(await comeBack(LINK, { query: {} })).toBeDenied('callback_invalid')
      expect(token()).toBe(0)
    })

    test('a cache that keeps nothing costs no second token', async () => {
      const cache = { ...createCache(), get: () => undefined }
      const { denial } = await comeBack(LINK, { cache })
      expect(denial).toBeUndefined()
      expect(token()).toBe(1)
    })

    const REFUSED: Fault = { kind: 'answer', status: 403, body: { error: 'invalid_grant' } }

    test('a code that fails costs one token, which the next way back has', async () => {
      const started = await world.start()
      const nested = await world.nested(started)
      world.tenant.fail('code', REFUSED)
      expect(await world.resume(started, nested)).toBeDenied('callback_invalid')
      expect(token()).toBe(1)
      expect((await world.whole()).resumed).toGoOn()
      expect(token()).toBe(1)
    })

    test('a token that fails is told where the code is good, and asked for once', async () => {
      const body = { error: 'invalid_client' }
      const ran = await comeBack(LINK, {
        faults: [['client-credentials', { kind: 'answer', status: 401, body }]],
      })
      expect(ran).toBeDenied('misconfigured')
      expect(token()).toBe(1)
    })

    test.each<readonly [string, Fault]>([
      ['is refused', { kind: 'answer', status: 401, body: { error: 'invalid_client' } }],
      ['is not answered', { kind: 'hang' }],
      ['breaks', { kind: 'reset' }],
      ['stops in the middle', { kind: 'stalled' }],
    ])('a code that fails is what is told, where the token %s too', async (_what, fault) => {
      const unhandled = vi.fn()
      process.on('unhandledRejection', unhandled)
      const ran = await comeBack(LINK, {
        faults: [
          ['client-credentials', fault],
          ['code', REFUSED],
        ],
      })
      process.off('unhandledRejection', unhandled)
      expect(ran).toBeDenied('callback_invalid')
      expect(ran.tookMs).toBeLessThanOrEqual(15_000)
      // Nothing is left behind.
      expect(ran.running).toBe(0)
      expect(vi.getTimerCount()).toBe(0)
      expect(unhandled).not.toHaveBeenCalled()
    })

    test('a token that breaks long before the code is there is no unhandled rejection', async () => {
      const unhandled = vi.fn()
      process.on('unhandledRejection', unhandled)
      const ran = await comeBack(LINK, {
        faults: [
          ['client-credentials', { kind: 'refuse' }],
          ['code', { kind: 'hang' }],
        ],
      })
      process.off('unhandledRejection', unhandled)
      expect(ran).toBeDenied('service_unavailable')
      expect(ran.running).toBe(0)
      expect(unhandled).not.toHaveBeenCalled()
    })
  })

  test('a whole link needs no discovery', async () => {
    await world.whole()
    for (const { url } of world.tenant.requests) expect(url).not.toContain('openid-configuration')
  })

  describe('no request is made by', () => {
    test('an ordinary login', async () => {
      await world.execute(buildEvent({ transaction: { requested_scopes: ['openid'] } }))
      expect(routes()).toEqual([])
    })

    test('a nested login', async () => {
      const started = await world.start()
      await world.nested(started)
      expect(routes()).toEqual(['jwks'])
    })

    test('a login whose account is linked already', async () => {
      await world.start({ event: LINKED_EVENT })
      expect(routes()).toEqual([])
    })

    test('a way back that belongs to another attempt', async () => {
      const started = await world.start()
      const nested = await world.nested(started)
      await world.resume(started, nested, { metadata: {} })
      expect(routes()).toEqual(['jwks'])
    })
  })
})
