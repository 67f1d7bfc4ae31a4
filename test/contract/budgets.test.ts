/** Section 10 of the contract: round trips, counted. */

import { describe, expect, test, vi } from 'vitest'
import { buildEvent } from '../support/event.ts'
import { PRIMARY, SECONDARY } from '../support/people.ts'
import { createTenantDouble } from '../support/tenant-double.ts'
import { LINKED_EVENT, onEverySubject } from './harness.ts'

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
    expect(resumed.denial).toBeUndefined()
    expect(tenant.links).toHaveLength(2)
    expect(tenant.requests.slice(before).map(({ route }) => route)).toEqual(['code', 'link'])
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
