import type { Auth0Client } from '@auth0/auth0-spa-js'

/** Leaves the page, and comes back as `link` does. `resultClaim` is the name in `RESULT_CLAIM`. */
export async function confirm(auth0: Auth0Client, resultClaim: string): Promise<void> {
  const claims = await auth0.getIdTokenClaims()
  if (claims?.[resultClaim]?.status !== 'pending') return
  await auth0.loginWithRedirect({
    authorizationParams: {
      scope: 'openid profile email confirm_link',
      id_token_hint: claims.__raw,
      prompt: 'none',
    },
  })
}
