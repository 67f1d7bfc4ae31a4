/**
 * Whatever confirms a link: the account changes only if every condition of the contract holds, and once.
 */

import fc from 'fast-check'
import { describe, expect, vi } from 'vitest'
import { createCache } from '../../scripts/testing/cache.ts'
import { confirmEvent, refreshEvent } from '../../scripts/testing/confirm.ts'
import { buildEvent, changeEvent, SECRETS } from '../../scripts/testing/event.ts'
import { hintClaims, wholeLink } from '../../scripts/testing/flow.ts'
import {
  CLIENT_ID,
  CUSTOM_DOMAIN,
  NOW_MS,
  NOW_SECONDS,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from '../../scripts/testing/people.ts'
import { signJwt } from '../../scripts/testing/sign.ts'
import { missingForConfirmation, spellings } from '../support/invariants.ts'
import { type Change, change, changesAt, odd, some, telling } from './generators.ts'
import { useTenant } from './recorded-tenant.ts'
import { attempt, bundle, property, type Tally } from './world.ts'

const RESULT_CLAIM = 'https://app.example.com/linking'
const SETTINGS = { CONFIRM_LINK: 'yes', RESULT_CLAIM }
const HINT = signJwt(hintClaims(buildEvent(), NOW_MS))

interface Attack {
  readonly channel: 'back' | 'front'
  readonly settings?: Readonly<Record<string, string>>
  readonly verified?: boolean
  readonly sealed?: (confirmation: string) => unknown
  readonly ageSeconds?: number
  readonly claims?: Readonly<Record<string, unknown>>
  readonly changes?: readonly Change[]
}

async function holds(attack: Attack, tally: Tally): Promise<void> {
  const { settings = {}, verified = true, ageSeconds = 0, changes = [] } = attack
  vi.setSystemTime(NOW_MS)
  const tenant = useTenant()
  const cache = createCache()
  const user = { ...SECONDARY, email_verified: verified }
  const { resumed } = await wholeLink(bundle, {
    tenant,
    cache,
    hint: HINT,
    settings: SETTINGS,
    nested: { user },
  })
  const { confirmation } = resumed.claims[RESULT_CLAIM] as { readonly confirmation: string }
  const given = attack.sealed?.(confirmation) ?? confirmation
  const claims = { ...hintClaims(resumed.event, NOW_MS), ...resumed.claims, ...attack.claims }
  const built =
    attack.channel === 'back'
      ? refreshEvent(resumed.event, { link_confirmation: given })
      : confirmEvent(resumed.event, {
          id_token_hint: signJwt(claims),
          ...(attack.sealed === undefined ? {} : { link_confirmation: given }),
        })
  const event = change(changeEvent(built, { secrets: settings }), changes)
  const nowSeconds = NOW_SECONDS + ageSeconds
  const secrets = [SECRETS.AUTH0_CLIENT_SECRET, SECRETS.ACTION_SECRET, SECONDARY.email ?? '']
  vi.setSystemTime(nowSeconds * 1_000)
  const ran = await attempt(bundle.onExecutePostLogin, event, {
    cache,
    secrets: secrets.flatMap(spellings),
  })
  expect(ran.broken).toEqual([])
  expect(tenant.links.length).toBeLessThanOrEqual(1)
  const [link] = tenant.links
  const result = ran.claims[RESULT_CLAIM] as { readonly status?: string } | undefined
  expect(result?.status === 'linked').toBe(link !== undefined)
  if (link === undefined) return
  tally.passed += 1
  expect(link.primary).toBe(PRIMARY.user_id)
  const facts = {
    event,
    pending: resumed.event,
    pendingAtSeconds: NOW_SECONDS,
    nowSeconds,
    keys: ['current', 'next'] as const,
    proved: { user_id: SECONDARY.user_id, email: SECONDARY.email ?? '', verified },
    connection: 'google-oauth2',
  }
  expect(missingForConfirmation(facts, link.identity)).toEqual([])
}

const channel = fc.constantFrom<'back' | 'front'>('back', 'front')
const ageSeconds = fc.constantFrom(0, 1, 299, 300, 301, 600, 3_600)

const settings = some(
  {
    ALLOWED_CONNECTIONS: fc.constantFrom('google-oauth2', 'github'),
    ALLOWED_CLIENT_IDS: fc.constantFrom(CLIENT_ID, 'another'),
    CONFIRM_LINK: fc.constantFrom('yes', 'no'),
    ENFORCE_EMAIL_VERIFICATION: fc.constantFrom('yes', 'no'),
    ENFORCE_SECONDARY_EMAIL_VERIFICATION: fc.constantFrom('yes', 'no'),
    REQUIRE_MATCHING_EMAIL: fc.constantFrom('yes', 'no'),
    ENFORCE_MFA: fc.constantFrom('yes', 'always', 'no'),
    PIN_SESSION: fc.constantFrom('yes', 'no'),
    IDENTITIES_PER_CONNECTION: fc.constantFrom('1', '2'),
    HINT_MAX_AGE: fc.constantFrom('60', '86400'),
    DEBUG: fc.constantFrom('*', ''),
  },
  4,
)

/** The sealed text as it is, cut, put together anew, or another one. */
const sealed: fc.Arbitrary<(confirmation: string) => unknown> = fc.oneof(
  fc.constant((confirmation: string) => confirmation),
  fc.tuple(fc.nat(300), fc.nat(4), fc.string({ maxLength: 4 })).map(
    ([at, cut, put]) =>
      (confirmation: string) =>
        confirmation.slice(0, at) + put + confirmation.slice(at + cut),
  ),
  fc.oneof(telling, fc.jsonValue()).map((value) => () => value),
)

const claims = some<unknown>(
  {
    sub: fc.constantFrom(PRIMARY.user_id, STRANGER.user_id),
    sid: fc.oneof(fc.constant('another'), odd),
    [RESULT_CLAIM]: fc.oneof(odd, fc.record({ confirmation: odd })),
    exp: fc.constantFrom(NOW_SECONDS + 10, NOW_SECONDS - 10),
    events: odd,
  },
  2,
)

const PATHS = [
  'client client.client_id user user.user_id user.email user.email_verified user.identities',
  'request request.hostname request.body request.body.grant_type request.body.link_confirmation',
  'request.query request.query.id_token_hint request.method transaction transaction.protocol',
  'transaction.requested_scopes transaction.requested_scopes.0 session session.id organization',
  'organization.id custom_domain secrets secrets.ACTION_SECRET secrets.AUTH0_DOMAIN authentication',
  'user.enrolledFactors configuration',
].flatMap((line) => line.split(' '))

describe('a confirmation', () => {
  property(
    'is the one that was sealed, in its time',
    fc.record({ channel, sealed, ageSeconds }),
    (attack, tally) => holds(attack, tally),
    { reaches: 0.05 },
  )

  property(
    'holds the settings as they are now',
    fc.record({ channel, settings, verified: fc.boolean() }),
    (attack, tally) => holds(attack, tally),
    { reaches: 0.1 },
  )

  property(
    'survives an event of any form',
    fc.record({ channel, changes: changesAt(PATHS, 2) }),
    (attack, tally) => holds(attack, tally),
    { reaches: 0.05 },
  )

  property(
    'keeps to all conditions at once',
    fc.record(
      { channel, settings, sealed, ageSeconds, claims, changes: changesAt(PATHS, 1) },
      { requiredKeys: ['channel'] },
    ),
    (attack, tally) => holds(attack, tally),
    { reaches: 0.01 },
  )

  property(
    'of one host is none of another',
    fc
      .constantFrom<readonly Change[]>(
        [{ path: ['request', 'hostname'], value: CUSTOM_DOMAIN }],
        [{ path: ['organization'], value: { id: 'org_Example' } }],
        [],
      )
      .map((changes) => ({ channel: 'back' as const, changes })),
    (attack, tally) => holds(attack, tally),
  )
})
