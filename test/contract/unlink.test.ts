/**
 * Section 7 of the contract, and what its other sections say about an unlink: which identity goes, who
 * has to come back and from where, and what becomes of the account when the tenant has trouble.
 */

import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { EventOverrides } from '../../scripts/testing/event.ts'
import type { Fault } from '../../scripts/testing/faults.ts'
import type { Run, WholeOptions } from '../../scripts/testing/flow.ts'
import {
  CANONICAL_DOMAIN,
  CLIENT_ID,
  COMPANION_ID,
  CUSTOM_DOMAIN,
  DATABASE_CONNECTION,
  NOW_MS,
  NOW_SECONDS,
  type Person,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from '../../scripts/testing/people.ts'
import type { Identity } from '../../src/platform.ts'
import { stopTimers, untilSettled } from '../support/settle.ts'
import { LINKED, LINKED_PEOPLE, onEverySubject, UNLINK_EVENT, type World } from './harness.ts'

const GOOGLE = SECONDARY.user_id
const MAIN = PRIMARY.user_id

const identity = (connection: string, id: string): Identity => {
  const bar = id.indexOf('|')
  return { connection, provider: id.slice(0, bar), user_id: id.slice(bar + 1), isSocial: false }
}

const SECOND_GOOGLE = identity('google-oauth2', 'google-oauth2|222222222222222222222')
const GITHUB = identity('github', 'github|1234567')
const SECOND_DATABASE_ENTRY = identity(DATABASE_CONNECTION, 'auth0|61d3a9f04b7c2e0071e5d8a6')

/** The primary with these identities beside its main one. */
const account = (...linked: readonly Identity[]): Person => ({
  ...PRIMARY,
  identities: [...PRIMARY.identities, ...linked],
})

/** An account whose main identity is the social one, the database entry being linked. */
const SOCIAL: Person = {
  ...SECONDARY,
  identities: [...SECONDARY.identities, ...PRIMARY.identities],
}

type Asked = Readonly<Record<string, unknown>>

/** What differs from the event of `UNLINK_EVENT`: whose account it is, and what is asked for. */
const asking = (user: Person, parameters: Asked = {}): EventOverrides => ({
  ...UNLINK_EVENT,
  request: { query: { scope: 'openid unlink_account', ...parameters } },
  user: { user_id: user.user_id, identities: user.identities },
})

/** A whole unlink of the user's, who comes back as the user. */
function unlink(
  world: World,
  { user = LINKED, ...options }: Partial<WholeOptions> & { readonly user?: Person } = {},
) {
  const event = asking(user)
  return world.whole({ event, ...options, nested: { user, ...options.nested } })
}

const left = (world: World, user: Person = LINKED): readonly string[] =>
  world.tenant
    .user(user.user_id)
    ?.identities.map(({ provider, user_id }) => `${provider}|${user_id}`) ?? []

const typesOf = ({ commands }: Run) => commands.map(({ type }) => type)

onEverySubject((world) => {
  beforeEach(() => world.settle(...LINKED_PEOPLE))

  test('an unlink takes the identity from the account, and the login goes on', async () => {
    const { resumed } = await unlink(world)
    expect(resumed).toBeUntouched()
    expect(world.tenant.unlinks).toEqual([{ primary: MAIN, identity: GOOGLE }])
    expect(left(world)).toEqual([MAIN])
    expect(world.tenant.user(GOOGLE)?.identities).toHaveLength(1)
    expect(world.tenant.links).toEqual([])
  })

  describe('what goes', () => {
    const ROWS: readonly (readonly [string, Person, Asked, string])[] = [
      ['the only one of that connection', account(...SECONDARY.identities, GITHUB), {}, GOOGLE],
      [
        'a database entry, where the main identity is a social one',
        SOCIAL,
        { requested_connection: DATABASE_CONNECTION },
        MAIN,
      ],
      [
        'a second identity of the main one’s connection',
        account(SECOND_DATABASE_ENTRY),
        { requested_connection: DATABASE_CONNECTION },
        'auth0|61d3a9f04b7c2e0071e5d8a6',
      ],
      [
        'the one asked for, where it is the only one',
        LINKED,
        { requested_identity: GOOGLE },
        GOOGLE,
      ],
      [
        'the first of several, if asked for',
        account(...SECONDARY.identities, SECOND_GOOGLE),
        { requested_identity: GOOGLE },
        GOOGLE,
      ],
      [
        'the second of several, if asked for',
        account(...SECONDARY.identities, SECOND_GOOGLE),
        { requested_identity: 'google-oauth2|222222222222222222222' },
        'google-oauth2|222222222222222222222',
      ],
      [
        'an identity whose id has bars of its own',
        account(identity('example-enterprise', 'samlp|example-enterprise|alex')),
        { requested_connection: 'example-enterprise' },
        'samlp|example-enterprise|alex',
      ],
      [
        'the same, if asked for',
        account(identity('example-enterprise', 'samlp|example-enterprise|alex')),
        {
          requested_connection: 'example-enterprise',
          requested_identity: 'samlp|example-enterprise|alex',
        },
        'samlp|example-enterprise|alex',
      ],
      [
        'an identity whose id would be a path, as one encoded segment',
        account(identity('example-enterprise', 'samlp|../../auth0|x/y?z#%2e%2f &ü')),
        { requested_connection: 'example-enterprise' },
        'samlp|../../auth0|x/y?z#%2e%2f &ü',
      ],
      [
        'an identity of a custom provider, by the provider and not by the connection',
        account(identity('google-oauth2', 'oauth2|google-oauth2|alex')),
        {},
        'oauth2|google-oauth2|alex',
      ],
    ]

    test.each(ROWS)('is %s', async (_what, user, parameters, gone) => {
      world.settle(user, STRANGER)
      const { resumed } = await unlink(world, { user, event: asking(user, parameters) })
      expect(resumed).toGoOn()
      expect(world.tenant.unlinks).toEqual([{ primary: user.user_id, identity: gone }])
      expect(left(world, user)).toHaveLength(user.identities.length - 1)
      expect(left(world, user)).not.toContain(gone)
      expect(left(world, user)).toContain(user.user_id)
    })

    test('is taken with DELETE, at the canonical domain, by provider and id', async () => {
      await unlink(world)
      const sent = world.tenant.requests.filter(({ route }) => route === 'unlink')
      expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
        `DELETE https://${CANONICAL_DOMAIN}/api/v2/users/${encodeURIComponent(MAIN)}/identities/google-oauth2/115015401343387192604`,
      ])
    })

    const REFUSED: readonly (readonly [string, string, Person, Asked])[] = [
      ['no identity of that connection', 'identity_not_found', PRIMARY, {}],
      ['a connection of nobody', 'identity_not_found', LINKED, { requested_connection: 'nowhere' }],
      [
        'another case of it',
        'identity_not_found',
        LINKED,
        { requested_connection: 'GOOGLE-oauth2' },
      ],
      [
        'an identity that the account does not have',
        'identity_not_found',
        LINKED,
        { requested_identity: 'google-oauth2|999' },
      ],
      [
        'another user’s identity',
        'identity_not_found',
        LINKED,
        { requested_connection: DATABASE_CONNECTION, requested_identity: STRANGER.user_id },
      ],
      [
        'an identity of another connection of the account',
        'identity_not_found',
        account(...SECONDARY.identities, GITHUB),
        { requested_connection: 'google-oauth2', requested_identity: 'github|1234567' },
      ],
      [
        'the main identity by another connection',
        'identity_not_found',
        LINKED,
        { requested_identity: MAIN },
      ],
      [
        'an identity named without its provider',
        'identity_not_found',
        LINKED,
        { requested_identity: '115015401343387192604' },
      ],
      [
        'the only identity of the account',
        'identity_is_primary',
        PRIMARY,
        { requested_connection: DATABASE_CONNECTION },
      ],
      [
        'only the main one of that connection',
        'identity_is_primary',
        LINKED,
        { requested_connection: DATABASE_CONNECTION },
      ],
      [
        'only the main one, of a social connection',
        'identity_is_primary',
        SOCIAL,
        { requested_connection: 'google-oauth2' },
      ],
      [
        'the main one by its name',
        'identity_is_primary',
        account(SECOND_DATABASE_ENTRY),
        { requested_connection: DATABASE_CONNECTION, requested_identity: MAIN },
      ],
      [
        'one of two without saying which',
        'invalid_request',
        account(...SECONDARY.identities, SECOND_GOOGLE),
        {},
      ],
      [
        'one of two beside the main one without saying which',
        'invalid_request',
        account(SECOND_DATABASE_ENTRY, identity(DATABASE_CONNECTION, 'auth0|1')),
        { requested_connection: DATABASE_CONNECTION },
      ],
    ]

    test.each(REFUSED)('is not %s: %s', async (_what, code, user, parameters) => {
      const started = await world.start({ event: asking(user, parameters) })
      expect(started).toBeDenied(code)
      expect(typesOf(started)).toEqual(['access.deny'])
      expect(world.tenant.calls('unlink')).toBe(0)
    })

    test.each([
      ['missing', undefined],
      ['empty', []],
    ])('is nothing where the identities are %s', async (_what, identities) => {
      const event = { ...asking(LINKED), user: { identities } }
      expect(await world.start({ event })).toBeDenied('identity_not_found')
    })
  })

  describe('the nested request', () => {
    test('names the connection of the main identity, and asks no upstream scope', async () => {
      const { redirect } = await world.start({ event: asking(LINKED) })
      expect(`${redirect?.origin}${redirect?.pathname}`).toBe(
        `https://${CANONICAL_DOMAIN}/authorize`,
      )
      expect(Object.fromEntries(redirect?.searchParams ?? [])).toEqual({
        client_id: COMPANION_ID,
        response_type: 'code',
        redirect_uri: `https://${CANONICAL_DOMAIN}/continue`,
        scope: 'openid profile email',
        connection: DATABASE_CONNECTION,
        max_age: '0',
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: 'S256',
        nonce: expect.stringMatching(/^.{20,}$/),
      })
    })

    test('names a social connection where that is the main one’s', async () => {
      const asked = { requested_connection: DATABASE_CONNECTION }
      const { redirect } = await world.start({ event: asking(SOCIAL, asked) })
      expect(redirect?.searchParams.get('connection')).toBe('google-oauth2')
    })

    test('carries NESTED_PARAMS and the languages', async () => {
      const { redirect } = await world.start({
        event: {
          ...asking(LINKED),
          transaction: { ...UNLINK_EVENT.transaction, ui_locales: ['de'] },
        },
        settings: { NESTED_PARAMS: 'prompt=login' },
      })
      expect(redirect?.searchParams.get('ui_locales')).toBe('de')
      expect(redirect?.searchParams.get('prompt')).toBe('login')
    })

    test('comes with one metadata entry', async () => {
      const { commands } = await world.start({ event: asking(LINKED) })
      expect(commands.map(({ type }) => type).sort()).toEqual([
        'redirect.sendUserTo',
        'transaction.setMetadata',
      ])
    })
  })

  describe('settings and policy', () => {
    const POLICY: readonly (readonly [
      string,
      string | undefined,
      Readonly<Record<string, string>>,
      EventOverrides,
    ])[] = [
      ['ALLOW_UNLINK no', 'unlink_not_allowed', { ALLOW_UNLINK: 'no' }, {}],
      ['ALLOW_UNLINK False', 'unlink_not_allowed', { ALLOW_UNLINK: ' False ' }, {}],
      ['ALLOW_UNLINK yes', undefined, { ALLOW_UNLINK: 'yes' }, {}],
      ['ALLOW_UNLINK that is not understood', 'misconfigured', { ALLOW_UNLINK: 'never' }, {}],
      ['ALLOWED_CONNECTIONS without it', undefined, { ALLOWED_CONNECTIONS: 'github' }, {}],
      ['ALLOWED_CONNECTION_SCOPES', undefined, { ALLOWED_CONNECTION_SCOPES: 'calendar' }, {}],
      ['ALLOWED_CLIENT_IDS with the client', undefined, { ALLOWED_CLIENT_IDS: CLIENT_ID }, {}],
      ['ENFORCE_MFA always', 'mfa_required', { ENFORCE_MFA: 'always' }, {}],
      ['ENFORCE_MFA yes, nothing enrolled', undefined, { ENFORCE_MFA: 'yes' }, {}],
      [
        'ENFORCE_MFA yes, enrolled and not done',
        'mfa_required',
        { ENFORCE_MFA: 'yes' },
        { user: { enrolledFactors: [{ type: 'otp' }] } },
      ],
      [
        'ENFORCE_MFA yes, factors unreadable',
        'mfa_required',
        { ENFORCE_MFA: 'yes' },
        { user: { enrolledFactors: undefined } },
      ],
      [
        'ENFORCE_MFA always, done',
        undefined,
        { ENFORCE_MFA: 'always' },
        { authentication: { methods: [{ name: 'pwd' }, { name: 'mfa' }] } },
      ],
      [
        'ENFORCE_EMAIL_VERIFICATION, unverified',
        'email_unverified',
        { ENFORCE_EMAIL_VERIFICATION: 'yes' },
        { user: { email_verified: false } },
      ],
      [
        'REQUIRE_MATCHING_EMAIL, unverified',
        'email_unverified',
        { REQUIRE_MATCHING_EMAIL: 'yes' },
        { user: { email_verified: false } },
      ],
    ]

    test.each(POLICY)('%s: %s', async (_what, code, settings, over) => {
      const event = asking(LINKED)
      const started = await world.start({
        settings,
        event: { ...event, ...over, user: { ...event.user, ...over.user } },
      })
      expect(started).toEndIn(code)
      expect(started.redirect === undefined).toBe(code !== undefined)
    })

    test('a client that is not listed logs in as usual, with one error line', async () => {
      const started = await world.start({
        event: asking(LINKED),
        settings: { ALLOWED_CLIENT_IDS: 'another', ALLOW_UNLINK: 'no' },
      })
      expect(started).toBeUntouched()
      expect(world.lines).toEqual([expect.stringMatching(/^account-linking:error /)])
      expect(world.tenant.requests).toEqual([])
    })

    test('the secondary’s e-mail policy is for links alone', async () => {
      const user = { ...LINKED, email: 'other@example.org', email_verified: false }
      const { resumed } = await unlink(world, {
        nested: { user },
        settings: { ENFORCE_SECONDARY_EMAIL_VERIFICATION: 'yes', REQUIRE_MATCHING_EMAIL: 'yes' },
      })
      expect(resumed).toGoOn()
      expect(world.tenant.unlinks).toHaveLength(1)
    })

    test('the account has several identities and needs no ALLOW_MERGE', async () => {
      const user = account(...SECONDARY.identities, GITHUB, SECOND_DATABASE_ENTRY)
      world.settle(user, STRANGER)
      const { resumed } = await unlink(world, { user, settings: { ALLOW_MERGE: 'no' } })
      expect(resumed).toGoOn()
      expect(world.tenant.unlinks).toEqual([{ primary: MAIN, identity: GOOGLE }])
    })

    test('MERGE_USER_METADATA merges nothing', async () => {
      const user = { ...LINKED, user_metadata: { colour: 'green' } }
      const { resumed } = await unlink(world, {
        nested: { user },
        settings: { MERGE_USER_METADATA: 'yes' },
      })
      expect(resumed).toBeUntouched()
      expect(world.tenant.unlinks).toHaveLength(1)
    })

    test('the companion may not ask for it', async () => {
      const started = await world.start({
        event: { ...asking(LINKED), client: { client_id: COMPANION_ID } },
      })
      expect(started).toBeDenied('invalid_request')
      expect(world.tenant.requests).toEqual([])
    })

    test.each([
      [{ ALLOW_UNLINK: 'no' }, 'unlink_not_allowed'],
      [{ ALLOWED_CONNECTIONS: '' }, 'misconfigured'],
      [{ ALLOWED_CONNECTIONS: 'github', ALLOWED_CONNECTION_SCOPES: 'calendar' }, undefined],
    ])('%j set while the browser was away: %s', async (secrets, code) => {
      const started = await world.start({ event: asking(LINKED) })
      const nested = await world.nested(started, { user: LINKED })
      const before = world.tenant.calls()
      const resumed = await world.resume(started, nested, { event: { secrets } })
      expect(resumed).toEndIn(code)
      expect(world.tenant.unlinks).toHaveLength(code === undefined ? 1 : 0)
      if (code !== undefined) expect(world.tenant.calls()).toBe(before)
    })
  })

  describe('the hint', () => {
    test.each([
      ['another user’s', 'hint_invalid', { sub: STRANGER.user_id }],
      ['the identity’s that shall go', 'hint_invalid', { sub: GOOGLE }],
      ['another client’s', 'hint_invalid', { aud: 'another' }],
      ['too old', 'hint_expired', { iat: NOW_SECONDS - 601, exp: NOW_SECONDS + 600 }],
    ])('%s: %s', async (_what, code, hint) => {
      const started = await world.start({ event: asking(LINKED), hint })
      expect(started).toBeDenied(code)
    })

    test('of an authentication too long ago: reauth_required', async () => {
      const started = await world.start({
        event: asking(LINKED),
        settings: { PRIMARY_MAX_AUTH_AGE: '300' },
        hint: { auth_time: NOW_SECONDS - 301 },
      })
      expect(started).toBeDenied('reauth_required')
    })

    test('is asked for before the account tells what it has', async () => {
      const started = await world.start({
        event: asking(PRIMARY, { requested_connection: 'nowhere' }),
        hint: { sub: STRANGER.user_id },
      })
      expect(started).toBeDenied('hint_invalid')
    })
  })

  describe('coming back', () => {
    const STANDALONE = SECONDARY

    test.each([
      ['as a stranger', { user: STRANGER }],
      [
        'as the identity that shall go, standing alone',
        { user: STANDALONE, connection: DATABASE_CONNECTION },
      ],
      [
        'as the user, by the connection that shall go',
        { user: LINKED, connection: 'google-oauth2' },
      ],
      ['as the user, by a third connection', { user: LINKED, connection: 'github' }],
    ])('%s: connection_mismatch', async (_how, nested) => {
      const { resumed } = await unlink(world, { nested })
      expect(resumed).toBeDenied('connection_mismatch')
      expect(world.tenant.calls('unlink')).toBe(0)
      expect(left(world)).toEqual([MAIN, GOOGLE])
    })

    test('without the claim of the nested login: connection_mismatch', async () => {
      const started = await world.start({ event: asking(LINKED) })
      const nested = await world.nested(started, { user: LINKED })
      const resumed = await world.resume(started, { ...nested, claims: {} })
      expect(resumed).toBeDenied('connection_mismatch')
      expect(world.tenant.unlinks).toEqual([])
    })

    test('given up: link_cancelled, without a request', async () => {
      const { resumed } = await unlink(world, {
        resume: { query: { state: 's', error: 'access_denied', error_description: '<b>no</b>' } },
      })
      expect(resumed).toBeDenied('link_cancelled')
      expect(resumed.denial).not.toContain('<')
      expect(world.tenant.calls()).toBe(1)
    })

    test('without a code: callback_invalid, without a request', async () => {
      const { resumed } = await unlink(world, { resume: { query: { state: 's' } } })
      expect(resumed).toBeDenied('callback_invalid')
      expect(world.tenant.calls()).toBe(1)
    })

    test('with a nonce or an auth_time of another login: callback_invalid', async () => {
      for (const claims of [{ nonce: 'another' }, { auth_time: NOW_SECONDS - 60 }]) {
        const { resumed } = await unlink(world, { resume: { login: { claims } } })
        expect(resumed).toBeDenied('callback_invalid')
      }
      expect(world.tenant.unlinks).toEqual([])
    })

    test.each([
      ['another user agent', { request: { user_agent: 'ExampleBrowser/2.0' } }, {}],
      ['another session', { session: { id: 'another' } }, {}],
      ['another address', { request: { ip: '198.51.100.9' } }, { PIN_IP_ADDRESS: 'yes' }],
      ['another client', { client: { client_id: 'another' } }, {}],
      ['another user', { user: { user_id: STRANGER.user_id } }, {}],
      ['other scopes', { transaction: { requested_scopes: ['link_account'] } }, {}],
    ] as const)('in %s: binding_mismatch, without a request', async (_where, event, settings) => {
      const { resumed } = await unlink(world, { settings, resume: { event } })
      expect(resumed).toBeDenied('binding_mismatch')
      expect(world.tenant.calls()).toBe(1)
    })

    test('when the nested login was in another browser: binding_mismatch', async () => {
      const { resumed } = await unlink(world, {
        nested: { event: { request: { user_agent: 'ExampleBrowser/2.0' } } },
      })
      expect(resumed).toBeDenied('binding_mismatch')
      expect(world.tenant.unlinks).toEqual([])
    })

    test('a second time unlinks nothing more and does not throw', async () => {
      const started = await world.start({ event: asking(LINKED) })
      const nested = await world.nested(started, { user: LINKED })
      const code = world.tenant.authorize(started.redirect?.href ?? '', {
        user: LINKED,
        claims: nested.claims,
      })
      const query = { state: 's', code }
      expect(await world.resume(started, nested, { query })).toGoOn()
      expect(await world.resume(started, nested, { query })).toBeDenied('callback_invalid')
      expect(world.tenant.unlinks).toHaveLength(1)
    })
  })

  describe('what is kept for the way back', () => {
    const TWO = account(...SECONDARY.identities, GITHUB)

    /** The way back with the metadata altered by this. */
    async function altered(change: (kept: string) => string): Promise<Run> {
      world.settle(TWO, STRANGER)
      const started = await world.start({ event: asking(TWO) })
      const nested = await world.nested(started, { user: TWO })
      const metadata = Object.fromEntries(
        Object.entries(started.metadata).map(([key, value]) => [key, change(String(value))]),
      )
      return world.resume(started, nested, { metadata })
    }

    test('is good as it was', async () => {
      expect(await altered((kept) => kept)).toGoOn()
      expect(world.tenant.unlinks).toEqual([{ primary: MAIN, identity: GOOGLE }])
    })

    test.each([
      ['the id of the identity', '115015401343387192604', '1234567'],
      ['every mention of the connection', 'google-oauth2', 'github'],
      ['the connection to come back by', DATABASE_CONNECTION, 'github'],
      ['the mode', 'unlink', 'link'],
    ])('binds %s: binding_mismatch, without a request', async (_what, one, other) => {
      const resumed = await altered((kept) => {
        expect(kept).toContain(one)
        return kept.replaceAll(one, other)
      })
      expect(resumed).toBeDenied('binding_mismatch')
      expect(world.tenant.calls()).toBe(1)
      expect(left(world)).toHaveLength(3)
    })

    test('binds each of its characters', async () => {
      const started = await world.start({ event: asking(LINKED) })
      const nested = await world.nested(started, { user: LINKED })
      const [[key, kept] = ['', '']] = Object.entries(started.metadata)
      const text = String(kept)
      const codes = new Set<string | undefined>()
      for (let at = 0; at < text.length; at++) {
        const other = text[at] === 'A' ? 'B' : 'A'
        const metadata = { [key]: text.slice(0, at) + other + text.slice(at + 1) }
        // The last character of a tag in base64url may hold bits of no meaning.
        const same = Buffer.from(String(metadata[key]).split('\n').at(-1) ?? '', 'base64url')
        if (
          at === text.length - 1 &&
          same.equals(Buffer.from(text.split('\n').at(-1) ?? '', 'base64url'))
        )
          continue
        codes.add((await world.resume(started, nested, { metadata })).code)
      }
      expect([...codes]).toEqual(['binding_mismatch'])
      expect(world.tenant.calls()).toBe(1)
    })

    test('is lost: binding_mismatch, without a request', async () => {
      const { resumed } = await unlink(world, { resume: { metadata: {} } })
      expect(resumed).toBeDenied('binding_mismatch')
      expect(world.tenant.calls()).toBe(1)
    })

    test('is of a link of the same user: binding_mismatch', async () => {
      const linking = await world.start({ event: { user: { identities: PRIMARY.identities } } })
      const { resumed } = await unlink(world, { resume: { metadata: linking.metadata } })
      expect(resumed).toBeDenied('binding_mismatch')
    })

    test('is of another unlink at once: each code works in its own attempt', async () => {
      world.settle(TWO, STRANGER)
      const starts = [
        await world.start({ event: asking(TWO) }),
        await world.start({ event: asking(TWO, { requested_connection: 'github' }) }),
      ] as const
      const [google, github] = starts
      const nested = await world.nested(google, { user: TWO })
      const crossed = await world.resume(google, nested, { metadata: github.metadata })
      expect(crossed).toBeDenied('callback_invalid')
      expect(world.tenant.unlinks).toEqual([])
      expect(await world.resume(google, nested)).toGoOn()
      expect(world.tenant.unlinks).toEqual([{ primary: MAIN, identity: GOOGLE }])
    })
  })

  describe('trouble', () => {
    beforeEach(() => stopTimers(NOW_MS))

    /** A whole unlink under a clock that jumps over every pause. */
    const settled = (options: Parameters<typeof unlink>[1] = {}) =>
      untilSettled(unlink(world, options))

    const LOST: readonly (readonly [string, Fault])[] = [
      ['no answer', { kind: 'reset', applied: true }],
      ['a 500', { kind: 'answer', status: 500, applied: true }],
      ['a 503 of a proxy', { kind: 'answer', status: 503, body: '<html>', applied: true }],
    ]

    test.each(LOST)('done but answered with %s, then 404: success, once', async (_what, fault) => {
      world.tenant.fail('unlink', fault)
      const { resumed } = (await settled()).value
      expect(resumed).toGoOn()
      expect(world.tenant.unlinks).toHaveLength(1)
      expect(world.tenant.calls('unlink')).toBe(2)
      expect(world.lines.at(-1)).toMatch(/^account-linking:outcome unlinked /)
    })

    test('done but answered in time by nobody, then 404: success, once', async () => {
      world.tenant.fail('unlink', { kind: 'hang', applied: true })
      const { value, tookMs } = await settled()
      expect(value.resumed).toGoOn()
      expect(world.tenant.unlinks).toHaveLength(1)
      expect(tookMs).toBeLessThan(15_000)
    })

    test.each([
      ['no answer', { kind: 'reset' }],
      ['a 502', { kind: 'answer', status: 502 }],
      ['nobody to connect to', { kind: 'refuse' }],
    ] as const)('not done, and answered with %s: tried again', async (_what, fault) => {
      world.tenant.fail('unlink', fault)
      const { resumed } = (await settled()).value
      expect(resumed).toGoOn()
      expect(world.tenant.unlinks).toHaveLength(1)
    })

    test.each([
      ['truncated', { kind: 'truncated' }],
      ['stalled', { kind: 'stalled' }],
      ['HTML', { kind: 'answer', status: 200, body: '<html>', applied: true }],
      ['empty', { kind: 'answer', status: 204, applied: true }],
      ['endless', { kind: 'endless', applied: true }],
    ] as const)('a 2xx whose body is %s is success', async (_what, fault) => {
      world.tenant.fail('unlink', fault)
      const { value } = await settled()
      expect(value.resumed).toGoOn()
      expect(world.tenant.calls('unlink')).toBe(1)
      expect(left(world)).toEqual([MAIN])
    })

    test('404 at first: identity_not_found', async () => {
      world.settle(PRIMARY, STRANGER)
      const { resumed } = (await settled()).value
      expect(resumed).toBeDenied('identity_not_found')
      expect(world.tenant.calls('unlink')).toBe(1)
    })

    test.each([
      ['a 429', { kind: 'answer', status: 429 }],
      ['nobody to connect to', { kind: 'refuse' }],
    ] as const)('404 after %s, which is an answer: identity_not_found', async (_what, fault) => {
      world.settle(PRIMARY, STRANGER)
      world.tenant.fail('unlink', fault)
      const { resumed } = (await settled()).value
      expect(resumed).toBeDenied('identity_not_found')
      expect(world.tenant.calls('unlink')).toBe(2)
    })

    test.each([400, 402, 405, 409, 410, 422])(
      '%i: link_failed, without another try',
      async (status) => {
        world.tenant.failAlways('unlink', { kind: 'answer', status, body: { message: 'Alex' } })
        const { resumed } = (await settled()).value
        expect(resumed).toBeDenied('link_failed')
        expect(world.tenant.calls('unlink')).toBe(1)
      },
    )

    test.each([401, 403])('%i with a fresh token: link_failed', async (status) => {
      world.tenant.failAlways('unlink', { kind: 'answer', status })
      const { resumed } = (await settled()).value
      expect(resumed).toBeDenied('link_failed')
      expect(world.tenant.calls('unlink')).toBe(1)
      expect(world.tenant.calls('client-credentials')).toBe(1)
    })

    test.each([401, 403])('%i with a cached token: a new one is fetched, once', async (status) => {
      const user = account(...SECONDARY.identities, GITHUB)
      world.settle(user, STRANGER)
      await settled({ user })
      world.tenant.fail('unlink', { kind: 'answer', status })
      const event = asking(user, { requested_connection: 'github' })
      const { resumed } = (await settled({ user, event })).value
      expect(resumed).toGoOn()
      expect(world.tenant.unlinks).toHaveLength(2)
      expect(world.tenant.calls('client-credentials')).toBe(2)
    })

    test.each([
      ['Retry-After', { 'retry-after': '3' }, 3_000],
      ['X-RateLimit-Reset', { 'x-ratelimit-reset': String(NOW_SECONDS + 4) }, 4_000],
      [
        'Retry-After before X-RateLimit-Reset',
        { 'retry-after': '2', 'x-ratelimit-reset': String(NOW_SECONDS + 9) },
        2_000,
      ],
    ])('429 with %s: tried again then', async (_what, headers, waitMs) => {
      world.tenant.fail('unlink', { kind: 'answer', status: 429, headers })
      const { value, tookMs } = await settled()
      expect(value.resumed).toGoOn()
      expect(world.tenant.unlinks).toHaveLength(1)
      expect(tookMs).toBeGreaterThanOrEqual(waitMs)
      expect(tookMs).toBeLessThan(waitMs + 1_000)
    })

    test.each([
      [
        '429 that asks for a minute',
        { kind: 'answer', status: 429, headers: { 'retry-after': '60' } },
      ],
      ['429 to the end', { kind: 'answer', status: 429 }],
      ['500 to the end', { kind: 'answer', status: 500 }],
      ['no answer to the end', { kind: 'reset' }],
      ['silence to the end', { kind: 'hang' }],
      ['nobody to connect to', { kind: 'refuse' }],
    ] as const)('%s: service_unavailable, in time', async (_what, fault) => {
      world.tenant.failAlways('unlink', fault)
      const { value, tookMs } = await settled()
      expect(value.resumed).toBeDenied('service_unavailable')
      expect(tookMs).toBeLessThanOrEqual(15_000)
      expect(world.tenant.unlinks).toEqual([])
    })

    test.each([
      ['the code', 'code'],
      ['the Management token', 'client-credentials'],
    ] as const)(
      '%s is not to be had: service_unavailable, nothing unlinked',
      async (_what, route) => {
        world.tenant.failAlways(route, { kind: 'answer', status: 503 })
        const { value } = await settled()
        expect(value.resumed).toBeDenied('service_unavailable')
        expect(world.tenant.calls('unlink')).toBe(0)
      },
    )

    test('the companion may not call the Management API: misconfigured', async () => {
      world.tenant.failAlways('client-credentials', {
        kind: 'answer',
        status: 403,
        body: { error: 'access_denied', error_description: 'Service not enabled within domain' },
      })
      const { resumed } = (await settled()).value
      expect(resumed).toBeDenied('misconfigured')
      expect(world.tenant.calls('unlink')).toBe(0)
    })
  })

  describe('the domain in use', () => {
    test('is a custom one: login and code there, the unlink at the canonical domain', async () => {
      const custom = { custom_domain: { domain: CUSTOM_DOMAIN } }
      const event = asking(LINKED)
      const { started, resumed } = await unlink(world, {
        event: { ...event, ...custom, request: { ...event.request, hostname: CUSTOM_DOMAIN } },
      })
      expect(started).toRedirect({ host: CUSTOM_DOMAIN })
      expect(resumed).toGoOn()
      expect(world.tenant.requests.map(({ route, url }) => [route, new URL(url).host])).toEqual([
        ['jwks', CUSTOM_DOMAIN],
        ['code', CUSTOM_DOMAIN],
        ['client-credentials', CANONICAL_DOMAIN],
        ['unlink', CANONICAL_DOMAIN],
      ])
    })
  })

  describe('what the application and the admin learn', () => {
    const RESULT_CLAIM = 'https://app.example.com/account-linking'

    test('unlinked, in RESULT_CLAIM, with the connection that was asked for', async () => {
      const { resumed } = await unlink(world, { settings: { RESULT_CLAIM } })
      expect(resumed.commands).toEqual([
        {
          type: 'idToken.setCustomClaim',
          name: RESULT_CLAIM,
          value: { status: 'unlinked', connection: 'google-oauth2' },
        },
      ])
    })

    test('no claim where it is denied', async () => {
      const { resumed } = await unlink(world, {
        settings: { RESULT_CLAIM },
        nested: { user: STRANGER },
      })
      expect(typesOf(resumed)).toEqual(['access.deny'])
    })

    test('one outcome line of each handler, with the user masked', async () => {
      await unlink(world)
      const hash = createHash('sha256').update(MAIN).digest('hex').slice(0, 8)
      expect(world.lines).toHaveLength(2)
      for (const line of world.lines) {
        expect(line).toMatch(/^account-linking:outcome /)
        expect(line).toContain(`user=auth0|#${hash}`)
      }
      expect(world.lines[1]).toContain('unlinked')
    })

    test('nothing of the user, the tokens or the account at any level', async () => {
      const { started } = await unlink(world, { settings: { DEBUG: '*' } })
      const said = world.lines.join('\n')
      const exchange = world.tenant.requests.find(({ route }) => route === 'code')
      const deletion = world.tenant.requests.find(({ route }) => route === 'unlink')
      const form = new URLSearchParams(exchange?.body)
      expect(world.lines.length).toBeGreaterThan(2)
      for (const secret of [
        started.event.request.query?.id_token_hint,
        form.get('code'),
        form.get('code_verifier'),
        form.get('client_secret'),
        started.event.secrets?.ACTION_SECRET,
        deletion?.headers.authorization?.slice('Bearer '.length),
        started.redirect?.searchParams.get('nonce'),
        PRIMARY.email,
        PRIMARY.name,
        '5f7c8ec7c33c6c004bbafe82',
        '115015401343387192604',
      ]) {
        expect(secret).toBeTypeOf('string')
        expect(said).not.toContain(secret)
      }
    })

    test('a refusal of the tenant by its status alone, in 256 characters', async () => {
      world.tenant.failAlways('unlink', {
        kind: 'answer',
        status: 400,
        body: { message: `alex@example.com ${'x'.repeat(500)}` },
      })
      const { resumed } = await unlink(world)
      expect(resumed.denial?.length).toBeLessThanOrEqual(120)
      const said = world.lines.slice(1).join('\n')
      expect(said.length).toBeLessThanOrEqual(256)
      expect(said).toContain('400')
      expect(said).not.toContain('alex@example.com')
    })
  })

  describe('round trips', () => {
    test('cold: 1, then 3 in this order', async () => {
      const { resumed } = await unlink(world)
      expect(resumed).toGoOn()
      expect(world.tenant.requests.map(({ route }) => route)).toEqual([
        'jwks',
        'code',
        'client-credentials',
        'unlink',
      ])
    })

    test('warm: 0, then 2', async () => {
      const user = account(...SECONDARY.identities, GITHUB)
      world.settle(user, STRANGER)
      await unlink(world, { user })
      const before = world.tenant.calls()
      const event = asking(user, { requested_connection: 'github' })
      const started = await world.start({ event })
      expect(world.tenant.calls()).toBe(before)
      const nested = await world.nested(started, { user })
      expect(world.tenant.calls()).toBe(before)
      expect(await world.resume(started, nested)).toGoOn()
      expect(world.tenant.requests.slice(before).map(({ route }) => route)).toEqual([
        'code',
        'unlink',
      ])
    })
  })
})
