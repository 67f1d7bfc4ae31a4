/**
 * The Management API: its token, and the one request that links or unlinks. What an answer means
 * is told by its status alone: the SDK's errors hold response bodies.
 *
 * @see https://auth0.com/docs/api/management/v2/users/post-identities
 * @see https://auth0.com/docs/api/management/v2/users/delete-user-identity-by-user-id
 */
import type { IdentitiesClient } from 'auth0/users/identities'
import type { Context } from './context.ts'
import type { Call, Fetch } from './http.ts'
import type { IdentityId } from './identities.ts'
import { type Denial, deny, isDenial } from './outcome.ts'
import { share } from './share.ts'
import { configureClient, readTokenError } from './token-endpoint.ts'

/** Links the identity to this login's user. `undefined`: it is linked, and was so exactly once. */
export async function linkIdentity(
  context: Context,
  { provider, userId }: IdentityId,
  connectionId: unknown,
): Promise<Denial | undefined> {
  const { user_id: primaryId } = context.event.user
  // Every database connection has the provider `auth0`: the id of the connection tells which.
  const database = provider === 'auth0' && typeof connectionId === 'string'
  const call = await request(context, 'link', (identities) =>
    identities.link(primaryId, {
      provider: provider as never,
      user_id: userId,
      ...(database && { connection_id: connectionId }),
    }),
  )
  if (isDenial(call)) return call
  if (call.status === 409)
    return call.lost ? undefined : deny('identity_in_use', 'Management API: 409')
  return readRefusal(call)
}

/** Takes the identity from this login's user. `undefined`: it is gone. */
export async function unlinkIdentity(
  context: Context,
  { provider, userId }: IdentityId,
): Promise<Denial | undefined> {
  const { user_id: primaryId } = context.event.user
  const call = await request(context, 'unlink', (identities) =>
    identities.delete(primaryId, provider as never, userId),
  )
  if (isDenial(call)) return call
  if (call.status === 404)
    return call.lost ? undefined : deny('identity_not_found', 'Management API: 404')
  return readRefusal(call)
}

function readRefusal({ status }: Call): Denial | undefined {
  if (status === undefined) return deny('service_unavailable', 'Management API: no answer')
  if (status >= 200 && status < 300) return undefined
  if (status === 429 || status >= 500 || status < 400)
    return deny('service_unavailable', `Management API: ${status}`)
  const advice = status === 403 ? '; grant update:users to the companion application' : ''
  return deny('link_failed', `Management API: ${status}${advice}`)
}

/** One logical request; a token of the cache that is refused is replaced once. */
async function request(
  context: Context,
  label: string,
  operation: (identities: IdentitiesClient) => PromiseLike<unknown>,
): Promise<Call | Denial> {
  const { IdentitiesClient } = await import('./libraries.ts')
  const { cache, http, settings } = context
  const call = http.call(label)

  async function send(token: string): Promise<void> {
    const options = {
      baseUrl: `https://${settings.domain}/api/v2`,
      token,
      // The SDK stops its own clock only when its `fetch` resolves.
      fetch: (...request: Parameters<Fetch>) =>
        call.fetch(...request).catch(() => Response.error()),
      maxRetries: 0,
    }
    await Promise.resolve(operation(new IdentitiesClient(options))).catch(() => undefined)
  }

  const name = tokenName(context)
  const cached = cache.read(name)
  if (typeof cached === 'string') {
    await send(cached)
    if (call.status !== 401 && call.status !== 403) return call
    cache.drop(name)
  }
  const token = await share(cache.keyOf(name), http, () => fetchToken(context))
  if (isDenial(token)) return token
  await send(token)
  if (call.status === 401) cache.drop(name)
  return call
}

function tokenName({ settings }: Context): string {
  return `token ${settings.domain} ${settings.clientId} ${settings.clientSecret}`
}

/** RFC 6749, section 4.4; kept for its lifetime less a minute. */
async function fetchToken(context: Context): Promise<string | Denial> {
  const { clientCredentialsGrant } = await import('./libraries.ts')
  const { cache, http, settings } = context
  const call = http.call('token')
  const tokens = await clientCredentialsGrant(
    await configureClient(settings.domain, settings, call),
    { audience: `https://${settings.domain}/api/v2/` },
  ).catch((error: unknown) => readTokenError(error, call))
  if (isDenial(tokens)) return tokens
  const { access_token: token, expires_in: lifetimeSeconds = 0 } = tokens
  cache.write(tokenName(context), { value: token, ttlMs: (lifetimeSeconds - 60) * 1_000 })
  return token
}
