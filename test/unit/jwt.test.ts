/** `src/jwt.ts` and `src/hint.ts`: the claims of an ID token, check by check. */

import { describe, expect, test } from 'vitest'
import { publishedKey } from '../../scripts/testing/keys.ts'
import { signJwt } from '../../scripts/testing/sign.ts'
import { verifyHint } from '../../src/hint.ts'
import type { KeySource } from '../../src/jwks.ts'
import { checkClaims, LEEWAY_SECONDS, verifyIdToken } from '../../src/jwt.ts'
import { deny } from '../../src/outcome.ts'

const NOW = 1_772_452_800
const EXPECTED = {
  issuer: 'https://tenant.example.auth0.com/',
  clientId: 'client',
  subject: 'auth0|1',
  nonce: 'nonce',
  refuse: (check: string) => deny('hint_invalid', check),
}
const GOOD = {
  iss: EXPECTED.issuer,
  sub: EXPECTED.subject,
  aud: EXPECTED.clientId,
  iat: NOW - 10,
  exp: NOW + 10,
  nonce: EXPECTED.nonce,
}

describe('checkClaims', () => {
  const check = (claims: Readonly<Record<string, unknown>>) =>
    checkClaims({ ...GOOD, ...claims }, EXPECTED, NOW)

  test('gives what the token states', () => {
    expect(check({})).toEqual({
      claims: GOOD,
      subject: EXPECTED.subject,
      issuedAtSeconds: NOW - 10,
      expired: false,
    })
  })

  test.each([
    ['iss', { iss: 'https://tenant.example.auth0.com' }],
    ['iss', { iss: undefined }],
    ['sub', { sub: 'auth0|2' }],
    ['sub', { sub: '' }],
    ['sub', { sub: 1 }],
    ['aud', { aud: 'other' }],
    ['aud', { aud: [] }],
    ['aud', { aud: undefined }],
    ['aud', { aud: [['client']] }],
    ['azp', { aud: ['client', 'other'] }],
    ['azp', { aud: ['client', 'other'], azp: 'other' }],
    ['azp', { azp: 'other' }],
    ['azp', { azp: null }],
    ['exp', { exp: undefined }],
    ['exp', { exp: '1' }],
    ['exp', { exp: Number.POSITIVE_INFINITY }],
    ['iat', { iat: undefined }],
    ['iat', { iat: NOW + LEEWAY_SECONDS + 1 }],
    ['iat', { iat: Number.NaN }],
    ['nonce', { nonce: 'other' }],
    ['nonce', { nonce: undefined }],
    ['events', { events: {} }],
    ['events', { events: null }],
  ])('refuses for %s: %j', (reason, claims) => {
    expect(check(claims)).toEqual(EXPECTED.refuse(reason))
  })

  test.each([
    [{ exp: NOW }, true],
    [{ exp: NOW - 1 }, true],
    [{ exp: NOW + 1 }, false],
  ])('%j is expired: %s', (claims, expired) => {
    expect(check(claims)).toMatchObject({ expired })
  })

  test('allows for a clock that is ahead', () => {
    expect(check({ iat: NOW + LEEWAY_SECONDS })).toMatchObject({ expired: false })
  })

  test('takes any user and any nonce where none is expected', () => {
    const open = { ...EXPECTED, subject: null, nonce: null }
    const claims = { ...GOOD, sub: 'github|9', nonce: undefined }
    expect(checkClaims(claims, open, NOW)).toMatchObject({ subject: 'github|9' })
  })
})

describe('verifyIdToken', () => {
  const { kid, n, e } = publishedKey('current')
  const asked: string[] = []
  const keys: KeySource = {
    find: async (wanted) => {
      asked.push(wanted)
      return wanted === kid ? { kid, n, e } : undefined
    },
  }

  test('verifies the signature with the key that the header names', async () => {
    expect(await verifyIdToken(signJwt(GOOD), keys, EXPECTED, NOW)).toMatchObject({
      subject: EXPECTED.subject,
    })
  })

  test.each([
    ['alg', signJwt(GOOD, { alg: 'none' })],
    ['alg', signJwt(GOOD, { alg: 'rs256' })],
    ['typ', signJwt(GOOD, { typ: 'at+jwt' })],
    ['kid', signJwt(GOOD, { kid: undefined })],
    ['kid', signJwt(GOOD, { kid: 7 })],
    ['kid', signJwt(GOOD, {}, 'foreign')],
    ['signature', signJwt(GOOD, { kid }, 'foreign')],
    ['signature', `${signJwt(GOOD)}.x`],
    ['iss', signJwt({ ...GOOD, iss: 'x' })],
  ])('names the check that failed: %s', async (reason, token) => {
    expect(await verifyIdToken(token, keys, EXPECTED, NOW)).toEqual(EXPECTED.refuse(reason))
  })

  test('asks for no key where the header is not good', async () => {
    asked.length = 0
    await verifyIdToken(signJwt(GOOD, { alg: 'none' }), keys, EXPECTED, NOW)
    await verifyIdToken('nonsense', keys, EXPECTED, NOW)
    expect(asked).toEqual([])
  })

  test('tells keys that could not be had from a key that is not there', async () => {
    const denial = deny('service_unavailable')
    const broken: KeySource = { find: async () => denial }
    expect(await verifyIdToken(signJwt(GOOD), broken, EXPECTED, NOW)).toBe(denial)
  })
})

test('verifyHint misses a hint before it asks for anything', async () => {
  const context = new Proxy({}, { get: () => () => expect.unreachable() })
  expect(await verifyHint(undefined, context as Parameters<typeof verifyHint>[1])).toMatchObject({
    code: 'hint_invalid',
  })
})
