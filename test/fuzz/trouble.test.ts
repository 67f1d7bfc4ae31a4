/**
 * Whatever the tenant answers, at every call: the run ends in time, and the account is as the
 * application is told, or the next attempt says so.
 */

import fc from 'fast-check'
import { describe, expect, vi } from 'vitest'
import { createCache } from '../../scripts/testing/cache.ts'
import { SECRETS } from '../../scripts/testing/event.ts'
import type { Fault } from '../../scripts/testing/faults.ts'
import { linkingEvent, nestedLogin, type Run, resumeEvent } from '../../scripts/testing/flow.ts'
import { publishedKey } from '../../scripts/testing/keys.ts'
import { COMPANION_ID, NOW_MS, PRIMARY } from '../../scripts/testing/people.ts'
import type { Route } from '../../scripts/testing/tenant-double.ts'
import { MAX_HANDLER_MS, spellings } from '../support/invariants.ts'
import { stopTimers } from '../support/settle.ts'
import { telling } from './generators.ts'
import { useTenant } from './recorded-tenant.ts'
import { attempt, bundle, property, soon } from './world.ts'

const RESULT_CLAIM = 'urn:example:linking'
const MEGABYTES = 3_000_000

const body = fc.oneof(
  telling,
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>(
    '<html><body>Bad gateway</body></html>',
    '{"access_token": "x',
    'x'.repeat(MEGABYTES),
    `"${'x'.repeat(255_990)}"`,
    '['.repeat(100_000),
    '{"a":'.repeat(20_000),
    { keys: [] },
    { keys: [null, 7, {}, publishedKey('foreign')] },
    { keys: Array.from({ length: 200 }, () => publishedKey('current')) },
    { error: 'invalid_grant' },
    { error: 'invalid_client' },
    { error: 'access_denied' },
    { error: { toString: null } },
    { error: 'mfa_required', error_description: 'x'.repeat(5_000) },
    { access_token: 'x', token_type: 'Bearer', expires_in: 'soon' },
    { access_token: 'x', token_type: 'Bearer', expires_in: 1e308 },
    { access_token: 'x', token_type: 'Bearer', expires_in: -5 },
    { access_token: 'x\r\ny', token_type: 'Bearer' },
    { access_token: '日本', token_type: 'Bearer' },
    { access_token: 7, token_type: 'mac' },
    { access_token: 'x', token_type: 'Bearer', id_token: 'a.b.c' },
    { access_token: 'x', token_type: 'Bearer', id_token: 7, aud: COMPANION_ID },
  ),
)

const headers = fc.record(
  {
    'retry-after': fc.constantFrom(
      '0',
      '1',
      '4',
      '14',
      '3600',
      '-1',
      '',
      '1e9',
      'Infinity',
      'soon',
      'Fri, 31 Dec 9999 23:59:59 GMT',
    ),
    'x-ratelimit-reset': fc.constantFrom(
      String(NOW_MS / 1_000 + 2),
      String(NOW_MS / 1_000 - 5),
      '0',
      '99999999999',
    ),
    'content-type': fc.constantFrom('text/html', 'application/json', ''),
    location: fc.constantFrom('https://other.example.net/', '/oauth/token'),
    'content-encoding': fc.constantFrom('gzip', 'br'),
    'www-authenticate': fc.constantFrom('Bearer error="invalid_token"', 'DPoP algs="ES256"', '"'),
  },
  { requiredKeys: [] },
)

const status = fc.constantFrom(
  ...[
    200, 201, 202, 204, 205, 206, 301, 302, 304, 307, 400, 401, 402, 403, 404, 405, 408, 409, 410,
  ],
  ...[413, 418, 422, 429, 429, 429, 500, 502, 503, 503, 504, 520, 599],
)

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    kind: fc.constant('answer' as const),
    status,
    headers,
    body,
    applied: fc.constantFrom(false, false, true),
  }),
  fc.record({
    kind: fc.constantFrom('hang', 'reset', 'truncated', 'stalled', 'endless'),
    applied: fc.boolean(),
  }),
  fc.constant({ kind: 'refuse' } as const),
)

const ROUTES: readonly Route[] = ['jwks', 'code', 'client-credentials', 'link']

const plan = fc.record({
  start: fc.array(fault, { maxLength: 3 }),
  back: fc.uniqueArray(
    fc.record({
      route: fc.constantFrom(...ROUTES),
      faults: fc.array(fault, { minLength: 1, maxLength: 4 }),
      standing: fc.option(fault, { nil: undefined, freq: 4 }),
    }),
    { selector: ({ route }) => route, maxLength: 3 },
  ),
  coldCache: fc.boolean(),
})

describe('a tenant in trouble', () => {
  property(
    'is answered in time, and truly',
    plan,
    async ({ start, back, coldCache }, tally) => {
      stopTimers(NOW_MS)
      const tenant = useTenant()
      const cache = createCache()
      const secrets = [SECRETS.AUTH0_CLIENT_SECRET, SECRETS.ACTION_SECRET].flatMap(spellings)
      const options = { cache, secrets }
      const event = await linkingEvent({ tenant, settings: { RESULT_CLAIM } })
      tenant.fail('jwks', ...start)
      const started = await soon(attempt(bundle.onExecutePostLogin, event, options))
      expect(started.broken).toEqual([])
      expect(cache.refused).toEqual([])
      if (started.redirect === undefined) {
        expect(start.length).toBeGreaterThan(0)
        expect(['service_unavailable', 'hint_invalid']).toContain(started.code)
        return
      }
      const run: Run = { ...started, event, denial: undefined }
      const nested = await nestedLogin(bundle, run)
      const returning = resumeEvent(run, nested, { tenant })
      for (const { route, faults, standing } of back) {
        tenant.fail(route, ...faults)
        if (standing !== undefined) tenant.failAlways(route, standing)
      }
      const backOptions = coldCache ? { ...options, cache: createCache() } : options
      const ran = await soon(attempt(bundle.onContinuePostLogin, returning, backOptions))
      expect(ran.broken).toEqual([])
      expect(ran.code).not.toBe('unexpected')
      vi.useRealTimers()

      const said = ran.claims[RESULT_CLAIM] as { readonly status?: string } | undefined
      const isReported = said?.status === 'linked'
      expect(tenant.links.length).toBeLessThanOrEqual(1)
      expect(isReported).toBe(ran.code === undefined)
      if (isReported === (tenant.links.length === 1)) {
        tally.passed += isReported ? 1 : 0
        return
      }
      const onLink = back
        .filter(({ route }) => route === 'link')
        .flatMap(({ faults, standing }) => [
          ...faults,
          ...(standing === undefined ? [] : [standing]),
        ])
      // A tenant that says what is not so is believed...
      if (isReported) {
        const lie = (one: Fault) =>
          one.kind === 'answer' && (one.status < 300 || one.status === 409)
        expect(onLink.some((one) => lie(one) || one.kind !== 'answer')).toBe(true)
        return
      }
      // ...and one that links and never says so is asked again by the next attempt.
      expect(onLink.some(({ kind, applied = kind !== 'refuse' }) => applied)).toBe(true)
      expect(['service_unavailable', 'link_failed', 'identity_in_use']).toContain(ran.code)
      const identities = tenant.user(PRIMARY.user_id)?.identities ?? []
      const again = { ...event, user: { ...event.user, identities } }
      const next = await attempt(bundle.onExecutePostLogin, again, { cache })
      expect(next.claims[RESULT_CLAIM]).toEqual({
        status: 'already_linked',
        connection: 'google-oauth2',
      })
    },
    { reaches: 0.1 },
  )

  property(
    'that answers nothing at all is given up',
    fc.constantFrom<Fault['kind']>('hang', 'stalled', 'endless', 'reset'),
    async (kind, tally) => {
      stopTimers(NOW_MS)
      const tenant = useTenant()
      for (const route of ROUTES) tenant.failAlways(route, { kind, applied: false } as Fault)
      const event = await linkingEvent({ tenant })
      const before = Date.now()
      const ran = await soon(attempt(bundle.onExecutePostLogin, event))
      expect(ran.broken).toEqual([])
      expect(ran.code).toBe('service_unavailable')
      expect(Date.now() - before).toBeLessThanOrEqual(MAX_HANDLER_MS)
      tally.passed += 1
    },
    { reaches: 1, runs: 8 },
  )
})
