/**
 * The Management API: its token, and the one request that links or unlinks. What an answer means
 * is told by its status alone, the SDK's errors hold response bodies; but a refusal that is no JSON is
 * not the API's own (a proxy's page, say).
 *
 * @see https://auth0.com/docs/api/management/v2/users/post-identities
 * @see https://auth0.com/docs/api/management/v2/users/delete-user-identity-by-user-id
 */
import type { IdentitiesClient } from 'auth0/users/identities'
import type { Context } from './context.ts'
import type { Call } from './http.ts'
import type { IdentityId } from './identities.ts'
import { isRecord, parseJson } from './json.ts'
import { type Code, type Denial, deny, isDenial } from './outcome.ts'
import { share } from './single-flight.ts'
import { configureClient, readTokenError } from './token-endpoint.ts'

/** A Management token, and whether the cache had it: such a one may have been revoked meanwhile. */
export interface Token {
  readonly value: string
  readonly cached: boolean
}

/**
 * The cache's token, else a new one, which the cache then has. It can be asked for before it is needed,
 * and never rejects: `undefined` says that whoever needs it has to ask.
 */
export async function prepareToken(context: Context): Promise<Token | Denial | undefined> {
  return obtainToken(context).catch(() => undefined)
}

/** Links the identity to this login's user. `undefined`: it is linked, and was so exactly once. */
export async function linkIdentity(
  context: Context,
  { provider, userId }: IdentityId,
  connectionId: unknown,
  prepared?: Token | Denial,
): Promise<Denial | undefined> {
  const { user_id: primaryId } = context.event.user
  // Every database connection has the provider `auth0`: the id of the connection tells which.
  const database = provider === 'auth0' && typeof connectionId === 'string'
  const call = await request(context, prepared, 'link', (identities) =>
    identities.link(primaryId, {
      provider: provider as never,
      user_id: userId,
      ...(database && { connection_id: connectionId }),
    }),
  )
  return readRefusal(call, 409, 'identity_in_use')
}

/** Takes the identity from this login's user. `undefined`: it is gone. */
export async function unlinkIdentity(
  context: Context,
  { provider, userId }: IdentityId,
  prepared?: Token | Denial,
): Promise<Denial | undefined> {
  const { user_id: primaryId } = context.event.user
  const call = await request(context, prepared, 'unlink', (identities) =>
    identities.delete(primaryId, provider as never, userId),
  )
  return readRefusal(call, 404, 'identity_not_found')
}

/** `done` is what the API answers when there is nothing left to do: by us, or by somebody else. */
function readRefusal(call: Call | Denial, done: number, code: Code): Denial | undefined {
  if (isDenial(call)) return call
  const { status, lost } = call
  if (status !== undefined && status >= 200 && status < 300) return undefined
  const cause = `Management API: ${status ?? 'no answer'}`
  if (!isRefused(call)) return deny('service_unavailable', cause)
  if (status === done) return lost ? undefined : deny(code, cause)
  // What became of the try whose answer was lost, nobody knows.
  if (lost) return deny('service_unavailable', `${cause} after an answer that was lost`)
  const advice = status === 403 ? '; grant update:users to the companion application' : ''
  return deny('link_failed', cause + advice)
}

/** The API itself says no, for another reason than too many requests. */
function isRefused({ status = 0, body }: Call): boolean {
  return status >= 400 && status < 500 && status !== 429 && isRecord(parseJson(body))
}

/** One logical request; a token of the cache that is refused is replaced once. */
async function request(
  context: Context,
  prepared: Token | Denial | undefined,
  label: string,
  operation: (identities: IdentitiesClient) => PromiseLike<unknown>,
): Promise<Call | Denial> {
  const { IdentitiesClient } = await import('./libraries.ts')
  const { cache, http, settings } = context
  const call = http.call(label)
  for (let token = prepared ?? (await obtainToken(context)); ; token = await fetchToken(context)) {
    if (isDenial(token)) return token
    const options = {
      baseUrl: `https://${settings.domain}/api/v2`,
      token: token.value,
      fetch: call.fetch,
      maxRetries: 0,
    }
    await Promise.resolve(operation(new IdentitiesClient(options))).catch(() => undefined)
    if (!isRefused(call)) return call
    if (call.status !== 401 && !(call.status === 403 && token.cached)) return call
    cache.drop(tokenName(context))
    if (!token.cached) return call
  }
}

function tokenName({ settings }: Context): string {
  return `token ${settings.domain} ${settings.clientId} ${settings.clientSecret}`
}

async function obtainToken(context: Context): Promise<Token | Denial> {
  const value = context.cache.read(tokenName(context))
  return typeof value === 'string' ? { value, cached: true } : fetchToken(context)
}

/** RFC 6749, section 4.4; kept for its lifetime less a minute. */
function fetchToken(context: Context): Promise<Token | Denial> {
  const { cache, http, settings } = context
  const name = tokenName(context)
  return share(cache.keyOf(name), http, async () => {
    const { clientCredentialsGrant } = await import('./libraries.ts')
    const call = http.call('token')
    const tokens = await clientCredentialsGrant(
      await configureClient(settings.domain, settings, call),
      { audience: `https://${settings.domain}/api/v2/` },
    ).catch((error: unknown) => readTokenError(error, call))
    if (isDenial(tokens)) return tokens
    const { access_token: value, expires_in: lifetimeSeconds = 0 } = tokens
    cache.write(name, { value, ttlMs: (lifetimeSeconds - 60) * 1_000 })
    return { value, cached: false }
  })
}
