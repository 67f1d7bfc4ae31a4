/** `src/derive.ts` and `src/pkce.ts`, against the vectors of RFC 5869 and RFC 7636 and against Node's own HKDF. */

import { hkdfSync } from 'node:crypto'
import { hkdf } from '@panva/hkdf'
import { describe, expect, test } from 'vitest'
import { deriveKeys, deriveTag, verifyTag } from '../../src/derive.ts'
import { deriveAttemptSecrets, deriveCodeChallenge } from '../../src/pkce.ts'

const SECRET = 'example-action-secret-with-more-than-32-characters'
const BYTES = Buffer.alloc(32, 7)

const range = (from: number, to: number): Buffer =>
  Buffer.from(Array.from({ length: to - from + 1 }, (_, index) => from + index))

describe('HKDF-SHA256 of @panva/hkdf', () => {
  /** RFC 5869, appendix A: input keying material, salt, info, length, output. */
  const VECTORS: readonly (readonly [string, Buffer, Buffer, Buffer, number, string])[] = [
    [
      'A.1',
      Buffer.alloc(22, 0x0b),
      range(0x00, 0x0c),
      range(0xf0, 0xf9),
      42,
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    ],
    [
      'A.2',
      range(0x00, 0x4f),
      range(0x60, 0xaf),
      range(0xb0, 0xff),
      82,
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    ],
    [
      'A.3',
      Buffer.alloc(22, 0x0b),
      Buffer.alloc(0),
      Buffer.alloc(0),
      42,
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    ],
  ]

  test.each(VECTORS)(
    'gives the output of test case %s',
    async (_case, key, salt, info, length, okm) => {
      const output = await hkdf('sha256', key, salt, info, length)
      expect(Buffer.from(output).toString('hex')).toBe(okm)
    },
  )
})

describe('the code challenge', () => {
  test('is that of RFC 7636, appendix B', () => {
    expect(deriveCodeChallenge('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    )
  })
})

describe('what is derived', () => {
  const LABEL = 'client-initiated-account-linking'
  const reference = (salt: string | Buffer, info: string): Buffer =>
    Buffer.from(hkdfSync('sha256', SECRET, salt, info, 32))

  test('are the keys for tags and cache, from a fixed salt and a versioned label each', async () => {
    const keys = await deriveKeys(SECRET)
    expect(keys.tags).toEqual(reference(`${LABEL}/salt/v1`, `${LABEL}/tags/v1/`))
    expect(keys.cache).toEqual(reference(`${LABEL}/salt/v1`, `${LABEL}/cache/v1/`))
  })

  test('differs by use', async () => {
    const keys = await deriveKeys(SECRET)
    const { codeVerifier, nonce } = await deriveAttemptSecrets(SECRET, BYTES, '')
    const values = [
      keys.tags.toString('base64url'),
      keys.cache.toString('base64url'),
      codeVerifier,
      nonce,
    ]
    expect(new Set(values).size).toBe(4)
  })

  test('is the same at the start and on the way back', async () => {
    const one = await deriveAttemptSecrets(SECRET, BYTES, 'context')
    expect(await deriveAttemptSecrets(SECRET, Buffer.from(BYTES), 'context')).toEqual(one)
  })

  test.each([
    ['secret', `${SECRET}x`, BYTES, 'context'],
    ['bytes', SECRET, Buffer.alloc(32, 8), 'context'],
    ['context', SECRET, BYTES, 'context2'],
  ])('is another verifier and nonce with another %s', async (_what, secret, bytes, context) => {
    const one = await deriveAttemptSecrets(SECRET, BYTES, 'context')
    const other = await deriveAttemptSecrets(secret, bytes, context)
    expect(other.codeVerifier).not.toBe(one.codeVerifier)
    expect(other.nonce).not.toBe(one.nonce)
  })

  test('is a verifier of RFC 7636, section 4.1', async () => {
    const { codeVerifier } = await deriveAttemptSecrets(SECRET, BYTES, 'context')
    expect(codeVerifier).toMatch(/^[A-Za-z0-9._~-]{43,128}$/)
  })

  test('comes from a context of kilobytes too, whose every character counts', async () => {
    const context = 'x'.repeat(20_000)
    const one = await deriveAttemptSecrets(SECRET, BYTES, context)
    const other = await deriveAttemptSecrets(SECRET, BYTES, `${context.slice(0, -1)}y`)
    expect(other.codeVerifier).not.toBe(one.codeVerifier)
  })
})

describe('a tag', () => {
  const key = Buffer.alloc(32, 1)

  test('differs by key, use, value, and the border between values', () => {
    const tags = [
      deriveTag(key, 'use', 'a', 'b'),
      deriveTag(Buffer.alloc(32, 2), 'use', 'a', 'b'),
      deriveTag(key, 'other', 'a', 'b'),
      deriveTag(key, 'use', 'ab'),
      deriveTag(key, 'use', 'ab', ''),
      deriveTag(key, 'use', ['a', 'b']),
      deriveTag(key, 'use', 'a', 'c'),
    ]
    expect(new Set(tags).size).toBe(tags.length)
  })

  test('verifies itself and nothing else', () => {
    const tag = deriveTag(key, 'use', 'a')
    expect(verifyTag(tag, tag)).toBe(true)
    for (const other of [
      '',
      tag.slice(1),
      `${tag}x`,
      tag.toLowerCase(),
      undefined,
      null,
      7,
      [tag],
    ]) {
      expect(verifyTag(tag, other)).toBe(false)
    }
  })
})
