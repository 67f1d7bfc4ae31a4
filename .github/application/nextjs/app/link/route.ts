import { auth0 } from '../../lib/auth0'
import { isOwn } from '../../lib/own'

export async function POST(request: Request) {
  if (!isOwn(request)) return new Response('Not from here', { status: 403 })
  const session = await auth0.getSession()
  const { headers } = await auth0.startInteractiveLogin({
    authorizationParameters: {
      scope: 'openid profile email offline_access link_account',
      requested_connection: 'google-oauth2',
      id_token_hint: session?.tokenSet.idToken,
    },
    returnTo: '/account',
  })
  // Its own status, 307, would have the form posted to the tenant.
  return new Response(null, { status: 303, headers })
}
