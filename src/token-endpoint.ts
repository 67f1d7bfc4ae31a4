/**
 * The token endpoint as `openid-client` speaks it: its configuration, and what its failures mean.
 * No I/O of its own; each request goes through the call that is given.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
import type { Configuration } from 'openid-client'
import type { Call } from './http.ts'
import { isRecord, parseJson } from './json.ts'
import { type Denial, deny } from './outcome.ts'

/** `openid-client` for a domain, without discovery: the endpoints of Auth0 are fixed. */
export async function configureClient(
  domain: string,
  settings: { readonly clientId: string; readonly clientSecret: string },
  call?: Call,
): Promise<Configuration> {
  const { ClientSecretPost, Configuration, customFetch } = await import('./libraries.ts')
  const origin = `https://${domain}`
  const configuration = new Configuration(
    {
      issuer: `${origin}/`,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/oauth/token`,
    },
    settings.clientId,
    undefined,
    ClientSecretPost(settings.clientSecret),
  )
  if (call !== undefined) Object.assign(configuration, { [customFetch]: call.fetch })
  return configuration
}

/** What a failed token request means, told apart by status and error code (RFC 6749, section 5.2). */
export function readTokenError(error: unknown, call: Call): Denial {
  const { status, lost } = call
  const body = parseJson(call.body)
  const tokens = isRecord(body) ? [body.access_token, body.id_token] : []
  if (status === 200 && tokens.length > 0 && tokens.every((token) => typeof token === 'string'))
    return deny('callback_invalid', `nested ID token: ${readCode(error)}`)
  if (status === undefined || status < 400 || status === 429 || status >= 500 || !isRecord(body))
    return deny('service_unavailable', `/oauth/token: ${status ?? 'no answer'}, no token`)
  switch (body.error) {
    case 'invalid_client':
    case 'unauthorized_client':
    case 'access_denied':
      return deny('misconfigured', `/oauth/token: ${body.error}; check the companion application`)
    case 'invalid_grant':
      return lost
        ? deny('service_unavailable', '/oauth/token: the answer to the code was lost')
        : deny('callback_invalid', '/oauth/token: invalid_grant')
    default:
      return deny('link_failed', `/oauth/token: ${status}`)
  }
}

function readCode(error: unknown): string {
  return isRecord(error) && typeof error.code === 'string' ? error.code : 'unreadable'
}
