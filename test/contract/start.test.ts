/** Section 4 of the contract: what the start checks, in which order, and the redirect at its end. */

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { EventOverrides } from '../../scripts/testing/event.ts'
import {
  CANONICAL_DOMAIN,
  COMPANION_ID,
  CUSTOM_DOMAIN,
  DATABASE_CONNECTION,
  NOW_SECONDS,
} from '../../scripts/testing/people.ts'
import type { Claims } from '../../scripts/testing/sign.ts'
import { LINKED, LINKED_EVENT, onEverySubject, query, UNLINK_EVENT } from './harness.ts'

/** One violation, what it is answered with, and the options that bring it about. */
interface Step {
  readonly step: string
  /** `undefined`: the login goes on without a redirect. */
  readonly code: string | undefined
  readonly settings?: Readonly<Record<string, string>>
  readonly event?: EventOverrides
  readonly hint?: Claims
  readonly only?: 'link' | 'unlink'
}

/** In the order of the contract. */
const STEPS: readonly Step[] = [
  { step: 'settings', code: 'misconfigured', settings: { HINT_MAX_AGE: '0' } },
  {
    step: 'both scopes at once',
    code: 'invalid_request',
    event: { transaction: { requested_scopes: ['link_account', 'unlink_account'] } },
  },
  {
    step: 'the domain in use',
    code: 'misconfigured',
    event: { request: { hostname: 'other.example.net' } },
  },
  {
    step: 'the form of the parameters',
    code: 'invalid_request',
    event: { request: { query: { 'ext-requested_connection': 'github' } } },
  },
  {
    step: 'ALLOWED_CONNECTIONS',
    code: 'connection_not_allowed',
    settings: { ALLOWED_CONNECTIONS: 'github' },
    only: 'link',
  },
  {
    step: 'ALLOWED_CONNECTION_SCOPES',
    code: 'scope_not_allowed',
    settings: { ALLOWED_CONNECTION_SCOPES: 'calendar' },
    event: { request: { query: { requested_connection_scope: 'drive' } } },
    only: 'link',
  },
  {
    step: 'ALLOW_UNLINK',
    code: 'unlink_not_allowed',
    settings: { ALLOW_UNLINK: 'no' },
    only: 'unlink',
  },
  { step: 'already linked', code: undefined, event: LINKED_EVENT, only: 'link' },
  {
    step: 'a login that can show no page',
    code: 'interaction_required',
    event: { transaction: { prompt: ['none'] } },
  },
  { step: 'a hint that is not this client’s', code: 'hint_invalid', hint: { aud: 'another' } },
  {
    step: 'a hint that is too old',
    code: 'hint_expired',
    hint: { iat: NOW_SECONDS - 3_000, exp: NOW_SECONDS + 3_000 },
  },
  {
    step: 'PRIMARY_MAX_AUTH_AGE',
    code: 'reauth_required',
    settings: { PRIMARY_MAX_AUTH_AGE: '60' },
    hint: { auth_time: NOW_SECONDS - 3_600 },
  },
  { step: 'MFA', code: 'mfa_required', settings: { ENFORCE_MFA: 'always' } },
  {
    step: 'the primary’s e-mail',
    code: 'email_unverified',
    settings: { ENFORCE_EMAIL_VERIFICATION: 'yes' },
    event: { user: { email_verified: false } },
  },
  {
    step: 'what to unlink',
    code: 'identity_not_found',
    event: { user: { identities: LINKED.identities.slice(0, 1) } },
    only: 'unlink',
  },
]

function pairsOf(mode: 'link' | 'unlink') {
  const steps = STEPS.filter(({ only }) => only === undefined || only === mode)
  return steps.flatMap((first, index) =>
    steps.slice(index + 1).map((second) => [first.step, second.step, first, second] as const),
  )
}

/** Merges two event overrides; where both name a field the second wins. */
function both(one: EventOverrides, other: EventOverrides): EventOverrides {
  const { request, transaction, user } = one
  return {
    ...one,
    ...other,
    request: {
      ...request,
      ...other.request,
      query: { ...request?.query, ...other.request?.query },
    },
    transaction: { ...transaction, ...other.transaction },
    user: { ...user, ...other.user },
  }
}

/** What the steps of this mode are put over. */
const base = (mode: 'link' | 'unlink'): EventOverrides => (mode === 'link' ? {} : UNLINK_EVENT)

onEverySubject((world) => {
  describe.each(['link', 'unlink'] as const)('%s', (mode) => {
    const startWith = (...steps: readonly Step[]) =>
      world.start({
        settings: Object.assign({}, ...steps.map(({ settings }) => settings)),
        hint: Object.assign({}, ...steps.map(({ hint }) => hint)),
        event: steps.reduce((event, step) => both(event, step.event ?? {}), base(mode)),
      })

    test.each(STEPS.filter(({ only }) => only === undefined || only === mode))(
      '$step alone is answered with $code',
      async (step) => {
        const started = await startWith(step)
        expect(started).toEndIn(step.code)
        expect(started).not.toRedirect()
        expect(started.metadata).toEqual({})
      },
    )

    test.each(pairsOf(mode))('%s comes before %s', async (_first, _second, first, second) => {
      const started = await startWith(second, first)
      expect(started).toEndIn(first.code)
      expect(started.commands).toHaveLength(first.code === undefined ? 0 : 1)
    })

    test.each(STEPS.slice(0, 9).filter(({ only }) => only === undefined || only === mode))(
      'asks nobody for anything where $step ends it',
      async (step) => {
        await startWith(step)
        expect(world.tenant.requests).toEqual([])
        expect(world.cache.calls).toEqual([])
      },
    )
  })

  describe('the domain in use', () => {
    /** A value of a type that the platform does not promise. */
    const odd = (value: unknown) => value as string
    const HOSTS: readonly (readonly [string, EventOverrides, string])[] = [
      ['the canonical one', {}, CANONICAL_DOMAIN],
      ['AUTH0_DOMAIN where none is named', { request: { hostname: undefined } }, CANONICAL_DOMAIN],
      ['AUTH0_DOMAIN where it is null', { request: { hostname: odd(null) } }, CANONICAL_DOMAIN],
      ...[null, 7, {}, [CUSTOM_DOMAIN]].map(
        (domain) =>
          [
            `the canonical one beside a custom one that is ${JSON.stringify(domain)}`,
            { custom_domain: { domain: odd(domain) } },
            CANONICAL_DOMAIN,
          ] as const,
      ),
      [
        'the custom domain of the event',
        { request: { hostname: CUSTOM_DOMAIN }, custom_domain: { domain: CUSTOM_DOMAIN } },
        CUSTOM_DOMAIN,
      ],
      [
        'a custom domain of the settings',
        { request: { hostname: CUSTOM_DOMAIN }, secrets: { CUSTOM_DOMAINS: CUSTOM_DOMAIN } },
        CUSTOM_DOMAIN,
      ],
      [
        'the canonical one though there is a custom one',
        { custom_domain: { domain: CUSTOM_DOMAIN } },
        CANONICAL_DOMAIN,
      ],
    ]

    test.each(HOSTS)('is %s', async (_what, event, domain) => {
      const started = await world.start({ event })
      expect(started.redirect?.origin).toBe(`https://${domain}`)
      expect(started).toRedirect({ redirect_uri: `https://${domain}/continue` })
      expect(world.tenant.requests.map(({ url }) => url)).toEqual([
        `https://${domain}/.well-known/jwks.json`,
      ])
    })

    test.each([
      'other.example.net',
      `${CANONICAL_DOMAIN}.example.net`,
      `x${CANONICAL_DOMAIN}`,
      `${CANONICAL_DOMAIN}/`,
      `${CANONICAL_DOMAIN}/path`,
      `user@${CANONICAL_DOMAIN}`,
      `${CANONICAL_DOMAIN}@other.example.net`,
      `${CANONICAL_DOMAIN}:8443`,
      `${CANONICAL_DOMAIN}?x`,
      `${CANONICAL_DOMAIN}#x`,
      `${CANONICAL_DOMAIN}\\x`,
      ` ${CANONICAL_DOMAIN} x`,
      'http://tenant.example.auth0.com',
      'localhost',
    ])('is not "%s"', async (hostname) => {
      const started = await world.start({ event: { request: { hostname } } })
      expect(started).toBeDenied('misconfigured')
      expect(world.tenant.requests).toEqual([])
    })

    test('a custom domain of the event that is no text is not in use', async () => {
      const domain = odd([CUSTOM_DOMAIN])
      const started = await world.start({
        event: { request: { hostname: CUSTOM_DOMAIN }, custom_domain: { domain } },
      })
      expect(started).toBeDenied('misconfigured')
      expect(world.tenant.requests).toEqual([])
    })

    test('a custom domain of the event that holds more than a host is not in use', async () => {
      const domain = `${CUSTOM_DOMAIN}/x`
      const started = await world.start({
        event: { request: { hostname: domain }, custom_domain: { domain } },
      })
      expect(started).toBeDenied('misconfigured')
      expect(world.tenant.requests).toEqual([])
    })
  })

  describe('already linked', () => {
    test('goes on without redirect, request or denial', async () => {
      const started = await world.start({ event: LINKED_EVENT })
      expect(started).toBeUntouched()
      expect(world.tenant.requests).toEqual([])
      expect(world.lines).toEqual([
        expect.stringMatching(/^account-linking:outcome already_linked /),
      ])
    })

    test('tells the application by RESULT_CLAIM', async () => {
      const RESULT_CLAIM = 'https://example.com/link'
      const started = await world.start({ event: LINKED_EVENT, settings: { RESULT_CLAIM } })
      expect(started.commands).toEqual([
        {
          type: 'idToken.setCustomClaim',
          name: RESULT_CLAIM,
          value: { status: 'already_linked', connection: 'google-oauth2' },
        },
      ])
    })

    test('goes on as a consent attempt where a scope is asked for', async () => {
      const started = await world.start({
        event: both(LINKED_EVENT, query({ requested_connection_scope: 'calendar' })),
      })
      expect(started).toRedirect({ connection: 'google-oauth2', connection_scope: 'calendar' })
    })

    test('is about the connection, not about the provider', async () => {
      const identities = [
        ...LINKED.identities.slice(0, 1),
        { connection: 'another-google', provider: 'google-oauth2', user_id: '1' },
      ]
      expect(await world.start({ event: { user: { identities } } })).toRedirect()
    })

    test('is said of the connection of the main identity as well', async () => {
      const started = await world.start({
        event: query({ requested_connection: DATABASE_CONNECTION }),
      })
      expect(started).toBeUntouched()
    })
  })

  describe('a page', () => {
    test.each([
      [['none'], undefined, false],
      [['login', 'none'], undefined, false],
      [[], false, false],
      [['login'], true, true],
      [[], undefined, true],
      [undefined, undefined, true],
    ] as const)(
      'with prompt %j and canRedirect %s can be shown: %s',
      async (prompt, canRedirect, can) => {
        const started = await world.start({
          event: { transaction: { prompt } },
          ...(canRedirect === undefined ? {} : { canRedirect: () => canRedirect }),
        })
        if (can) expect(started).toRedirect()
        else expect(started).toBeDenied('interaction_required')
      },
    )
  })

  describe('the redirect', () => {
    test('has what it should have, and nothing else', async () => {
      const { redirect } = await world.start()
      const parameters = Object.fromEntries(redirect?.searchParams ?? [])
      expect(`${redirect?.origin}${redirect?.pathname}`).toBe(
        `https://${CANONICAL_DOMAIN}/authorize`,
      )
      expect(redirect?.hash).toBe('')
      expect(parameters).toEqual({
        client_id: COMPANION_ID,
        response_type: 'code',
        redirect_uri: `https://${CANONICAL_DOMAIN}/continue`,
        scope: 'openid profile email',
        connection: 'google-oauth2',
        max_age: '0',
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: 'S256',
        nonce: expect.stringMatching(/^.{20,}$/),
      })
    })

    test('comes with one metadata entry under a namespaced key, and nothing else', async () => {
      const { commands } = await world.start()
      expect(commands.map(({ type }) => type).sort()).toEqual([
        'redirect.sendUserTo',
        'transaction.setMetadata',
      ])
      const [kept] = commands.filter((command) => command.type === 'transaction.setMetadata')
      expect(kept?.key).toMatch(/^client-initiated-account-linking\b./)
      expect(kept?.value).toBeTypeOf('string')
    })

    test('keeps neither verifier nor nonce nor secret in the metadata', async () => {
      const { started } = await world.whole()
      const exchanges = world.tenant.requests.filter(({ route }) => route === 'code')
      const verifier = new URLSearchParams(exchanges[0]?.body).get('code_verifier') ?? ''
      expect(createHash('sha256').update(verifier).digest('base64url')).toBe(
        started.redirect?.searchParams.get('code_challenge'),
      )
      const kept = Object.values(started.metadata).join()
      for (const hidden of [
        verifier,
        started.redirect?.searchParams.get('nonce'),
        started.redirect?.searchParams.get('code_challenge'),
        started.event.secrets?.ACTION_SECRET,
        started.event.secrets?.AUTH0_CLIENT_SECRET,
        started.event.request.query?.id_token_hint,
      ]) {
        expect(hidden).toBeTypeOf('string')
        expect(kept).not.toContain(hidden)
      }
    })

    test('differs in challenge, nonce and metadata at every start', async () => {
      const starts = [await world.start(), await world.start(), await world.start()]
      const distinct = (pick: (index: number) => unknown) =>
        new Set(starts.map((_, index) => pick(index))).size
      expect(distinct((i) => starts[i]?.redirect?.searchParams.get('code_challenge'))).toBe(3)
      expect(distinct((i) => starts[i]?.redirect?.searchParams.get('nonce'))).toBe(3)
      expect(distinct((i) => Object.values(starts[i]?.metadata ?? {})[0])).toBe(3)
    })

    test('carries the languages that the login has', async () => {
      const { redirect } = await world.start({
        event: { transaction: { ui_locales: ['de', 'en'] } },
      })
      expect(redirect?.searchParams.get('ui_locales')).toBe('de en')
    })

    test.each([
      [['de', 7, null, {}, 'en'], 'de en'],
      [[7, {}], null],
      ['de', null],
    ])('carries of the languages %j those that are text', async (ui_locales, carried) => {
      const { redirect } = await world.start({
        event: { transaction: { ui_locales: ui_locales as never } },
      })
      expect(redirect?.searchParams.get('ui_locales')).toBe(carried)
    })

    test.each([
      'with space',
      'a&connection=evil',
      'a#fragment',
      'a?b=c',
      'ümlaut',
      '%26',
      'a+b',
      '"quoted"',
    ])('carries the connection "%s" as one encoded value', async (requested_connection) => {
      const { redirect } = await world.start({ event: query({ requested_connection }) })
      expect(redirect?.searchParams.getAll('connection')).toEqual([requested_connection])
      expect(redirect?.searchParams.get('client_id')).toBe(COMPANION_ID)
      expect(redirect?.hash).toBe('')
    })

    test('and the way back work with a state and a redirect URI of kilobytes', async () => {
      const { resumed } = await world.whole({
        event: {
          transaction: {
            state: 's'.repeat(8_000),
            redirect_uri: `https://app.example.com/callback?x=${'r'.repeat(8_000)}`,
          },
        },
      })
      expect(resumed).toLink()
      expect(world.tenant.links).toHaveLength(1)
    })

    test('and the way back work with everything as long as it may be', async () => {
      const { resumed } = await world.whole({
        event: {
          organization: { id: 'org_example' },
          transaction: { state: '"\\é'.repeat(2_000), ui_locales: Array(50).fill('de') },
          request: {
            user_agent: 'u'.repeat(4_000),
            query: {
              requested_connection: 'c'.repeat(128),
              requested_connection_scope: '"s" '.repeat(500),
            },
          },
        },
      })
      expect(resumed).toLink()
      expect(world.tenant.links).toHaveLength(1)
    })
  })
})
