/**
 * Drives an Action through a link as the platform does: the start, the nested login, the way back.
 * It does no I/O of its own: the Action reaches the tenant double by the global `fetch`, which the
 * test puts in place. Every driver gives back what the Action asked of the platform.
 */

import type { Handler, PlatformCache, PostLoginEvent } from '../../src/platform.ts'
import { type Command, createApi, type MetadataValue } from './api.ts'
import { buildEvent, changeEvent, deepFreeze, type EventOverrides } from './event.ts'
import { CANONICAL_DOMAIN, COMPANION_ID, type Person, SECONDARY } from './people.ts'
import type { Claims } from './sign.ts'
import type { SecondLogin, TenantDouble } from './tenant-double.ts'

/** The two handlers of an Action, as `loadAction` gives them. */
export interface Handlers {
  readonly onExecutePostLogin: Handler
  readonly onContinuePostLogin: Handler
}

/** What one run of a handler asked of the platform. */
export interface Run {
  readonly event: PostLoginEvent
  readonly commands: readonly Command[]
  /** The transaction's metadata after the run. */
  readonly metadata: Readonly<Record<string, MetadataValue>>
  /** The reason of the denial, whole. */
  readonly denial: string | undefined
  /** The denial's code: what stands before the colon. */
  readonly code: string | undefined
  readonly redirect: URL | undefined
  /** The claims set on the ID token. */
  readonly claims: Readonly<Record<string, unknown>>
}

export interface RunOptions {
  /** Default: a new, empty one. */
  readonly cache?: PlatformCache | undefined
  /** Default: the method is absent. */
  readonly canRedirect?: () => boolean
}

export interface StartOptions extends RunOptions {
  /** It signs the hint. */
  readonly tenant: TenantDouble
  /** Put over the event of the linking request. */
  readonly event?: EventOverrides
  /** Put over the event's secrets. */
  readonly settings?: Readonly<Record<string, string | undefined>>
  /** Default: a good one for this event. Claims are put over a good one's; `null`: none. */
  readonly hint?: string | Claims | null
}

export interface NestedOptions extends RunOptions {
  /** Who logs in at the second login. Default: `SECONDARY`. */
  readonly user?: Person
  /** By which connection. Default: the one that the nested request names. */
  readonly connection?: string | undefined
  readonly event?: EventOverrides | undefined
}

export interface ResumeOptions extends RunOptions {
  readonly tenant: TenantDouble
  /** What differs from the second login as it was. */
  readonly login?: Partial<SecondLogin> | undefined
  /** Put over the event of the way back. */
  readonly event?: EventOverrides
  /** Replaces the query of the way back. Default: the platform's `state`, and a good `code`. */
  readonly query?: Readonly<Record<string, unknown>>
  /** Replaces the transaction's metadata. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

export interface WholeOptions extends StartOptions {
  readonly nested?: NestedOptions
  readonly resume?: Omit<ResumeOptions, 'tenant'>
}

export interface Whole {
  readonly started: Run
  readonly nested: NestedRun
  readonly resumed: Run
}

export interface NestedRun extends Run {
  readonly user: Person
}

/** What Auth0 adds to the nested URL, and wants back at /continue. */
export const PLATFORM_STATE = 'example-state-of-the-platform'

/** The event with the transaction's metadata as it is at each reading, and all of it frozen. */
function asPlatformGives(event: PostLoginEvent, metadata: Run['metadata']): PostLoginEvent {
  if (event.transaction === undefined) return deepFreeze(event)
  const transaction = Object.defineProperty({ ...event.transaction }, 'metadata', {
    enumerable: true,
    get: () => Object.freeze({ ...metadata }),
  })
  return deepFreeze({ ...event, transaction })
}

/**
 * Runs one handler with this event and an `api` of its own, and gives back what it asked of the
 * platform. The event is frozen, and its transaction's metadata shows what the handler sets as soon as
 * it is set. Rejects with what the handler rejects with, and with what `createApi` refuses.
 */
export async function run(
  handler: Handler,
  event: PostLoginEvent,
  options: RunOptions = {},
): Promise<Run> {
  const double = createApi({ ...options, metadata: event.transaction?.metadata ?? {} })
  await handler(asPlatformGives(event, double.metadata), double.api)
  const { commands, metadata } = double
  const denial = commands.find((command) => command.type === 'access.deny')?.reason
  const redirect = commands.find((command) => command.type === 'redirect.sendUserTo')?.url
  const claims = commands.filter((command) => command.type === 'idToken.setCustomClaim')
  return {
    event,
    commands,
    metadata: { ...metadata },
    denial,
    code: denial?.split(':')[0],
    redirect: redirect === undefined ? undefined : new URL(redirect),
    claims: Object.fromEntries(claims.map(({ name, value }) => [name, value])),
  }
}

const HINT_AGE_SECONDS = 60
const HINT_LIFETIME_SECONDS = 36_000

/** What a good hint of this event's user and client claims, a minute old. */
export function hintClaims(event: PostLoginEvent, nowMs: number = Date.now()): Claims {
  const iat = Math.floor(nowMs / 1000) - HINT_AGE_SECONDS
  return {
    iss: `https://${event.request.hostname ?? CANONICAL_DOMAIN}/`,
    sub: event.user.user_id,
    aud: event.client.client_id,
    iat,
    exp: iat + HINT_LIFETIME_SECONDS,
    auth_time: iat,
    sid: event.session?.id,
    email: event.user.email,
    email_verified: event.user.email_verified,
  }
}

/** The event of a linking request, with the settings and a hint in it that the tenant has signed. */
export async function linkingEvent(options: StartOptions): Promise<PostLoginEvent> {
  const { tenant, settings = {}, hint = {} } = options
  const plain = changeEvent(buildEvent({ secrets: settings }), options.event ?? {})
  const given = options.event?.request?.query
  if (given !== undefined && 'id_token_hint' in given) return plain
  const token =
    hint === null || typeof hint === 'string'
      ? (hint ?? undefined)
      : await tenant.signIdToken({ ...hintClaims(plain), ...hint })
  return changeEvent(plain, { request: { query: { id_token_hint: token } } })
}

/**
 * Runs `onExecutePostLogin` with a linking request. A request that is granted gives a `redirect`, one that
 * is refused a `denial`; for what it rejects with see `run`.
 */
export async function startLink(handlers: Handlers, options: StartOptions): Promise<Run> {
  return run(handlers.onExecutePostLogin, await linkingEvent(options), options)
}

/**
 * The event of the nested login that a start has asked for, in the same browser: its client is the
 * companion application. Throws where the start did not redirect.
 */
export function nestedEvent(started: Run, options: NestedOptions = {}): PostLoginEvent {
  const { redirect, event } = started
  if (redirect === undefined) throw new Error(`There was no redirect: ${started.denial}`)
  const query = Object.fromEntries(redirect.searchParams)
  const { user = SECONDARY, connection = query.connection ?? '' } = options
  const nested: EventOverrides = {
    authentication: { methods: [{ name: 'federated' }] },
    client: { client_id: COMPANION_ID },
    connection: { name: connection },
    request: {
      hostname: redirect.host,
      ip: event.request.ip,
      user_agent: event.request.user_agent,
      body: {},
    },
    session: { id: 'example-nested-session-0001' },
    transaction: {
      id: 'example-nested-transaction-0001',
      prompt: query.prompt?.split(' ') ?? [],
      protocol: 'oidc-basic-profile',
      redirect_uri: query.redirect_uri,
      requested_scopes: query.scope?.split(' ') ?? [],
      response_type: ['code'],
      state: query.state,
    },
    user: { ...user, email: user.email },
  }
  const { secrets, configuration, custom_domain } = event
  const base = {
    ...buildEvent(nested),
    ...(secrets === undefined ? {} : { secrets }),
    ...(configuration === undefined ? {} : { configuration }),
    ...(custom_domain === undefined ? {} : { custom_domain }),
  }
  const asked = { ...base, request: { ...base.request, query } }
  return changeEvent(asked, options.event ?? {})
}

/** Runs `onExecutePostLogin` with the nested login; the claims it sets go into that login's ID token. */
export async function nestedLogin(
  handlers: Handlers,
  started: Run,
  options: NestedOptions = {},
): Promise<NestedRun> {
  const ran = await run(handlers.onExecutePostLogin, nestedEvent(started, options), options)
  return { ...ran, user: options.user ?? SECONDARY }
}

/**
 * The event of the way back: a new request, the first one's parameters gone, the metadata kept. The
 * tenant issues the code in it. Throws where the start did not redirect, or where the tenant refuses
 * the nested request.
 */
export function resumeEvent(
  started: Run,
  nested: NestedRun,
  options: ResumeOptions,
): PostLoginEvent {
  const { event } = started
  if (started.redirect === undefined) throw new Error(`There was no redirect: ${started.denial}`)
  const { user, claims } = nested
  const { login = {} } = options
  const second = { user, ...login, claims: { ...claims, ...login.claims } }
  const query = options.query ?? {
    state: PLATFORM_STATE,
    code: options.tenant.authorize(started.redirect.href, second),
  }
  const { hostname, ip, user_agent } = event.request
  const request = { method: 'GET', query, body: {} }
  const metadata = options.metadata ?? started.metadata
  const back = { ...event, request, transaction: { ...event.transaction, metadata } }
  const fromBrowser = changeEvent(back, { request: { hostname, ip, user_agent } })
  return changeEvent(fromBrowser, options.event ?? {})
}

/**
 * Runs `onContinuePostLogin` after the second login. The tenant's `user` and `links` tell what it did
 * there, `denial` why it did not.
 */
export async function resumeLink(
  handlers: Handlers,
  started: Run,
  nested: NestedRun,
  options: ResumeOptions,
): Promise<Run> {
  return run(handlers.onContinuePostLogin, resumeEvent(started, nested, options), options)
}

/** A link from its start to its end, with one cache for all three runs. */
export async function wholeLink(handlers: Handlers, options: WholeOptions): Promise<Whole> {
  const { tenant, cache } = options
  const started = await startLink(handlers, options)
  const nested = await nestedLogin(handlers, started, { cache, ...options.nested })
  const resumed = await resumeLink(handlers, started, nested, {
    cache,
    ...options.resume,
    tenant,
  })
  return { started, nested, resumed }
}
