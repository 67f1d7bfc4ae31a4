/**
 * Section 8 of the contract: what the application learns. Every code has a row, and every way in which
 * a login ends well a test; so this is what all subjects are held against, to notice that they differ.
 */

import { describe, expect, test } from 'vitest'
import { createApi } from '../../scripts/testing/api.ts'
import {
  buildEvent,
  changeEvent,
  type EventOverrides,
  SECRETS,
} from '../../scripts/testing/event.ts'
import type { Run } from '../../scripts/testing/flow.ts'
import { NOW_SECONDS, PRIMARY, SECONDARY, STRANGER } from '../../scripts/testing/people.ts'
import { MESSAGES } from '../../src/outcome.ts'
import {
  LINKED,
  LINKED_EVENT,
  LINKED_PEOPLE,
  MERGED,
  onAllSubjects,
  query,
  UNLINK_EVENT,
  type World,
} from './harness.ts'

type Scenario = (world: World) => Promise<Pick<Run, 'denial' | 'commands'>>

const starting =
  (event: EventOverrides, settings: Readonly<Record<string, string>> = {}): Scenario =>
  (world) =>
    world.start({ event, settings })

const whole =
  (options: Parameters<World['whole']>[0]): Scenario =>
  async (world) =>
    (await world.whole(options)).resumed

/** One way to every code of the contract's table, in its order. */
const ROWS: readonly (readonly [string, Scenario])[] = [
  ['invalid_request', starting(query({ requested_connection: '' }))],
  ['interaction_required', starting({ transaction: { prompt: ['none'] } })],
  ['connection_not_allowed', starting({}, { ALLOWED_CONNECTIONS: 'github' })],
  [
    'scope_not_allowed',
    starting(query({ requested_connection_scope: 'drive' }), { ALLOWED_CONNECTION_SCOPES: 'a' }),
  ],
  ['unlink_not_allowed', starting(UNLINK_EVENT, { ALLOW_UNLINK: 'no' })],
  ['hint_invalid', (world) => world.start({ hint: { sub: STRANGER.user_id } })],
  ['hint_expired', (world) => world.start({ hint: { iat: NOW_SECONDS - 660 } })],
  [
    'reauth_required',
    (world) =>
      world.start({
        settings: { PRIMARY_MAX_AUTH_AGE: '60' },
        hint: { auth_time: NOW_SECONDS - 3_600 },
      }),
  ],
  ['mfa_required', starting({}, { ENFORCE_MFA: 'always' })],
  [
    'email_unverified',
    starting({ user: { email_verified: false } }, { ENFORCE_EMAIL_VERIFICATION: 'yes' }),
  ],
  ['link_cancelled', whole({ resume: { query: { error: 'access_denied' } } })],
  ['callback_invalid', whole({ resume: { query: {} } })],
  ['binding_mismatch', whole({ resume: { metadata: {} } })],
  ['connection_mismatch', whole({ nested: { event: { connection: { name: 'github' } } } })],
  ['identity_in_use', whole({ nested: { user: MERGED } })],
  ['identity_not_found', starting({ ...UNLINK_EVENT, user: { identities: [] } })],
  [
    'identity_is_primary',
    starting({
      ...UNLINK_EVENT,
      request: { query: { requested_connection: PRIMARY.identities[0]?.connection } },
    }),
  ],
  ['session_mismatch', (world) => world.start({ hint: { sid: 'another' } })],
  [
    'secondary_email_unverified',
    whole({
      settings: { ENFORCE_SECONDARY_EMAIL_VERIFICATION: 'yes' },
      nested: { user: { ...SECONDARY, email_verified: false } },
    }),
  ],
  [
    'email_mismatch',
    whole({
      settings: { REQUIRE_MATCHING_EMAIL: 'yes' },
      nested: { user: { ...SECONDARY, email: 'other@example.net' } },
    }),
  ],
  [
    'confirmation_invalid',
    async (world) => {
      const { event } = await world.start({
        settings: { CONFIRM_LINK: 'yes', RESULT_CLAIM: 'https://app.example.com/linking' },
      })
      const transaction = { requested_scopes: ['openid', 'confirm_link'] }
      return world.execute(changeEvent(event, { transaction }))
    },
  ],
  [
    'link_failed',
    (world) => {
      world.tenant.failAlways('link', { kind: 'answer', status: 400 })
      return whole({})(world)
    },
  ],
  [
    'service_unavailable',
    (world) => {
      world.tenant.failAlways('jwks', { kind: 'answer', status: 200, body: 'no JSON' })
      return world.start()
    },
  ],
  ['misconfigured', starting({}, { ACTION_SECRET: 'short' })],
  [
    'unexpected',
    async (world) => {
      const { event } = await world.start()
      const { api, commands } = createApi({ cache: world.cache })
      const redirect = {
        sendUserTo: () => {
          throw new Error('of alex@example.com')
        },
      }
      await world.handlers.onExecutePostLogin(event, { ...api, redirect })
      const denial = commands.find((command) => command.type === 'access.deny')?.reason
      return { denial, commands }
    },
  ],
]

test('every code of the source has a row, and every row a code', () => {
  expect(ROWS.map(([code]) => code).sort()).toEqual(Object.keys(MESSAGES).sort())
})

onAllSubjects((world) => {
  test.each(ROWS)('%s is said once, in one plain sentence', async (code, scenario) => {
    const { denial = '', commands } = await scenario(world)
    expect(denial).toMatch(new RegExp(`^${code}: `))
    expect(commands.filter(({ type }) => type === 'access.deny')).toHaveLength(1)
    expect(commands.filter(({ type }) => type === 'redirect.sendUserTo')).toHaveLength(0)
    expect(denial.length).toBeLessThanOrEqual(120)
    // Printable ASCII without quotation mark and backslash (RFC 6749, section 4.1.2.1).
    expect(denial).toMatch(/^[a-z_]+: [A-Z][\x20\x21\x23-\x5b\x5d-\x7e]+\.$/)
    for (const hidden of [
      PRIMARY.user_id,
      SECONDARY.user_id,
      'alex',
      'Alex',
      'example',
      'google-oauth2',
      SECRETS.ACTION_SECRET,
    ]) {
      expect(denial).not.toContain(hidden)
    }
  })

  test('a code has one sentence, whatever led to it', async () => {
    const denials = [
      await world.start({ settings: { ACTION_SECRET: 'short' } }),
      await world.start({ settings: { HINT_MAX_AGE: '0' } }),
      await world.start({ event: { request: { hostname: 'other.example.net' } } }),
    ].map(({ denial }) => denial)
    expect(new Set(denials).size).toBe(1)
  })

  describe('RESULT_CLAIM', () => {
    const RESULT_CLAIM = 'https://example.com/account_linking'
    const settings = { RESULT_CLAIM }
    const said = (status: string, connection = 'google-oauth2') => ({
      [RESULT_CLAIM]: { status, connection },
    })

    test('says linked', async () => {
      expect((await world.whole({ settings })).resumed.claims).toEqual(said('linked'))
    })

    test('says unlinked', async () => {
      world.settle(...LINKED_PEOPLE)
      const back = { event: UNLINK_EVENT, nested: { user: LINKED } }
      expect((await world.whole({ settings, ...back })).resumed.claims).toEqual(said('unlinked'))
      expect(world.tenant.unlinks).toHaveLength(1)
    })

    test('says already_linked at the start', async () => {
      const started = await world.start({ settings, event: LINKED_EVENT })
      expect(started.claims).toEqual(said('already_linked'))
    })

    test('says already_linked when the primary itself came back', async () => {
      const { resumed } = await world.whole({ settings, nested: { user: PRIMARY } })
      expect(resumed.claims).toEqual(said('already_linked'))
    })

    test('says nothing in a login that only leaves for the second one', async () => {
      expect((await world.start({ settings })).claims).toEqual({})
    })

    test('says nothing when the login is denied', async () => {
      const { resumed } = await world.whole({ settings, resume: { query: {} } })
      expect(resumed.claims).toEqual({})
    })
  })
  test('an ordinary login learns nothing', async () => {
    const event = buildEvent({ transaction: { requested_scopes: ['openid'] } })
    expect(await world.execute(event)).toBeUntouched()
    expect(world.tenant.requests).toEqual([])
    expect(world.lines).toEqual([])
  })
})
