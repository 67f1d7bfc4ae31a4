import {
  AuthorizationResponseError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  refreshTokenGrant,
} from 'openid-client'

/** Belongs to this browser until it comes back. */
export interface Attempt {
  readonly expectedState: string
  readonly expectedNonce: string
  readonly pkceCodeVerifier: string
}

/** Where to send the browser, with 303, and what to keep in its session. */
export async function link(config: Configuration, redirectUri: string, idToken: string) {
  const attempt: Attempt = {
    expectedState: randomState(),
    expectedNonce: randomNonce(),
    pkceCodeVerifier: randomPKCECodeVerifier(),
  }
  const url = buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    state: attempt.expectedState,
    nonce: attempt.expectedNonce,
    code_challenge: await calculatePKCECodeChallenge(attempt.pkceCodeVerifier),
    code_challenge_method: 'S256',
    scope: 'openid profile email offline_access link_account',
    requested_connection: 'google-oauth2',
    id_token_hint: idToken,
  })
  return { url, attempt }
}

/** At the callback. Throws if another browser started it. */
export async function complete(config: Configuration, attempt: Attempt, callback: URL) {
  try {
    const tokens = await authorizationCodeGrant(config, callback, { ...attempt })
    return { claims: tokens.claims(), refreshToken: tokens.refresh_token }
  } catch (error) {
    if (!(error instanceof AuthorizationResponseError)) throw error
    // Other Actions deny with words of their own: then there is no code of the README's table.
    const [denied, sentence] = error.error_description?.split(': ', 2) ?? []
    return { denied, sentence }
  }
}

/** Of the claim of `RESULT_CLAIM`, where its status is `pending`. Rejects with a denial. */
export async function confirm(config: Configuration, refreshToken: string, confirmation: string) {
  const parameters = { link_confirmation: confirmation }
  const tokens = await refreshTokenGrant(config, refreshToken, parameters)
  return { claims: tokens.claims(), refreshToken: tokens.refresh_token ?? refreshToken }
}
