/**
 * What both handlers of a linking request work with: settings, the domain in use, keys, cache and
 * HTTP, opened once a run. No I/O of its own.
 */
import { type Cache, openCache } from './cache.ts'
import { deriveKeys, type Keys } from './derive.ts'
import { type Fetch, type Http, openHttp } from './http.ts'
import { createKeySource, type KeySource } from './jwks.ts'
import type { Log } from './log.ts'
import { type Denial, deny, isDenial } from './outcome.ts'
import type { PlatformCache, PostLoginEvent } from './platform.ts'
import { readOwnScopes } from './request.ts'
import { readHost, readSettings, type Settings } from './settings.ts'

/** One execution of a handler: its event, and the only ways to the outside. */
export interface Execution {
  readonly event: PostLoginEvent
  readonly cache: PlatformCache
  readonly canRedirect: (() => boolean) | undefined
  readonly fetch: Fetch
  /** Milliseconds since the epoch, for tokens. */
  readonly nowMs: () => number
  /** Milliseconds of a clock that never jumps, for time limits. */
  readonly monotonicMs: () => number
  readonly log: Log
}

export interface Context {
  readonly event: PostLoginEvent
  readonly settings: Settings
  /** The domain in use: issuer, JWKS and code exchange; the Management API is elsewhere. */
  readonly domain: string
  readonly keys: Keys
  readonly publicKeys: KeySource
  readonly cache: Cache
  readonly http: Http
  readonly nowSeconds: () => number
  readonly log: Log
}

/**
 * What the handler works with: settings that are understood, a domain of the tenant's, the keys of
 * ACTION_SECRET. A denial where one of them is not to be had, or where both scopes are asked for.
 */
export async function openContext(execution: Execution): Promise<Context | Denial> {
  const { event, log } = execution
  const http = openHttp({ ...execution, onAnswer: (line) => log.verbose(line) })
  // Everything is held against these two: an event without them is held against nothing.
  if (typeof event.user.user_id !== 'string' || typeof event.client.client_id !== 'string')
    return deny('unexpected', 'the event names no user or no client')
  const settings = readSettings(event)
  if (isDenial(settings)) return settings
  const [, ...more] = readOwnScopes(event)
  if (more.length > 0) return deny('invalid_request', 'two scopes of this Action at once')
  const domain = readDomainInUse(event, settings)
  if (isDenial(domain)) return domain
  const keys = await deriveKeys(settings.actionSecret)
  const cache = openCache(execution.cache, keys.cache, execution.nowMs)
  return {
    event,
    settings,
    domain,
    keys,
    publicKeys: createKeySource(domain, http, cache),
    cache,
    http,
    nowSeconds: () => Math.floor(execution.nowMs() / 1_000),
    log,
  }
}

/** The host that the browser sees, if it is one of the tenant's. */
function readDomainInUse(event: PostLoginEvent, settings: Settings): string | Denial {
  const { hostname } = event.request
  if (hostname == null || hostname === '') return settings.domain
  const host = typeof hostname === 'string' ? readHost(hostname) : undefined
  const custom = event.custom_domain?.domain
  const own: readonly unknown[] = [
    settings.domain,
    ...settings.customDomains,
    typeof custom === 'string' && custom.toLowerCase(),
  ]
  return host !== undefined && own.includes(host)
    ? host
    : deny('misconfigured', 'hostname is not AUTH0_DOMAIN nor in CUSTOM_DOMAINS')
}
