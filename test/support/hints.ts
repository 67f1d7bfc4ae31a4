/**
 * Hints of the application's ID token, good ones and bad ones, for the user, client and clock of the
 * examples. Data only. One list for the unit, the contract and the attacks.
 */

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
  PRIMARY,
  STRANGER,
} from '../../scripts/testing/people.ts'
import { type Claims, type SigningKey, signJwt } from '../../scripts/testing/sign.ts'

/** What a good hint claims. */
export const GOOD_HINT = hintClaims(buildEvent(), NOW_MS)

/** A good hint, but for this. */
export const signHint = (claims: Claims = {}, header?: Claims, key?: SigningKey): string =>
  signJwt({ ...GOOD_HINT, ...claims }, header, key)

/** `claims` stand over a good hint's. */
export interface Hint {
  readonly what: string
  readonly hint: string
  readonly claims: Claims
}

export interface BadHint extends Hint {
  /** The check of an ID token that fails, by the name that the log has. */
  readonly check: string
}

const claiming = (what: string, claims: Claims): Hint => ({ what, claims, hint: signHint(claims) })

const LOGOUT = { 'http://schemas.openid.net/event/backchannel-logout': {} }

/** By the check that fails: hints whose claims are wrong. */
const WRONG_CLAIMS: Readonly<Record<string, Readonly<Record<string, Claims>>>> = {
  iss: {
    'of another issuer': { iss: 'https://other.example.net/' },
    'of the issuer without its slash': { iss: `https://${CANONICAL_DOMAIN}` },
    'of the issuer over http': { iss: `http://${CANONICAL_DOMAIN}/` },
    'of the custom domain at the canonical one': { iss: `https://${CUSTOM_DOMAIN}/` },
    'without an issuer': { iss: undefined },
  },
  sub: {
    'of another user': { sub: STRANGER.user_id },
    'of a user whose id only begins alike': { sub: `${PRIMARY.user_id}0` },
    'without a subject': { sub: undefined },
    'with an empty subject': { sub: '' },
    'with a subject that is a number': { sub: 1 },
    'of another user, and expired': { sub: STRANGER.user_id, exp: NOW_SECONDS - 60 },
  },
  aud: {
    'issued to another client': { aud: 'another' },
    'issued to the companion': { aud: COMPANION_ID },
    'without an audience': { aud: undefined },
    'with an empty list of audiences': { aud: [] },
    'with an audience in a list of lists': { aud: [[CLIENT_ID]] },
    'of another client, and too old': { aud: 'another', iat: NOW_SECONDS - 3_000 },
  },
  azp: {
    'with several audiences and no azp': { aud: [CLIENT_ID, 'x'] },
    'with several audiences, the other one first, and no azp': { aud: ['x', CLIENT_ID] },
    'with several audiences and a foreign azp': { aud: [CLIENT_ID, 'x'], azp: 'x' },
    'with one audience and a foreign azp': { azp: 'another' },
    'with an azp that is null': { azp: null },
  },
  iat: {
    'without an iat': { iat: undefined },
    'with an iat that is a text': { iat: String(NOW_SECONDS) },
    'with an iat that is not a number': { iat: Number.NaN },
    'from the future': { iat: NOW_SECONDS + 3_600, exp: NOW_SECONDS + 7_200 },
    'from a minute in the future': { iat: NOW_SECONDS + 60 },
    'from just beyond the leeway': { iat: NOW_SECONDS + 31 },
  },
  exp: {
    'without an exp': { exp: undefined },
    'with an exp that is a text': { exp: String(NOW_SECONDS + 60) },
    'with an exp beyond all numbers': { exp: Number.POSITIVE_INFINITY },
    'with an exp that says Infinity': { exp: 'Infinity' },
  },
  events: {
    'that is a logout token': { events: LOGOUT },
    'with an empty events claim': { events: {} },
    'with an events claim that is null': { events: null },
    'that is a logout token, and expired': { events: LOGOUT, exp: NOW_SECONDS - 60 },
  },
}

const known = { kid: TEST_KEYS.current.kid }
const foreignJwk = { jwk: publishedKey('foreign') }
const good = signHint()
const [header = '', payload = '', signature = ''] = good.split('.')
const base64url = (text: string) => Buffer.from(text).toString('base64url')
const otherUser = base64url(JSON.stringify({ ...GOOD_HINT, sub: STRANGER.user_id }))
const moreClaims = base64url(JSON.stringify({ ...GOOD_HINT, admin: true }))

/** By the check that fails: hints whose header, key or form is wrong. */
const WRONG_TOKENS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  alg: {
    'that is no JWT': 'nonsense',
    'that is three dots': '...',
    'that is a JWE': 'a.b.c.d.e',
    'with a header that is no JSON': `${base64url('text')}.${payload}.${signature}`,
    'with alg none': signHint({}, { alg: 'none' }),
    'with alg None': signHint({}, { alg: 'None' }),
    'with alg nOnE': signHint({}, { alg: 'nOnE' }),
    'with alg none and a signature': `${signHint({}, { alg: 'none' })}${signature}`,
    'with alg rs256': signHint({}, { alg: 'rs256' }),
    'with alg RS512': signHint({}, { alg: 'RS512' }),
    'with alg PS256': signHint({}, { alg: 'PS256' }),
    'without an alg': signHint({}, { alg: undefined }),
    'signed by HS256 with the client secret': signHint({}, {}, { hmacSecret: COMPANION_SECRET }),
    'signed by HS256 with the modulus of the public key': signHint({}, known, {
      hmacSecret: publishedKey('current').n,
    }),
    'signed by HS256 with the public key': signHint({}, known, {
      hmacSecret: JSON.stringify(publishedKey('current')),
    }),
    'signed by HS256 with the certificate': signHint({}, known, {
      hmacSecret: TEST_KEYS.current.certificateBase64,
    }),
  },
  typ: {
    'typed as an access token': signHint({}, { typ: 'at+jwt' }),
    'that is an access token of this user and client': signHint(
      { aud: 'https://api.example.com/', azp: CLIENT_ID },
      { typ: 'at+jwt' },
    ),
    'typed as a logout token': signHint({}, { typ: 'logout+jwt' }),
  },
  kid: {
    'without a kid': signHint({}, { kid: undefined }),
    'with a kid that is a number': signHint({}, { kid: 7 }),
    'with a kid that is a path': signHint({}, { kid: '../../../../dev/null' }, 'foreign'),
    'signed by an unknown key': signHint({}, {}, 'foreign'),
    'signed by an unknown key, and expired': signHint({ exp: NOW_SECONDS - 60 }, {}, 'foreign'),
    'that brings its own jwk': signHint({}, foreignJwk, 'foreign'),
    'that brings its own jwk and no kid': signHint(
      {},
      { kid: undefined, ...foreignJwk },
      'foreign',
    ),
    'that brings its own jku': signHint(
      {},
      { jku: 'https://other.example.net/jwks.json', x5u: 'https://other.example.net/x' },
      'foreign',
    ),
    'that brings its own x5c': signHint({}, { x5c: publishedKey('foreign').x5c }, 'foreign'),
  },
  signature: {
    'signed by an unknown key under a known kid': signHint({}, known, 'foreign'),
    'that brings its own jwk under a known kid': signHint(
      {},
      { ...foreignJwk, ...known },
      'foreign',
    ),
    'signed by HS256 that says RS256': signHint(
      {},
      { alg: 'RS256', ...known },
      { hmacSecret: COMPANION_SECRET },
    ),
    'with a critical header': signHint({}, { crit: ['example'], example: true }),
    'with two parts': `${header}.${payload}`,
    'with four parts': `${good}.x`,
    'without a signature': `${header}.${payload}.`,
    'with a signature cut short': good.slice(0, -8),
    'with more claims under the same signature': `${header}.${moreClaims}.${signature}`,
    'with another user under the same signature': `${header}.${otherUser}.${signature}`,
    'with a payload that is no JSON': `${header}.${base64url('text')}.${signature}`,
    'with blanks around': ` ${good} `,
    'just as long as may be': `${header}.${'x'.repeat(16_384 - header.length - 2)}.`,
  },
}

const rowsOf = <T>(table: Readonly<Record<string, Readonly<Record<string, T>>>>) =>
  Object.entries(table).flatMap(([check, rows]) =>
    Object.entries(rows).map(([what, value]) => ({ check, what, value })),
  )

/** Nobody's, or not an ID token at all: `hint_invalid`. */
export const INVALID_HINTS: readonly BadHint[] = [
  ...rowsOf(WRONG_CLAIMS).map(({ check, what, value }) => ({ check, ...claiming(what, value) })),
  ...rowsOf(WRONG_TOKENS).map(({ check, what, value }) => ({
    check,
    what,
    hint: value,
    claims: {},
  })),
]

/** Right but for their age: `hint_expired`. */
export const EXPIRED_HINTS: readonly Hint[] = [
  claiming('whose exp has passed', { exp: NOW_SECONDS - 60 }),
  claiming('whose exp has just passed', { exp: NOW_SECONDS - 1 }),
  claiming('that is eleven minutes old', { iat: NOW_SECONDS - 660 }),
  claiming('that is eleven minutes old, and has an old auth_time', {
    iat: NOW_SECONDS - 660,
    auth_time: 1,
  }),
  claiming('that is a year old', { iat: NOW_SECONDS - 31_536_000, exp: NOW_SECONDS - 31_500_000 }),
]

/** Of a form that no parameter has: `invalid_request`, before any request. */
export const REFUSED_HINTS: readonly Hint[] = [
  claiming('of 200 kB', { padding: 'x'.repeat(150_000) }),
  { what: 'that is empty', hint: '', claims: {} },
  { what: 'followed by a line end', hint: `${good}\n`, claims: {} },
]

export const ACCEPTED_HINTS: readonly Hint[] = [
  claiming('as the tenant issues it', {}),
  { what: 'signed by the other published key', hint: signHint({}, {}, 'next'), claims: {} },
  { what: 'without a typ', hint: signHint({}, { typ: undefined }), claims: {} },
  claiming('with an audience of one in a list', { aud: [CLIENT_ID] }),
  claiming('with this client as azp', { azp: CLIENT_ID }),
  claiming('with several audiences and this client as azp', {
    aud: [CLIENT_ID, 'x'],
    azp: CLIENT_ID,
  }),
  claiming('issued a moment in the future', { iat: NOW_SECONDS + 20 }),
  claiming('without an auth_time', { auth_time: undefined }),
  claiming('with claims of Actions', { 'https://example.com/roles': ['editor'] }),
]
