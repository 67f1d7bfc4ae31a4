/**
 * Signs JSON Web Tokens with the test keys, good ones and bad ones. Pure, no I/O: claims and a header
 * go in, a compact JWS comes out (RFC 7515, section 7.1).
 */

import { createHmac, sign } from 'node:crypto'
import { type KeyName, privateKey, TEST_KEYS } from './keys.ts'

export type Claims = Readonly<Record<string, unknown>>

/** A test key, or the secret of an HMAC. */
export type SigningKey = KeyName | { readonly hmacSecret: string }

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function signatureOf(input: string, alg: unknown, key: SigningKey): string {
  if (alg === 'none') return ''
  if (typeof key === 'object') {
    return createHmac('sha256', key.hmacSecret).update(input).digest('base64url')
  }
  return sign('sha256', Buffer.from(input), privateKey(key)).toString('base64url')
}

/**
 * Signs with RS256 and the key's own `kid`, unless the header says otherwise: `alg` `none` leaves the
 * signature out, a header member of `undefined` is left out.
 */
export function signJwt(claims: Claims, header: Claims = {}, key: SigningKey = 'current'): string {
  const kid = typeof key === 'string' ? TEST_KEYS[key].kid : undefined
  const alg = typeof key === 'string' ? 'RS256' : 'HS256'
  const full = { alg, typ: 'JWT', kid, ...header }
  const input = `${encode(full)}.${encode(claims)}`
  return `${input}.${signatureOf(input, full.alg, key)}`
}

/** What a compact JWS claims, unverified. */
export function readClaims(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'))
}
