/**
 * What HKDF derives: the PKCE verifier and the nonce of one attempt, and the keys for its tags
 * and for the cache. Deterministic, no I/O. The key is ACTION_SECRET; every use has a versioned
 * label of its own, so that no derived value can stand in for another.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5869 (HKDF)
 * @see https://www.rfc-editor.org/rfc/rfc7636 (PKCE)
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { hkdf } from '@panva/hkdf'

const LABEL = 'client-initiated-account-linking'

/** For keys that every attempt shares; not secret (RFC 5869, section 3.1). */
const FIXED_SALT = `${LABEL}/salt/v1`

const DERIVED_BYTES = 32

async function derive(
  actionSecret: string,
  salt: string | Uint8Array,
  use: string,
  context = '',
): Promise<Buffer> {
  const info = `${LABEL}/${use}/v1/${context}`
  return Buffer.from(await hkdf('sha256', actionSecret, salt, info, DERIVED_BYTES))
}

/** 32 bytes each: `tags` authenticates attempts and nested logins, `cache` seals cache entries. */
export interface Keys {
  readonly tags: Buffer
  readonly cache: Buffer
}

/** The keys that every attempt and run under this ACTION_SECRET shares (RFC 5869, section 2). */
export async function deriveKeys(actionSecret: string): Promise<Keys> {
  const [tags, cache] = await Promise.all([
    derive(actionSecret, FIXED_SALT, 'tags'),
    derive(actionSecret, FIXED_SALT, 'cache'),
  ])
  return { tags, cache }
}

export interface AttemptSecrets {
  /** 43 characters of base64url (RFC 7636, section 4.1). */
  readonly codeVerifier: string
  readonly nonce: string
}

/**
 * The verifier and the nonce of the attempt with these random bytes and this context (its record
 * and binding). Both are hashed first: `info` must stay under 1,024 bytes, a `state` need not.
 */
export async function deriveAttemptSecrets(
  actionSecret: string,
  attemptBytes: Uint8Array,
  context: string,
): Promise<AttemptSecrets> {
  const hash = createHash('sha256').update(context).digest('base64url')
  const [codeVerifier, nonce] = await Promise.all([
    derive(actionSecret, attemptBytes, 'code_verifier', hash),
    derive(actionSecret, attemptBytes, 'nonce', hash),
  ])
  return { codeVerifier: codeVerifier.toString('base64url'), nonce: nonce.toString('base64url') }
}

/** The S256 challenge of a verifier (RFC 7636, section 4.2). */
export function deriveCodeChallenge(codeVerifier: string): string {
  return createHash('sha256').update(codeVerifier).digest('base64url')
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
