/**
 * The `id_token_hint`: proof that the application which asks holds a recent ID token of this very
 * user. Asks for keys and does no other I/O.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 */
import type { Context } from './context.ts'
import { LEEWAY_SECONDS, type VerifiedIdToken, verifyIdToken } from './jwt.ts'
import { type Denial, deny, isDenial } from './outcome.ts'
import type { PostLoginEvent } from './platform.ts'
import type { Settings } from './settings.ts'

/**
 * The hint, which was issued by this domain to this client for this user, in this very
 * session (PIN_SESSION), within HINT_MAX_AGE, and the user authenticated within
 * PRIMARY_MAX_AUTH_AGE. Which check failed is told to the admin alone.
 */
export async function verifyHint(
  hint: string | undefined,
  { event, domain, publicKeys, settings, nowSeconds }: Context,
): Promise<VerifiedIdToken | Denial> {
  if (hint === undefined) return deny('hint_invalid', 'id_token_hint is missing')
  const now = nowSeconds()
  const expected = {
    issuer: `https://${domain}/`,
    clientId: event.client.client_id,
    subject: event.user.user_id,
    nonce: null,
    refuse: (check: string) => deny('hint_invalid', `hint: ${check}`),
  }
  const verified = await verifyIdToken(hint, publicKeys, expected, now)
  if (isDenial(verified)) return verified
  const otherSession = settings.pinSession ? checkSession(verified.claims.sid, event) : undefined
  if (otherSession !== undefined) return otherSession
  if (verified.expired) return deny('hint_expired', 'hint: exp')
  if (now - verified.issuedAtSeconds > settings.hintMaxAgeSeconds)
    return deny('hint_expired', 'hint: older than HINT_MAX_AGE')
  return checkAuthAge(verified.claims.auth_time, settings, now) ?? verified
}

/**
 * Whoever was brought here by somebody else's link or login holds a hint of another session.
 *
 * @see https://openid.net/specs/openid-connect-frontchannel-1_0.html#OPLogout (`sid`)
 */
function checkSession(sid: unknown, { session }: PostLoginEvent): Denial | undefined {
  const id = session?.id
  if (typeof id !== 'string' || id === '')
    return deny('session_mismatch', 'the login has no session id')
  if (sid === id) return undefined
  const cause = sid === undefined ? 'hint without sid' : 'hint: sid of another session'
  return deny('session_mismatch', cause)
}

function checkAuthAge(
  authTime: unknown,
  { primaryMaxAuthAgeSeconds }: Settings,
  now: number,
): Denial | undefined {
  if (primaryMaxAuthAgeSeconds === 'off') return undefined
  if (typeof authTime !== 'number') return deny('reauth_required', 'hint without auth_time')
  if (authTime > now + LEEWAY_SECONDS) return deny('reauth_required', 'auth_time in the future')
  return now - authTime <= primaryMaxAuthAgeSeconds
    ? undefined
    : deny('reauth_required', 'auth_time older than PRIMARY_MAX_AUTH_AGE')
}
