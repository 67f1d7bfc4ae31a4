/** Section 3 of the contract: every setting, on and off, at its default, and malformed. */

import { describe, expect, test, vi } from 'vitest'
import {
  type EventOverrides,
  IP_ADDRESS,
  SECRETS,
  USER_AGENT,
} from '../../scripts/testing/event.ts'
import {
  CANONICAL_DOMAIN,
  CUSTOM_DOMAIN,
  NOW_SECONDS,
  type Person,
  PRIMARY,
  SECONDARY,
} from '../../scripts/testing/people.ts'
import { createTenantDouble } from '../../scripts/testing/tenant-double.ts'
import { MFA_ROWS, PRIMARY_EMAIL_ROWS, SECONDARY_EMAIL_ROWS } from '../support/policies.ts'
import { LINKED, MERGED, onEverySubject, query, UNLINK_EVENT } from './harness.ts'

const REQUIRED = [
  'AUTH0_DOMAIN',
  'AUTH0_CLIENT_ID',
  'AUTH0_CLIENT_SECRET',
  'ACTION_SECRET',
] as const

const SWITCHES = [
  'ENFORCE_EMAIL_VERIFICATION',
  'ENFORCE_SECONDARY_EMAIL_VERIFICATION',
  'REQUIRE_MATCHING_EMAIL',
  'PIN_IP_ADDRESS',
  'PIN_USER_AGENT',
  'PIN_SESSION',
  'ALLOW_MERGE',
  'MERGE_USER_METADATA',
  'ALLOW_UNLINK',
] as const

const LISTS = [
  'CUSTOM_DOMAINS',
  'ALLOWED_CLIENT_IDS',
  'ALLOWED_CONNECTIONS',
  'ALLOWED_CONNECTION_SCOPES',
] as const

const BOOLEANS = [
  'yes',
  'no',
  'true',
  'false',
  '1',
  '0',
  'YES',
  'No',
  'tRuE',
  'FALSE',
  ' yes ',
  '\t1\n',
]
const NO_BOOLEANS = ['maybe', '2', '-1', 'on', 'off', 'y', 'yes no', 'yes,', 'null', 'always']

/** Parameters of the nested request that a setting may not touch. */
const OWN_PARAMS = [
  'client_id',
  'response_type',
  'response_mode',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'connection',
  'connection_scope',
  'max_age',
  'id_token_hint',
  'request',
  'request_uri',
  'audience',
  'resource',
  'organization',
  'invitation',
  'ui_locales',
]

/** A value that cannot be understood, per setting. */
const MALFORMED: readonly (readonly [string, string])[] = [
  ...[
    'https://tenant.example.auth0.com',
    'tenant.example.auth0.com/',
    'tenant.example.auth0.com/path',
    'user@tenant.example.auth0.com',
    'tenant.example.auth0.com?x=1',
    'tenant.example.auth0.com#x',
    'tenant example',
    'tenant.example.auth0.com:port',
    '//tenant.example.auth0.com',
  ].map((value) => ['AUTH0_DOMAIN', value] as const),
  ...['https://login.example.com', 'login.example.com/x', 'a@login.example.com'].map(
    (value) => ['CUSTOM_DOMAINS', value] as const,
  ),
  ['CUSTOM_DOMAINS', 'login.example.com, https://other.example.com'],
  ...LISTS.flatMap((name) => ['', ' ', ',', ' , '].map((value) => [name, value] as const)),
  ['ACTION_SECRET', 'x'.repeat(31)],
  ['ACTION_SECRET', `${'x'.repeat(31)} `],
  ...SWITCHES.flatMap((name) => NO_BOOLEANS.map((value) => [name, value] as const)),
  ...NO_BOOLEANS.filter((value) => value !== 'always').map(
    (value) => ['ENFORCE_MFA', value] as const,
  ),
  ...[
    '0',
    '86401',
    '-1',
    '1.5',
    '10m',
    '1e3',
    '0x10',
    'ten',
    'off',
    'Infinity',
    'NaN',
    '６００',
  ].map((value) => ['HINT_MAX_AGE', value] as const),
  ...['0', '-1', '1.5', '1h', 'never', 'no', 'Infinity', '0x10'].map(
    (value) => ['PRIMARY_MAX_AUTH_AGE', value] as const,
  ),
  ...OWN_PARAMS.map((name) => ['NESTED_PARAMS', `${name}=x`] as const),
  ['NESTED_PARAMS', 'access_type=offline&client%5Fid=x'],
  ['NESTED_PARAMS', 'prompt=none'],
  ['NESTED_PARAMS', 'prompt=login%20none'],
  ['NESTED_PARAMS', 'prompt=none+consent'],
  ['NESTED_PARAMS', 'access_type=offline&access_type=online'],
  ['NESTED_PARAMS', 'prompt=consent&x=1&prompt=login'],
  ...[
    'status',
    'link_status',
    'sub',
    'http://example.com/link',
    'https://auth0.com/link',
    'https://example.auth0.com/link',
    'https://AUTH0.com/link',
    'https://webtask.io/link',
    'https://x.webtask.io/link',
    'https://webtask.run/link',
    'https://x.webtask.run/link',
    'https://',
    'example.com/link',
    'javascript:alert(1)',
    'urn:auth0:link',
    'URN:Auth0:link',
  ].map((value) => ['RESULT_CLAIM', value] as const),
]

onEverySubject((world) => {
  const deniesAsMisconfigured = async (
    name: string,
    settings: Readonly<Record<string, string | undefined>>,
  ) => {
    const started = await world.start({ settings, hint: 'not.read.yet' })
    expect(started).toBeDenied('misconfigured')
    expect(started.denial).not.toContain(name)
    const log = world.lines.join('\n')
    expect(log).toContain(name)
    for (const secret of ['AUTH0_CLIENT_SECRET', 'ACTION_SECRET'] as const) {
      expect(log).not.toContain(settings[secret]?.trim() || SECRETS[secret])
    }
    expect(world.tenant.requests).toEqual([])
  }

  describe('required settings', () => {
    test.each(REQUIRED)('%s is missed', (name) =>
      deniesAsMisconfigured(name, { [name]: undefined }),
    )
    test.each(REQUIRED)('%s may not be blank', (name) =>
      deniesAsMisconfigured(name, { [name]: ' ' }),
    )

    test.each(REQUIRED)('%s is missed at the second login, without a denial', async (name) => {
      const started = await world.start()
      const nested = await world.nested(started, { event: { secrets: { [name]: undefined } } })
      expect(nested).toBeUntouched()
    })

    test.each(REQUIRED)('%s is missed on the way back', async (name) => {
      const started = await world.start()
      const nested = await world.nested(started)
      const before = world.tenant.calls()
      const resumed = await world.resume(started, nested, {
        event: { secrets: { [name]: undefined } },
      })
      expect(resumed).toBeDenied('misconfigured')
      expect(world.tenant.calls()).toBe(before)
    })

    test('there are no settings at all', async () => {
      const started = await world.start({ event: { secrets: undefined, configuration: undefined } })
      expect(started).toBeDenied('misconfigured')
    })
  })

  test.each(MALFORMED)('%s cannot be understood as "%s"', (name, value) =>
    deniesAsMisconfigured(name, { [name]: value }),
  )

  test('the first of event.configuration and event.secrets is the configuration', async () => {
    const settings = { ALLOWED_CONNECTIONS: 'github' }
    const configuration = { ALLOWED_CONNECTIONS: 'google-oauth2' }
    expect(await world.start({ settings, event: { configuration } })).toRedirect()
    const reversed = await world.start({
      settings: configuration,
      event: { configuration: settings },
    })
    expect(reversed).toBeDenied('connection_not_allowed')
  })

  test('everything may stand in event.configuration', async () => {
    const started = await world.start({
      event: { secrets: undefined, configuration: { ...SECRETS } },
    })
    expect(started).toRedirect()
  })

  test('values are trimmed', async () => {
    const padded = Object.entries(SECRETS).map(([name, value]) => [name, ` ${value}\n`])
    const whole = await world.whole({ settings: Object.fromEntries(padded) })
    expect(whole.started).toRedirect({ client_id: SECRETS.AUTH0_CLIENT_ID })
    expect(whole.resumed).toGoOn()
    expect(world.tenant.links).toHaveLength(1)
  })

  test('an ACTION_SECRET of 32 characters is long enough', async () => {
    expect(await world.start({ settings: { ACTION_SECRET: 'x'.repeat(32) } })).toRedirect()
  })

  describe.each([...SWITCHES, 'ENFORCE_MFA'])('%s', (name) => {
    test.each(BOOLEANS)('is understood as "%s"', async (value) => {
      expect(await world.start({ settings: { [name]: value } })).not.toBeDenied('misconfigured')
    })
  })

  describe('AUTH0_DOMAIN and CUSTOM_DOMAINS', () => {
    test('a port is allowed', async () => {
      const domain = 'localhost:8443'
      const tenant = createTenantDouble({ canonicalDomain: domain })
      vi.stubGlobal('fetch', tenant.fetch)
      const { started, resumed } = await world.whole({
        tenant,
        settings: { AUTH0_DOMAIN: domain },
        event: { request: { hostname: domain } },
      })
      expect(started.redirect?.origin).toBe(`https://${domain}`)
      expect(resumed).toGoOn()
      expect(tenant.links).toHaveLength(1)
    })

    test.each(['login.example.com', ' other.example.com , login.example.com '])(
      'a custom domain listed in "%s" is in use',
      async (CUSTOM_DOMAINS) => {
        const started = await world.start({
          settings: { CUSTOM_DOMAINS },
          event: { request: { hostname: CUSTOM_DOMAIN } },
        })
        expect(started).toRedirect({ host: CUSTOM_DOMAIN })
      },
    )

    test('a custom domain that nobody names is not', async () => {
      const started = await world.start({ event: { request: { hostname: CUSTOM_DOMAIN } } })
      expect(started).toBeDenied('misconfigured')
      expect(world.tenant.requests).toEqual([])
    })
  })

  describe('DEBUG', () => {
    test('shows errors and outcomes by default', async () => {
      await world.start({ hint: null })
      expect(world.lines).toContainEqual(expect.stringMatching(/^account-linking:outcome /))
      for (const line of world.lines) expect(line).toMatch(/^account-linking:(outcome|error) /)
    })

    test('shows the steps with account-linking:*', async () => {
      await world.start({ settings: { DEBUG: 'account-linking:*' } })
      const namespaces = new Set(world.lines.map((line) => line.split(' ')[0]))
      expect([...namespaces]).toContain('account-linking:info')
    })

    test('takes a namespace out again', async () => {
      await world.start({ settings: { DEBUG: '*,-account-linking:outcome' } })
      const text = world.lines.join('\n')
      expect(text).toContain('account-linking:info')
      expect(text).not.toContain('account-linking:outcome')
    })

    test.each(['something-else', 'account-linking:nothing'])(
      'shows nothing with %s',
      async (DEBUG) => {
        await world.start({ settings: { DEBUG }, hint: null })
        expect(world.lines).toEqual([])
      },
    )

    test('holds for one login only', async () => {
      await world.start({ settings: { DEBUG: '*' } })
      const before = world.lines.length
      await world.start({ settings: { DEBUG: 'something-else' } })
      expect(world.lines).toHaveLength(before)
      await world.start()
      expect(world.lines.slice(before)).toHaveLength(1)
    })
  })

  describe('ALLOWED_CONNECTIONS', () => {
    test.each(['google-oauth2', ' github , google-oauth2 '])('allows by "%s"', async (value) => {
      expect(await world.start({ settings: { ALLOWED_CONNECTIONS: value } })).toRedirect()
    })

    test.each(['github', 'google', 'google-oauth2x', 'Google-OAuth2'])(
      'denies by "%s"',
      async (value) => {
        const started = await world.start({ settings: { ALLOWED_CONNECTIONS: value } })
        expect(started).toBeDenied('connection_not_allowed')
        expect(world.tenant.requests).toEqual([])
      },
    )
  })

  describe('ALLOWED_CONNECTION_SCOPES', () => {
    const start = (
      ALLOWED_CONNECTION_SCOPES: string,
      requested_connection_scope: string | undefined,
    ) =>
      world.start({
        settings: { ALLOWED_CONNECTION_SCOPES },
        event: query({ requested_connection_scope }),
      })

    test.each([
      ['calendar,drive', 'calendar'],
      ['calendar drive', 'drive'],
      [' calendar ,  drive ', 'calendar drive'],
      ['calendar, drive', 'drive,calendar'],
      ['calendar drive', 'drive, calendar'],
      ['https://api.example.com/auth/calendar', 'https://api.example.com/auth/calendar'],
    ])('"%s" allows "%s", sent on as asked', async (allowed, asked) => {
      const started = await start(allowed, asked)
      expect(started).toRedirect({ connection_scope: asked })
    })

    test.each([
      ['calendar', 'drive'],
      ['calendar', 'calendar drive'],
      ['calendar', 'calendar,drive'],
      ['calendar', 'Calendar'],
      ['calendar', 'calendar.readonly'],
      ['calendar.readonly', 'calendar'],
    ])('"%s" denies "%s"', async (allowed, asked) => {
      expect(await start(allowed, asked)).toBeDenied('scope_not_allowed')
      expect(world.tenant.requests).toEqual([])
    })

    test('needs no scope to be asked for', async () => {
      const started = await start('calendar', undefined)
      expect(started).toRedirect({ connection_scope: undefined })
    })

    test('every scope is allowed by default', async () => {
      const started = await world.start({ event: query({ requested_connection_scope: 'a b,c' }) })
      expect(started).toRedirect({ connection_scope: 'a b,c' })
    })
  })

  describe('ENFORCE_MFA', () => {
    test.each(MFA_ROWS)('$value, factors $factors, MFA $done: $code', async (row) => {
      const { value, event, code } = row
      const started = await world.start({ settings: { ENFORCE_MFA: value }, event })
      if (code === undefined) expect(started).toRedirect()
      else expect(started).toBeDenied(code)
    })
  })

  test.each(PRIMARY_EMAIL_ROWS)(
    '$setting $value, the primary’s e-mail verified $verified: $code',
    async ({ setting, value, verified, code }) => {
      const started = await world.start({
        settings: { [setting]: value },
        event: { user: { email_verified: verified } },
      })
      if (code === undefined) expect(started).toRedirect()
      else expect(started).toBeDenied(code)
    },
  )

  test.each(SECONDARY_EMAIL_ROWS)(
    '$setting $value, the second login’s e-mail $what: $code',
    async ({ setting, value, primary, email, verified, code }) => {
      const user = { ...SECONDARY, email, email_verified: verified } as Person
      const { resumed } = await world.whole({
        settings: { [setting]: value },
        event: { user: { email: primary } },
        nested: { user },
      })
      if (code === undefined) expect(resumed).toLink(SECONDARY.user_id)
      else expect(resumed).toBeDenied(code)
      expect(world.tenant.links).toHaveLength(code === undefined ? 1 : 0)
    },
  )

  describe('pins', () => {
    const CHANGES = {
      PIN_IP_ADDRESS: { request: { ip: '198.51.100.9' } },
      PIN_USER_AGENT: { request: { user_agent: 'Another/2.0' } },
      PIN_SESSION: { session: { id: 'another-session' } },
    } as const
    const DEFAULTS = { PIN_IP_ADDRESS: false, PIN_USER_AGENT: true, PIN_SESSION: true } as const
    const PINS = Object.keys(CHANGES) as (keyof typeof CHANGES)[]
    const ROWS = PINS.flatMap((name) => [
      [name, undefined, DEFAULTS[name]] as const,
      [name, 'yes', true] as const,
      [name, 'no', false] as const,
    ])

    test.each(ROWS)('%s %s holds on the way back: %s', async (name, value, holds) => {
      const { resumed } = await world.whole({
        settings: { [name]: value },
        resume: { event: CHANGES[name] },
      })
      expect(resumed).toEndIn(holds ? 'binding_mismatch' : undefined)
      expect(world.tenant.links).toHaveLength(holds ? 0 : 1)
    })

    test.each(ROWS.filter(([name]) => name !== 'PIN_SESSION'))(
      '%s %s holds at the second login: %s',
      async (name, value, holds) => {
        const { nested, resumed } = await world.whole({
          settings: { [name]: value },
          nested: { event: CHANGES[name] },
        })
        expect(nested).toGoOn()
        expect(resumed).toEndIn(holds ? 'binding_mismatch' : undefined)
        expect(world.tenant.links).toHaveLength(holds ? 0 : 1)
      },
    )

    const ABSENT = {
      PIN_IP_ADDRESS: { request: { ip: undefined } },
      PIN_USER_AGENT: { request: { user_agent: undefined } },
      PIN_SESSION: { session: undefined },
    } as const
    const PRESENT = {
      PIN_IP_ADDRESS: { request: { ip: IP_ADDRESS } },
      PIN_USER_AGENT: { request: { user_agent: USER_AGENT } },
      PIN_SESSION: { session: { id: 'example-session-0001' } },
    } as const

    const CARRIED = ['PIN_IP_ADDRESS', 'PIN_USER_AGENT'] as const

    test.each(CARRIED)('%s: that the value is absent is a value too', async (name) => {
      const start = { settings: { [name]: 'yes' }, event: ABSENT[name] }
      const honest = await world.whole(start)
      expect(honest.resumed).toGoOn()
      expect(world.tenant.links).toHaveLength(1)
      for (const elsewhere of [
        { nested: { event: PRESENT[name] } },
        { resume: { event: PRESENT[name] } },
      ]) {
        world.settle(PRIMARY, SECONDARY)
        const { resumed } = await world.whole({ ...start, ...elsewhere })
        expect(resumed).toBeDenied('binding_mismatch')
        expect(world.tenant.links).toEqual([])
      }
    })

    test.each(PINS)('%s that was switched on meanwhile is held on the way back', async (name) => {
      const started = await world.start({ settings: { [name]: 'no' } })
      const nested = await world.nested(started)
      const before = world.tenant.calls()
      const event = { ...CHANGES[name], secrets: { [name]: 'yes' } }
      expect(await world.resume(started, nested, { event })).toBeDenied('binding_mismatch')
      expect(world.tenant.calls()).toBe(before)
      const honest = await world.resume(started, nested, { event: { secrets: { [name]: 'yes' } } })
      expect(honest).toGoOn()
    })

    test('PIN_SESSION that was switched on meanwhile takes a session', async () => {
      const event = { session: { id: undefined } }
      const started = await world.start({ settings: { PIN_SESSION: 'no' }, event })
      const back = { event: { secrets: { PIN_SESSION: 'yes' } } }
      const resumed = await world.resume(started, await world.nested(started), back)
      expect(resumed).toBeDenied('binding_mismatch')
    })

    test.each(PINS)('%s holds where the way back has lost the value', async (name) => {
      const { resumed } = await world.whole({
        settings: { [name]: 'yes' },
        resume: { event: ABSENT[name] },
      })
      expect(resumed).toBeDenied('binding_mismatch')
    })

    test.each(CARRIED)('%s may be in a session that is {}', async (name) => {
      const { resumed } = await world.whole({
        settings: { [name]: 'yes', PIN_SESSION: 'no' },
        event: { session: { id: undefined } },
      })
      expect(resumed).toGoOn()
    })

    test.each(['PIN_IP_ADDRESS', 'PIN_USER_AGENT'] as const)(
      'the log names %s as the one that differed',
      async (name) => {
        await world.whole({ settings: { [name]: 'yes' }, resume: { event: CHANGES[name] } })
        const what = name === 'PIN_IP_ADDRESS' ? /address/i : /user.agent/i
        expect(
          world.lines.filter((line) => line.startsWith('account-linking:error')).join(),
        ).toMatch(what)
      },
    )

    test('the log names the session as the one that differed', async () => {
      await world.whole({ resume: { event: CHANGES.PIN_SESSION } })
      expect(world.lines.filter((line) => line.startsWith('account-linking:error')).join()).toMatch(
        /session/i,
      )
    })
  })

  describe('HINT_MAX_AGE', () => {
    test.each([
      [undefined, 595, undefined],
      [undefined, 660, 'hint_expired'],
      ['1', 0, undefined],
      ['60', 55, undefined],
      ['60', 120, 'hint_expired'],
      [' 60 ', 120, 'hint_expired'],
      ['86400', 86_000, undefined],
      ['86400', 90_000, 'hint_expired'],
    ])('%s, a hint %s seconds old: %s', async (value, age, code) => {
      const iat = NOW_SECONDS - age
      const started = await world.start({
        settings: { HINT_MAX_AGE: value },
        hint: { iat, auth_time: iat, exp: NOW_SECONDS + 3_600 },
      })
      expect(started).toEndIn(code)
    })
  })

  describe('PRIMARY_MAX_AUTH_AGE', () => {
    test.each([
      [undefined, 1_000_000, undefined],
      [undefined, undefined, undefined],
      ['off', 1_000_000, undefined],
      ['off', undefined, undefined],
      ['300', 250, undefined],
      ['300', 400, 'reauth_required'],
      ['300', undefined, 'reauth_required'],
      ['300', -20, undefined],
      ['300', -40, 'reauth_required'],
      ['1000000', 999_999, undefined],
    ])('%s, logged in %s seconds ago: %s', async (value, age, code) => {
      const started = await world.start({
        settings: { PRIMARY_MAX_AUTH_AGE: value },
        hint: { auth_time: age === undefined ? undefined : NOW_SECONDS - age },
      })
      expect(started).toEndIn(code)
    })

    test.each(['yesterday', String(NOW_SECONDS), null, Number.NaN])(
      'takes an auth_time of %s for a missing one',
      async (auth_time) => {
        const started = await world.start({
          settings: { PRIMARY_MAX_AUTH_AGE: '300' },
          hint: { auth_time },
        })
        expect(started).toBeDenied('reauth_required', 'hint_invalid')
      },
    )
  })

  describe('ALLOW_MERGE', () => {
    test.each([
      [undefined, 'identity_in_use'],
      ['no', 'identity_in_use'],
      ['yes', undefined],
    ])('%s, an account with identities of its own: %s', async (value, code) => {
      world.settle(PRIMARY, MERGED)
      const { resumed } = await world.whole({
        settings: { ALLOW_MERGE: value },
        nested: { user: MERGED },
      })
      expect(resumed).toEndIn(code)
      expect(world.tenant.calls('link')).toBe(code === undefined ? 1 : 0)
      expect(world.tenant.links).toHaveLength(code === undefined ? 1 : 0)
    })
  })

  describe('LINK_EXISTING_USERS', () => {
    const ROWS = [
      [undefined, 812, undefined],
      ['yes', 812, undefined],
      ['yes', undefined, undefined],
      ['no', 1, undefined],
      ['no', 2, 'identity_in_use'],
      ['no', 812, 'identity_in_use'],
      ['no', 0, 'identity_in_use'],
      ['no', undefined, 'identity_in_use'],
    ] as const

    test.each(ROWS)('%s, a user of %s logins: %s', async (value, logins_count, code) => {
      const { resumed } = await world.whole({
        settings: { LINK_EXISTING_USERS: value },
        nested: { event: { stats: { logins_count } } },
      })
      expect(resumed).toEndIn(code)
      expect(world.tenant.links).toHaveLength(code === undefined ? 1 : 0)
    })

    test('no holds under ALLOW_MERGE too', async () => {
      world.settle(PRIMARY, MERGED)
      const { resumed } = await world.whole({
        settings: { LINK_EXISTING_USERS: 'no', ALLOW_MERGE: 'yes' },
        nested: { user: MERGED, event: { stats: { logins_count: 3 } } },
      })
      expect(resumed).toBeDenied('identity_in_use')
    })

    test('no is held before the e-mail of the second account', async () => {
      const user = { ...SECONDARY, email_verified: false }
      const { resumed } = await world.whole({
        settings: { LINK_EXISTING_USERS: 'no', ENFORCE_SECONDARY_EMAIL_VERIFICATION: 'yes' },
        nested: { user, event: { stats: { logins_count: 3 } } },
      })
      expect(resumed).toBeDenied('identity_in_use')
    })
  })

  describe('MERGE_USER_METADATA', () => {
    const user = { ...SECONDARY, user_metadata: { theme: 'dark', language: 'en', tags: ['a'] } }
    const primary = { user_metadata: { theme: 'light' }, app_metadata: { role: 'none' } }

    test.each([undefined, 'no'])('%s keeps nothing of the secondary', async (value) => {
      const { nested, resumed } = await world.whole({
        settings: { MERGE_USER_METADATA: value },
        event: { user: primary },
        nested: { user },
      })
      expect(JSON.stringify(nested.claims)).not.toContain('dark')
      expect(resumed).toBeUntouched()
      expect(world.tenant.links).toHaveLength(1)
    })

    test('yes keeps what the primary lacks, and nothing else', async () => {
      const { resumed } = await world.whole({
        settings: { MERGE_USER_METADATA: 'yes' },
        event: { user: primary },
        nested: { user, event: { user: { app_metadata: { role: 'admin' } } } as EventOverrides },
      })
      expect(resumed).toGoOn()
      expect(resumed.commands).toEqual([
        { type: 'user.setUserMetadata', key: 'language', value: 'en' },
        { type: 'user.setUserMetadata', key: 'tags', value: ['a'] },
      ])
    })

    test('yes never shows app_metadata to the nested ID token', async () => {
      const { nested } = await world.whole({
        settings: { MERGE_USER_METADATA: 'yes' },
        nested: { user, event: { user: { app_metadata: { role: 'admin' } } } as EventOverrides },
      })
      expect(JSON.stringify(nested.claims)).not.toContain('admin')
    })

    test('yes keeps nothing when the link fails', async () => {
      world.tenant.failAlways('link', { kind: 'answer', status: 400 })
      const { resumed } = await world.whole({
        settings: { MERGE_USER_METADATA: 'yes' },
        nested: { user },
      })
      expect(resumed).toBeDenied('link_failed')
    })

    test('yes links where the metadata has more than 8 kB, and keeps no more than that', async () => {
      const big = {
        ...user,
        user_metadata: { first: 'x'.repeat(5_000), second: 'y'.repeat(5_000) },
      }
      const { resumed } = await world.whole({
        settings: { MERGE_USER_METADATA: 'yes' },
        nested: { user: big },
      })
      expect(resumed).toLink()
      expect(world.tenant.links).toHaveLength(1)
      const kept = resumed.commands.filter((command) => command.type === 'user.setUserMetadata')
      expect(JSON.stringify(kept.map(({ key, value }) => [key, value])).length).toBeLessThan(8_300)
    })

    test.each(['__proto__', 'constructor', 'toString'])(
      'yes is not misled by a key named %s',
      async (key) => {
        const odd = { ...user, user_metadata: JSON.parse(`{"${key}": {"polluted": true}}`) }
        const { resumed } = await world.whole({
          settings: { MERGE_USER_METADATA: 'yes' },
          nested: { user: odd },
        })
        expect(resumed).toGoOn()
        expect(Reflect.get({}, 'polluted')).toBeUndefined()
        expect(world.tenant.links).toHaveLength(1)
      },
    )
  })

  describe('ALLOW_UNLINK', () => {
    test.each(['no', 'FALSE', '0'])('%s denies an unlink', async (ALLOW_UNLINK) => {
      const started = await world.start({ settings: { ALLOW_UNLINK }, event: UNLINK_EVENT })
      expect(started).toBeDenied('unlink_not_allowed')
      expect(world.tenant.requests).toEqual([])
    })

    test.each([undefined, 'yes', '1'])('%s lets an unlink go on', async (ALLOW_UNLINK) => {
      const started = await world.start({ settings: { ALLOW_UNLINK }, event: UNLINK_EVENT })
      expect(started).toRedirect()
      expect(started.redirect?.searchParams.get('connection')).toBe(
        LINKED.identities[0]?.connection,
      )
    })

    test('no allows a link', async () => {
      expect(await world.start({ settings: { ALLOW_UNLINK: 'no' } })).toRedirect()
    })
  })

  describe('NESTED_PARAMS', () => {
    test('are on the nested request', async () => {
      const NESTED_PARAMS = 'access_type=offline&prompt=consent&login_hint=%26x%3D1'
      const { redirect } = await world.start({ settings: { NESTED_PARAMS } })
      expect(redirect?.searchParams.get('access_type')).toBe('offline')
      expect(redirect?.searchParams.get('prompt')).toBe('consent')
      expect(redirect?.searchParams.get('login_hint')).toBe('&x=1')
      expect(redirect?.searchParams.has('x')).toBe(false)
    })

    test('are absent by default', async () => {
      const { redirect } = await world.start()
      expect(redirect?.searchParams.has('prompt')).toBe(false)
    })
  })

  describe('RESULT_CLAIM', () => {
    test.each([
      'https://example.com/account_linking',
      'urn:example:account_linking',
      'https://notauth0.com/x',
    ])('%s tells the application what happened', async (RESULT_CLAIM) => {
      const { resumed } = await world.whole({ settings: { RESULT_CLAIM } })
      expect(resumed.claims).toEqual({
        [RESULT_CLAIM]: { status: 'linked', connection: 'google-oauth2' },
      })
    })

    test('is none by default', async () => {
      expect((await world.whole()).resumed.claims).toEqual({})
    })

    test('is not set on a denied login', async () => {
      const { resumed } = await world.whole({
        settings: { RESULT_CLAIM: 'https://example.com/link' },
        resume: { event: { request: { user_agent: 'Another/2.0' } } },
      })
      expect(resumed.claims).toEqual({})
    })
  })

  test('AUTH0_DOMAIN stands in where the event names no host', async () => {
    const started = await world.start({ event: { request: { hostname: undefined } } })
    expect(started).toRedirect({ host: CANONICAL_DOMAIN })
  })
})
