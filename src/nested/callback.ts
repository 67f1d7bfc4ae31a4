/**
 * The way back from the nested authorization: the code exchange and the ID token. One token call;
 * `openid-client` speaks it, the signature is verified besides.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 */
import type { OpenAttempt } from '../attempt.ts'
import type { Context } from '../context.ts'
import { LEEWAY_SECONDS, verifyIdToken } from '../jwt.ts'
import { type Denial, deny, isDenial } from '../outcome.ts'
import { configureClient, readTokenError } from '../token-endpoint.ts'
import { type NestedClaim, readNestedClaim } from './claim.ts'

/** Who came back, as the ID token of the nested login states it. */
interface NestedIdentity {
  /** `provider|user_id` */
  readonly subject: string
  readonly email: unknown
  readonly emailVerified: unknown
  readonly claim: NestedClaim
}

/** Exchanges the code of this attempt and verifies what it stands for. */
export async function exchangeCode(
  context: Context,
  code: string,
  { attempt, secrets }: OpenAttempt,
): Promise<NestedIdentity | Denial> {
  const { authorizationCodeGrant } = await import('../libraries.ts')
  const { domain, http, nowSeconds, publicKeys, settings } = context
  const call = http.call('code')
  const callback = new URL(`https://${domain}/continue`)
  callback.searchParams.set('code', code)
  const tokens = await authorizationCodeGrant(
    await configureClient(domain, settings, call),
    callback,
    {
      pkceCodeVerifier: secrets.codeVerifier,
      expectedNonce: secrets.nonce,
      idTokenExpected: true,
    },
  ).catch((error: unknown) => readTokenError(error, call))
  if (isDenial(tokens)) return tokens

  const expected = {
    issuer: `https://${domain}/`,
    clientId: settings.clientId,
    subject: null,
    nonce: secrets.nonce,
    refuse: (check: string) => deny('callback_invalid', `nested ID token: ${check}`),
  }
  const verified = await verifyIdToken(tokens.id_token ?? '', publicKeys, expected, nowSeconds())
  if (isDenial(verified)) return verified
  const { auth_time: authTime, email, email_verified: emailVerified } = verified.claims
  if (verified.expired) return expected.refuse('exp')
  const earliest = attempt.startedAtSeconds - LEEWAY_SECONDS
  const latest = nowSeconds() + LEEWAY_SECONDS
  if (typeof authTime !== 'number' || !(authTime >= earliest && authTime <= latest))
    return expected.refuse('auth_time')
  const claim = readNestedClaim(verified.claims)
  if (claim === undefined)
    return deny('connection_mismatch', 'nested ID token without the claim of this Action')
  return { subject: verified.subject, email, emailVerified, claim }
}
