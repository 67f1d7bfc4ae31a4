/**
 * The one verification of an ID token, for the hint and for the nested login alike: signature,
 * then claims in reading order. Asks for keys and does no other I/O.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
import { isRecord, parseJson } from './json.ts'
import type { KeySource } from './jwks.ts'
import { type Denial, isDenial } from './outcome.ts'

/** How far the tenant's clock may be ahead of ours. */
export const LEEWAY_SECONDS = 30

export type Claims = Readonly<Record<string, unknown>>

interface Expected {
  readonly issuer: string
  readonly clientId: string
  /** `null`: any user. */
  readonly subject: string | null
  /** `null`: the token was asked without one, or by somebody else. */
  readonly nonce: string | null
  /** What it means that a check fails, which is named. */
  readonly refuse: (check: string) => Denial
}

export interface VerifiedIdToken {
  readonly claims: Claims
  readonly subject: string
  readonly issuedAtSeconds: number
  /** `exp` has passed, and nothing else is wrong: what that means is the caller's to say. */
  readonly expired: boolean
}

/**
 * An ID token of this issuer, for this client, signed with RS256 by a key of this issuer. A denial in
 * its place is the caller's refusal, or says that the keys could not be had.
 */
export async function verifyIdToken(
  token: string,
  keys: KeySource,
  expected: Expected,
  nowSeconds: number,
): Promise<VerifiedIdToken | Denial> {
  const { refuse } = expected
  const { compactVerify } = await import('./libraries.ts')
  const header = readPart(token.split('.')[0])
  if (header?.alg !== 'RS256') return refuse('alg')
  if (header.typ !== undefined && header.typ !== 'JWT') return refuse('typ')
  if (typeof header.kid !== 'string') return refuse('kid')
  const key = await keys.find(header.kid)
  if (isDenial(key)) return key
  if (key === undefined) return refuse('kid')
  const jwk = { kty: 'RSA', alg: 'RS256', n: key.n, e: key.e }
  const verified = await compactVerify(token, jwk, { algorithms: ['RS256'] }).catch(() => undefined)
  if (verified === undefined) return refuse('signature')
  const claims = parseJson(Buffer.from(verified.payload).toString())
  return isRecord(claims) ? checkClaims(claims, expected, nowSeconds) : refuse('payload')
}

/** OpenID Connect Core 1.0, section 3.1.3.7, in its order; exported to be tested by itself. */
export function checkClaims(
  claims: Claims,
  expected: Expected,
  nowSeconds: number,
): VerifiedIdToken | Denial {
  const { refuse } = expected
  const { iss, sub, aud, azp, exp, iat, nonce, events } = claims
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (iss !== expected.issuer) return refuse('iss')
  if (typeof sub !== 'string' || sub === '') return refuse('sub')
  if (expected.subject !== null && sub !== expected.subject) return refuse('sub')
  if (!audiences.includes(expected.clientId)) return refuse('aud')
  if ((audiences.length > 1 || azp !== undefined) && azp !== expected.clientId) return refuse('azp')
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return refuse('exp')
  if (typeof iat !== 'number' || !(iat <= nowSeconds + LEEWAY_SECONDS)) return refuse('iat')
  if (expected.nonce !== null && nonce !== expected.nonce) return refuse('nonce')
  // A logout token is signed by the same keys for the same client (Back-Channel Logout 1.0, 2.4).
  if (events !== undefined) return refuse('events')
  return { claims, subject: sub, issuedAtSeconds: iat, expired: exp <= nowSeconds }
}

function readPart(part: string | undefined): Record<string, unknown> | undefined {
  const value = parseJson(Buffer.from(part ?? '', 'base64url').toString())
  return isRecord(value) ? value : undefined
}
