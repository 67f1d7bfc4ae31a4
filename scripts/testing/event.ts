/**
 * Builds `event` of the post-login trigger (v3): one valid linking request of a database user, as
 * complete as a real event, with the overrides that a test asks for. Pure, no I/O; every call gives a
 * new object.
 *
 * @see https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-event-object
 */

import type { PostLoginEvent } from '../../src/platform.ts'
import {
  CANONICAL_DOMAIN,
  CLIENT_ID,
  COMPANION_ID,
  COMPANION_SECRET,
  DATABASE_CONNECTION,
  PRIMARY,
} from './people.ts'

/** Objects may be given in part; `undefined` removes a field; arrays replace. */
export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> | undefined }
    : T

export type EventOverrides = DeepPartial<PostLoginEvent>

/** Every required setting, valid. All others stand at their defaults. */
export const SECRETS = {
  AUTH0_DOMAIN: CANONICAL_DOMAIN,
  AUTH0_CLIENT_ID: COMPANION_ID,
  AUTH0_CLIENT_SECRET: COMPANION_SECRET,
  ACTION_SECRET: 'example-action-secret-with-more-than-32-characters',
} as const

export const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0'
export const IP_ADDRESS = '203.0.113.7'

/** Not a token: it shows that the request carries one. `startLink` puts a signed one in its place. */
const HINT_PLACEHOLDER = 'not.a.token'

const authorizeQuery = {
  client_id: CLIENT_ID,
  response_type: 'code',
  redirect_uri: 'https://app.example.com/callback',
  scope: 'openid profile email offline_access link_account',
  state: 'example-state-of-the-application',
  requested_connection: 'google-oauth2',
  id_token_hint: HINT_PLACEHOLDER,
}

/** The fields that this Action reads, and the rest of a real event beside them. */
function linkingRequest() {
  return {
    actor: undefined,
    authentication: {
      methods: [{ name: 'pwd', timestamp: '2026-03-02T11:59:30.000Z' }],
    },
    authorization: { roles: [] },
    client: {
      client_id: CLIENT_ID,
      name: 'Example Application',
      metadata: {},
    },
    configuration: {},
    connection: {
      id: 'con_ExampleDatabase01',
      name: DATABASE_CONNECTION,
      strategy: 'auth0',
      metadata: {},
    },
    refresh_token: undefined,
    request: {
      asn: '64496',
      body: {},
      geoip: {
        cityName: 'Exampletown',
        continentCode: 'EU',
        countryCode: 'XX',
        countryName: 'Example',
        latitude: 0,
        longitude: 0,
        timeZone: 'Etc/UTC',
      },
      hostname: CANONICAL_DOMAIN,
      ip: IP_ADDRESS,
      language: 'en',
      method: 'GET',
      query: { ...authorizeQuery },
      user_agent: USER_AGENT,
    },
    resource_server: { identifier: 'https://api.example.com/' },
    secrets: { ...SECRETS },
    security_context: {
      ja3: 'e7d705a3286e19ea42f587b344ee6865',
      ja4: 't13d1516h2_8daaf6152771_02713d6af862',
    },
    session: {
      id: 'example-session-0001',
      authenticated_at: '2026-03-02T11:59:30.000Z',
      clients: [{ client_id: CLIENT_ID }],
      device: { initial_ip: IP_ADDRESS, initial_user_agent: USER_AGENT },
    },
    stats: { logins_count: 12 },
    tenant: { id: 'tenant' },
    transaction: {
      acr_values: [],
      id: 'example-transaction-0001',
      correlation_id: undefined,
      linking_id: undefined,
      locale: 'en',
      login_hint: undefined,
      metadata: {},
      prompt: [],
      protocol: 'oidc-basic-profile',
      redirect_uri: authorizeQuery.redirect_uri,
      requested_authorization_details: [],
      requested_scopes: ['openid', 'profile', 'email', 'offline_access', 'link_account'],
      response_mode: undefined,
      response_type: ['code'],
      state: authorizeQuery.state,
      ui_locales: [],
    },
    user: {
      app_metadata: {},
      created_at: '2025-01-15T08:00:00.000Z',
      email: PRIMARY.email,
      email_verified: PRIMARY.email_verified,
      enrolledFactors: [],
      family_name: 'Example',
      given_name: 'Alex',
      identities: PRIMARY.identities,
      last_password_reset: undefined,
      multifactor: [],
      name: PRIMARY.name,
      nickname: 'alex',
      phone_number: undefined,
      phone_verified: undefined,
      picture: 'https://cdn.example.com/avatar.png',
      updated_at: '2026-03-02T11:59:30.000Z',
      user_id: PRIMARY.user_id,
      user_metadata: {},
      username: undefined,
    },
  }
}

type Plain = Record<string, unknown>

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A copy that shares nothing with its original, without what is `undefined`. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy)
  return isPlain(value) ? merge(value, {}) : value
}

function merge(base: Plain, overrides: Plain): Plain {
  const merged: Plain = {}
  for (const key of new Set([...Object.keys(base), ...Object.keys(overrides)])) {
    const value = key in overrides ? over(base[key], overrides[key]) : copy(base[key])
    if (value !== undefined) merged[key] = value
  }
  return merged
}

function over(base: unknown, override: unknown): unknown {
  return isPlain(override) ? merge(isPlain(base) ? base : {}, override) : copy(override)
}

/** Puts overrides over an event that exists already, as `buildEvent` does. Neither is changed. */
export function changeEvent(event: PostLoginEvent, overrides: EventOverrides): PostLoginEvent {
  return over(event, overrides) as PostLoginEvent
}

/**
 * The event of one linking request: `PRIMARY` logs in to `CLIENT_ID` at the database and asks for
 * `google-oauth2`, with `SECRETS` as the secrets. Overrides go over it field by field: objects may be
 * given in part, `undefined` removes a field, arrays replace. Every call gives a new object; never
 * throws. Its `id_token_hint` is no token: `linkingEvent` puts a signed one in.
 */
export function buildEvent(overrides: EventOverrides = {}): PostLoginEvent {
  return over(linkingRequest(), overrides) as PostLoginEvent
}

/** Freezes a value and everything in it, in place, as the platform may. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
