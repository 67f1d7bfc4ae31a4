/** `src/jwt.ts` and `src/hint.ts`: the claims of an ID token, check by check. */

import { describe, expect, test } from 'vitest'
import { publishedKey } from '../../scripts/testing/keys.ts'
import { CANONICAL_DOMAIN, CLIENT_ID, NOW_SECONDS, PRIMARY } from '../../scripts/testing/people.ts'
import { verifyHint } from '../../src/hint.ts'
import type { KeySource } from '../../src/jwks.ts'
import { checkClaims, LEEWAY_SECONDS, verifyIdToken } from '../../src/jwt.ts'
import { deny } from '../../src/outcome.ts'
import { GOOD_HINT, INVALID_HINTS, signHint } from '../support/hints.ts'

const NOW = NOW_SECONDS
const EXPECTED = {
  issuer: `https://${CANONICAL_DOMAIN}/`,
  clientId: CLIENT_ID,
  subject: PRIMARY.user_id,
  nonce: null,
  refuse: (check: string) => deny('hint_invalid', check),
}

describe('checkClaims', () => {
  const check = (claims: Readonly<Record<string, unknown>>) =>
    checkClaims({ ...GOOD_HINT, ...claims }, EXPECTED, NOW)

  test('gives what the token states', () => {
    expect(check({})).toEqual({
      claims: GOOD_HINT,
      subject: EXPECTED.subject,
      issuedAtSeconds: GOOD_HINT.iat,
      expired: false,
    })
  })

  const CLAIMED = INVALID_HINTS.filter(({ claims }) => Object.keys(claims).length > 0)

  test.each(CLAIMED)('refuses a hint $what for its $check', ({ check: name, claims }) => {
    expect(check(claims)).toEqual(EXPECTED.refuse(name))
  })

  test.each([
    ['another nonce', 'other'],
    ['no nonce', undefined],
  ])('refuses %s where one is expected', (_what, nonce) => {
    const expected = { ...EXPECTED, nonce: 'nonce' }
    expect(checkClaims({ ...GOOD_HINT, nonce }, expected, NOW)).toEqual(EXPECTED.refuse('nonce'))
    const right = checkClaims({ ...GOOD_HINT, nonce: 'nonce' }, expected, NOW)
    expect(right).toMatchObject({ subject: EXPECTED.subject })
  })

  test.each([
    ['now', 0, true],
    ['a second ago', -1, true],
    ['in a second', 1, false],
  ])('one that ends %s is expired: %3$s', (_when, seconds, expired) => {
    expect(check({ exp: NOW + seconds })).toMatchObject({ expired })
  })

  test('allows for a clock that is ahead', () => {
    expect(check({ iat: NOW + LEEWAY_SECONDS })).toMatchObject({ expired: false })
  })

  test('takes any user and any nonce where none is expected', () => {
    const open = { ...EXPECTED, subject: null }
    const claims = { ...GOOD_HINT, sub: 'github|9', nonce: 'any' }
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
    expect(await verifyIdToken(signHint(), keys, EXPECTED, NOW)).toMatchObject({
      subject: EXPECTED.subject,
    })
  })

  test.each(INVALID_HINTS)('names the check that failed: $check, of one $what', async (row) => {
    expect(await verifyIdToken(row.hint, keys, EXPECTED, NOW)).toEqual(EXPECTED.refuse(row.check))
  })

  test('asks for no key where the header is not good', async () => {
    asked.length = 0
    await verifyIdToken(signHint({}, { alg: 'none' }), keys, EXPECTED, NOW)
    await verifyIdToken('nonsense', keys, EXPECTED, NOW)
    expect(asked).toEqual([])
  })

  test('tells keys that could not be had from a key that is not there', async () => {
    const denial = deny('service_unavailable')
    const broken: KeySource = { find: async () => denial }
    expect(await verifyIdToken(signHint(), broken, EXPECTED, NOW)).toBe(denial)
  })
})

test('verifyHint misses a hint before it asks for anything', async () => {
  const context = new Proxy({}, { get: () => () => expect.unreachable() })
  expect(await verifyHint(undefined, context as Parameters<typeof verifyHint>[1])).toMatchObject({
    code: 'hint_invalid',
  })
})
