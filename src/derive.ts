/**
 * What ACTION_SECRET gives: keys by HKDF, and tags under them. Deterministic, no I/O. Every use has a
 * versioned label of its own, so that no derived value can stand in for another.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5869 (HKDF)
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { hkdf } from '@panva/hkdf'

const LABEL = 'client-initiated-account-linking'

/** For keys that every attempt shares; not secret (RFC 5869, section 3.1). */
const FIXED_SALT = `${LABEL}/salt/v1`

const DERIVED_BYTES = 32

/** 32 bytes for this use; `context` must leave `info` under 1,024 bytes. */
export async function derive(
  actionSecret: string,
  salt: string | Uint8Array,
  use: string,
  context = '',
): Promise<Buffer> {
  const info = `${LABEL}/${use}/v1/${context}`
  return Buffer.from(await hkdf('sha256', actionSecret, salt, info, DERIVED_BYTES))
}

/** 32 bytes each: `tags` authenticates attempts and nested logins, the others seal. */
export interface Keys {
  readonly tags: Buffer
  readonly cache: Buffer
  readonly confirmation: Buffer
}

/** The keys that every attempt and run under this ACTION_SECRET shares (RFC 5869, section 2). */
export async function deriveKeys(actionSecret: string): Promise<Keys> {
  const [tags, cache, confirmation] = await Promise.all([
    derive(actionSecret, FIXED_SALT, 'tags'),
    derive(actionSecret, FIXED_SALT, 'cache'),
    derive(actionSecret, FIXED_SALT, 'confirmation'),
  ])
  return { tags, cache, confirmation }
}

/** An HMAC-SHA256 tag over a list of values, in base64url. */
export function deriveTag(key: Uint8Array, use: string, ...values: readonly unknown[]): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([use, ...values]))
    .digest('base64url')
}

/** Compares two tags in constant time; what is no tag equals none. */
export function verifyTag(expected: unknown, given: unknown): boolean {
  if (typeof expected !== 'string' || typeof given !== 'string') return false
  const [one, other] = [Buffer.from(expected), Buffer.from(given)]
  return one.length === other.length && timingSafeEqual(one, other)
}
