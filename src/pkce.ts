/**
 * The PKCE verifier and the nonce of one attempt, derived and never stored. Deterministic, no I/O.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7636 (PKCE)
 */
import { createHash } from 'node:crypto'
import { derive } from './derive.ts'

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
