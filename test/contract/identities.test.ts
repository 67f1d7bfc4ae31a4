/** Sections 4.3, 6.1 and 6.5 of the contract: several identities of one connection. */

import { describe, expect, test } from 'vitest'
import type { EventOverrides } from '../../scripts/testing/event.ts'
import {
  DATABASE_CONNECTION,
  type Person,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from '../../scripts/testing/people.ts'
import type { Identity } from '../../src/platform.ts'
import { onEverySubject, query, UNLINK_EVENT } from './harness.ts'

const RESULT_CLAIM = 'https://app.example.com/linking'

const google = (user_id: string): Identity => ({
  connection: 'google-oauth2',
  provider: 'google-oauth2',
  user_id,
  isSocial: true,
})

/** The primary with so many Google identities. */
const holding = (count: number): Person => ({
  ...PRIMARY,
  identities: [
    ...PRIMARY.identities,
    ...Array.from({ length: count }, (_, index) => google(String(index + 1))),
  ],
})

const asking = (user: Person, scope?: string): EventOverrides => ({
  user: { identities: user.identities },
  request: { query: { requested_connection_scope: scope } },
})

onEverySubject((world) => {
  const settingsOf = (limit: number | undefined) => ({
    RESULT_CLAIM,
    IDENTITIES_PER_CONNECTION: limit === undefined ? undefined : String(limit),
  })

  describe('at the start', () => {
    test.each([
      // held, allowed, scopes, mode
      [0, undefined, undefined, 'link'],
      [0, undefined, 'calendar', 'link'],
      [1, undefined, undefined, 'already_linked'],
      [1, undefined, 'calendar', 'consent'],
      [1, 1, undefined, 'already_linked'],
      [1, 2, undefined, 'link'],
      [1, 2, 'calendar', 'link'],
      [2, 2, undefined, 'already_linked'],
      [2, 2, 'calendar', 'consent'],
      [3, 2, undefined, 'already_linked'],
      [9, 10, undefined, 'link'],
      [10, 10, undefined, 'already_linked'],
    ])('%s held, %s allowed, scopes %s: %s', async (held, limit, scope, mode) => {
      const event = asking(holding(held), scope)
      const started = await world.start({ settings: settingsOf(limit), event })
      if (mode === 'already_linked') {
        expect(started.claims).toEqual({
          [RESULT_CLAIM]: { status: 'already_linked', connection: 'google-oauth2' },
        })
        expect(world.tenant.requests).toEqual([])
      } else {
        expect(started.redirect?.searchParams.get('connection')).toBe('google-oauth2')
        expect(world.lines.at(-1)).toContain(`outcome redirected ${mode} `)
      }
    })

    test('other connections do not count', async () => {
      const others = [google('1'), { ...google('2'), connection: 'Google-OAuth2' }]
      const event = { user: { identities: [...PRIMARY.identities, ...others] } }
      const started = await world.start({ settings: settingsOf(2), event })
      expect(started.redirect).toBeDefined()
    })

    test.each(['0', '11', '-1', '1.5', 'two', '', ' ', 'yes'])(
      'IDENTITIES_PER_CONNECTION "%s" is misconfigured',
      async (value) => {
        const started = await world.start({ settings: { IDENTITIES_PER_CONNECTION: value } })
        expect(started.code).toBe('misconfigured')
      },
    )
  })

  describe('on the way back', () => {
    /** Who comes back decides: a new identity is linked, the user of the login has consented. */
    test.each([
      ['a new identity', SECONDARY, undefined, 'linked'],
      ['a new identity, with scopes', SECONDARY, 'calendar', 'linked'],
      ['this very user', holding(1), undefined, 'already_linked'],
      ['this very user, with scopes', holding(1), 'calendar', 'consented'],
    ])('%s: %4$s', async (_what, user, scope, status) => {
      world.settle(holding(1), ...(user === SECONDARY ? [SECONDARY] : []))
      const { resumed } = await world.whole({
        settings: settingsOf(2),
        event: asking(holding(1), scope),
        nested: { user },
      })
      expect(resumed.claims).toEqual({ [RESULT_CLAIM]: { status, connection: 'google-oauth2' } })
      expect(world.tenant.links).toHaveLength(status === 'linked' ? 1 : 0)
    })

    test('a consent of a full account links nobody', async () => {
      world.settle(holding(2), SECONDARY)
      const { resumed } = await world.whole({
        settings: settingsOf(2),
        event: asking(holding(2), 'calendar'),
        nested: { user: SECONDARY },
      })
      expect(resumed.code).toBe('connection_mismatch')
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('the second of two attempts at once finds the account full, without a request', async () => {
      world.settle(holding(1), SECONDARY)
      const options = { settings: settingsOf(2), event: asking(holding(1)) }
      const [one, two] = [await world.start(options), await world.start(options)]
      const nested = await world.nested(one)
      expect((await world.resume(one, nested)).denial).toBeUndefined()
      const requests = world.tenant.calls()
      const second = await world.nested(two, { user: STRANGER })
      const late = await world.resume(two, second, {
        event: { user: { identities: holding(2).identities } },
      })
      expect(late.claims).toEqual({
        [RESULT_CLAIM]: { status: 'already_linked', connection: 'google-oauth2' },
      })
      expect(world.tenant.calls()).toBe(requests)
    })

    test('a limit that was lowered meanwhile holds', async () => {
      const started = await world.start({ settings: settingsOf(2), event: asking(holding(1)) })
      const nested = await world.nested(started)
      const event = { secrets: { IDENTITIES_PER_CONNECTION: '1' } }
      const resumed = await world.resume(started, nested, { event })
      expect(resumed.claims).toMatchObject({ [RESULT_CLAIM]: { status: 'already_linked' } })
      expect(world.tenant.calls('link')).toBe(0)
    })

    test.each([
      [DATABASE_CONNECTION, 'auth0'],
      ['email', 'email'],
      ['example-enterprise', 'samlp'],
    ])('%s keeps the same rule', async (connection, provider) => {
      const own = (user_id: string) => ({ connection, provider, user_id, isSocial: false })
      const primary = { ...SECONDARY, identities: [...SECONDARY.identities, own('1')] }
      const secondary = { ...STRANGER, user_id: `${provider}|2`, identities: [own('2')] }
      world.settle(primary, secondary)
      const event: EventOverrides = {
        user: { user_id: primary.user_id, identities: primary.identities },
        request: { query: { requested_connection: connection } },
      }
      const full = await world.start({ settings: settingsOf(1), event })
      expect(full.claims).toMatchObject({ [RESULT_CLAIM]: { status: 'already_linked' } })
      const { resumed } = await world.whole({
        settings: settingsOf(2),
        event,
        nested: { user: secondary },
      })
      expect(resumed.claims).toMatchObject({ [RESULT_CLAIM]: { status: 'linked' } })
      expect(world.tenant.links).toEqual([
        { primary: primary.user_id, identity: secondary.user_id },
      ])
    })
  })

  describe('an unlink of several', () => {
    test('takes the one that is named, however long its name', async () => {
      const long = { ...google('x'.repeat(1_000)) }
      const user = { ...PRIMARY, identities: [...PRIMARY.identities, google('1'), long] }
      world.settle(user)
      const requested_identity = `google-oauth2|${long.user_id}`
      const event = {
        ...UNLINK_EVENT,
        user: { identities: user.identities },
        request: { query: { ...UNLINK_EVENT.request?.query, requested_identity } },
      }
      const { resumed } = await world.whole({ event, nested: { user } })
      expect(resumed.denial).toBeUndefined()
      expect(world.tenant.unlinks).toEqual([
        { primary: PRIMARY.user_id, identity: requested_identity },
      ])
    })
  })

  describe('requested_login_hint', () => {
    const hint = 'alex@work.example.com'
    const NESTED_PARAMS = 'login_hint=nobody%40example.com&prompt=login'

    test.each([undefined, NESTED_PARAMS])(
      'is sent on as login_hint, before one of NESTED_PARAMS (%s)',
      async (params) => {
        const { started, resumed } = await world.whole({
          settings: { NESTED_PARAMS: params },
          event: query({ requested_login_hint: hint }),
        })
        expect(started.redirect?.searchParams.getAll('login_hint')).toEqual([hint])
        expect(resumed.denial).toBeUndefined()
      },
    )

    test('left out, that of NESTED_PARAMS stands', async () => {
      const started = await world.start({
        settings: { NESTED_PARAMS },
        event: query({ requested_login_hint: '' }),
      })
      expect(started.redirect?.searchParams.get('login_hint')).toBe('nobody@example.com')
    })

    test('is trusted by nothing: whoever comes back is judged by itself', async () => {
      const started = await world.start({ event: query({ requested_login_hint: hint }) })
      const edited = await world.nested(started, {
        event: query({ login_hint: 'mallory@example.net' }),
      })
      expect((await world.resume(started, edited)).denial).toBeUndefined()
    })

    test('with an unlink is invalid_request', async () => {
      const parameters = { ...UNLINK_EVENT.request?.query, requested_login_hint: hint }
      const event = { ...UNLINK_EVENT, request: { query: parameters } }
      expect((await world.start({ event })).code).toBe('invalid_request')
    })

    test('has no place in the log', async () => {
      await world.whole({
        settings: { DEBUG: '*' },
        event: query({ requested_login_hint: hint }),
      })
      expect(world.lines.join()).not.toContain(hint)
    })
  })
})
