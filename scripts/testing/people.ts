/**
 * The tenant, applications and people of the examples: fixed constants, no I/O. What `buildEvent` and
 * `createTenantDouble` agree on.
 */

import type { Identity } from '../../src/platform.ts'

/** The instant at which tests stop the clock. */
export const NOW_MS = Date.parse('2026-03-02T12:00:00.000Z')
export const NOW_SECONDS = NOW_MS / 1000

export const CANONICAL_DOMAIN = 'tenant.example.auth0.com'
export const CUSTOM_DOMAIN = 'login.example.com'

/** The application that asks for the link. */
export const CLIENT_ID = 'exampleApplicationClientId000001'
/** The companion application. */
export const COMPANION_ID = 'exampleCompanionClientId00000001'
export const COMPANION_SECRET = 'example-companion-client-secret-for-tests-only'

export const DATABASE_CONNECTION = 'Username-Password-Authentication'

/** A user as the tenant stores it. */
export interface Person {
  readonly user_id: string
  readonly email?: string
  readonly email_verified: boolean
  readonly name: string
  readonly identities: readonly Identity[]
  readonly user_metadata?: Readonly<Record<string, unknown>>
}

/** The user of the login: a database user with one identity. */
export const PRIMARY: Person = {
  user_id: 'auth0|5f7c8ec7c33c6c004bbafe82',
  email: 'alex@example.com',
  email_verified: true,
  name: 'Alex Example',
  identities: [
    {
      connection: DATABASE_CONNECTION,
      provider: 'auth0',
      user_id: '5f7c8ec7c33c6c004bbafe82',
      isSocial: false,
    },
  ],
}

/** Whose identity is to be linked: a stand-alone user of a social connection. */
export const SECONDARY: Person = {
  user_id: 'google-oauth2|115015401343387192604',
  email: 'alex@example.com',
  email_verified: true,
  name: 'Alex Example',
  identities: [
    {
      connection: 'google-oauth2',
      provider: 'google-oauth2',
      user_id: '115015401343387192604',
      isSocial: true,
    },
  ],
}

/** Somebody else. */
export const STRANGER: Person = {
  user_id: 'auth0|602c2b6a1d5e4f0069a3b7c1',
  email: 'sam@example.net',
  email_verified: true,
  name: 'Sam Example',
  identities: [
    {
      connection: DATABASE_CONNECTION,
      provider: 'auth0',
      user_id: '602c2b6a1d5e4f0069a3b7c1',
      isSocial: false,
    },
  ],
}
