/**
 * Tokens for a user name and a password at /oauth/token, without a browser: the Actions run, but there
 * is no transaction and no session, so the ID token carries no `sid`. Answers the request; signs.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.3
 */

import { randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import type { ActionsHost } from './actions-host.ts'
import type { Applications } from './applications.ts'
import { toAccount } from './authorization-config.ts'
import type { ConnectionLogin } from './connection-login.ts'
import { type Exchange, one, sendJson } from './http.ts'
import { tokenParameters } from './management-token.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { Store } from './store.ts'
import { withoutBrowser } from './token-request.ts'
import { words } from './transaction.ts'

const LIFETIME_SECONDS = 36_000

export interface PasswordGrantOptions {
  readonly applications: Applications
  readonly connections: ConnectionLogin
  readonly store: Store
  readonly host: ActionsHost
  readonly keys: SigningKeys
}

export const isPasswordGrant = (grantType: string | undefined): boolean =>
  grantType === 'password' || grantType === 'http://auth0.com/oauth/grant-type/password-realm'

export async function answerPasswordGrant(
  exchange: Exchange,
  { applications, connections, host, keys, store }: PasswordGrantOptions,
): Promise<void> {
  const { domain, res } = exchange
  const parameters = tokenParameters(exchange)
  const refuse = (status: number, error: string, description: string) =>
    sendJson(res, status, { error, error_description: description })
  const application = applications.find(one(parameters, 'client_id'))
  if (application === undefined || application.clientSecret !== one(parameters, 'client_secret')) {
    return refuse(401, 'access_denied', 'Unauthorized')
  }
  const { clientId } = application
  exchange.identify(clientId)
  if (!application.firstParty || !application.grantTypes.includes('password')) {
    return refuse(403, 'unauthorized_client', "Grant type 'password' not allowed for the client.")
  }
  const authentication = connections.authenticateByPassword(
    one(parameters, 'username') ?? '',
    one(parameters, 'password') ?? '',
  )
  const user = store.get(authentication?.userId ?? '')
  if (authentication === undefined || user === undefined) {
    return refuse(403, 'invalid_grant', 'Wrong email or password.')
  }
  if (user.blocked === true) return refuse(403, 'unauthorized', 'user is blocked')
  store.update(user.user_id, { logins_count: user.logins_count + 1 })
  const outcome = await host.start(...withoutBrowser(exchange, clientId, authentication))
  if (outcome.type === 'denied') return refuse(403, 'access_denied', outcome.reason)
  if (outcome.type === 'failed') return refuse(403, outcome.error, outcome.description)
  if (outcome.type !== 'done') return refuse(403, 'interaction_required', 'no page can be shown')

  const asked = words(one(parameters, 'scope'))
  const parties = { issuer: `https://${domain}/`, audience: clientId }
  const claims = { ...(await toAccount(user).claims()), ...outcome.claims }
  const answer = {
    access_token: randomBytes(32).toString('base64url'),
    ...(asked.includes('openid') ? { id_token: await signIdToken(keys, parties, claims) } : {}),
    scope: asked.join(' '),
    expires_in: 86_400,
    token_type: 'Bearer',
  }
  sendJson(res, 200, answer, { 'cache-control': 'no-store' })
}

function signIdToken(
  { current: { kid, privateKey } }: SigningKeys,
  { issuer, audience }: { readonly issuer: string; readonly audience: string },
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(`${LIFETIME_SECONDS}s`)
    .sign(privateKey)
}
