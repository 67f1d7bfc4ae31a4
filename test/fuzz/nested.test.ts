/**
 * Whatever a nested login is made of: it asks nobody, sends nobody anywhere, and gains the claim of
 * this Action or none.
 */

import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { createCache } from '../../scripts/testing/cache.ts'
import { changeEvent, SECRETS } from '../../scripts/testing/event.ts'
import { nestedEvent, startLink } from '../../scripts/testing/flow.ts'
import { SECONDARY } from '../../scripts/testing/people.ts'
import { spellings } from '../support/invariants.ts'
import { change, changesAt, some, telling } from './generators.ts'
import { useTenant } from './recorded-tenant.ts'
import { attempt, bundle, property } from './world.ts'

const CLAIM = 'https://client-initiated-account-linking.example/nested-login'
const MEMBERS = [
  'connection connection_id identities logins_count parameters user_agent address user_metadata',
].flatMap((line) => line.split(' '))

const PATHS = [
  'client connection connection.name user user.user_id user.identities user.identities.0',
  'user.enrolledFactors user.enrolledFactors.0 user.user_metadata user.user_metadata.a request',
  'request.query request.query.connection_scope request.body request.method request.ip',
  'request.user_agent transaction.requested_scopes transaction.requested_scopes.0',
  'transaction.protocol transaction.prompt session organization authentication secrets',
  'secrets.ACTION_SECRET configuration',
].flatMap((line) => line.split(' '))

const settings = some(
  {
    ENFORCE_MFA: fc.constantFrom('no', 'yes', 'always', 'perhaps'),
    ALLOWED_CONNECTION_SCOPES: fc.constantFrom('calendar.readonly', 'drive,calendar.readonly', ','),
    MERGE_USER_METADATA: fc.constantFrom('no', 'yes'),
    ACTION_SECRET: fc.constantFrom(SECRETS.ACTION_SECRET, 'short', ''),
    DEBUG: fc.constantFrom('*', ''),
    NESTED_PARAMS: telling,
  },
  3,
)

const factors = fc.constantFrom(
  undefined,
  [],
  [{ type: 'otp' }],
  [{ type: 'phone', method: 'sms' }, { type: 'recovery-code' }],
  [{ method: 'sms' }],
  [{ type: 'none-such' }],
  [{}],
)

const scope = fc.constantFrom(undefined, 'calendar.readonly', 'calendar.readonly mail', ['drive'])

describe('a nested login', () => {
  property(
    'gains the claim of this Action or none, and asks nobody',
    fc.record({ settings, factors, scope, changes: changesAt(PATHS, 2) }),
    async ({ settings, factors, scope, changes }, tally) => {
      const tenant = useTenant()
      const started = await startLink(bundle, { tenant })
      const before = tenant.calls()
      const event = change(
        changeEvent(nestedEvent(started, { user: SECONDARY }), {
          secrets: settings,
          request: { query: { connection_scope: scope } },
          user: { enrolledFactors: factors, user_metadata: { a: 1 } },
        }),
        changes,
      )
      const cache = createCache()
      const secrets = [SECRETS.AUTH0_CLIENT_SECRET, SECRETS.ACTION_SECRET].flatMap(spellings)
      const ran = await attempt(bundle.onExecutePostLogin, event, { cache, secrets })
      expect(ran.broken).toEqual([])
      expect(ran.redirect).toBeUndefined()
      expect(ran.metadata).toEqual({})
      expect(cache.calls).toEqual([])
      expect(tenant.calls()).toBe(before)
      expect(ran.lines.length).toBeLessThanOrEqual(1)
      const names = Object.keys(ran.claims)
      if (names.length === 0) return
      tally.passed += 1
      expect(names).toEqual([CLAIM])
      const members = Object.keys(ran.claims[CLAIM] ?? {})
      expect(MEMBERS).toEqual(expect.arrayContaining(members))
      if (settings.MERGE_USER_METADATA !== 'yes') expect(members).not.toContain('user_metadata')
      const enrolled = event.user.enrolledFactors
      const mfa = settings.ENFORCE_MFA ?? 'no'
      if (mfa === 'no' || changes.length > 0) return
      // What was enrolled is challenged, and what cannot be read has no claim.
      expect(Array.isArray(enrolled)).toBe(true)
      const challenges = ran.commands.filter(
        ({ type }) => type === 'authentication.challengeWithAny',
      )
      expect(challenges.length).toBe(enrolled?.length === 0 ? 0 : 1)
    },
    { reaches: 0.2 },
  )
})
