import type { Auth0Client } from '@auth0/auth0-spa-js'

/** Leaves the page. `handleRedirectCallback` takes what comes back, and rejects with a denial. */
export async function link(auth0: Auth0Client): Promise<void> {
  await auth0.getTokenSilently({ cacheMode: 'off' })
  const claims = await auth0.getIdTokenClaims()
  await auth0.loginWithRedirect({
    authorizationParams: {
      scope: 'openid profile email link_account',
      requested_connection: 'google-oauth2',
      id_token_hint: claims?.__raw,
    },
  })
}
