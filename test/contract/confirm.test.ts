/** Section 7a of the contract: a link in two phases, and what may confirm it. */

import { describe, expect, test, vi } from 'vitest'
import { confirmEvent, refreshEvent } from '../../scripts/testing/confirm.ts'
import type { EventOverrides } from '../../scripts/testing/event.ts'
import { hintClaims, type Run } from '../../scripts/testing/flow.ts'
import {
  CUSTOM_DOMAIN,
  NOW_MS,
  NOW_SECONDS,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from '../../scripts/testing/people.ts'
import { type Claims, signJwt } from '../../scripts/testing/sign.ts'
import {
  LINKED,
  LINKED_EVENT,
  LINKED_PEOPLE,
  onEverySubject,
  query,
  UNLINK_EVENT,
} from './harness.ts'

const RESULT_CLAIM = 'https://app.example.com/linking'
const SETTINGS = { CONFIRM_LINK: 'yes', RESULT_CLAIM }

interface Pending {
  readonly status: string
  readonly connection: string
  readonly confirmation: string
  readonly expires_at: number
}

const resultOf = (run: Run) => run.claims[RESULT_CLAIM] as Pending

/** The ID token with which the way back has ended. */
const idTokenOf = (run: Run, claims: Claims = {}) =>
  signJwt({ ...hintClaims(run.event, NOW_MS), ...run.claims, ...claims })

onEverySubject((world) => {
  async function pending(settings: Readonly<Record<string, string>> = {}, event?: EventOverrides) {
    const options = { settings: { ...SETTINGS, ...settings } }
    const { resumed } = await world.whole(event === undefined ? options : { ...options, event })
    return { login: resumed.event, resumed, sealed: resultOf(resumed).confirmation }
  }

  const later = (seconds: number) => vi.setSystemTime(NOW_MS + seconds * 1_000)

  /** Both ways to confirm, each with what the way back has ended with. */
  const CHANNELS = {
    'back channel': ({ login, sealed }: Awaited<ReturnType<typeof pending>>, event = {}) =>
      world.execute(refreshEvent(login, { link_confirmation: sealed }, event)),
    'front channel': ({ login, resumed }: Awaited<ReturnType<typeof pending>>, event = {}) =>
      world.execute(confirmEvent(login, { id_token_hint: idTokenOf(resumed) }, event)),
  }
  const BOTH = Object.entries(CHANNELS)

  describe('the way back', () => {
    test('changes nothing, and says pending with a sealed confirmation', async () => {
      const { resumed } = await pending()
      expect(resumed.denial).toBeUndefined()
      expect(resultOf(resumed)).toEqual({
        status: 'pending',
        connection: 'google-oauth2',
        confirmation: expect.stringMatching(/^[\w-]+$/),
        expires_at: NOW_SECONDS + 300,
      })
      expect(world.tenant.requests.map(({ route }) => route)).toEqual(['jwks', 'code'])
      expect(world.tenant.links).toEqual([])
      expect(world.lines.at(-1)).toContain('account-linking:outcome pending ')
    })

    test('gives a confirmation that is small and shows nothing of anybody', async () => {
      const { sealed } = await pending()
      expect(sealed.length).toBeLessThan(260)
      const bytes = Buffer.from(sealed, 'base64url').toString('latin1')
      for (const hidden of [SECONDARY.user_id, SECONDARY.email ?? '', 'google-oauth2'])
        expect(bytes).not.toContain(hidden)
    })

    test('gives another one each time', async () => {
      expect((await pending()).sealed).not.toBe((await pending()).sealed)
    })

    test.each([
      [{ ENFORCE_SECONDARY_EMAIL_VERIFICATION: 'yes' }, 'secondary_email_unverified'],
      [{ LINK_EXISTING_USERS: 'no' }, 'identity_in_use'],
    ])('checks all that a link takes first: %j', async (settings, code) => {
      const user = { ...SECONDARY, email_verified: false }
      const { resumed } = await world.whole({
        settings: { ...SETTINGS, ...settings },
        nested: { user },
      })
      expect(resumed.code).toBe(code)
      expect(resumed.claims).toEqual({})
    })

    test('unlinks, and sees a consent, without a confirmation', async () => {
      world.settle(...LINKED_PEOPLE)
      const unlinked = await world.whole({
        settings: SETTINGS,
        event: UNLINK_EVENT,
        nested: { user: LINKED },
      })
      expect(resultOf(unlinked.resumed)).toMatchObject({ status: 'unlinked' })
      world.settle(...LINKED_PEOPLE)
      const consented = await world.whole({
        settings: SETTINGS,
        event: { ...LINKED_EVENT, ...query({ requested_connection_scope: 'calendar' }) },
        nested: { user: LINKED },
      })
      expect(resultOf(consented.resumed)).toMatchObject({ status: 'consented' })
    })

    test('holds CONFIRM_LINK that was switched on meanwhile', async () => {
      const started = await world.start({ settings: { RESULT_CLAIM } })
      const nested = await world.nested(started)
      const resumed = await world.resume(started, nested, { event: { secrets: SETTINGS } })
      expect(resultOf(resumed).status).toBe('pending')
      expect(world.tenant.links).toEqual([])
    })
  })

  describe.each(BOTH)('the %s', (channel, confirmBy) => {
    test('links what the way back has proved, once, and says so', async () => {
      const confirmed = await confirmBy(await pending())
      expect(confirmed.denial).toBeUndefined()
      expect(confirmed.commands).toEqual([
        {
          type: 'idToken.setCustomClaim',
          name: RESULT_CLAIM,
          value: { status: 'linked', connection: 'google-oauth2' },
        },
      ])
      expect(world.tenant.links).toEqual([
        { primary: PRIMARY.user_id, identity: SECONDARY.user_id },
      ])
    })

    test('takes two round trips cold, and one warm', async () => {
      const first = await pending()
      const before = world.tenant.calls()
      await confirmBy(first)
      expect(world.tenant.calls() - before).toBe(2)
      world.settle(PRIMARY, SECONDARY)
      const second = await pending()
      const warm = world.tenant.calls()
      await confirmBy(second)
      // Another tenant knows nothing of the first one's token, which the cache still has.
      expect(world.tenant.requests.slice(warm).map(({ route }) => route)).toContain('link')
    })

    test('replayed, it links nothing more', async () => {
      const one = await pending()
      await confirmBy(one)
      const event = { user: { identities: LINKED.identities } }
      const again = await confirmBy(one, event)
      expect(resultOf(again)).toEqual({ status: 'already_linked', connection: 'google-oauth2' })
      expect(world.tenant.calls('link')).toBe(1)
    })

    test('replayed before the event shows it, it links nothing more either', async () => {
      const one = await pending()
      await confirmBy(one)
      expect((await confirmBy(one)).code).toBe('identity_in_use')
      expect(world.tenant.links).toHaveLength(1)
    })

    test('is good for 300 seconds', async () => {
      const one = await pending({ HINT_MAX_AGE: '3600' })
      later(301)
      expect((await confirmBy(one)).code).toBe('confirmation_invalid')
      later(300)
      expect((await confirmBy(one)).denial).toBeUndefined()
      expect(world.tenant.links).toHaveLength(1)
    })

    const OTHERS: readonly (readonly [string, EventOverrides])[] = [
      ['organization', { organization: { id: 'org_Example' } }],
      ['ACTION_SECRET', { secrets: { ACTION_SECRET: 'another-action-secret-of-32-characters' } }],
    ]
    test.each(OTHERS)('of another %s is confirmation_invalid', async (_what, event) => {
      const denied = await confirmBy(await pending(), event)
      expect(denied.code).toBe('confirmation_invalid')
      expect(world.tenant.calls('link')).toBe(0)
    })

    test.each([
      [
        'ALLOWED_CONNECTIONS',
        { secrets: { ALLOWED_CONNECTIONS: 'github' } },
        'connection_not_allowed',
      ],
      [
        'the primary’s e-mail',
        { secrets: { ENFORCE_EMAIL_VERIFICATION: 'yes' }, user: { email_verified: false } },
        'email_unverified',
      ],
      [
        'an e-mail that matches no more',
        { secrets: { REQUIRE_MATCHING_EMAIL: 'yes' }, user: { email: 'other@example.net' } },
        'email_mismatch',
      ],
      ['CONFIRM_LINK, which is off', { secrets: { CONFIRM_LINK: 'no' } }, 'invalid_request'],
      ['settings', { secrets: { HINT_MAX_AGE: '0' } }, 'misconfigured'],
    ] as const)('holds against %s as it is now', async (_what, event, code) => {
      const denied = await confirmBy(await pending(), event)
      expect(denied.code).toBe(code)
      expect(denied.claims).toEqual({})
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('holds against the secondary’s e-mail, as it was proved', async () => {
      const user = { ...SECONDARY, email_verified: false }
      const { resumed } = await world.whole({ settings: SETTINGS, nested: { user } })
      const one = { login: resumed.event, resumed, sealed: resultOf(resumed).confirmation }
      const secrets = { ENFORCE_SECONDARY_EMAIL_VERIFICATION: 'yes' }
      expect((await confirmBy(one, { secrets })).code).toBe('secondary_email_unverified')
    })

    test('leaves a client alone that ALLOWED_CLIENT_IDS does not list', async () => {
      const one = await pending()
      const logged = world.lines.length
      const left = await confirmBy(one, { secrets: { ALLOWED_CLIENT_IDS: 'another' } })
      expect(left.commands).toEqual([])
      expect(world.lines.slice(logged)).toEqual([expect.stringContaining('ALLOWED_CLIENT_IDS')])
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('has enough with as many identities as may be', async () => {
      const other = { ...SECONDARY.identities[0], user_id: '2' } as (typeof LINKED.identities)[0]
      const event = { user: { identities: [...PRIMARY.identities, other] } }
      const full = await confirmBy(await pending(), event)
      expect(resultOf(full).status).toBe('already_linked')
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('tells a conflict, and counts a lost answer as the link that it was', async () => {
      const one = await pending()
      world.tenant.fail('link', { kind: 'answer', status: 409, body: { statusCode: 409 } })
      expect((await confirmBy(one)).code).toBe('identity_in_use')
      world.tenant.failAlways('link', { kind: 'answer', status: 403, body: { statusCode: 403 } })
      expect((await confirmBy(one)).code).toBe('link_failed')
    })

    if (channel === 'back channel') return

    test('holds against MFA', async () => {
      const event = { secrets: { ENFORCE_MFA: 'always' } }
      expect((await confirmBy(await pending(), event)).code).toBe('mfa_required')
    })

    test.each([
      ['another session', { session: { id: 'another' } }, 'session_mismatch'],
      ['no session', { session: { id: undefined } }, 'session_mismatch'],
      ['another user', { user: { user_id: STRANGER.user_id } }, 'hint_invalid'],
      ['another client', { client: { client_id: 'another' } }, 'hint_invalid'],
      [
        'another domain',
        { request: { hostname: CUSTOM_DOMAIN }, custom_domain: { domain: CUSTOM_DOMAIN } },
        'hint_invalid',
      ],
    ] as const)('in %s: %3$s', async (_what, event, code) => {
      const denied = await confirmBy(await pending(), event)
      expect(denied.code).toBe(code)
      expect(world.tenant.calls('link')).toBe(0)
    })
  })

  describe('the back channel', () => {
    const refresh = (
      { login }: Awaited<ReturnType<typeof pending>>,
      link_confirmation: unknown,
      event: EventOverrides = {},
    ) => world.execute(refreshEvent(login, { link_confirmation }, event))

    test.each([
      ['another user', { user: { user_id: STRANGER.user_id } }],
      ['another client', { client: { client_id: 'another' } }],
      [
        'another domain',
        { request: { hostname: CUSTOM_DOMAIN }, custom_domain: { domain: CUSTOM_DOMAIN } },
      ],
    ] as const)('of %s is confirmation_invalid', async (_what, event) => {
      const one = await pending()
      expect((await refresh(one, one.sealed, event)).code).toBe('confirmation_invalid')
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('altered in any part is confirmation_invalid, in one message', async () => {
      const one = await pending()
      const denials = new Set<string | undefined>()
      for (let index = 0; index < one.sealed.length - 2; index += 5) {
        const letter = one.sealed[index] === 'A' ? 'B' : 'A'
        const altered = one.sealed.slice(0, index) + letter + one.sealed.slice(index + 1)
        denials.add((await refresh(one, altered)).denial)
      }
      for (const sealed of ['x', one.sealed.slice(0, -4), `${one.sealed}AAAA`, 'A'.repeat(300)])
        denials.add((await refresh(one, sealed)).denial)
      expect([...denials]).toEqual([expect.stringMatching(/^confirmation_invalid: /)])
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('takes no entry of the cache for a confirmation', async () => {
      const one = await pending()
      for (const { value } of world.cache.entries())
        expect((await refresh(one, value)).code).toBe('confirmation_invalid')
    })

    test('is known by its protocol too', async () => {
      const one = await pending()
      const transaction = { protocol: 'oauth2-refresh-token' }
      const event = refreshEvent(
        one.login,
        { link_confirmation: one.sealed },
        {
          transaction,
          request: { body: { grant_type: undefined } },
        },
      )
      expect((await world.execute(event)).denial).toBeUndefined()
      expect(world.tenant.links).toHaveLength(1)
    })

    test.each([
      ['an array', ['x'], 'invalid_request'],
      ['empty', '', 'invalid_request'],
      ['too long', 'x'.repeat(4_097), 'invalid_request'],
      ['a text with a line end', 'x\n', 'invalid_request'],
    ])('that is %s: %3$s', async (_what, sealed, code) => {
      expect((await refresh(await pending(), sealed)).code).toBe(code)
    })

    test('without a confirmation it is a refresh like any other', async () => {
      const one = await pending()
      const before = [world.tenant.calls(), world.lines.length, world.cache.calls.length]
      expect((await world.execute(refreshEvent(one.login))).commands).toEqual([])
      expect([world.tenant.calls(), world.lines.length, world.cache.calls.length]).toEqual(before)
    })

    test('needs no MFA: there is no browser', async () => {
      const one = await pending()
      const event = { secrets: { ENFORCE_MFA: 'always' } }
      expect((await refresh(one, one.sealed, event)).denial).toBeUndefined()
    })

    test('is none in a browser that posts a grant type', async () => {
      const one = await pending()
      const body = { grant_type: 'refresh_token', link_confirmation: one.sealed }
      const posted = await world.execute(
        confirmEvent(one.login, {}, { request: { method: 'POST', body } }),
      )
      expect(posted.code).toBe('hint_invalid')
      const transaction = { requested_scopes: ['openid'] }
      const ordinary = await world.execute(
        confirmEvent(one.login, {}, { request: { method: 'POST', body }, transaction }),
      )
      expect(ordinary.commands).toEqual([])
      expect(world.tenant.calls('link')).toBe(0)
    })
  })

  describe('the front channel', () => {
    test('without a hint is hint_invalid, whatever the confirmation', async () => {
      const { login, sealed } = await pending()
      const event = confirmEvent(login, { link_confirmation: sealed })
      expect((await world.execute(event)).code).toBe('hint_invalid')
    })

    test('with a newer hint of the user takes the confirmation beside it', async () => {
      const { login, sealed } = await pending()
      const id_token_hint = signJwt(hintClaims(login, NOW_MS))
      const event = confirmEvent(login, { id_token_hint, link_confirmation: sealed })
      expect((await world.execute(event)).denial).toBeUndefined()
      expect(world.tenant.links).toHaveLength(1)
    })

    test.each([
      ['no result', undefined],
      ['a result without a confirmation', { status: 'linked' }],
      ['a result that is a text', 'pending'],
      ['a confirmation that is a list', { confirmation: ['x'] }],
    ])('with the ID token of another login, %s, is confirmation_invalid', async (_what, claim) => {
      const { login, resumed } = await pending()
      const id_token_hint = idTokenOf(resumed, { [RESULT_CLAIM]: claim })
      const denied = await world.execute(confirmEvent(login, { id_token_hint }))
      expect(denied.code).toBe('confirmation_invalid')
    })

    test('together with another scope of this Action is invalid_request', async () => {
      const { login, resumed } = await pending()
      for (const other of ['link_account', 'unlink_account']) {
        const transaction = { requested_scopes: ['openid', 'confirm_link', other] }
        const parameters = { id_token_hint: idTokenOf(resumed) }
        const denied = await world.execute(confirmEvent(login, parameters, { transaction }))
        expect(denied.code).toBe('invalid_request')
      }
    })

    test('asked by the companion is invalid_request', async () => {
      const started = await world.start({ settings: SETTINGS })
      const transaction = { requested_scopes: ['openid', 'confirm_link'] }
      const nested = await world.nested(started, { event: { transaction } })
      expect(nested.code).toBe('invalid_request')
    })
  })

  describe('device authorization', () => {
    const transaction = { protocol: 'oauth2-device-code' }

    test('is invalid_request for a link, and no attempt begins', async () => {
      const started = await world.start({ settings: SETTINGS, event: { transaction } })
      expect(started.code).toBe('invalid_request')
      expect(world.tenant.requests).toEqual([])
      expect((await world.start({ event: { transaction } })).redirect).toBeDefined()
    })

    test('is so on the way back too, where CONFIRM_LINK was switched on meanwhile', async () => {
      const started = await world.start({ settings: { RESULT_CLAIM }, event: { transaction } })
      const nested = await world.nested(started)
      const resumed = await world.resume(started, nested, { event: { secrets: SETTINGS } })
      expect(resumed.code).toBe('invalid_request')
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('may ask for more scopes, and for an unlink', async () => {
      const consent = { ...LINKED_EVENT, ...query({ requested_connection_scope: 'calendar' }) }
      for (const event of [consent, UNLINK_EVENT]) {
        const asked = { ...event, transaction: { ...event.transaction, ...transaction } }
        expect((await world.start({ settings: SETTINGS, event: asked })).redirect).toBeDefined()
      }
    })
  })

  describe('CONFIRM_LINK', () => {
    test.each([
      [{ CONFIRM_LINK: 'yes' }],
      [{ ...SETTINGS, MERGE_USER_METADATA: 'yes' }],
      [{ ...SETTINGS, CONFIRM_LINK: 'perhaps' }],
    ])('is misconfigured with %j', async (settings) => {
      expect((await world.start({ settings })).code).toBe('misconfigured')
      expect(world.lines.join()).toContain('CONFIRM_LINK')
    })

    test.each([{ ...SETTINGS, MERGE_USER_METADATA: 'no' }, { CONFIRM_LINK: 'no' }])(
      'is understood with %j',
      async (settings) => {
        expect((await world.start({ settings })).redirect).toBeDefined()
      },
    )
  })
})
