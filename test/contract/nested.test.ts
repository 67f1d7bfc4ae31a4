/** Section 5 of the contract: the nested login. */

import { describe, expect, test } from 'vitest'
import type { EventOverrides } from '../../scripts/testing/event.ts'
import { SECONDARY } from '../../scripts/testing/people.ts'
import type { EnrolledFactor } from '../../src/platform.ts'
import { MERGED, onEverySubject, query } from './harness.ts'

onEverySubject((world) => {
  describe('in general', () => {
    test('sets one namespaced claim, and does nothing else', async () => {
      const started = await world.start()
      const before = { requests: world.tenant.calls(), cache: world.cache.calls.length }
      const logged = world.lines.length
      const nested = await world.nested(started)
      expect(nested.commands).toEqual([
        {
          type: 'idToken.setCustomClaim',
          name: 'https://client-initiated-account-linking.example/nested-login',
          value: expect.anything(),
        },
      ])
      expect(world.tenant.calls()).toBe(before.requests)
      expect(world.cache.calls).toHaveLength(before.cache)
      expect(world.lines).toHaveLength(logged)
    })

    test('says connection and number of identities, and hides user agent and address', async () => {
      const started = await world.start()
      const nested = await world.nested(started, { user: MERGED })
      const [claim] = Object.values(nested.claims)
      expect(claim).toMatchObject({ connection: 'google-oauth2', identities: 2 })
      const { user_agent = '', ip = '' } = nested.event.request
      for (const hidden of [user_agent, ip, SECONDARY.email ?? '', SECONDARY.user_id]) {
        expect(JSON.stringify(claim)).not.toContain(hidden)
      }
    })

    test('makes the same claim on the ID token whoever asked for the login', async () => {
      const started = await world.start()
      const one = await world.nested(started)
      const other = await world.nested(started, { event: { transaction: { state: 'other' } } })
      expect(Object.keys(one.claims)).toHaveLength(1)
      expect(other.claims).toEqual(one.claims)
    })

    test.each(['https://evil.example.net', undefined])(
      'goes on at the host %s as well: its claim is judged on the way back',
      async (hostname) => {
        const started = await world.start()
        const nested = await world.nested(started, { event: { request: { hostname } } })
        expect(Object.values(nested.claims)).toEqual([
          expect.objectContaining({ connection: 'google-oauth2', identities: 1 }),
        ])
        expect(nested.commands).toHaveLength(1)
        expect(world.tenant.calls()).toBe(1)
      },
    )

    const PROTOCOLS = ['oidc-basic-profile', 'oidc-implicit-profile', 'oidc-hybrid-profile']
    test.each(PROTOCOLS)('is recognised by %s', async (protocol) => {
      const nested = await world.nested(await world.start(), {
        event: { transaction: { protocol } },
      })
      expect(Object.keys(nested.claims)).toHaveLength(1)
    })

    test('is decided before ALLOWED_CLIENT_IDS', async () => {
      const started = await world.start({
        settings: { ALLOWED_CLIENT_IDS: 'exampleApplicationClientId000001' },
      })
      const nested = await world.nested(started)
      expect(Object.keys(nested.claims)).toHaveLength(1)
      expect(nested).toGoOn()
    })
  })

  describe('asked for a link by the companion', () => {
    test.each([
      [['openid', 'link_account']],
      [['openid', 'unlink_account']],
      [['link_account', 'unlink_account']],
    ])('denies %j as invalid_request', async (requested_scopes) => {
      const started = await world.start()
      const nested = await world.nested(started, { event: { transaction: { requested_scopes } } })
      expect(nested).toBeDenied('invalid_request')
      expect(world.lines.filter((line) => line.startsWith('account-linking:error'))).toEqual([
        'account-linking:error invalid_request: the companion application asks for a link',
      ])
      expect(nested).not.toRedirect()
      expect(nested.claims).toEqual({})
      expect(world.tenant.calls()).toBe(1)
    })
  })

  describe('with settings that cannot be understood', () => {
    const ROWS: readonly (readonly [string, EventOverrides])[] = [
      ['a short ACTION_SECRET', { secrets: { ACTION_SECRET: 'short' } }],
      ['no ACTION_SECRET', { secrets: { ACTION_SECRET: undefined } }],
      ['no domain', { secrets: { AUTH0_DOMAIN: undefined } }],
      ['a switch that is none', { secrets: { ENFORCE_MFA: 'perhaps' } }],
      ['an empty list', { secrets: { ALLOWED_CONNECTION_SCOPES: '' } }],
    ]

    test.each(ROWS)('%s: goes on without a claim, with one error line', async (_what, event) => {
      const started = await world.start()
      const logged = world.lines.length
      const nested = await world.nested(started, { event })
      expect(nested).toBeUntouched()
      expect(world.lines.slice(logged)).toEqual([expect.stringMatching(/^account-linking:error /)])
    })

    test.each(ROWS.slice(0, 1))('%s: the way back refuses', async (_what, event) => {
      const { resumed } = await world.whole({ nested: { event } })
      expect(resumed).toBeDenied()
      expect(world.tenant.links).toEqual([])
    })
  })

  describe('MFA', () => {
    type Row = readonly [string, readonly EnrolledFactor[] | undefined, unknown]
    const otp = { type: 'otp' }
    const sms = { type: 'phone', options: { preferredMethod: 'sms' } }
    const CHALLENGED: readonly Row[] = [
      ['a type', [{ type: 'otp' }], [otp]],
      ['several types', [{ type: 'otp' }, { type: 'email' }], [otp, { type: 'email' }]],
      ['an older method of sms', [{ method: 'sms' }], [sms]],
      ['an older method of its own', [{ method: 'otp' }], [otp]],
      ['a type beside an older method', [{ type: 'otp', method: 'sms' }], [otp]],
      ['a type of sms', [{ type: 'sms' }], [sms]],
      ['a phone, whose older method is sms', [{ ...sms, method: 'sms' }], [sms]],
      ['a phone by its method', [{ ...sms, options: { ...sms.options, other: 1 } }], [sms]],
      [
        'a phone without a method that nobody knows',
        [{ type: 'phone', options: { preferredMethod: 'pigeon' } }],
        [{ type: 'phone' }],
      ],
      ['other factors without options', [{ type: 'otp', options: sms.options }], [otp]],
      ['a security key', [{ type: 'webauthn-roaming' }], [{ type: 'webauthn-roaming' }]],
      ['a push notification', [{ type: 'push-notification' }], [{ type: 'push-notification' }]],
    ]

    test.each(['yes', 'always', 'TRUE', ' 1 '])('is challenged under %s', async (ENFORCE_MFA) => {
      const nested = await world.nested(await world.start(), {
        event: { secrets: { ENFORCE_MFA }, user: { enrolledFactors: [{ type: 'otp' }] } },
      })
      expect(nested.commands).toContainEqual({
        type: 'authentication.challengeWithAny',
        factors: [otp],
      })
      expect(Object.keys(nested.claims)).toHaveLength(1)
    })

    test.each(CHALLENGED)('challenges %s', async (_what, enrolledFactors, factors) => {
      const nested = await world.nested(await world.start(), {
        event: { secrets: { ENFORCE_MFA: 'yes' }, user: { enrolledFactors } },
      })
      expect(nested).toGoOn()
      expect(nested.commands).toContainEqual({ type: 'authentication.challengeWithAny', factors })
    })

    test.each(['yes', 'always'])(
      'denies under %s where factors cannot be read',
      async (ENFORCE_MFA) => {
        const nested = await world.nested(await world.start(), {
          event: { secrets: { ENFORCE_MFA }, user: { enrolledFactors: undefined } },
        })
        expect(nested).toBeDenied('mfa_required')
        expect(nested.claims).toEqual({})
        expect(world.lines.slice(-1)).toEqual([
          'account-linking:error mfa_required: the factors cannot be read',
        ])
      },
    )

    test.each([
      ['yes', []],
      ['no', [{ type: 'otp' }]],
      [undefined, [{ type: 'otp' }]],
      ['no', undefined],
    ])('challenges nobody under %s with the factors %j', async (ENFORCE_MFA, enrolledFactors) => {
      const nested = await world.nested(await world.start(), {
        event: { secrets: { ENFORCE_MFA }, user: { enrolledFactors } },
      })
      expect(nested.commands.map(({ type }) => type)).toEqual(['idToken.setCustomClaim'])
    })
  })

  describe('connection_scope', () => {
    const settings = { ALLOWED_CONNECTION_SCOPES: 'calendar,contacts' }
    const event = query({ requested_connection_scope: 'calendar' })

    test('passes as it was asked for', async () => {
      const nested = await world.nested(await world.start({ settings, event }))
      expect(nested).toGoOn()
    })

    test.each(['drive', 'calendar drive', 'calendar,drive', ['calendar'], ['calendar', 'drive']])(
      'is denied when it was made %j in the browser',
      async (connection_scope) => {
        const nested = await world.nested(await world.start({ settings, event }), {
          event: { request: { query: { connection_scope } } },
        })
        expect(nested).toBeDenied('scope_not_allowed')
        expect(nested.claims).toEqual({})
      },
    )

    test('is denied when it arrives in the body of a POST', async () => {
      const nested = await world.nested(await world.start({ settings, event }), {
        event: {
          request: {
            method: 'POST',
            query: { connection_scope: undefined },
            body: { connection_scope: 'drive' },
          },
        },
      })
      expect(nested).toBeDenied('scope_not_allowed')
    })

    test('is denied with one error line', async () => {
      const started = await world.start({ settings, event })
      const logged = world.lines.length
      await world.nested(started, { event: query({ connection_scope: 'drive' }) })
      expect(world.lines.slice(logged)).toEqual([
        'account-linking:error scope_not_allowed: not in ALLOWED_CONNECTION_SCOPES',
      ])
    })

    test('is free where no list is set', async () => {
      const nested = await world.nested(await world.start(), {
        event: { request: { query: { connection_scope: 'drive' } } },
      })
      expect(nested).toGoOn()
    })
  })

  test('shows the user_metadata with MERGE_USER_METADATA only', async () => {
    const user = { ...SECONDARY, user_metadata: { theme: 'dark' } }
    const merging = await world.start({ settings: { MERGE_USER_METADATA: 'yes' } })
    expect(JSON.stringify((await world.nested(merging, { user })).claims)).toContain('dark')
    const plain = await world.start()
    expect(JSON.stringify((await world.nested(plain, { user })).claims)).not.toContain('dark')
  })
})
