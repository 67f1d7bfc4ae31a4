import type { ServerClient } from '@auth0/auth0-server-js'

export async function linkPushed(auth0: ServerClient): Promise<URL> {
  const session = await auth0.getSession()
  return auth0.startInteractiveLogin({
    pushedAuthorizationRequests: true,
    authorizationParams: {
      scope: 'openid link_account offline_access',
      'ext-requested_connection': 'google-oauth2',
      'ext-id_token_hint': session?.idToken,
    },
  })
}
