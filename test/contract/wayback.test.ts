/** Section 6 of the contract: the way back, up to the link. */

import { describe, expect, test, vi } from 'vitest'
import type { EventOverrides } from '../../scripts/testing/event.ts'
import { PLATFORM_STATE, type Run } from '../../scripts/testing/flow.ts'
import {
  CANONICAL_DOMAIN,
  COMPANION_ID,
  COMPANION_SECRET,
  CUSTOM_DOMAIN,
  DATABASE_CONNECTION,
  NOW_MS,
  NOW_SECONDS,
  type Person,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from '../../scripts/testing/people.ts'
import type { SecondLogin } from '../../scripts/testing/tenant-double.ts'
import { LINKED, LINKED_EVENT, LINKED_PEOPLE, MERGED, onEverySubject, query } from './harness.ts'

const CUSTOM: EventOverrides = {
  request: { hostname: CUSTOM_DOMAIN },
  custom_domain: { domain: CUSTOM_DOMAIN },
}

onEverySubject((world) => {
  describe('a link', () => {
    test('is made once, for the primary, and the login goes on', async () => {
      const { started, resumed } = await world.whole()
      expect(started).toRedirect()
      expect(resumed).toBeUntouched()
      expect(world.tenant.links).toEqual([
        { primary: PRIMARY.user_id, identity: SECONDARY.user_id },
      ])
      expect(world.tenant.user(PRIMARY.user_id)?.identities).toEqual(LINKED.identities)
      expect(world.tenant.user(SECONDARY.user_id)).toBeUndefined()
    })

    test('is made at the custom domain with the Management API of the canonical one', async () => {
      const { resumed } = await world.whole({ event: CUSTOM })
      expect(resumed).toGoOn()
      expect(world.tenant.requests.map(({ route, url }) => [route, new URL(url).host])).toEqual([
        ['jwks', CUSTOM_DOMAIN],
        ['code', CUSTOM_DOMAIN],
        ['client-credentials', CANONICAL_DOMAIN],
        ['link', CANONICAL_DOMAIN],
      ])
    })

    test('exchanges the code by client_secret_post with the redirect URI and the verifier', async () => {
      await world.whole()
      const exchange = world.tenant.requests.find(({ route }) => route === 'code')
      expect(exchange?.headers.authorization).toBeUndefined()
      expect(Object.fromEntries(new URLSearchParams(exchange?.body))).toEqual({
        grant_type: 'authorization_code',
        code: expect.stringContaining('example-code'),
        redirect_uri: `https://${CANONICAL_DOMAIN}/continue`,
        client_id: COMPANION_ID,
        client_secret: COMPANION_SECRET,
        code_verifier: expect.stringMatching(/^[\w.~-]{43,128}$/),
      })
    })

    const named = (user_id: string): Person => {
      const [provider = '', ...rest] = user_id.split('|')
      const identity = { connection: 'google-oauth2', provider, user_id: rest.join('|') }
      return { ...SECONDARY, user_id, identities: [identity] }
    }

    test.each([
      'samlp|example-enterprise|alex@example.com',
      'oidc|example|a|b|c',
      'oauth2|custom|a/b?c#d',
      'auth0|ümlaut',
    ])('splits %s at the first bar', async (user_id) => {
      const user = named(user_id)
      world.settle(PRIMARY, user)
      const { resumed } = await world.whole({ nested: { user } })
      expect(resumed).toGoOn()
      const [provider, ...rest] = user_id.split('|')
      const sent = world.tenant.requests.find(({ route }) => route === 'link')
      const database = provider === 'auth0' ? { connection_id: 'con_ExampleDatabase01' } : {}
      expect(JSON.parse(sent?.body ?? '')).toEqual({
        provider,
        user_id: rest.join('|'),
        ...database,
      })
    })

    test('names no connection where the nested login does not tell its id', async () => {
      const user = named('auth0|example')
      world.settle(PRIMARY, user)
      await world.whole({ nested: { user, event: { connection: { id: undefined } } } })
      const sent = world.tenant.requests.find(({ route }) => route === 'link')
      expect(JSON.parse(sent?.body ?? '')).toEqual({ provider: 'auth0', user_id: 'example' })
    })

    test.each(['samlp|example|a/b', 'auth0|../../users', 'email|a?b#c', 'auth0|%2e%2e'])(
      'names the primary %s in one path segment',
      async (user_id) => {
        const primary = { ...PRIMARY, user_id }
        world.settle(primary, SECONDARY)
        const { resumed } = await world.whole({ event: { user: { user_id } } })
        expect(resumed).toLink()
        expect(world.tenant.links).toEqual([{ primary: user_id, identity: SECONDARY.user_id }])
      },
    )

    test('keeps other metadata of the transaction out of it', async () => {
      const { started, resumed } = await world.whole({
        event: { transaction: { metadata: { other_action: 'x', count: 3 } } },
      })
      expect(started.metadata).toMatchObject({ other_action: 'x', count: 3 })
      expect(resumed).toGoOn()
    })
  })

  describe('the attempt', () => {
    type Change = readonly [string, EventOverrides]
    const CHANGES: readonly Change[] = [
      ['user', { user: { user_id: STRANGER.user_id } }],
      ['client', { client: { client_id: 'anotherClient' } }],
      ['domain', CUSTOM],
      ['protocol', { transaction: { protocol: 'oidc-hybrid-profile' } }],
      ['scopes', { transaction: { requested_scopes: ['openid', 'link_account'] } }],
      ['response type', { transaction: { response_type: ['code', 'id_token'] } }],
      ['redirect URI', { transaction: { redirect_uri: 'https://app.example.com/other' } }],
      ['state', { transaction: { state: 'another' } }],
      ['state, which is gone', { transaction: { state: undefined } }],
      ['organization', { organization: { id: 'org_example' } }],
      [
        'ACTION_SECRET',
        { secrets: { ACTION_SECRET: 'another-secret-with-more-than-32-characters' } },
      ],
      ['password', { user: { last_password_reset: '2026-03-02T12:05:00.000Z' } }],
      ['standing: blocked', { user: { blocked: true } }],
    ]

    test.each(CHANGES)(
      'is denied without a request when it comes back with another %s',
      async (_what, event) => {
        const started = await world.start()
        const nested = await world.nested(started)
        const before = world.tenant.calls()
        const resumed = await world.resume(started, nested, { event })
        expect(resumed).toBeDenied('binding_mismatch')
        expect(world.tenant.calls()).toBe(before)
      },
    )

    test.each([
      [900, undefined],
      [901, 'callback_invalid'],
      [86_400, 'callback_invalid'],
    ])('%s seconds old: %s', async (ageSeconds, code) => {
      const started = await world.start()
      const nested = await world.nested(started)
      vi.setSystemTime(NOW_MS + ageSeconds * 1_000)
      const before = world.tenant.calls()
      const resumed = await world.resume(started, nested, {
        login: { claims: { auth_time: NOW_SECONDS + ageSeconds } },
      })
      expect(resumed).toEndIn(code)
      if (code !== undefined) expect(world.tenant.calls()).toBe(before)
    })

    test('is not ended by a password reset or a lifted block from before it', async () => {
      const user = { last_password_reset: '2026-03-02T11:00:00.000Z', blocked: false }
      expect((await world.whole({ event: { user } })).resumed).toGoOn()
    })

    test('is not bound to the transaction id', async () => {
      const { resumed } = await world.whole({
        resume: { event: { transaction: { id: 'another' } } },
      })
      expect(resumed).toGoOn()
    })

    const entry = (started: Run): [string, string] => {
      const [key = '', value = ''] = Object.entries(started.metadata)[0] ?? []
      return [key, String(value)]
    }

    async function resumeWith(change: (key: string, value: string) => Record<string, unknown>) {
      const started = await world.start()
      const nested = await world.nested(started)
      const before = world.tenant.calls()
      const metadata = change(...entry(started))
      const resumed = await world.resume(started, nested, { metadata })
      return { resumed, requests: world.tenant.calls() - before }
    }

    const LOST: readonly (readonly [
      string,
      (key: string, value: string) => Record<string, unknown>,
    ])[] = [
      ['is lost', () => ({})],
      ['is empty', (key) => ({ [key]: '' })],
      ['is a number', (key) => ({ [key]: 7 })],
      ['is a switch', (key) => ({ [key]: true })],
      ['is no record', (key) => ({ [key]: 'nonsense' })],
      ['is an empty record', (key) => ({ [key]: '{}' })],
      ['is null', (key) => ({ [key]: 'null' })],
      ['is a list', (key) => ({ [key]: '[]' })],
      ['is cut short', (key, value) => ({ [key]: value.slice(0, -1) })],
      ['stands under another key', (key, value) => ({ [`${key}x`]: value })],
    ]

    test.each(LOST)('is denied without a request when its record %s', async (_what, change) => {
      const { resumed, requests } = await resumeWith(change)
      expect(resumed).toBeDenied('binding_mismatch')
      expect(requests).toBe(0)
    })

    test('is denied without a request when any part of its record is altered', async () => {
      const started = await world.start({
        event: query({ requested_connection_scope: 'calendar' }),
      })
      const nested = await world.nested(started)
      const [key, value] = entry(started)
      const before = world.tenant.calls()
      for (let index = 0; index < value.length; index += 3) {
        const letter = value[index] === 'A' ? 'B' : 'A'
        const altered = value.slice(0, index) + letter + value.slice(index + 1)
        const resumed = await world.resume(started, nested, {
          metadata: { [key]: altered },
          query: { state: PLATFORM_STATE, code: 'example-code' },
        })
        expect([index, resumed.code]).toEqual([index, 'binding_mismatch'])
      }
      expect(world.tenant.calls()).toBe(before)
    })

    test('is denied when the record is that of another transaction', async () => {
      const other = await world.start({ event: { transaction: { state: 'another' } } })
      const started = await world.start()
      const nested = await world.nested(started)
      const resumed = await world.resume(started, nested, { metadata: other.metadata })
      expect(resumed).toBeDenied('binding_mismatch')
    })

    test('is judged before what the account has by now', async () => {
      const { resumed } = await world.whole({
        resume: { event: { ...LINKED_EVENT, transaction: { state: 'another' } } },
      })
      expect(resumed).toBeDenied('binding_mismatch')
    })

    test('ends as already_linked without a request when the account has the connection by now', async () => {
      const RESULT_CLAIM = 'https://example.com/link'
      const started = await world.start({ settings: { RESULT_CLAIM } })
      const nested = await world.nested(started)
      const before = world.tenant.calls()
      const resumed = await world.resume(started, nested, { event: LINKED_EVENT })
      expect(resumed).toGoOn()
      expect(resumed.claims).toEqual({
        [RESULT_CLAIM]: { status: 'already_linked', connection: 'google-oauth2' },
      })
      expect(world.tenant.calls()).toBe(before)
    })

    test('starts anew: a code of an earlier attempt is refused', async () => {
      const first = await world.start()
      const nested = await world.nested(first)
      const code = world.tenant.authorize(first.redirect?.href ?? '', {
        user: nested.user,
        claims: nested.claims,
      })
      const second = await world.start()
      const resumed = await world.resume(second, nested, { query: { state: PLATFORM_STATE, code } })
      expect(resumed).toBeDenied('callback_invalid')
      expect(world.tenant.links).toEqual([])
    })

    test('works in its own of two that run at once', async () => {
      const one = await world.start({ event: { transaction: { state: 'one' } } })
      const two = await world.start({ event: { transaction: { state: 'two' } } })
      const [nestedTwo, nestedOne] = [await world.nested(two), await world.nested(one)]
      expect(await world.resume(two, nestedTwo)).toGoOn()
      expect(world.tenant.links).toHaveLength(1)
      const late = await world.resume(one, nestedOne, { login: { user: SECONDARY } })
      expect(late).toBeDenied('identity_in_use')
      expect(world.tenant.links).toHaveLength(1)
    })

    test('links nothing more when its way back is replayed', async () => {
      const started = await world.start()
      const nested = await world.nested(started)
      const code = world.tenant.authorize(started.redirect?.href ?? '', {
        user: nested.user,
        claims: nested.claims,
      })
      const options = { query: { state: PLATFORM_STATE, code } }
      expect(await world.resume(started, nested, options)).toGoOn()
      expect(await world.resume(started, nested, options)).toBeDenied('callback_invalid')
      expect(world.tenant.links).toHaveLength(1)
    })
  })

  describe('the query of the way back', () => {
    const QUERIES: readonly (readonly [string, Record<string, unknown>, string])[] = [
      ['access_denied', { error: 'access_denied' }, 'link_cancelled'],
      [
        'access_denied with a description',
        { error: 'access_denied', error_description: '<script>alert(1)</script>' },
        'link_cancelled',
      ],
      [
        'our own denial for MFA',
        { error: 'access_denied', error_description: 'mfa_required: Multi-factor …' },
        'mfa_required',
      ],
      [
        'our own denial for scopes',
        { error: 'access_denied', error_description: 'scope_not_allowed: x' },
        'scope_not_allowed',
      ],
      [
        'our own denial of a link scope',
        { error: 'access_denied', error_description: 'invalid_request: x' },
        'invalid_request',
      ],
      [
        'a code of ours that no nested login ends with',
        { error: 'access_denied', error_description: 'hint_invalid: x' },
        'link_cancelled',
      ],
      [
        'a code of ours further back',
        { error: 'access_denied', error_description: 'no mfa_required: x' },
        'link_cancelled',
      ],
      [
        'a code of ours without its colon',
        { error: 'access_denied', error_description: 'mfa_required' },
        'link_cancelled',
      ],
      [
        'a description that is a list',
        { error: 'access_denied', error_description: ['mfa_required: x'] },
        'link_cancelled',
      ],
      [
        'a code of ours beside another error',
        { error: 'server_error', error_description: 'mfa_required: x' },
        'callback_invalid',
      ],
      ['another error', { error: 'login_required' }, 'callback_invalid'],
      ['markup for an error', { error: '<img src=x onerror=alert(1)>' }, 'callback_invalid'],
      ['an error that is a list', { error: ['access_denied', 'x'] }, 'callback_invalid'],
      ['an empty error', { error: '' }, 'callback_invalid'],
      ['no code', {}, 'callback_invalid'],
      ['an empty code', { code: '' }, 'callback_invalid'],
      ['a code twice', { code: ['one', 'two'] }, 'callback_invalid'],
      ['a code that is an object', { code: { a: 'b' } }, 'callback_invalid'],
      ['a code that is a number', { code: 12345 }, 'callback_invalid'],
    ]

    test.each(QUERIES)('with %s is denied without a request', async (_what, given, code) => {
      const started = await world.start()
      const nested = await world.nested(started)
      const before = world.tenant.calls()
      const resumed = await world.resume(started, nested, {
        query: { state: PLATFORM_STATE, ...given },
      })
      expect(resumed).toBeDenied(code)
      expect(world.tenant.calls()).toBe(before)
      const said = [resumed.denial, ...world.lines].join('\n')
      expect(said).not.toMatch(/script|onerror|alert/)
    })

    test.each([
      ['login_required', 'ended in login_required'],
      ['temporarily_unavailable', 'ended in temporarily_unavailable'],
      ['unauthorized', 'ended in unauthorized'],
      ['alex_example', 'ended in an error'],
      ['server_error<b>', 'ended in an error'],
    ])('with the error %s: the log says that it %s', async (error, said) => {
      const started = await world.start()
      await world.resume(started, await world.nested(started), {
        query: { state: PLATFORM_STATE, error },
      })
      expect(world.lines.join('\n')).toMatch(new RegExp(`${said}$`, 'm'))
    })

    test('with an error and a code is denied without a request', async () => {
      const started = await world.start()
      const nested = await world.nested(started)
      const code = world.tenant.authorize(started.redirect?.href ?? '', { user: SECONDARY })
      const before = world.tenant.calls()
      const resumed = await world.resume(started, nested, {
        query: { state: PLATFORM_STATE, code, error: 'server_error' },
      })
      expect(resumed).toBeDenied('callback_invalid')
      expect(world.tenant.calls()).toBe(before)
    })

    test('with an unknown code is callback_invalid', async () => {
      const started = await world.start()
      const nested = await world.nested(started)
      const resumed = await world.resume(started, nested, {
        query: { state: PLATFORM_STATE, code: 'of-nobody' },
      })
      expect(resumed).toBeDenied('callback_invalid')
    })
  })

  describe('the nested ID token', () => {
    const CUSTOM_ISSUER = `https://${CUSTOM_DOMAIN}/`
    type Row = readonly [string, Partial<SecondLogin>]
    const REFUSED: readonly Row[] = [
      ['is no JWT', { idToken: 'nonsense' }],
      ['is empty', { idToken: '' }],
      ['is signed by an unknown key', { key: 'foreign' }],
      [
        'is signed by an unknown key under a known kid',
        { key: 'foreign', header: { kid: 'exampleCurrentKey0001' } },
      ],
      ['has alg none', { header: { alg: 'none' } }],
      ['is signed by HS256 with the client secret', { key: { hmacSecret: COMPANION_SECRET } }],
      ['has another issuer', { claims: { iss: 'https://other.example.net/' } }],
      ['has the issuer of the other domain', { claims: { iss: CUSTOM_ISSUER } }],
      ['has no issuer', { claims: { iss: undefined } }],
      ['has another audience', { claims: { aud: 'another' } }],
      ['has no audience', { claims: { aud: undefined } }],
      [
        'has several audiences and a foreign azp',
        { claims: { aud: [COMPANION_ID, 'x'], azp: 'x' } },
      ],
      ['has a foreign azp', { claims: { azp: 'another' } }],
      ['is expired', { claims: { iat: NOW_SECONDS - 7_200, exp: NOW_SECONDS - 60 } }],
      ['has no exp', { claims: { exp: undefined } }],
      ['has no iat', { claims: { iat: undefined } }],
      ['is from the future', { claims: { iat: NOW_SECONDS + 3_600 } }],
      ['has another nonce', { claims: { nonce: 'another' } }],
      ['has no nonce', { claims: { nonce: undefined } }],
      ['has no auth_time', { claims: { auth_time: undefined } }],
      ['has an auth_time of an hour ago', { claims: { auth_time: NOW_SECONDS - 3_600 } }],
      [
        'has an auth_time of a minute before the start',
        { claims: { auth_time: NOW_SECONDS - 60 } },
      ],
      ['has an auth_time that is no number', { claims: { auth_time: String(NOW_SECONDS) } }],
      ['has no subject', { claims: { sub: undefined } }],
    ]

    test.each(REFUSED)('is refused when it %s', async (_what, login) => {
      const { resumed } = await world.whole({ resume: { login } })
      expect(resumed).toBeDenied('callback_invalid')
      expect(world.tenant.calls('client-credentials')).toBe(1)
      expect(world.tenant.links).toEqual([])
    })

    const ACCEPTED: readonly Row[] = [
      ['is signed by the other published key', { key: 'next' }],
      ['has this client as azp', { claims: { azp: COMPANION_ID } }],
      ['has an audience of one in a list', { claims: { aud: [COMPANION_ID] } }],
      [
        'has an auth_time some seconds before the start',
        { claims: { auth_time: NOW_SECONDS - 20 } },
      ],
      ['has an iat a moment in the future', { claims: { iat: NOW_SECONDS + 20 } }],
    ]

    test.each(ACCEPTED)('is accepted when it %s', async (_what, login) => {
      const { resumed } = await world.whole({ resume: { login } })
      expect(resumed).toLink()
      expect(world.tenant.links).toHaveLength(1)
    })

    test('is checked against keys that are fetched once more for an unknown kid', async () => {
      await world.reload()
      world.tenant.publish('current')
      const started = await world.start()
      const nested = await world.nested(started)
      world.tenant.publish('next', 'current')
      const resumed = await world.resume(started, nested, { login: { key: 'next' } })
      expect(resumed).toGoOn()
      expect(world.tenant.calls('jwks')).toBe(2)
    })

    test('is refused when it is missing', async () => {
      const { resumed } = await world.whole({ resume: { login: { idToken: null } } })
      // Section 6 can be read both ways: a check that fails, or an answer without a token.
      expect(resumed).toBeDenied('callback_invalid', 'service_unavailable')
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('is refused at a subject without a provider', async () => {
      const { resumed } = await world.whole({ resume: { login: { claims: { sub: 'nobar' } } } })
      expect(resumed).toBeDenied()
      expect(world.tenant.calls('link')).toBe(0)
    })
  })

  describe('the claim of the nested login', () => {
    test('is missed as connection_mismatch', async () => {
      const started = await world.start()
      const nested = await world.nested(started)
      const claims = Object.fromEntries(Object.keys(nested.claims).map((key) => [key, undefined]))
      const resumed = await world.resume(started, nested, { login: { claims } })
      expect(resumed).toBeDenied('connection_mismatch')
      expect(world.tenant.links).toEqual([])
    })

    test.each([null, 'text', 7, [], {}, [[]], true])('is refused as %j', async (value) => {
      const started = await world.start()
      const nested = await world.nested(started)
      const claims = Object.fromEntries(Object.keys(nested.claims).map((key) => [key, value]))
      const resumed = await world.resume(started, nested, { login: { claims } })
      expect(resumed).toBeDenied('connection_mismatch', 'binding_mismatch')
      expect(world.tenant.links).toEqual([])
    })

    test.each(['github', 'Google-OAuth2', '', undefined])(
      'is refused with the connection %s',
      async (name) => {
        const started = await world.start()
        const nested = await world.nested(started, { event: { connection: { name } } })
        const resumed = await world.resume(started, nested)
        expect(resumed).toBeDenied('connection_mismatch')
        expect(world.tenant.links).toEqual([])
      },
    )

    const ELSEWHERE: readonly (readonly [string, string, EventOverrides])[] = [
      ['browser', 'PIN_USER_AGENT', { request: { user_agent: 'Another/2.0' } }],
      ['address', 'PIN_IP_ADDRESS', { request: { ip: '198.51.100.9' } }],
    ]

    test.each(ELSEWHERE)(
      'tells of another %s though the way back repeats the first one',
      async (_what, pin, event) => {
        const { resumed } = await world.whole({ settings: { [pin]: 'yes' }, nested: { event } })
        expect(resumed).toBeDenied('binding_mismatch')
        expect(world.tenant.calls('link')).toBe(0)
      },
    )

    test.each(ELSEWHERE)(
      'may have another %s where it is not pinned',
      async (_what, pin, event) => {
        const { resumed } = await world.whole({ settings: { [pin]: 'no' }, nested: { event } })
        expect(resumed).toGoOn()
      },
    )
  })

  describe('policy that became stricter while the browser was away', () => {
    const scoped = query({ requested_connection_scope: 'calendar' })
    const CONNECTIONS = { ALLOWED_CONNECTIONS: 'github' }
    const SCOPES = { ALLOWED_CONNECTION_SCOPES: 'contacts' }
    const ROWS = [
      ['link', {}, SECONDARY, CONNECTIONS, 'connection_not_allowed'],
      ['link', scoped, SECONDARY, SCOPES, 'scope_not_allowed'],
      ['consent', { ...LINKED_EVENT, ...scoped }, LINKED, CONNECTIONS, 'connection_not_allowed'],
      ['consent', { ...LINKED_EVENT, ...scoped }, LINKED, SCOPES, 'scope_not_allowed'],
    ] as const

    test.each(ROWS)(
      'denies a %s without a request: %4$s',
      async (_mode, event, user, secrets, code) => {
        const started = await world.start({ event })
        const nested = await world.nested(started, { user })
        const before = world.tenant.calls()
        const resumed = await world.resume(started, nested, { event: { secrets } })
        expect(resumed).toBeDenied(code)
        expect(world.tenant.calls()).toBe(before)
        expect(world.tenant.links).toEqual([])
      },
    )

    const otp = { enrolledFactors: [{ type: 'otp' }] }
    const mfaDone = { authentication: { methods: [{ name: 'pwd' }, { name: 'mfa' }] } }
    test.each([
      ['no', 'yes', { user: otp }, 'mfa_required'],
      ['no', 'always', {}, 'mfa_required'],
      ['yes', 'always', {}, 'mfa_required'],
      ['no', 'yes', {}, undefined],
      ['yes', 'no', { user: otp, ...mfaDone }, undefined],
      ['no', 'always', mfaDone, undefined],
      ['always', 'always', mfaDone, undefined],
    ] as const)('ENFORCE_MFA %s, then %s, with %j: %s', async (before, after, event, code) => {
      const started = await world.start({ settings: { ENFORCE_MFA: before }, event })
      const nested = await world.nested(started)
      const requests = world.tenant.calls()
      // What the login has done may be told on the way back no more.
      const back = { secrets: { ENFORCE_MFA: after }, authentication: undefined }
      const resumed = await world.resume(started, nested, { event: back })
      expect(resumed).toEndIn(code)
      if (code !== undefined) expect(world.tenant.calls()).toBe(requests)
    })

    test('lets a link pass that it still allows, whatever it says of unlinks', async () => {
      const secrets = {
        ALLOWED_CONNECTIONS: 'google-oauth2',
        ALLOWED_CONNECTION_SCOPES: 'calendar',
        ALLOW_UNLINK: 'no',
      }
      const { resumed } = await world.whole({ event: scoped, resume: { event: { secrets } } })
      expect(resumed).toLink()
      expect(world.tenant.links).toHaveLength(1)
    })
  })

  describe('who came back', () => {
    test('the primary itself is already linked', async () => {
      const { resumed } = await world.whole({ nested: { user: PRIMARY } })
      expect(resumed).toGoOn()
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('an account with identities of its own is in use', async () => {
      world.settle(PRIMARY, MERGED)
      const { resumed } = await world.whole({ nested: { user: MERGED } })
      expect(resumed).toBeDenied('identity_in_use')
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('an account with identities of its own is in use before its e-mail is judged', async () => {
      const user = { ...MERGED, email_verified: false }
      world.settle(PRIMARY, user)
      const { resumed } = await world.whole({
        settings: { ENFORCE_SECONDARY_EMAIL_VERIFICATION: 'yes' },
        nested: { user },
      })
      expect(resumed).toBeDenied('identity_in_use')
    })

    test('a database user may be the secondary', async () => {
      const { resumed } = await world.whole({
        event: {
          user: { user_id: SECONDARY.user_id, identities: SECONDARY.identities },
          request: { query: { requested_connection: DATABASE_CONNECTION } },
        },
        nested: { user: STRANGER },
      })
      expect(resumed).toLink()
      expect(world.tenant.links).toEqual([
        { primary: SECONDARY.user_id, identity: STRANGER.user_id },
      ])
    })
  })

  describe('a consent attempt', () => {
    const event: EventOverrides = {
      ...LINKED_EVENT,
      request: { query: { requested_connection_scope: 'calendar' } },
    }
    const RESULT_CLAIM = 'https://example.com/link'

    test('links nothing and ends as consented', async () => {
      world.settle(...LINKED_PEOPLE)
      const { resumed } = await world.whole({
        event,
        settings: { RESULT_CLAIM },
        nested: { user: LINKED },
      })
      expect(resumed.claims).toEqual({
        [RESULT_CLAIM]: { status: 'consented', connection: 'google-oauth2' },
      })
      expect(resumed).toGoOn()
      expect(world.tenant.requests.map(({ route }) => route)).toEqual(['jwks', 'code'])
    })

    test.each([STRANGER, SECONDARY])('is denied when $user_id comes back', async (user) => {
      world.settle(...LINKED_PEOPLE, SECONDARY)
      const { resumed } = await world.whole({ event, nested: { user } })
      expect(resumed).toBeDenied('connection_mismatch')
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('needs no ALLOW_MERGE', async () => {
      world.settle(...LINKED_PEOPLE)
      const { resumed } = await world.whole({
        event,
        settings: { ALLOW_MERGE: 'no', ENFORCE_SECONDARY_EMAIL_VERIFICATION: 'yes' },
        nested: { user: LINKED },
      })
      expect(resumed).toGoOn()
    })
  })
})
