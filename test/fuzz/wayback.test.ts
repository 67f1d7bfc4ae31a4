/**
 * Whatever comes back from the second login: the account changes only if every condition of the
 * contract holds, and never more than once.
 */

import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { createCache } from '../../scripts/testing/cache.ts'
import { buildEvent, type EventOverrides, SECRETS } from '../../scripts/testing/event.ts'
import { hintClaims, nestedLogin, resumeEvent, startLink } from '../../scripts/testing/flow.ts'
import {
  CANONICAL_DOMAIN,
  CLIENT_ID,
  COMPANION_ID,
  DATABASE_CONNECTION,
  NOW_MS,
  NOW_SECONDS,
  type Person,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from '../../scripts/testing/people.ts'
import { type SigningKey, signJwt } from '../../scripts/testing/sign.ts'
import type { SecondLogin } from '../../scripts/testing/tenant-double.ts'
import { missingForChange, spellings } from '../support/invariants.ts'
import { type Change, change, changesAt, odd, some, telling } from './generators.ts'
import { useTenant } from './recorded-tenant.ts'
import { attempt, bundle, property, type Tally } from './world.ts'

const KEYS = ['current', 'next'] as const
const RESULT_CLAIM = 'urn:example:linking'
/** Signed once: all starts have the same user, client and clock. */
const HINT = signJwt(hintClaims(buildEvent(), NOW_MS))
const METADATA_KEY = 'client-initiated-account-linking:attempt'

const LINKED: Person = {
  ...PRIMARY,
  identities: [...PRIMARY.identities, ...SECONDARY.identities],
}
const MERGED: Person = {
  ...SECONDARY,
  identities: [
    ...SECONDARY.identities,
    { connection: 'github', provider: 'github', user_id: '1234567', isSocial: true },
  ],
}
const OTHER_EMAIL: Person = { ...SECONDARY, email: 'kim@example.org' }
const UNVERIFIED: Person = { ...SECONDARY, email_verified: false }

interface Attack {
  readonly action: 'link' | 'unlink'
  readonly settings?: Readonly<Record<string, string>>
  /** Who logs in at the second login, by which connection. */
  readonly user?: Person
  readonly connection?: string
  readonly nested?: EventOverrides
  readonly login?: Partial<SecondLogin>
  readonly query?: Readonly<Record<string, unknown>>
  readonly metadata?: (stored: string) => unknown
  readonly changes?: readonly Change[]
}

async function holds(attack: Attack, tally: Tally, oddTypes = false): Promise<void> {
  const { action, settings, changes = [] } = attack
  const linking = action === 'link'
  const user = attack.user ?? (linking ? SECONDARY : LINKED)
  const tenant = useTenant({
    users: [linking ? PRIMARY : LINKED, STRANGER, ...(linking ? [user] : [])],
  })
  const cache = createCache()
  const unlinking: EventOverrides = {
    transaction: { requested_scopes: ['openid', 'unlink_account'] },
    user: { identities: LINKED.identities },
  }
  const started = await startLink(bundle, {
    tenant,
    cache,
    hint: HINT,
    settings: { RESULT_CLAIM, ...settings },
    ...(linking ? {} : { event: unlinking }),
  })
  if (started.redirect === undefined) return
  const nested = await nestedLogin(bundle, started, {
    user,
    connection: attack.connection,
    event: attack.nested,
  })
  const stored = started.metadata[METADATA_KEY]
  const kept = attack.metadata?.(String(stored)) ?? stored
  const back = resumeEvent(started, nested, {
    tenant,
    login: attack.login,
    metadata: typeof kept === 'string' ? { [METADATA_KEY]: kept } : {},
  })
  const query = { ...back.request.query, ...attack.query }
  const event = change({ ...back, request: { ...back.request, query } }, changes)
  const secrets = [
    SECRETS.AUTH0_CLIENT_SECRET,
    SECRETS.ACTION_SECRET,
    String(back.request.query?.code),
    ...[PRIMARY, user].flatMap(({ email, name }) => [email ?? name, name]),
  ].flatMap(spellings)
  const before = tenant.calls()
  const ran = await attempt(bundle.onContinuePostLogin, event, { cache, secrets })
  expect(ran.broken).toEqual([])
  expect(cache.refused).toEqual([])
  if (!oddTypes) expect(ran.code).not.toBe('unexpected')
  expect(tenant.calls() - before).toBeLessThanOrEqual(4)

  const changed = [...tenant.links, ...tenant.unlinks]
  const result = ran.claims[RESULT_CLAIM] as { readonly status?: string } | undefined
  expect(changed.length).toBeLessThanOrEqual(1)
  expect(result?.status === 'linked' || result?.status === 'unlinked').toBe(changed.length === 1)
  const [first] = changed
  if (first === undefined) return
  tally.passed += 1
  expect(first.primary).toBe(PRIMARY.user_id)
  const facts = {
    started: started.event,
    stored,
    event,
    nested: nested.event,
    startedAtSeconds: NOW_SECONDS,
    nowSeconds: NOW_SECONDS,
    keys: KEYS,
    idToken: tenant.idTokens.at(-1),
    nonce: started.redirect.searchParams.get('nonce'),
  }
  expect(missingForChange(facts, action, first.identity)).toEqual([])
}

const action = fc.constantFrom<'link' | 'unlink'>('link', 'link', 'unlink')

const settings = some(
  {
    PIN_USER_AGENT: fc.constantFrom('yes', 'no'),
    PIN_IP_ADDRESS: fc.constantFrom('yes', 'no'),
    PIN_SESSION: fc.constantFrom('yes', 'no'),
    ALLOW_MERGE: fc.constantFrom('yes', 'no'),
    MERGE_USER_METADATA: fc.constantFrom('yes', 'no'),
    REQUIRE_MATCHING_EMAIL: fc.constantFrom('yes', 'no'),
    ENFORCE_SECONDARY_EMAIL_VERIFICATION: fc.constantFrom('yes', 'no'),
    ENFORCE_MFA: fc.constantFrom('yes', 'no'),
    LINK_EXISTING_USERS: fc.constantFrom('yes', 'no'),
    IDENTITIES_PER_CONNECTION: fc.constantFrom('1', '2', '10'),
    CONFIRM_LINK: fc.constantFrom('yes', 'no'),
    NESTED_PARAMS: fc.constantFrom('prompt=login', 'acr_values=high&prompt=login'),
    DEBUG: fc.constantFrom('*', ''),
  },
  4,
)

const user = fc.constantFrom(SECONDARY, LINKED, MERGED, OTHER_EMAIL, UNVERIFIED, STRANGER)
const connection = fc.constantFrom(undefined, undefined, 'github', DATABASE_CONNECTION, '')

const nested = fc.constantFrom<EventOverrides>(
  {},
  {},
  { request: { user_agent: 'OtherBrowser/2.0' } },
  { request: { user_agent: undefined } },
  { request: { ip: '198.51.100.9' } },
  { user: { identities: undefined } },
  { stats: { logins_count: 1 } },
  { stats: undefined },
  { request: { query: { prompt: undefined } } },
  { request: { query: { acr_values: 'low' } } },
  { request: { query: { connection_scope: 'calendar' } } },
  { request: { query: { 'prompt[]': 'none' } } },
  { secrets: { ACTION_SECRET: 'another-action-secret-with-more-than-32-characters' } },
)

const claim = (...values: readonly unknown[]) =>
  fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: odd })

const seconds = fc.integer({ min: NOW_SECONDS - 90_000, max: NOW_SECONDS + 90_000 })

const claims = some<unknown>(
  {
    iss: claim(`https://${CANONICAL_DOMAIN}/`, 'https://other.example.net/'),
    sub: claim(SECONDARY.user_id, PRIMARY.user_id, STRANGER.user_id, 'nobar', '|', 'a|', '|b'),
    aud: claim(COMPANION_ID, CLIENT_ID, [COMPANION_ID, CLIENT_ID]),
    azp: claim(COMPANION_ID, CLIENT_ID),
    iat: fc.oneof(seconds, odd),
    exp: fc.oneof(seconds, odd),
    nonce: odd,
    auth_time: fc.oneof(seconds, claim(NOW_SECONDS - 30, NOW_SECONDS - 31)),
    email: claim('ALEX@example.com', 'alex@example.com', 'kim@example.org'),
    email_verified: claim(true, false, 'true', 1),
    events: odd,
    'https://client-initiated-account-linking.example/nested-login': odd,
  },
  2,
)

const login: fc.Arbitrary<Partial<SecondLogin>> = fc.record(
  {
    claims,
    header: some<unknown>(
      { alg: fc.constantFrom('none', 'HS256', 'RS512'), typ: odd, kid: odd },
      1,
    ),
    key: fc.constantFrom<SigningKey>('current', 'next', 'foreign', {
      hmacSecret: SECRETS.AUTH0_CLIENT_SECRET,
    }),
  },
  { requiredKeys: [] },
)

/** One line of the stored text, put aside for another, cut, or mended. */
const metadata: fc.Arbitrary<(stored: string) => unknown> = fc.oneof(
  fc.constant((stored: string) => stored),
  fc.tuple(fc.nat(1_000), fc.nat(3), fc.string({ maxLength: 3 })).map(
    ([at, cut, put]) =>
      (stored: string) =>
        stored.slice(0, at) + put + stored.slice(at + cut),
  ),
  fc
    .tuple(
      fc.constantFrom('mode', 'connection', 'nestedConnection', 'bytes', 'startedAtSeconds', 'x'),
      odd,
    )
    .map(([name, value]) => (stored: string) => {
      const [record = '', ...rest] = stored.split('\n')
      return [JSON.stringify({ ...JSON.parse(record), [name]: value }), ...rest].join('\n')
    }),
  fc.tuple(telling, fc.boolean()).map(
    ([text, behind]) =>
      (stored: string) =>
        behind ? `${stored}\n${text}` : text,
  ),
  fc.constant(() => undefined),
)

const query = some<unknown>(
  {
    code: fc.oneof(telling, fc.constantFrom(['a', 'b'], 'example-code-0001', undefined)),
    error: fc.oneof(telling, fc.constantFrom('access_denied', 'login_required', undefined)),
    error_description: telling,
    state: odd,
    iss: telling,
    response: telling,
    id_token: telling,
  },
  2,
)

const PATHS = [
  'client client.client_id user user.user_id user.email user.identities user.identities.0 request',
  'user.blocked user.last_password_reset authentication user.enrolledFactors secrets.ENFORCE_MFA',
  'secrets.PIN_USER_AGENT secrets.PIN_IP_ADDRESS secrets.NESTED_PARAMS',
  'request.hostname request.ip request.user_agent request.query request.body request.method',
  'transaction transaction.id transaction.protocol transaction.requested_scopes',
  'transaction.requested_scopes.0 transaction.response_type transaction.redirect_uri',
  'transaction.state transaction.metadata session session.id organization organization.id',
  'custom_domain secrets secrets.ACTION_SECRET secrets.AUTH0_DOMAIN secrets.PIN_SESSION',
  'secrets.ALLOWED_CLIENT_IDS configuration connection',
].flatMap((line) => line.split(' '))

describe('a way back', () => {
  property(
    'changes the account with a record that is whole only',
    fc.record({ action, metadata }),
    (attack, tally) => holds(attack, tally),
    { reaches: 0.1 },
  )

  property(
    'changes the account with a single code only',
    fc.record({ action, query }),
    (attack, tally) => holds(attack, tally),
    { reaches: 0.05 },
  )

  property(
    'changes the account with a good ID token only',
    fc.record({ action, login }),
    (attack, tally) => holds(attack, tally),
    { reaches: 0.05 },
  )

  property(
    'changes the account for those whom the settings let pass only',
    fc
      .record({ action, settings, user, nested, connection }, { requiredKeys: ['action'] })
      .map(({ connection, ...attack }) =>
        connection === undefined ? attack : { ...attack, connection },
      ),
    (attack, tally) => holds(attack, tally),
    { reaches: 0.1 },
  )

  property(
    'survives an event of any form',
    fc.record({ action, changes: changesAt(PATHS, 2) }),
    (attack, tally) => holds(attack, tally, true),
    { reaches: 0.1 },
  )

  property(
    'keeps to all conditions at once',
    fc.record(
      { action, settings, nested, metadata, query, login, changes: changesAt(PATHS, 1) },
      { requiredKeys: ['action'] },
    ),
    (attack, tally) => holds(attack, tally, true),
    { reaches: 0.01 },
  )
})
