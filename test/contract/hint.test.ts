/** Section 4, step 5 of the contract: which hints are accepted. */

import { beforeEach, describe, expect, test } from 'vitest'
import { publishedKey, TEST_KEYS } from '../../scripts/testing/keys.ts'
import {
  CANONICAL_DOMAIN,
  CUSTOM_DOMAIN,
  NOW_SECONDS,
  STRANGER,
} from '../../scripts/testing/people.ts'
import {
  ACCEPTED_HINTS,
  EXPIRED_HINTS,
  INVALID_HINTS,
  REFUSED_HINTS,
  signHint,
} from '../support/hints.ts'
import { LINKED_EVENT, onEverySubject, UNLINK_EVENT } from './harness.ts'

const CONSENT_EVENT = {
  ...LINKED_EVENT,
  request: { query: { requested_connection_scope: 'calendar' } },
}

onEverySubject((world) => {
  test.each(ACCEPTED_HINTS)('accepts a hint $what', async ({ hint }) => {
    expect(await world.start({ hint })).toRedirect()
  })

  test.each(INVALID_HINTS)('denies a hint $what', async ({ hint }) => {
    expect(await world.start({ hint })).toBeDenied('hint_invalid')
  })

  test.each(EXPIRED_HINTS)('denies as expired a hint $what', async ({ hint }) => {
    expect(await world.start({ hint })).toBeDenied('hint_expired')
  })

  test.each(REFUSED_HINTS)('refuses before any request a hint $what', async ({ hint }) => {
    expect(await world.start({ hint })).toBeDenied('invalid_request')
    expect(world.tenant.requests).toEqual([])
  })

  describe('of this very session', () => {
    const ID = 'example-session-0001'
    const ROWS: readonly (readonly [string, unknown, string | undefined, string])[] = [
      ['hint without sid', undefined, ID, 'hint without sid'],
      ['sid of another session', 'another', ID, 'sid of another session'],
      ['sid in another case', ID.toUpperCase(), ID, 'sid of another session'],
      ['sid that is a list', [ID], ID, 'sid of another session'],
      ['sid that is null', null, ID, 'sid of another session'],
      ['login without a session id', ID, undefined, 'the login has no session id'],
      ['neither', undefined, undefined, 'the login has no session id'],
      ['both empty', '', '', 'the login has no session id'],
    ]

    test.each(ROWS)('%s: session_mismatch', async (_what, sid, id, cause) => {
      const options = { hint: { sid }, event: { session: { id } } }
      const started = await world.start(options)
      expect(started).toBeDenied('session_mismatch')
      expect(world.lines.join('\n')).toContain(cause)
      const unpinned = await world.start({ ...options, settings: { PIN_SESSION: 'no' } })
      expect(unpinned).toRedirect()
    })

    test.each([
      ['another user', { sub: STRANGER.user_id }, 'hint_invalid'],
      ['expired', { exp: NOW_SECONDS - 60 }, 'session_mismatch'],
      ['eleven minutes old', { iat: NOW_SECONDS - 660 }, 'session_mismatch'],
    ])('%s, and of another session: %3$s', async (_what, claims, code) => {
      const started = await world.start({ hint: { ...claims, sid: 'another' } })
      expect(started).toBeDenied(code)
    })

    test.each([
      ['an unlink', UNLINK_EVENT],
      ['a consent', CONSENT_EVENT],
    ])('holds for %s too', async (_what, event) => {
      expect(await world.start({ event, hint: { sid: 'another' } })).toBeDenied('session_mismatch')
      expect(await world.start({ event })).toRedirect()
    })
  })

  test('has one message for every hint that is invalid', async () => {
    const denials = new Set<string | undefined>()
    for (const { hint } of INVALID_HINTS) denials.add((await world.start({ hint })).denial)
    denials.add((await world.start({ hint: null })).denial)
    expect(denials.size).toBe(1)
  })

  test('asks for nothing but the keys of the domain', async () => {
    for (const { hint } of INVALID_HINTS) await world.start({ hint })
    expect(new Set(world.tenant.requests.map(({ url }) => url))).toEqual(
      new Set([`https://${CANONICAL_DOMAIN}/.well-known/jwks.json`]),
    )
  })

  describe('at the custom domain', () => {
    const event = { request: { hostname: CUSTOM_DOMAIN }, custom_domain: { domain: CUSTOM_DOMAIN } }

    test('accepts a hint of the custom domain', async () => {
      expect(await world.start({ event })).toRedirect({ host: CUSTOM_DOMAIN })
    })

    test('denies a hint of the canonical domain', async () => {
      const hint = { iss: `https://${CANONICAL_DOMAIN}/` }
      expect(await world.start({ event, hint })).toBeDenied('hint_invalid')
    })
  })

  describe('an unknown kid', () => {
    beforeEach(() => world.reload())

    test('fetches the cached keys once more, and finds a new one', async () => {
      world.tenant.publish('current')
      await world.start()
      world.tenant.publish('next', 'current')
      expect(world.tenant.calls('jwks')).toBe(1)
      const started = await world.start({ hint: signHint({}, {}, 'next') })
      expect(started).toRedirect()
      expect(world.tenant.calls('jwks')).toBe(2)
    })

    test('fetches the cached keys once more, and is denied when it is still unknown', async () => {
      await world.start()
      const started = await world.start({ hint: signHint({}, {}, 'foreign') })
      expect(started).toBeDenied('hint_invalid')
      expect(world.tenant.calls('jwks')).toBe(2)
    })

    test('costs two requests at most where nothing is cached', async () => {
      const started = await world.start({ hint: signHint({}, {}, 'foreign') })
      expect(started).toBeDenied('hint_invalid')
      expect(world.tenant.calls('jwks')).toBeLessThanOrEqual(2)
    })

    test('leaves the good keys in the cache', async () => {
      await world.start()
      await world.start({ hint: signHint({}, {}, 'foreign') })
      const before = world.tenant.calls()
      expect(await world.start()).toRedirect()
      expect(world.tenant.calls()).toBe(before)
    })
  })

  test('accepts a key set with keys of other kinds in it', async () => {
    const others = [
      { kty: 'EC', crv: 'P-256', kid: 'ec', x: 'AA', y: 'AA', use: 'sig' },
      { kty: 'oct', k: 'AAAA', kid: TEST_KEYS.foreign.kid },
      { ...publishedKey('foreign'), use: 'enc', kid: 'encryption' },
      null,
      'text',
    ]
    world.tenant.failAlways('jwks', {
      kind: 'answer',
      status: 200,
      body: { keys: [...others, publishedKey('current')] },
    })
    expect(await world.start()).toRedirect()
  })
})
