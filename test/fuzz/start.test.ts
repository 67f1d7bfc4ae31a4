/**
 * Whatever a linking request, its settings, its hint and its event are made of: the browser leaves
 * only if every condition of the contract holds.
 */

import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { createCache } from '../../scripts/testing/cache.ts'
import {
  buildEvent,
  changeEvent,
  type EventOverrides,
  SECRETS,
} from '../../scripts/testing/event.ts'
import { hintClaims } from '../../scripts/testing/flow.ts'
import {
  CANONICAL_DOMAIN,
  CLIENT_ID,
  COMPANION_ID,
  CUSTOM_DOMAIN,
  DATABASE_CONNECTION,
  NOW_MS,
  NOW_SECONDS,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from '../../scripts/testing/people.ts'
import { type SigningKey, signJwt } from '../../scripts/testing/sign.ts'
import type { PostLoginEvent } from '../../src/platform.ts'
import { missingForRedirect, spellings } from '../support/invariants.ts'
import { type Change, change, changesAt, odd, some, telling } from './generators.ts'
import { useTenant } from './recorded-tenant.ts'
import { attempt, bundle, property, type Tally } from './world.ts'

const KEYS = ['current', 'next'] as const

const secrets = [SECRETS.AUTH0_CLIENT_SECRET, SECRETS.ACTION_SECRET, PRIMARY.email ?? '']
  .concat(PRIMARY.name)
  .flatMap(spellings)

/** Without the e-mail: it is looked for in what the Action writes, scopes that a hint was put into included. */
const { email: _, ...canonicalClaims } = hintClaims(buildEvent(), NOW_MS)
const goodHint = signJwt(canonicalClaims)

const HINTED = buildEvent({ request: { query: { id_token_hint: goodHint } } })
const LINKED = [...PRIMARY.identities, ...SECONDARY.identities]
const UNLINKING = changeEvent(HINTED, {
  transaction: { requested_scopes: ['openid', 'unlink_account'] },
  user: { identities: LINKED },
})
const POSTED = changeEvent(HINTED, {
  request: { method: 'POST', body: HINTED.request.query ?? {}, query: {} },
})
const CONSENTING = changeEvent(HINTED, {
  request: { query: { requested_connection_scope: 'calendar.readonly' } },
  user: { identities: LINKED },
})

/** By name: a counterexample is to be read. */
const BASES = { link: HINTED, unlink: UNLINKING, post: POSTED, consent: CONSENTING } as const
const bases = fc.constantFrom<keyof typeof BASES>('link', 'link', 'unlink', 'post', 'consent')

async function holds(
  event: PostLoginEvent,
  tally: Tally,
  given: { readonly canRedirect?: boolean | undefined; readonly oddTypes?: boolean } = {},
): Promise<void> {
  const { canRedirect } = given
  const tenant = useTenant()
  const cache = createCache()
  const ran = await attempt(bundle.onExecutePostLogin, event, {
    cache,
    secrets,
    ...(canRedirect === undefined ? {} : { canRedirect: () => canRedirect }),
  })
  expect(ran.broken).toEqual([])
  expect(cache.refused).toEqual([])
  // Settings, parameters and hints are texts: no text is unexpected.
  if (given.oddTypes !== true) expect(ran.code).not.toBe('unexpected')
  const { hostname } = event.request ?? {}
  const host = typeof hostname === 'string' && hostname !== '' ? hostname : CANONICAL_DOMAIN
  const wanted = `https://${host.toLowerCase()}/.well-known/jwks.json`
  for (const { url } of tenant.requests) expect(url).toBe(wanted)
  expect(tenant.requests.length).toBeLessThanOrEqual(1)
  if (ran.redirect === undefined) return
  tally.passed += 1
  const facts = {
    event,
    nowSeconds: NOW_SECONDS,
    keys: KEYS,
    canRedirect,
  }
  expect(missingForRedirect(facts, ran.redirect)).toEqual([])
}

const PARAMETERS = [
  'id_token_hint',
  'requested_connection',
  'requested_connection_scope',
  'requested_identity',
].flatMap((name) => [name, `ext-${name}`])

const parameterPaths = PARAMETERS.flatMap((name) => [
  `request.query.${name}`,
  `request.body.${name}`,
])

const parameterValue = fc.oneof(
  odd,
  fc.constantFrom<unknown>(
    'google-oauth2',
    'github',
    goodHint,
    [goodHint],
    'calendar.readonly,drive',
    ' , ',
    SECONDARY.user_id,
    PRIMARY.user_id,
    DATABASE_CONNECTION,
    'x'.repeat(128),
    'x'.repeat(129),
    'x'.repeat(16_385),
    '日'.repeat(2_048),
  ),
)

const parameterChanges = fc.array(
  fc.record({
    path: fc.constantFrom(...parameterPaths).map((path) => path.split('.')),
    value: parameterValue,
  }),
  { maxLength: 3 },
)

const SETTING_VALUES: Readonly<Record<string, readonly string[]>> = {
  AUTH0_DOMAIN: [CANONICAL_DOMAIN, 'TENANT.EXAMPLE.auth0.com', `https://${CANONICAL_DOMAIN}`],
  CUSTOM_DOMAINS: [CUSTOM_DOMAIN, `a.example, ${CUSTOM_DOMAIN}`, ' , ', 'a.example;b.example'],
  AUTH0_CLIENT_ID: [COMPANION_ID, CLIENT_ID, `${COMPANION_ID}x`],
  AUTH0_CLIENT_SECRET: [SECRETS.AUTH0_CLIENT_SECRET],
  ACTION_SECRET: [SECRETS.ACTION_SECRET, 'x'.repeat(31), ` ${'x'.repeat(31)} `, 'é'.repeat(32)],
  DEBUG: ['*', '', '-*', 'account-linking:*', '*,-account-linking:info'],
  ALLOWED_CLIENT_IDS: [CLIENT_ID, `x , ${CLIENT_ID}`, 'other', ',', CLIENT_ID.slice(1)],
  ALLOWED_CONNECTIONS: ['google-oauth2', 'github', 'google-oauth2,github', ' ', 'google'],
  ALLOWED_CONNECTION_SCOPES: ['calendar.readonly', 'drive', ',', 'calendar.readonly drive'],
  ENFORCE_MFA: ['no', 'yes', 'ALWAYS', ' 1 ', 'maybe', 'True'],
  ENFORCE_EMAIL_VERIFICATION: ['yes', 'NO', 'y', '01'],
  ENFORCE_SECONDARY_EMAIL_VERIFICATION: ['yes', 'no', 'off'],
  REQUIRE_MATCHING_EMAIL: ['yes', 'no', 'on'],
  PIN_IP_ADDRESS: ['yes', '0'],
  PIN_USER_AGENT: ['no', 'true'],
  PIN_SESSION: ['no', 'yes'],
  HINT_MAX_AGE: ['1', '59', '60', '86400', '86401', '0', '-1', '1e3', '0x10', '٦٠'],
  PRIMARY_MAX_AUTH_AGE: ['off', 'OFF', '1', '59', '60', '0', 'never'],
  ALLOW_MERGE: ['yes', 'no'],
  MERGE_USER_METADATA: ['yes', 'no', 'all'],
  ALLOW_UNLINK: ['no', 'yes', 'No'],
  NESTED_PARAMS: [
    'access_type=offline&prompt=consent',
    'prompt=none',
    'PROMPT=None',
    'state=x',
    'a=1&a=2',
    'a=1&A=2',
    'Client_Id=x',
    '%63lient_id=x',
    '=x',
  ],
  RESULT_CLAIM: [
    'https://example.com/linking',
    'urn:example:linking',
    'sub',
    'https://x.auth0.com/a',
  ],
}

const settingsOf = (values: (name: string) => fc.Arbitrary<string>, maxChanges: number) =>
  some(
    Object.fromEntries(Object.keys(SETTING_VALUES).map((name) => [name, values(name)])),
    maxChanges,
  )

const meant = (name: string) => fc.constantFrom(...(SETTING_VALUES[name] ?? []))
const meantOrNot = (name: string) =>
  fc.oneof({ weight: 3, arbitrary: meant(name) }, { weight: 1, arbitrary: telling })

const people: fc.Arbitrary<EventOverrides> = fc.record({
  user: fc.record({
    email_verified: fc.constantFrom(true, false),
    enrolledFactors: fc.constantFrom(undefined, [], [{ type: 'otp' }]),
  }),
  authentication: fc.record({
    methods: fc.constantFrom([{ name: 'pwd' }], [{ name: 'pwd' }, { name: 'mfa' }]),
  }),
})

const claim = (...values: readonly unknown[]) =>
  fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: odd })

const seconds = fc.integer({ min: NOW_SECONDS - 90_000, max: NOW_SECONDS + 90_000 })

const HINT_CLAIMS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  iss: claim(`https://${CANONICAL_DOMAIN}/`, `https://${CANONICAL_DOMAIN}`, 'https://x.example/'),
  sub: claim(PRIMARY.user_id, STRANGER.user_id, PRIMARY.user_id.toUpperCase()),
  aud: claim(CLIENT_ID, [CLIENT_ID], [CLIENT_ID, 'x'], COMPANION_ID, [CLIENT_ID, CLIENT_ID]),
  azp: claim(CLIENT_ID, COMPANION_ID),
  iat: fc.oneof(seconds, claim(NOW_SECONDS - 600, NOW_SECONDS - 601, NOW_SECONDS + 31)),
  exp: fc.oneof(seconds, claim(NOW_SECONDS, NOW_SECONDS + 1)),
  auth_time: fc.oneof(seconds, odd),
  events: claim({ 'http://schemas.openid.net/event/backchannel-logout': {} }),
  nonce: odd,
}

const HINT_HEADER: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  alg: fc.constantFrom('RS256', 'none', 'HS256', 'RS512', 'PS256', undefined, 'rs256'),
  typ: fc.constantFrom('JWT', 'at+jwt', 'logout+jwt', undefined, 'jwt'),
  kid: odd,
  crit: fc.constantFrom([], ['b64'], ['exp'], 'b64'),
  b64: fc.boolean(),
  jwk: odd,
  jku: fc.constant('https://other.example.net/jwks.json'),
}

const signingKey = fc.constantFrom<SigningKey>('current', 'current', 'next', 'foreign', {
  hmacSecret: SECRETS.AUTH0_CLIENT_SECRET,
})

/** Claims and header as they are to be, signed; or a signed token, cut and mended as text. */
const hints: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(some(HINT_CLAIMS, 2), some(HINT_HEADER, 1), signingKey)
    .map(([claims, header, key]) => signJwt({ ...canonicalClaims, ...claims }, header, key)),
  fc
    .tuple(fc.nat(goodHint.length), fc.nat(3), fc.string({ maxLength: 4 }))
    .map(([at, cut, put]) => goodHint.slice(0, at) + put + goodHint.slice(at + cut)),
  telling,
)

const EVENT_PATHS = [
  'actor client client.client_id connection connection.name user user.user_id user.email',
  'user.email_verified user.identities user.identities.0 user.identities.0.connection',
  'user.identities.0.user_id user.enrolledFactors user.enrolledFactors.0 user.user_metadata request',
  'request.hostname request.ip request.method request.user_agent request.query request.body',
  'transaction transaction.id transaction.protocol transaction.requested_scopes',
  'transaction.requested_scopes.5 transaction.response_type transaction.redirect_uri',
  'transaction.state transaction.prompt transaction.prompt.0 transaction.ui_locales',
  'transaction.ui_locales.0 session session.id organization organization.id authentication',
  'authentication.methods authentication.methods.0 custom_domain custom_domain.domain secrets',
  'configuration configuration.AUTH0_DOMAIN configuration.ENFORCE_MFA secrets.ALLOWED_CLIENT_IDS',
].flatMap((line) => line.split(' '))

describe('a start', () => {
  const changed = (base: keyof typeof BASES, changes: readonly Change[]) =>
    change(BASES[base], changes)

  property(
    'sends the browser away with good parameters only',
    fc.tuple(bases, parameterChanges),
    ([event, changes], tally) => holds(changed(event, changes), tally),
    { reaches: 0.1 },
  )

  property(
    'sends the browser away with settings that can be understood only',
    fc.tuple(bases, settingsOf(meantOrNot, 4), people),
    ([event, settings, person], tally) =>
      holds(changeEvent(changeEvent(BASES[event], person), { secrets: settings }), tally),
    { reaches: 0.1 },
  )

  property(
    'sends the browser away with a good hint only',
    fc.tuple(
      hints,
      settingsOf((name) => meant(name), 0),
    ),
    ([id_token_hint], tally) =>
      holds(changeEvent(HINTED, { request: { query: { id_token_hint } } }), tally),
    { reaches: 0.02 },
  )

  property(
    'survives an event of any form',
    fc.tuple(bases, changesAt(EVENT_PATHS, 3)),
    ([event, changes], tally) => holds(changed(event, changes), tally, { oddTypes: true }),
    { reaches: 0.1 },
  )

  property(
    'keeps to all conditions at once',
    fc.record({
      event: bases,
      id_token_hint: fc.oneof(fc.constant(goodHint), hints),
      settings: settingsOf(meant, 6),
      person: people,
      parameters: parameterChanges,
      changes: changesAt(EVENT_PATHS, 1),
      canRedirect: fc.constantFrom(undefined, true, true, false),
    }),
    ({ event, id_token_hint, settings, person, parameters, changes, canRedirect }, tally) => {
      const place = event === 'post' ? 'body' : 'query'
      const whole = changeEvent(changeEvent(BASES[event], person), {
        secrets: settings,
        request: { [place]: { id_token_hint } },
      })
      return holds(change(change(whole, parameters), changes), tally, {
        canRedirect,
        oddTypes: true,
      })
    },
    { reaches: 0.01 },
  )
})
