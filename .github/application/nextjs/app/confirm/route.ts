import { auth0 } from '../../lib/auth0'
import { isOwn } from '../../lib/own'

/** For a page that asks "Link this login to your account?", where the last ID token says `pending`. */
export async function POST(request: Request) {
  if (!isOwn(request)) return new Response('Not from here', { status: 403 })
  const session = await auth0.getSession()
  const { headers } = await auth0.startInteractiveLogin({
    authorizationParameters: {
      scope: 'openid profile email offline_access confirm_link',
      id_token_hint: session?.tokenSet.idToken,
      prompt: 'none',
    },
    returnTo: '/account',
  })
  return new Response(null, { status: 303, headers })
}
