/** Section 9 of the contract: what is logged, how much, and what never is. */

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { KEPT_CONSOLE_CHARACTERS } from '../../scripts/testing/console.ts'
import {
  type EventOverrides,
  IP_ADDRESS,
  SECRETS,
  USER_AGENT,
} from '../../scripts/testing/event.ts'
import { PLATFORM_STATE } from '../../scripts/testing/flow.ts'
import {
  CLIENT_ID,
  NOW_SECONDS,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from '../../scripts/testing/people.ts'
import { LINKED_EVENT, MERGED, onEverySubject, UNLINK_EVENT, type World } from './harness.ts'

const hashed = (userId: string): string => {
  const digest = createHash('sha256').update(userId).digest('hex')
  return `${userId.slice(0, userId.indexOf('|'))}|#${digest.slice(0, 8)}`
}

/** Settings of which none can be understood, with the longest name among them. */
const ALL_WRONG = {
  ENFORCE_SECONDARY_EMAIL_VERIFICATION: 'perhaps',
  ENFORCE_EMAIL_VERIFICATION: 'perhaps',
  AUTH0_DOMAIN: 'https://',
  AUTH0_CLIENT_ID: undefined,
  AUTH0_CLIENT_SECRET: undefined,
  ACTION_SECRET: undefined,
  ALLOWED_CONNECTION_SCOPES: '',
  PRIMARY_MAX_AUTH_AGE: 'ten',
}

type Options = NonNullable<Parameters<World['whole']>[0]>

/** Ways through the Action that log something, with the settings given. */
const SCENARIOS: readonly (readonly [
  string,
  (world: World, settings: Options['settings']) => Promise<unknown>,
])[] = [
  ['a link', (world, settings = {}) => world.whole({ settings })],
  [
    'a link with everything set',
    (world, settings = {}) =>
      world.whole({
        settings: {
          ...settings,
          REQUIRE_MATCHING_EMAIL: 'yes',
          MERGE_USER_METADATA: 'yes',
          PIN_IP_ADDRESS: 'yes',
          RESULT_CLAIM: 'https://example.com/link',
        },
        nested: { user: { ...SECONDARY, user_metadata: { hobby: 'gliding' } } },
      }),
  ],
  [
    'an expired hint',
    (world, settings = {}) => world.start({ settings, hint: { iat: NOW_SECONDS - 3_000 } }),
  ],
  [
    'a hint of another user',
    (world, settings = {}) => world.start({ settings, hint: { sub: STRANGER.user_id } }),
  ],
  [
    'an unverified e-mail',
    (world, settings = {}) =>
      world.start({
        settings: { ...settings, ENFORCE_EMAIL_VERIFICATION: 'yes' },
        event: { user: { email_verified: false } },
      }),
  ],
  [
    'an e-mail that does not match',
    (world, settings = {}) =>
      world.whole({
        settings: { ...settings, REQUIRE_MATCHING_EMAIL: 'yes' },
        nested: { user: { ...SECONDARY, email: 'other@example.net' } },
      }),
  ],
  [
    'an account already linked',
    (world, settings = {}) => world.start({ settings, event: LINKED_EVENT }),
  ],
  ['an unlink', (world, settings = {}) => world.start({ settings, event: UNLINK_EVENT })],
  [
    'an account in use',
    (world, settings = {}) => world.whole({ settings, nested: { user: MERGED } }),
  ],
  [
    'another session',
    (world, settings = {}) =>
      world.whole({ settings, resume: { event: { session: { id: 'x' } } } }),
  ],
  [
    'another secret',
    (world, settings = {}) =>
      world.whole({
        settings,
        resume: {
          event: { secrets: { ACTION_SECRET: 'another-secret-with-more-than-32-characters' } },
        },
      }),
  ],
  [
    'a refused second login',
    (world, settings = {}) =>
      world.whole({
        settings,
        resume: {
          query: {
            error: 'access_denied',
            error_description: 'Sam Example sam@example.net said no',
          },
        },
      }),
  ],
  [
    'an unknown code',
    (world, settings = {}) =>
      world.whole({
        settings,
        resume: { query: { code: 'secret-code-of-nobody', state: PLATFORM_STATE } },
      }),
  ],
  [
    'a tenant that tells too much',
    (world, settings = {}) => {
      world.tenant.failAlways('link', {
        kind: 'answer',
        status: 400,
        body: { message: `${PRIMARY.user_id} alex@example.com` },
      })
      return world.whole({ settings })
    },
  ],
  [
    'a token endpoint that tells too much',
    (world, settings = {}) => {
      world.tenant.failAlways('code', {
        kind: 'answer',
        status: 403,
        body: { error: 'invalid_grant', error_description: 'alex@example.com' },
      })
      return world.whole({ settings })
    },
  ],
  [
    'a bad nested ID token',
    (world, settings = {}) =>
      world.whole({ settings, resume: { login: { claims: { nonce: 'another' } } } }),
  ],
]

onEverySubject((world) => {
  describe('by default', () => {
    test('a start and a way back log one outcome line each, the nested login none', async () => {
      await world.whole()
      expect(world.lines).toHaveLength(2)
      for (const line of world.lines) expect(line).toMatch(/^account-linking:outcome /)
    })

    test('the outcome names client, transaction and the hashed user', async () => {
      await world.whole()
      const tail = `client=${CLIENT_ID} txn=example-transaction-0001 user=${hashed(PRIMARY.user_id)}`
      expect(world.lines.at(-1)).toBe(`account-linking:outcome linked ${tail}`)
    })

    test('a denial is told with its code', async () => {
      await world.start({ hint: { iat: NOW_SECONDS - 660 } })
      const tail = `client=${CLIENT_ID} txn=example-transaction-0001 user=${hashed(PRIMARY.user_id)}`
      expect(world.lines).toContain(`account-linking:outcome denied hint_expired ${tail}`)
    })

    test('a user id without a provider is hashed whole', async () => {
      await world.start({ event: { user: { user_id: 'alex' } } })
      const log = world.lines.join('\n')
      expect(log).toContain('#')
      expect(log).not.toMatch(/user=alex/)
    })

    test.each([
      ['email|alex@example.com', 'alex@example.com'],
      ['samlp|example|alex@example.com', 'alex@example.com'],
      ['samlp|example|alex@example.com', 'example|'],
    ])('of %s nothing but the provider is said', async (user_id, hidden) => {
      await world.start({ event: { user: { user_id } } })
      expect(world.lines.join('\n')).not.toContain(hidden)
      expect(world.lines.join('\n')).toContain(hashed(user_id))
    })

    test.each(SCENARIOS)(
      '%s has at most one outcome and one error line a handler',
      async (_what, scenario) => {
        await scenario(world, {})
        const of = (namespace: string) =>
          world.lines.filter((line) => line.startsWith(`account-linking:${namespace} `))
        expect(of('outcome').length + of('error').length).toBe(world.lines.length)
        expect(of('outcome').length).toBeGreaterThan(0)
        expect(of('outcome').length).toBeLessThanOrEqual(2)
        expect(of('error').length).toBeLessThanOrEqual(1)
      },
    )

    test.each(SCENARIOS)('%s writes no date and no line break', async (_what, scenario) => {
      await scenario(world, {})
      for (const line of world.lines) {
        expect(line).not.toMatch(/\d{4}-\d\d-\d\d|GMT|\p{Cc}/u)
      }
    })

    const LONG: readonly (readonly [string, EventOverrides])[] = [
      ['usual names', {}],
      [
        'a long client and transaction',
        { client: { client_id: 'c'.repeat(64) }, transaction: { id: 't'.repeat(64) } },
      ],
      [
        'a very long client and transaction',
        { client: { client_id: 'c'.repeat(500) }, transaction: { id: 't'.repeat(500) } },
      ],
      ['a long provider', { user: { user_id: `${'p'.repeat(300)}|1` } }],
    ]

    test.each(LONG)(
      'both lines of a denial fit into 256 characters with %s',
      async (_what, event) => {
        const causes: (() => Promise<unknown>)[] = [
          () => world.start({ event, hint: { aud: 'another' } }),
          () =>
            world.start({ event, settings: { ENFORCE_SECONDARY_EMAIL_VERIFICATION: 'perhaps' } }),
          () => world.start({ event, settings: { NESTED_PARAMS: `client_id=${'x'.repeat(500)}` } }),
          () => world.start({ event, settings: { CUSTOM_DOMAINS: `https://${'x'.repeat(500)}` } }),
          () => world.start({ event, settings: { AUTH0_DOMAIN: 'x/'.repeat(200) } }),
          () => world.start({ event, settings: ALL_WRONG }),
        ]
        for (const cause of causes) {
          const before = world.lines.length
          await cause()
          const written = world.lines.slice(before)
          expect(written.length).toBeGreaterThan(0)
          expect(written.join('\n').length).toBeLessThanOrEqual(KEPT_CONSOLE_CHARACTERS)
          expect(written).toContainEqual(
            expect.stringMatching(/^account-linking:outcome denied \w+ /),
          )
        }
      },
    )

    test.each(LONG)('settings are named whole with %s', async (_what, event) => {
      await world.start({ event, settings: ALL_WRONG })
      const [, told = '', more] =
        /^account-linking:error ([A-Z\d_ ]+) and (\d+) more$/.exec(world.lines.at(-1) ?? '') ?? []
      const names = told.split(' ')
      expect(names.filter((name) => !(name in ALL_WRONG))).toEqual([])
      expect(names.length + Number(more)).toBe(Object.keys(ALL_WRONG).length)
    })

    test.each(['x\ny', 'x\u001b[31m', 'x%s%j%o', 'x client=evil'])(
      'a transaction id of %j breaks no line',
      async (id) => {
        await world.start({ event: { transaction: { id } } })
        expect(world.lines).toHaveLength(1)
        expect(world.lines[0]).not.toMatch(/\p{Cc}/u)
      },
    )
  })

  describe('at no level, whatever happens,', () => {
    test.each(SCENARIOS)('%s tells what nobody may know', async (_what, scenario) => {
      const ran = (await scenario(world, { DEBUG: '*' })) as Record<string, unknown>
      const log = world.lines.join('\n')
      expect(world.lines.length).toBeGreaterThan(0)
      const forms = world.tenant.requests.map(({ body }) => new URLSearchParams(body))
      const started = (ran.started ?? ran) as {
        readonly event: { readonly request: { readonly query: Record<string, string> } }
        readonly redirect?: URL
        readonly metadata: Record<string, string>
      }
      const hidden = [
        ...Object.values(SECRETS).filter(
          (secret) => secret !== SECRETS.AUTH0_DOMAIN && secret !== SECRETS.AUTH0_CLIENT_ID,
        ),
        started.event.request.query.id_token_hint,
        ...(started.event.request.query.id_token_hint?.split('.') ?? []),
        started.redirect?.searchParams.get('nonce'),
        started.redirect?.searchParams.get('code_challenge'),
        ...Object.values(started.metadata),
        ...forms.flatMap((form) => [form.get('code'), form.get('code_verifier')]),
        ...world.tenant.requests.map(({ headers }) =>
          headers.authorization?.slice('Bearer '.length),
        ),
        ...[PRIMARY, SECONDARY, STRANGER].flatMap(({ email, name, user_id }) => [
          email,
          name,
          user_id.split('|')[1],
        ]),
        'other@example.net',
        'gliding',
        'eyJ',
        IP_ADDRESS,
        USER_AGENT,
        'secret-code-of-nobody',
        'said no',
      ]
      for (const secret of hidden) {
        if (secret) expect(log).not.toContain(secret)
      }
    })
  })

  test('levels beyond the default tell the steps', async () => {
    await world.whole({ settings: { DEBUG: 'account-linking:info,account-linking:verbose' } })
    const namespaces = new Set(world.lines.map((line) => line.split(' ')[0]))
    expect(namespaces).toEqual(new Set(['account-linking:info', 'account-linking:verbose']))
  })

  test('an error line names the setting that is wrong', async () => {
    await world.start({ settings: { HINT_MAX_AGE: 'ten' } })
    expect(world.lines).toContainEqual(
      expect.stringMatching(/^account-linking:error .*HINT_MAX_AGE/),
    )
  })
})
