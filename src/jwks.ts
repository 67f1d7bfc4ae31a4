/**
 * The public keys of the domain in use: from the cache, else from its JWKS. One call a run at most,
 * tried again within the time; a key that the cache does not have asks too, since keys rotate, but not
 * within 10 seconds after one that the JWKS did not have either: anybody can make up a `kid`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-5
 */
import type { Cache } from './cache.ts'
import type { Http } from './http.ts'
import { isRecord, parseJson } from './json.ts'
import { type Denial, deny, isDenial } from './outcome.ts'
import { recall, remember, share } from './single-flight.ts'

/** How long a key that the tenant has revoked may go on: the price of not asking at every login. */
const TTL_MS = 10 * 60 * 1_000
/** The current key, the next and the previous one: two domains and a token fit into the cache. */
const MAX_CACHED_KEYS = 3

/** All of an RSA public key that matters here (RFC 7518, section 6.3.1). */
interface PublicKey {
  readonly kid: string
  readonly n: string
  readonly e: string
}

export interface KeySource {
  /** The key with this id, `undefined` if the domain has none such. */
  find(kid: string): Promise<PublicKey | undefined | Denial>
}

/**
 * The keys of `https://<domain>/`, looked for in the cache first. `find` does the I/O: a denial says
 * that there is no JWKS to be had in time. What it has fetched it keeps for its own run.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-4.5 (`kid`)
 */
export function createKeySource(domain: string, http: Http, cache: Cache): KeySource {
  const name = `jwks ${domain}`
  let fetched: readonly PublicKey[] | undefined

  async function fetchKeys(): Promise<readonly PublicKey[] | Denial> {
    const call = http.call('jwks')
    await call.fetch(`https://${domain}/.well-known/jwks.json`)
    const keys = call.status === 200 ? readKeys(parseJson(call.body)) : undefined
    if (keys === undefined) return deny('service_unavailable', `no JWKS from ${domain}`)
    cache.write(name, { value: keys.slice(0, MAX_CACHED_KEYS), ttlMs: TTL_MS })
    return keys
  }

  async function find(kid: string): Promise<PublicKey | undefined | Denial> {
    const withId = (keys: readonly PublicKey[] | undefined) => keys?.find((key) => key.kid === kid)
    const cached = fetched ?? readKeys({ keys: cache.read(name) })
    const known = withId(cached)
    if (known !== undefined || fetched !== undefined) return known
    const at = cache.keyOf(name)
    const last = cached && recall<readonly PublicKey[] | Denial>(at, http)
    const keys = last ?? (await share(at, http, fetchKeys))
    const found = isDenial(keys) ? keys : withId(keys)
    if (last === undefined && (found === undefined || isDenial(found))) remember(at, http, keys)
    if (!isDenial(keys)) fetched = keys
    return found
  }

  return { find }
}

/** The RSA signing keys of a JWKS; `undefined` if this is none. */
function readKeys(jwks: unknown): readonly PublicKey[] | undefined {
  return isRecord(jwks) && Array.isArray(jwks.keys) ? jwks.keys.flatMap(readKey) : undefined
}

function readKey(key: unknown): readonly PublicKey[] {
  const { kty = 'RSA', use = 'sig', alg = 'RS256', kid, n, e } = isRecord(key) ? key : {}
  if (kty !== 'RSA' || use !== 'sig' || alg !== 'RS256') return []
  if (typeof kid !== 'string' || typeof n !== 'string' || typeof e !== 'string') return []
  return [{ kid, n, e }]
}
