/**
 * Access tokens for the Management API: issued for client credentials at /oauth/token, and checked at
 * /api/v2. A token is good at the domain at which it was obtained, and nowhere else. Signs and
 * verifies; no I/O.
 */

import { jwtVerify, SignJWT } from 'jose'
import type { Applications } from './applications.ts'
import { type Exchange, one, sendJson } from './http.ts'
import type { Parameters } from './log.ts'
import type { SigningKeys } from './signing-keys.ts'

const LIFETIME_SECONDS = 86_400

export interface ManagementTokenOptions {
  readonly audience: string
  readonly applications: Applications
  readonly keys: SigningKeys
}

export interface Grant {
  readonly clientId: string
  readonly scopes: readonly string[]
}

export type Verification =
  | { readonly type: 'valid'; readonly grant: Grant }
  | { readonly type: 'missing' }
  | { readonly type: 'invalid'; readonly why: string }

/** What a client may send in a form or in JSON. */
export function tokenParameters({ form, json }: Exchange): Parameters {
  return typeof json === 'object' && json !== null ? (json as Parameters) : form
}

export async function issueManagementToken(
  exchange: Exchange,
  { applications, audience, keys }: ManagementTokenOptions,
): Promise<void> {
  const { domain, res } = exchange
  const parameters = tokenParameters(exchange)
  const application = applications.find(one(parameters, 'client_id'))
  const deny = (status: number, description: string) =>
    sendJson(res, status, { error: 'access_denied', error_description: description })
  if (application?.clientSecret !== one(parameters, 'client_secret')) {
    return deny(401, 'Unauthorized')
  }
  if (application === undefined) return deny(401, 'Unauthorized')
  const { clientId, grantTypes, managementScopes } = application
  exchange.identify(clientId)
  const asked = one(parameters, 'audience')
  if (asked !== audience) {
    return deny(403, `Service not enabled within domain: ${asked ?? 'no audience'}`)
  }
  if (!grantTypes.includes('client_credentials')) {
    const description = "Grant type 'client_credentials' not allowed for the client."
    return sendJson(res, 403, { error: 'unauthorized_client', error_description: description })
  }
  if (managementScopes.length === 0) {
    return deny(403, `Client is not authorized to access "${audience}".`)
  }
  const scope = managementScopes.join(' ')
  const token = await new SignJWT({ scope, azp: clientId, gty: 'client-credentials' })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: keys.current.kid })
    .setIssuer(`https://${domain}/`)
    .setSubject(`${clientId}@clients`)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(`${LIFETIME_SECONDS}s`)
    .sign(keys.current.privateKey)
  const answer = { access_token: token, scope, expires_in: LIFETIME_SECONDS, token_type: 'Bearer' }
  sendJson(res, 200, answer, { 'cache-control': 'no-store' })
}

export async function verifyManagementToken(
  { domain, headers }: Exchange,
  { audience, keys }: ManagementTokenOptions,
): Promise<Verification> {
  const [, token] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? []
  if (token === undefined) return { type: 'missing' }
  const claims = { audience, issuer: `https://${domain}/`, algorithms: ['RS256'] }
  try {
    const { payload } = await jwtVerify(token, keys.current.publicKey, claims)
    const { azp, scope } = payload
    if (typeof azp !== 'string' || typeof scope !== 'string') {
      return { type: 'invalid', why: 'no access token of this API' }
    }
    return { type: 'valid', grant: { clientId: azp, scopes: scope.split(' ') } }
  } catch (error) {
    return { type: 'invalid', why: error instanceof Error ? error.message : String(error) }
  }
}
