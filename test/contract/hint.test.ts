/** Section 4, step 5 of the contract: which hints are accepted. */

import { beforeEach, describe, expect, test } from 'vitest'
import { buildEvent } from '../../scripts/testing/event.ts'
import { hintClaims } from '../../scripts/testing/flow.ts'
import { publishedKey, TEST_KEYS } from '../../scripts/testing/keys.ts'
import {
  CANONICAL_DOMAIN,
  CLIENT_ID,
  COMPANION_ID,
  COMPANION_SECRET,
  CUSTOM_DOMAIN,
  NOW_MS,
  NOW_SECONDS,
  STRANGER,
} from '../../scripts/testing/people.ts'
import { type Claims, type SigningKey, signJwt } from '../../scripts/testing/sign.ts'
import { LINKED_EVENT, onEverySubject, UNLINK_EVENT } from './harness.ts'

const GOOD = hintClaims(buildEvent(), NOW_MS)
const CONSENT_EVENT = {
  ...LINKED_EVENT,
  request: { query: { requested_connection_scope: 'calendar' } },
}
const LOGOUT = { 'http://schemas.openid.net/event/backchannel-logout': {} }

/** Claims over a good hint's, header, key. */
type Row = readonly [string, Claims, Claims?, SigningKey?]

const ACCEPTED: readonly Row[] = [
  ['as the tenant issues it', {}],
  ['signed by the other published key', {}, {}, 'next'],
  ['without a typ', {}, { typ: undefined }],
  ['with an audience of one in a list', { aud: [CLIENT_ID] }],
  ['with this client as azp', { azp: CLIENT_ID }],
  ['with several audiences and this client as azp', { aud: [CLIENT_ID, 'x'], azp: CLIENT_ID }],
  ['issued a moment in the future', { iat: NOW_SECONDS + 20 }],
  ['without an auth_time', { auth_time: undefined }],
  ['with claims of Actions', { 'https://example.com/roles': ['editor'] }],
]

const INVALID: readonly Row[] = [
  ['of another user', { sub: STRANGER.user_id }],
  ['without a subject', { sub: undefined }],
  ['issued to another client', { aud: 'another' }],
  ['issued to the companion', { aud: COMPANION_ID }],
  ['without an audience', { aud: undefined }],
  ['with an empty list of audiences', { aud: [] }],
  ['with several audiences and no azp', { aud: [CLIENT_ID, 'x'] }],
  ['with several audiences and a foreign azp', { aud: [CLIENT_ID, 'x'], azp: 'x' }],
  ['with one audience and a foreign azp', { azp: 'another' }],
  ['of another issuer', { iss: 'https://other.example.net/' }],
  ['of the issuer without its slash', { iss: `https://${CANONICAL_DOMAIN}` }],
  ['of the issuer over http', { iss: `http://${CANONICAL_DOMAIN}/` }],
  ['of the custom domain at the canonical one', { iss: `https://${CUSTOM_DOMAIN}/` }],
  ['without an issuer', { iss: undefined }],
  ['without an iat', { iat: undefined }],
  ['without an exp', { exp: undefined }],
  ['with an iat that is no number', { iat: String(NOW_SECONDS) }],
  ['with an exp that is no number', { exp: String(NOW_SECONDS + 60) }],
  ['from the future', { iat: NOW_SECONDS + 3_600, exp: NOW_SECONDS + 7_200 }],
  ['from a minute in the future', { iat: NOW_SECONDS + 60 }],
  ['that is a logout token', { events: LOGOUT }],
  ['with an empty events claim', { events: {} }],
  ['typed as an access token', {}, { typ: 'at+jwt' }],
  ['typed as a logout token', {}, { typ: 'logout+jwt' }],
  ['with alg none', {}, { alg: 'none' }],
  ['with alg None', {}, { alg: 'None' }],
  ['with alg RS512', {}, { alg: 'RS512' }],
  ['with alg PS256', {}, { alg: 'PS256' }],
  ['without an alg', {}, { alg: undefined }],
  ['signed by HS256 with the client secret', {}, {}, { hmacSecret: COMPANION_SECRET }],
  [
    'signed by HS256 with the public key',
    {},
    { kid: TEST_KEYS.current.kid },
    { hmacSecret: publishedKey('current').n },
  ],
  ['signed by an unknown key', {}, {}, 'foreign'],
  ['signed by an unknown key under a known kid', {}, { kid: TEST_KEYS.current.kid }, 'foreign'],
  ['that brings its own jwk', {}, { kid: undefined, jwk: publishedKey('foreign') }, 'foreign'],
  [
    'that brings its own jku',
    {},
    { jku: 'https://other.example.net/jwks.json', x5u: 'https://other.example.net/x' },
    'foreign',
  ],
  ['that brings its own x5c', {}, { x5c: publishedKey('foreign').x5c }, 'foreign'],
  ['with a critical header', {}, { crit: ['example'], example: true }],
  ['of another user, and expired', { sub: STRANGER.user_id, exp: NOW_SECONDS - 60 }],
  ['of another client, and too old', { aud: 'another', iat: NOW_SECONDS - 3_000 }],
  ['that is a logout token, and expired', { events: LOGOUT, exp: NOW_SECONDS - 60 }],
  ['signed by an unknown key, and expired', { exp: NOW_SECONDS - 60 }, {}, 'foreign'],
]

const EXPIRED: readonly Row[] = [
  ['whose exp has passed', { exp: NOW_SECONDS - 60 }],
  ['that is eleven minutes old', { iat: NOW_SECONDS - 660 }],
  [
    'that is eleven minutes old, and has an old auth_time',
    { iat: NOW_SECONDS - 660, auth_time: 1 },
  ],
  ['that is a year old', { iat: NOW_SECONDS - 31_536_000, exp: NOW_SECONDS - 31_500_000 }],
]

const signed = signJwt(GOOD)
const [header = '', payload = '', signature = ''] = signed.split('.')

const MALFORMED: readonly (readonly [string, string])[] = [
  ['no JWT', 'nonsense'],
  ['three dots', '...'],
  ['two parts', `${header}.${payload}`],
  ['four parts', `${signed}.x`],
  ['a JWE', 'a.b.c.d.e'],
  ['without a signature', `${header}.${payload}.`],
  ['with a signature cut short', signed.slice(0, -8)],
  [
    'with another payload under the same signature',
    `${header}.${Buffer.from(JSON.stringify({ ...GOOD, admin: true })).toString('base64url')}.${signature}`,
  ],
  [
    'with a payload that is no JSON',
    `${header}.${Buffer.from('text').toString('base64url')}.${signature}`,
  ],
  [
    'with a header that is no JSON',
    `${Buffer.from('text').toString('base64url')}.${payload}.${signature}`,
  ],
  ['with blanks around', ` ${signed} `],
  ['just as long as may be', `${header}.${'x'.repeat(16_384 - header.length - 2)}.`],
]

/** Rows by name: Vitest takes a tuple with optional members for an array. */
const named = (rows: readonly Row[]) =>
  rows.map(([what, claims, header, key]) => ({ what, claims, header, key }))

onEverySubject((world) => {
  const startWith = (claims: Claims, header?: Claims, key?: SigningKey) =>
    world.start({ hint: signJwt({ ...GOOD, ...claims }, header, key) })

  test.each(named(ACCEPTED))('accepts a hint $what', async ({ claims, header, key }) => {
    expect(await startWith(claims, header, key)).toRedirect()
  })

  test.each(named(INVALID))('denies a hint $what', async ({ claims, header, key }) => {
    const started = await startWith(claims, header, key)
    expect(started).toBeDenied('hint_invalid')
  })

  test.each(named(EXPIRED))('denies as expired a hint $what', async ({ claims, header, key }) => {
    expect(await startWith(claims, header, key)).toBeDenied('hint_expired')
  })

  describe('of this very session', () => {
    const ID = 'example-session-0001'
    const ROWS: readonly (readonly [string, unknown, string | undefined, string])[] = [
      ['hint without sid', undefined, ID, 'hint without sid'],
      ['sid of another session', 'another', ID, 'sid of another session'],
      ['sid in another case', ID.toUpperCase(), ID, 'sid of another session'],
      ['sid that is a list', [ID], ID, 'sid of another session'],
      ['sid that is null', null, ID, 'sid of another session'],
      ['login without a session id', ID, undefined, 'the login has no session id'],
      ['neither', undefined, undefined, 'the login has no session id'],
      ['both empty', '', '', 'the login has no session id'],
    ]

    test.each(ROWS)('%s: session_mismatch', async (_what, sid, id, cause) => {
      const options = { hint: { sid }, event: { session: { id } } }
      const started = await world.start(options)
      expect(started).toBeDenied('session_mismatch')
      expect(world.lines.join('\n')).toContain(cause)
      const unpinned = await world.start({ ...options, settings: { PIN_SESSION: 'no' } })
      expect(unpinned).toRedirect()
    })

    test.each([
      ['another user', { sub: STRANGER.user_id }, 'hint_invalid'],
      ['expired', { exp: NOW_SECONDS - 60 }, 'session_mismatch'],
      ['eleven minutes old', { iat: NOW_SECONDS - 660 }, 'session_mismatch'],
    ])('%s, and of another session: %3$s', async (_what, claims, code) => {
      const started = await world.start({ hint: { ...claims, sid: 'another' } })
      expect(started).toBeDenied(code)
    })

    test.each([UNLINK_EVENT, CONSENT_EVENT])('holds for unlink and consent too', async (event) => {
      expect(await world.start({ event, hint: { sid: 'another' } })).toBeDenied('session_mismatch')
      expect(await world.start({ event })).toRedirect()
    })
  })

  test.each(MALFORMED)('denies a hint that is %s', async (_what, hint) => {
    expect(await world.start({ hint })).toBeDenied('hint_invalid')
  })

  test('has one message for every hint that is invalid', async () => {
    const denials = new Set<string | undefined>()
    for (const [, ...row] of INVALID) denials.add((await startWith(...row)).denial)
    for (const [, hint] of MALFORMED) denials.add((await world.start({ hint })).denial)
    denials.add((await world.start({ hint: null })).denial)
    expect(denials.size).toBe(1)
  })

  test('refuses a hint of 200 kB before any request', async () => {
    const started = await world.start({ hint: signJwt({ ...GOOD, padding: 'x'.repeat(150_000) }) })
    expect(started).toBeDenied('invalid_request', 'hint_invalid')
    expect(world.tenant.requests).toEqual([])
  })

  test('asks for nothing but the keys of the domain', async () => {
    for (const [, ...row] of INVALID) await startWith(...row)
    expect(new Set(world.tenant.requests.map(({ url }) => url))).toEqual(
      new Set([`https://${CANONICAL_DOMAIN}/.well-known/jwks.json`]),
    )
  })

  describe('at the custom domain', () => {
    const event = { request: { hostname: CUSTOM_DOMAIN }, custom_domain: { domain: CUSTOM_DOMAIN } }

    test('accepts a hint of the custom domain', async () => {
      expect(await world.start({ event })).toRedirect({ host: CUSTOM_DOMAIN })
    })

    test('denies a hint of the canonical domain', async () => {
      const hint = { iss: `https://${CANONICAL_DOMAIN}/` }
      expect(await world.start({ event, hint })).toBeDenied('hint_invalid')
    })
  })

  describe('an unknown kid', () => {
    beforeEach(() => world.reload())

    test('fetches the cached keys once more, and finds a new one', async () => {
      world.tenant.publish('current')
      await world.start()
      world.tenant.publish('next', 'current')
      expect(world.tenant.calls('jwks')).toBe(1)
      const started = await world.start({ hint: signJwt(GOOD, {}, 'next') })
      expect(started).toRedirect()
      expect(world.tenant.calls('jwks')).toBe(2)
    })

    test('fetches the cached keys once more, and is denied when it is still unknown', async () => {
      await world.start()
      const started = await world.start({ hint: signJwt(GOOD, {}, 'foreign') })
      expect(started).toBeDenied('hint_invalid')
      expect(world.tenant.calls('jwks')).toBe(2)
    })

    test('costs two requests at most where nothing is cached', async () => {
      const started = await world.start({ hint: signJwt(GOOD, {}, 'foreign') })
      expect(started).toBeDenied('hint_invalid')
      expect(world.tenant.calls('jwks')).toBeLessThanOrEqual(2)
    })

    test('leaves the good keys in the cache', async () => {
      await world.start()
      await world.start({ hint: signJwt(GOOD, {}, 'foreign') })
      const before = world.tenant.calls()
      expect(await world.start()).toRedirect()
      expect(world.tenant.calls()).toBe(before)
    })
  })

  test('accepts a key set with keys of other kinds in it', async () => {
    const others = [
      { kty: 'EC', crv: 'P-256', kid: 'ec', x: 'AA', y: 'AA', use: 'sig' },
      { kty: 'oct', k: 'AAAA', kid: TEST_KEYS.foreign.kid },
      { ...publishedKey('foreign'), use: 'enc', kid: 'encryption' },
      null,
      'text',
    ]
    world.tenant.failAlways('jwks', {
      kind: 'answer',
      status: 200,
      body: { keys: [...others, publishedKey('current')] },
    })
    expect(await world.start()).toRedirect()
  })
})
