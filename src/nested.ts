/**
 * The nested authorization, seen from the outer one: the URL out, the code exchange and the ID
 * token back. One token call; `openid-client` speaks it, the signature is verified besides.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 * @see https://www.rfc-editor.org/rfc/rfc7636
 */
import type { OpenAttempt, Plan } from './attempt.ts'
import type { Context } from './context.ts'
import { LEEWAY_SECONDS, verifyIdToken } from './jwt.ts'
import { deriveParameters, type NestedClaim, readNestedClaim } from './nested-claim.ts'
import { type Denial, deny, isDenial } from './outcome.ts'
import { type AttemptSecrets, deriveCodeChallenge } from './pkce.ts'
import { configureClient, readTokenError } from './token-endpoint.ts'

/** Where the browser goes: `/authorize` of the companion application at the domain in use. */
export async function buildNestedUrl(
  { event, settings, domain }: Context,
  plan: Plan,
  { codeVerifier, nonce }: AttemptSecrets,
): Promise<string> {
  const { buildAuthorizationUrl } = await import('./libraries.ts')
  const asked = event.transaction?.ui_locales
  const uiLocales = Array.isArray(asked) ? asked.filter((tag) => typeof tag === 'string') : []
  const parameters = new URLSearchParams({
    response_type: 'code',
    redirect_uri: `https://${domain}/continue`,
    scope: 'openid profile email',
    connection: plan.nestedConnection,
    max_age: '0',
    code_challenge: deriveCodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    nonce,
  })
  if (plan.mode !== 'unlink' && plan.connectionScope !== undefined)
    parameters.set('connection_scope', plan.connectionScope)
  if (uiLocales.length > 0) parameters.set('ui_locales', uiLocales.join(' '))
  for (const [name, value] of settings.nestedParams) parameters.set(name, value)
  return buildAuthorizationUrl(await configureClient(domain, settings), parameters).href
}

/** The tag over the parameters that the nested request of this attempt has, if it is unchanged. */
export function deriveAskedParameters({ keys, settings }: Context, plan: Plan): string | undefined {
  const scope = plan.mode === 'unlink' ? undefined : plan.connectionScope
  return deriveParameters(keys, settings.nestedParams, (_, asked = scope) =>
    asked === undefined ? [] : [asked],
  )
}

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
  const { authorizationCodeGrant } = await import('./libraries.ts')
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
