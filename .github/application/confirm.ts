import type { ServerClient } from '@auth0/auth0-server-js'

/** As the Action's setting names it. */
const RESULT_CLAIM = 'https://app.example.com/linking'

export interface Result {
  readonly status: 'linked' | 'already_linked' | 'consented' | 'unlinked' | 'pending'
  readonly connection: string
  readonly confirmation?: string
}

/** Of an ID token that the SDK has verified, or the token endpoint has just given. */
export function readResult(idToken = ''): Result | undefined {
  const [, payload = 'e30'] = idToken.split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString())[RESULT_CLAIM]
}

/** Without a browser. The answer has what became of the link, or why it was denied. */
export async function confirm(
  client: { readonly domain: string; readonly clientId: string; readonly clientSecret: string },
  { idToken, refreshToken = '' }: Partial<Record<'idToken' | 'refreshToken', string | undefined>>,
) {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: client.clientId,
    client_secret: client.clientSecret,
    refresh_token: refreshToken,
    link_confirmation: readResult(idToken)?.confirmation ?? '',
  })
  const response = await fetch(`https://${client.domain}/oauth/token`, { method: 'POST', body })
  const answer = (await response.json()) as Partial<Record<string, string>>
  // With rotation this refresh token is new, and the session's is spent: keep it.
  if (response.ok) return { result: readResult(answer.id_token), rotated: answer.refresh_token }
  const [denied, sentence] = answer.error_description?.split(': ', 2) ?? []
  return { denied, sentence }
}

/** With the browser: where to send it, with 303. Its callback is that of every login. */
export async function confirmInBrowser<Store>(auth0: ServerClient<Store>, store: Store) {
  const session = await auth0.getSession(store)
  const authorizationParams = {
    scope: 'openid confirm_link',
    id_token_hint: session?.idToken,
    prompt: 'none',
  }
  return auth0.startInteractiveLogin({ authorizationParams }, store)
}
