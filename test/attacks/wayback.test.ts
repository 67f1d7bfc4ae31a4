/** Attacks on the way back, and on the nested login before it. */

import { expect, test, vi } from 'vitest'
import type { EventOverrides } from '../../scripts/testing/event.ts'
import { type NestedRun, PLATFORM_STATE, type Run } from '../../scripts/testing/flow.ts'
import { publishedKey, TEST_KEYS } from '../../scripts/testing/keys.ts'
import {
  CANONICAL_DOMAIN,
  CLIENT_ID,
  COMPANION_ID,
  COMPANION_SECRET,
  CUSTOM_DOMAIN,
  DATABASE_CONNECTION,
  NOW_MS,
  NOW_SECONDS,
  type Person,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from '../../scripts/testing/people.ts'
import type { SecondLogin } from '../../scripts/testing/tenant-double.ts'
import {
  LINKED,
  LINKED_EVENT,
  LINKED_PEOPLE,
  MERGED,
  onEverySubject,
  query,
  UNLINK_EVENT,
  type World,
} from '../contract/harness.ts'
import { SECONDARY_EMAIL_ROWS } from '../support/policies.ts'
import { attack } from './rows.ts'

const CLAIM = 'https://client-initiated-account-linking.example/nested-login'
const KEY = 'client-initiated-account-linking:attempt'

const codeOf = (world: World, started: Run, { user, claims }: NestedRun): string =>
  world.tenant.authorize(started.redirect?.href ?? '', { user, claims })

const withCode = (code: string) => ({ query: { state: PLATFORM_STATE, code } })

/** Takes each parameter out of a query. */
const keysOf = (parameters: object) => Object.keys(parameters).map((name) => [name, undefined])

/** Sends the browser to a nested URL that is not the one of the start. */
function changed(started: Run, change: (parameters: URLSearchParams) => void): Run {
  const redirect = new URL(started.redirect?.href ?? '')
  change(redirect.searchParams)
  return { ...started, redirect }
}

const OUTSIDE: Readonly<Record<string, EventOverrides>> = {
  user: { user: { user_id: STRANGER.user_id } },
  client: { client: { client_id: 'exampleOtherClientId' } },
  'domain in use': {
    request: { hostname: CUSTOM_DOMAIN },
    custom_domain: { domain: CUSTOM_DOMAIN },
  },
  protocol: { transaction: { protocol: 'oidc-hybrid-profile' } },
  scopes: { transaction: { requested_scopes: ['openid', 'link_account'] } },
  'kind of request': { transaction: { requested_scopes: ['openid', 'unlink_account'] } },
  'response type': { transaction: { response_type: ['code', 'id_token'] } },
  'redirect URI': { transaction: { redirect_uri: 'https://app.example.com/other' } },
  state: { transaction: { state: 'another' } },
  organization: { organization: { id: 'org_Example' } },
  session: { session: { id: 'example-session-0002' } },
  'session, which is gone': { session: { id: undefined } },
  'user agent': { request: { user_agent: 'OtherBrowser/2.0' } },
  'user agent, which is gone': { request: { user_agent: undefined } },
  ACTION_SECRET: { secrets: { ACTION_SECRET: 'another-action-secret-of-32-characters' } },
}

/** How a record can be changed. */
const RECORDS: Readonly<Record<string, (stored: string) => unknown>> = {
  lost: () => undefined,
  empty: () => '',
  'no text': () => 7,
  'without its tag': (stored) => stored.split('\n').slice(0, 2).join('\n'),
  'with an empty tag': (stored) => `${stored.split('\n').slice(0, 2).join('\n')}\n`,
  'with a line behind it': (stored) => `${stored}\n`,
  'with text behind it': (stored) => `${stored}\nx`,
  'without its pins': (stored) => stored.replace(/\n.*\n/, '\n{}\n'),
  'of a link made one of a consent': (stored) => stored.replace('"link"', '"consent"'),
  'with another connection': (stored) => stored.replaceAll('google-oauth2', 'github'),
  'with a later start': (stored) => stored.replace(String(NOW_SECONDS), String(NOW_SECONDS - 600)),
  'of version 2': (stored) => stored.replace('"version":1', '"version":2'),
  'in other white space': (stored) => stored.replace('{', '{ '),
}

onEverySubject((world) => {
  async function begun(settings: Readonly<Record<string, string>> = {}) {
    const started = await world.start({ settings })
    const nested = await world.nested(started)
    return { started, nested, before: world.tenant.calls() }
  }

  attack('foreignCode', () => {
    test.each<readonly [string, EventOverrides]>([
      ['another transaction', { transaction: { id: 'other', state: 'other' } }],
      ['another user', { user: { user_id: STRANGER.user_id, identities: STRANGER.identities } }],
      ['an earlier attempt for another connection', query({ requested_connection: 'github' })],
      ['an earlier attempt for the same', {}],
    ])('of %s is refused by PKCE', async (_what, event) => {
      const other = await world.start({ event })
      const code = codeOf(world, other, await world.nested(other, { connection: 'google-oauth2' }))
      const { started, nested } = await begun()
      const resumed = await world.resume(started, nested, withCode(code))
      expect(resumed).toBeDenied('callback_invalid')
      expect(world.tenant.links).toEqual([])
      // It was used up there: it is of no use to its own attempt either.
      expect((await world.resume(other, nested, withCode(code))).commands).toHaveLength(1)
      expect(world.tenant.links).toEqual([])
    })

    test('is refused by the nonce where the tenant does not check PKCE', async () => {
      const { started: other } = await begun()
      const { started, nested } = await begun()
      const nonce = other.redirect?.searchParams.get('nonce')
      const resumed = await world.resume(started, nested, { login: { claims: { nonce } } })
      expect(resumed).toBeDenied('callback_invalid')
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('no two attempts share challenge, nonce or record', async () => {
      const runs = [await world.start(), await world.start(), await world.start()]
      const of = (name: string) => new Set(runs.map((run) => run.redirect?.searchParams.get(name)))
      expect(of('code_challenge').size).toBe(3)
      expect(of('nonce').size).toBe(3)
      expect(new Set(runs.map(({ metadata }) => metadata[KEY])).size).toBe(3)
    })
  })

  attack('twoAttempts', () => {
    test('each code works in its own, in any order', async () => {
      const one = await world.start({ event: { transaction: { state: 'one' } } })
      const two = await world.start({ event: { transaction: { state: 'two' } } })
      const [first, second] = [await world.nested(one), await world.nested(two)]
      const [codeOne, codeTwo] = [codeOf(world, one, first), codeOf(world, two, second)]
      expect(await world.resume(two, second, withCode(codeTwo))).toGoOn()
      expect(world.tenant.links).toHaveLength(1)
      const late = await world.resume(one, first, { ...withCode(codeOne), event: LINKED_EVENT })
      expect(late).toGoOn()
      expect(world.tenant.links).toHaveLength(1)
    })

    test('the codes cannot be exchanged for each other', async () => {
      const one = await world.start({ event: { transaction: { state: 'one' } } })
      const two = await world.start({ event: { transaction: { state: 'two' } } })
      const [first, second] = [await world.nested(one), await world.nested(two)]
      const [codeOne, codeTwo] = [codeOf(world, one, first), codeOf(world, two, second)]
      expect(await world.resume(one, first, withCode(codeTwo))).toBeDenied('callback_invalid')
      expect(await world.resume(two, second, withCode(codeOne))).toBeDenied('callback_invalid')
      expect(world.tenant.links).toEqual([])
    })
  })

  attack('otherPlace', () => {
    test.each(Object.entries(OUTSIDE))('another %s: no request', async (what, event) => {
      const { started, nested, before } = await begun()
      const resumed = await world.resume(started, nested, { event })
      expect(resumed).toBeDenied('binding_mismatch')
      expect(world.tenant.calls()).toBe(before)
      if (what.startsWith('session')) expect(world.lines.join()).toContain('another session')
      if (what.startsWith('user agent')) expect(world.lines.join()).toContain('another user_agent')
    })

    test('another address, where it is pinned', async () => {
      const { started, nested, before } = await begun({ PIN_IP_ADDRESS: 'yes' })
      const event = { request: { ip: '198.51.100.9' } }
      expect(await world.resume(started, nested, { event })).toBeDenied('binding_mismatch')
      expect(world.tenant.calls()).toBe(before)
      expect(world.lines.join()).toContain('another address')
    })

    test('another account of the same browser', async () => {
      const { started, nested, before } = await begun()
      const { user_id, email, identities } = SECONDARY
      const event = { user: { user_id, email, identities } }
      expect(await world.resume(started, nested, { event })).toBeDenied('binding_mismatch')
      expect(world.tenant.calls()).toBe(before)
    })

    test.each(Object.entries(RECORDS))('a record that is %s: no request', async (_what, change) => {
      const { started, nested, before } = await begun()
      const metadata = { [KEY]: change(String(started.metadata[KEY])) }
      const given = metadata[KEY] === undefined ? {} : metadata
      const resumed = await world.resume(started, nested, { metadata: given })
      expect(resumed).toBeDenied('binding_mismatch')
      expect(world.tenant.calls()).toBe(before)
    })

    test('the record of another transaction: no request', async () => {
      const other = await world.start({ event: { transaction: { state: 'other' } } })
      const { started, nested, before } = await begun()
      const resumed = await world.resume(started, nested, { metadata: other.metadata })
      expect(resumed).toBeDenied('binding_mismatch')
      expect(world.tenant.calls()).toBe(before)
    })

    test('record and pins of two transactions do not mix', async () => {
      const elsewhere = { request: { user_agent: 'OtherBrowser/2.0' } }
      const other = String((await world.start({ event: elsewhere })).metadata[KEY]).split('\n')
      const { started, nested, before } = await begun()
      const own = String(started.metadata[KEY]).split('\n')
      for (const mixed of [
        [own[0], other[1], own[2]],
        [other[0], own[1], own[2]],
        [own[0], own[1], other[2]],
        [own[0], other[1], other[2]],
      ]) {
        const metadata = { [KEY]: mixed.join('\n') }
        expect(await world.resume(started, nested, { metadata })).toBeDenied('binding_mismatch')
      }
      expect(world.tenant.calls()).toBe(before)
    })
  })

  attack('fixation', () => {
    test.each<readonly [string, EventOverrides, Readonly<Record<string, string>>]>([
      ['another browser', { request: { user_agent: 'VictimBrowser/1.0' } }, {}],
      ['a browser that does not tell', { request: { user_agent: undefined } }, {}],
      ['another address', { request: { ip: '198.51.100.9' } }, { PIN_IP_ADDRESS: 'yes' }],
      [
        'another address, the browser not pinned',
        { request: { ip: '198.51.100.9', user_agent: 'VictimBrowser/1.0' } },
        { PIN_IP_ADDRESS: 'yes', PIN_USER_AGENT: 'no' },
      ],
    ])(
      'the nested login in %s is noticed on a way back that looks right',
      async (_what, event, settings) => {
        const started = await world.start({ settings })
        const nested = await world.nested(started, { event })
        const resumed = await world.resume(started, nested)
        expect(resumed).toBeDenied('binding_mismatch')
        expect(world.tenant.calls('link')).toBe(0)
      },
    )

    test('the note of the nested login cannot be had without ACTION_SECRET', async () => {
      const { started, nested } = await begun()
      const honest = nested.claims[CLAIM] as Readonly<Record<string, unknown>>
      const guesses = ['', 'VictimBrowser/1.0', honest.address, started.event.request.user_agent]
      for (const user_agent of guesses) {
        const claims = { [CLAIM]: { ...honest, user_agent } }
        const resumed = await world.resume(started, nested, { login: { claims } })
        expect(resumed).toBeDenied('binding_mismatch')
      }
      expect(world.tenant.calls('link')).toBe(0)
    })
  })

  attack('widenedScope', () => {
    test.each([
      'drive',
      'calendar drive',
      'calendar,drive',
      ['calendar'],
      ['calendar', 'drive'],
      '',
    ])('%j: the nested login is denied or asks for nothing', async (connection_scope) => {
      const started = await world.start({
        settings: { ALLOWED_CONNECTION_SCOPES: 'calendar' },
        event: query({ requested_connection_scope: 'calendar' }),
      })
      const ran = await world.nested(started, { event: query({ connection_scope }) })
      if (connection_scope === '') return expect(ran).toGoOn()
      expect(ran).toBeDenied('scope_not_allowed')
      expect(ran.claims).toEqual({})
    })

    test('in the body of a POST alike', async () => {
      const started = await world.start({ settings: { ALLOWED_CONNECTION_SCOPES: 'calendar' } })
      const request = { method: 'POST', query: {}, body: { connection_scope: 'drive' } }
      expect(await world.nested(started, { event: { request } })).toBeDenied('scope_not_allowed')
    })
  })

  attack('widenedScope', () => {
    const SPELLINGS = [
      'connection_scope[]',
      'connection_scope[0]',
      'connection_scope[x][y]',
      'ext-connection_scope',
      'EXT-Connection_Scope[]',
      'CONNECTION_SCOPE',
    ]

    test.each(SPELLINGS)('spelt %s: the nested login is denied', async (name) => {
      const started = await world.start({
        settings: { ALLOWED_CONNECTION_SCOPES: 'calendar' },
        event: query({ requested_connection_scope: 'calendar' }),
      })
      const ran = await world.nested(started, { event: query({ [name]: 'drive' }) })
      expect(ran).toBeDenied('scope_not_allowed')
    })

    test.each(SPELLINGS)('spelt %s, and no list: the way back refuses', async (name) => {
      const started = await world.start({
        event: query({ requested_connection_scope: 'calendar' }),
      })
      const ran = await world.nested(started, { event: query({ [name]: 'drive' }) })
      expect(await world.resume(started, ran)).toBeDenied('callback_invalid')
      expect(world.tenant.calls('link')).toBe(0)
    })
  })

  attack('editedRequest', () => {
    const NESTED_PARAMS = 'prompt=login&acr_values=high&access_type=offline'
    const scoped = query({ requested_connection_scope: 'calendar contacts' })

    test.each<readonly [string, Readonly<Record<string, unknown>>]>([
      ['prompt taken out', { prompt: undefined }],
      ['prompt made none', { prompt: 'none' }],
      ['prompt twice', { prompt: ['login', 'login'] }],
      ['prompt twice, in another spelling', { 'prompt[]': 'none' }],
      ['prompt again with a prefix', { 'ext-prompt': 'none' }],
      ['acr_values taken out', { acr_values: undefined }],
      ['acr_values in another case', { acr_values: 'HIGH' }],
      ['acr_values emptied', { acr_values: '' }],
      ['access_type for prompt', { access_type: 'login', prompt: 'offline' }],
      ['scopes taken out', { connection_scope: undefined }],
      ['fewer scopes', { connection_scope: 'calendar' }],
      ['more scopes', { connection_scope: 'calendar contacts drive' }],
      ['scopes as a list', { connection_scope: ['calendar contacts'] }],
      ['scopes in another spelling', { connection_scope: undefined, 'connection_scope[]': 'x' }],
    ])('%s: callback_invalid, nothing linked', async (_what, edited) => {
      const started = await world.start({ settings: { NESTED_PARAMS }, event: scoped })
      const nested = await world.nested(started, { event: query(edited) })
      expect(await world.resume(started, nested)).toBeDenied('callback_invalid')
      expect(world.tenant.calls('link')).toBe(0)
      expect(world.lines.join()).toContain('of the nested request were changed')
      expect((await world.whole({ settings: { NESTED_PARAMS }, event: scoped })).resumed).toGoOn()
    })

    test('moved to the body of a POST they are what they were, and once', async () => {
      const started = await world.start({ settings: { NESTED_PARAMS } })
      const body = Object.fromEntries(started.redirect?.searchParams ?? [])
      const post = await world.nested(started, { event: { request: { method: 'POST', body } } })
      expect(await world.resume(started, post)).toBeDenied('callback_invalid')
      const request = { method: 'POST', body, query: Object.fromEntries(keysOf(body)) }
      const moved = await world.nested(started, { event: { request } })
      expect(await world.resume(started, moved)).toGoOn()
    })

    test.each(['drive', ''])('scopes put in where none were asked: "%s"', async (added) => {
      const started = await world.start()
      const nested = await world.nested(started, { event: query({ connection_scope: added }) })
      expect(await world.resume(started, nested)).toBeDenied('callback_invalid')
    })

    test('of a consent and an unlink alike', async () => {
      world.settle(...LINKED_PEOPLE)
      const consent = { ...LINKED_EVENT, ...scoped }
      const asked = await world.start({ event: consent })
      const narrowed = query({ connection_scope: 'calendar' })
      const nested = await world.nested(asked, { user: LINKED, event: narrowed })
      expect(await world.resume(asked, nested)).toBeDenied('callback_invalid')

      const unlink = await world.start({ settings: { NESTED_PARAMS }, event: UNLINK_EVENT })
      const back = await world.nested(unlink, { user: LINKED, event: query({ prompt: undefined }) })
      expect(await world.resume(unlink, back)).toBeDenied('callback_invalid')
      expect(world.tenant.calls('unlink')).toBe(0)
    })

    test('the tag of another ACTION_SECRET, or of another attempt’s request, is none', async () => {
      const settings = { NESTED_PARAMS, PIN_USER_AGENT: 'no' }
      const started = await world.start({ settings })
      const foreign = { secrets: { ACTION_SECRET: 'another-action-secret-of-32-characters' } }
      const nested = await world.nested(started, { event: foreign })
      expect(await world.resume(started, nested)).toBeDenied('callback_invalid')
      const plain = await world.nested(await world.start())
      expect(await world.resume(started, plain)).toBeDenied('callback_invalid')
    })
  })

  attack('parkedAttempt', () => {
    const DAY_SECONDS = 86_400

    test('finished a day later: no request', async () => {
      const { started, nested, before } = await begun()
      vi.setSystemTime(NOW_MS + DAY_SECONDS * 1_000)
      const login = { claims: { auth_time: NOW_SECONDS + DAY_SECONDS } }
      const resumed = await world.resume(started, nested, { login })
      expect(resumed).toBeDenied('callback_invalid')
      expect(world.tenant.calls()).toBe(before)
    })

    test.each([
      ['after a password reset', { last_password_reset: '2026-03-02T12:00:01.000Z' }],
      ['by a blocked user', { blocked: true }],
    ])('finished %s: no request', async (_what, user) => {
      const { started, nested, before } = await begun()
      const resumed = await world.resume(started, nested, { event: { user } })
      expect(resumed).toBeDenied('binding_mismatch')
      expect(world.tenant.calls()).toBe(before)
    })
  })

  attack('changedRequest', () => {
    test.each(['github', DATABASE_CONNECTION, 'Google-OAuth2', ''])(
      'connection=%s is connection_mismatch',
      async (connection) => {
        const started = await world.start()
        const nested = await world.nested(started, { connection })
        const resumed = await world.resume(started, nested)
        expect(resumed).toBeDenied('connection_mismatch')
        expect(world.tenant.calls('link')).toBe(0)
      },
    )

    test.each(['another', ''])('nonce=%s is callback_invalid', async (nonce) => {
      const { started, nested } = await begun()
      const other = changed(started, (parameters) => parameters.set('nonce', nonce))
      const resumed = await world.resume(started, nested, withCode(codeOf(world, other, nested)))
      expect(resumed).toBeDenied('callback_invalid')
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('code_challenge= of the attacker is callback_invalid', async () => {
      const { started, nested } = await begun()
      const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
      const other = changed(started, (parameters) => parameters.set('code_challenge', challenge))
      const resumed = await world.resume(started, nested, withCode(codeOf(world, other, nested)))
      expect(resumed).toBeDenied('callback_invalid')
      expect(world.tenant.calls('link')).toBe(0)
    })
  })

  attack('weakenedRequest', () => {
    test('max_age= taken away: no auth_time, no link', async () => {
      const { started, nested } = await begun()
      const other = changed(started, (parameters) => parameters.delete('max_age'))
      const resumed = await world.resume(started, nested, withCode(codeOf(world, other, nested)))
      expect(resumed).toBeDenied('callback_invalid')
    })

    test('an older session is not taken for a login', async () => {
      const { started, nested } = await begun()
      const claims = { auth_time: NOW_SECONDS - 31 }
      const resumed = await world.resume(started, nested, { login: { claims } })
      expect(resumed).toBeDenied('callback_invalid')
    })

    test('nonce= taken away: no link', async () => {
      const { started, nested } = await begun()
      const other = changed(started, (parameters) => parameters.delete('nonce'))
      const resumed = await world.resume(started, nested, withCode(codeOf(world, other, nested)))
      expect(resumed).toBeDenied('callback_invalid')
    })

    test.each([
      ['REQUIRE_MATCHING_EMAIL', 'secondary_email_unverified'],
      ['ENFORCE_SECONDARY_EMAIL_VERIFICATION', 'secondary_email_unverified'],
    ])('scope=openid does not slip past %s', async (name, code) => {
      const { started, nested } = await begun({ [name]: 'yes' })
      const other = changed(started, (parameters) => parameters.set('scope', 'openid'))
      const resumed = await world.resume(started, nested, withCode(codeOf(world, other, nested)))
      expect(resumed).toBeDenied(code)
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('response_mode=form_post brings no code that is read', async () => {
      const { started, nested, before } = await begun()
      const code = codeOf(world, started, nested)
      const resumed = await world.resume(started, nested, {
        query: { state: PLATFORM_STATE },
        event: { request: { method: 'POST', body: { code } } },
      })
      expect(resumed).toBeDenied('callback_invalid')
      expect(world.tenant.calls()).toBe(before)
    })

    test('a nested login by a protocol without this Action has no claim', async () => {
      const { started } = await begun()
      const nested = await world.nested(started, { event: { transaction: { protocol: 'samlp' } } })
      expect(nested.claims).toEqual({})
      expect(await world.resume(started, nested)).toBeDenied('connection_mismatch')
    })
  })

  attack('badIdToken', () => {
    const CLAIMS: readonly (readonly [string, Partial<SecondLogin>])[] = [
      ['wrong iss', { claims: { iss: 'https://other.example.net/' } }],
      ['iss of the custom domain', { claims: { iss: `https://${CUSTOM_DOMAIN}/` } }],
      ['iss missing', { claims: { iss: undefined } }],
      ['wrong aud', { claims: { aud: CLIENT_ID } }],
      ['several aud and a foreign azp', { claims: { aud: [COMPANION_ID, 'x'], azp: 'x' } }],
      ['foreign azp', { claims: { azp: CLIENT_ID } }],
      ['wrong nonce', { claims: { nonce: 'another' } }],
      ['nonce missing', { claims: { nonce: undefined } }],
      ['expired', { claims: { exp: NOW_SECONDS - 60 } }],
      ['expired a moment ago', { claims: { exp: NOW_SECONDS - 1 } }],
      ['exp missing', { claims: { exp: undefined } }],
      ['iat missing', { claims: { iat: undefined } }],
      ['from the future', { claims: { iat: NOW_SECONDS + 3_600, exp: NOW_SECONDS + 7_200 } }],
      ['auth_time old', { claims: { auth_time: NOW_SECONDS - 3_600 } }],
      ['auth_time a minute from the future', { claims: { auth_time: NOW_SECONDS + 60 } }],
      ['auth_time not a number', { claims: { auth_time: Number.NaN } }],
      ['auth_time missing', { claims: { auth_time: undefined } }],
      ['auth_time a text', { claims: { auth_time: String(NOW_SECONDS) } }],
      ['sub missing', { claims: { sub: undefined } }],
      ['sub without a provider', { claims: { sub: 'nobody' } }],
      ['a logout token', { claims: { events: {} } }],
      ['alg none', { header: { alg: 'none' } }],
      ['HS256 with the client secret', { key: { hmacSecret: COMPANION_SECRET } }],
      ['bad signature', { key: 'foreign', header: { kid: TEST_KEYS.current.kid } }],
      ['unknown key', { key: 'foreign' }],
      ['its own jwk', { key: 'foreign', header: { jwk: publishedKey('foreign') } }],
      ['none', { idToken: null }],
      ['no JWT', { idToken: 'nonsense' }],
    ]

    test.each(CLAIMS)('%s: no link', async (_what, login) => {
      const { started, nested } = await begun()
      const resumed = await world.resume(started, nested, { login })
      expect(resumed).toBeDenied('callback_invalid', 'service_unavailable')
      if (!('idToken' in login)) expect(resumed).toBeDenied('callback_invalid')
      expect(world.tenant.calls('link')).toBe(0)
    })

    test.each([undefined, null, 'google-oauth2', [], {}])(
      'the connection claim %j: connection_mismatch',
      async (claim) => {
        const { started, nested } = await begun()
        const resumed = await world.resume(started, nested, {
          login: { claims: { [CLAIM]: claim } },
        })
        expect(resumed).toBeDenied('connection_mismatch')
        expect(world.tenant.calls('link')).toBe(0)
      },
    )
  })

  attack('takenIdentity', () => {
    test('an account with linked identities is identity_in_use', async () => {
      world.settle(PRIMARY, MERGED, STRANGER)
      const { resumed } = await world.whole({ nested: { user: MERGED } })
      expect(resumed).toBeDenied('identity_in_use')
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('one that was linked elsewhere meanwhile is identity_in_use', async () => {
      const other: Person = {
        ...STRANGER,
        identities: [...STRANGER.identities, ...SECONDARY.identities],
      }
      world.settle(PRIMARY, other)
      const { resumed } = await world.whole()
      expect(resumed).toBeDenied('identity_in_use')
      expect(world.tenant.links).toEqual([])
    })

    test.each([
      [undefined, 'callback_invalid'],
      [null, 'callback_invalid'],
      ['1', 'callback_invalid'],
      [[1], 'callback_invalid'],
      [0, 'identity_in_use'],
      [2, 'identity_in_use'],
    ])('a count of %j is no count of one: %s', async (identities, code) => {
      const { started, nested } = await begun()
      const honest = nested.claims[CLAIM] as Readonly<Record<string, unknown>>
      const claims = { [CLAIM]: { ...honest, identities } }
      expect(await world.resume(started, nested, { login: { claims } })).toBeDenied(code)
      expect(world.tenant.calls('link')).toBe(0)
    })

    test.each([undefined, null, '1', [1], true, 0, 2])(
      'LINK_EXISTING_USERS=no: %j logins are no first login',
      async (logins_count) => {
        const { started, nested } = await begun({ LINK_EXISTING_USERS: 'no' })
        const honest = nested.claims[CLAIM] as Readonly<Record<string, unknown>>
        const claims = { [CLAIM]: { ...honest, logins_count } }
        expect(await world.resume(started, nested, { login: { claims } })).toBeDenied(
          'identity_in_use',
        )
        expect(world.tenant.calls('link')).toBe(0)
      },
    )
  })

  attack('email', () => {
    test.each(SECONDARY_EMAIL_ROWS.filter(({ code }) => code !== undefined))(
      'that is $what is refused under $setting',
      async ({ setting, value, primary, email, verified, code }) => {
        const started = await world.start({
          settings: { [setting]: value },
          event: { user: { email: primary } },
        })
        const nested = await world.nested(started)
        const login = { claims: { email, email_verified: verified } }
        expect(await world.resume(started, nested, { login })).toEndIn(code)
        expect(world.tenant.links).toEqual([])
      },
    )

    test.each(['REQUIRE_MATCHING_EMAIL', 'ENFORCE_EMAIL_VERIFICATION'])(
      'of the primary, changed during the attempt and verified by nobody, matches nothing: %s',
      async (name) => {
        const { started, nested } = await begun({ [name]: 'yes' })
        const claims = { email: 'kim@example.org', email_verified: true }
        for (const email_verified of [false, undefined]) {
          const event = { user: { email: 'kim@example.org', email_verified } }
          const resumed = await world.resume(started, nested, { event, login: { claims } })
          expect(resumed).toBeDenied('email_unverified')
        }
        expect(world.tenant.links).toEqual([])
      },
    )

    test.each(SECONDARY_EMAIL_ROWS.filter(({ code }) => code === undefined))(
      'that is $what is no obstacle: $setting $value',
      async ({ setting, value, email, verified }) => {
        const started = await world.start({ settings: { [setting]: value } })
        const nested = await world.nested(started)
        const login = { claims: { email, email_verified: verified } }
        expect(await world.resume(started, nested, { login })).toLink(SECONDARY.user_id)
      },
    )

    test('neither side’s e-mail decides what is linked', async () => {
      const victim: Person = { ...STRANGER, email: 'alex@example.com' }
      world.settle(PRIMARY, SECONDARY, victim)
      await world.whole()
      expect(world.tenant.links).toEqual([
        { primary: PRIMARY.user_id, identity: SECONDARY.user_id },
      ])
    })
  })

  attack('mfa', () => {
    test.each([
      ['unreadable', undefined],
      ['of a form that nobody knows', [{}]],
    ])('factors that are %s deny the nested login', async (_what, enrolledFactors) => {
      const { started } = await begun({ ENFORCE_MFA: 'yes' })
      const ran = await world.nested(started, { event: { user: { enrolledFactors } } })
      expect(started).toRedirect()
      expect(ran).toBeDenied('mfa_required')
      expect(ran.claims).toEqual({})
    })

    test.each(['yes', 'Yes', 'TRUE', ' 1 ', 'always'])(
      '%s challenges who is enrolled',
      async (ENFORCE_MFA) => {
        const started = await world.start({
          settings: { ENFORCE_MFA },
          event: { authentication: { methods: [{ name: 'mfa' }] } },
        })
        const event = { user: { enrolledFactors: [{ type: 'otp' }] } }
        const ran = await world.nested(started, { event })
        expect(ran.commands[0]).toEqual({
          type: 'authentication.challengeWithAny',
          factors: [{ type: 'otp' }],
        })
      },
    )

    test('a challenge that the platform refuses leaves no claim', async () => {
      const started = await world.start({
        settings: { ENFORCE_MFA: 'yes' },
        event: { authentication: { methods: [{ name: 'mfa' }] } },
      })
      const event = { user: { enrolledFactors: [{ type: 'none-such' }] } }
      const nested = await world.nested(started, { event })
      expect(nested.claims).toEqual({})
      expect(await world.resume(started, nested)).toBeDenied('connection_mismatch')
    })
  })

  attack('replay', () => {
    test('links nothing more, and never throws', async () => {
      const { started, nested } = await begun()
      const options = withCode(codeOf(world, started, nested))
      expect(await world.resume(started, nested, options)).toGoOn()
      expect(await world.resume(started, nested, options)).toBeDenied('callback_invalid')
      const later = { ...options, event: LINKED_EVENT }
      const before = world.tenant.calls()
      expect(await world.resume(started, nested, later)).toGoOn()
      expect(world.tenant.calls()).toBe(before)
      expect(world.tenant.links).toHaveLength(1)
    })

    test('of an unlink takes nothing more', async () => {
      world.settle(LINKED, STRANGER)
      const started = await world.start({ event: UNLINK_EVENT })
      const nested = await world.nested(started, { user: LINKED })
      const options = withCode(codeOf(world, started, nested))
      expect(await world.resume(started, nested, options)).toGoOn()
      expect(await world.resume(started, nested, options)).toBeDenied('callback_invalid')
      expect(world.tenant.unlinks).toHaveLength(1)
    })
  })

  attack('race', () => {
    test('links once', async () => {
      const { started, nested } = await begun()
      const options = withCode(codeOf(world, started, nested))
      const both = await Promise.all([
        world.resume(started, nested, options),
        world.resume(started, nested, options),
      ])
      expect(both.map(({ code }) => code ?? 'linked').sort()).toEqual([
        'callback_invalid',
        'linked',
      ])
      expect(world.tenant.links).toHaveLength(1)
    })

    test('of two attempts for one identity links once', async () => {
      const one = await begun()
      const two = await begun()
      const both = await Promise.all(
        [one, two].map(({ started, nested }) => world.resume(started, nested)),
      )
      expect(both.filter(({ code }) => code === undefined)).toHaveLength(1)
      expect(world.tenant.links).toHaveLength(1)
    })
  })

  attack('badCallback', () => {
    const MARKUP = '<script>alert("alex@example.com")</script>'
    test.each<readonly [string, Readonly<Record<string, unknown>>, string]>([
      ['markup in the error', { error: MARKUP }, 'callback_invalid'],
      [
        'markup in its description',
        { error: 'access_denied', error_description: MARKUP },
        'link_cancelled',
      ],
      ['a code and an error', { error: 'login_required', code: 'x' }, 'callback_invalid'],
      ['a code and a cancellation', { error: 'access_denied', code: 'x' }, 'link_cancelled'],
      ['an empty error and a code', { error: '', code: 'x' }, 'callback_invalid'],
      ['an error twice', { error: ['access_denied', 'x'], code: 'x' }, 'callback_invalid'],
      ['no code', {}, 'callback_invalid'],
      ['an empty code', { code: '' }, 'callback_invalid'],
      ['a code twice', { code: ['x', 'y'] }, 'callback_invalid'],
      ['a code with a line end', { code: 'x\r\ny' }, 'callback_invalid'],
      ['a code of 5,000 characters', { code: 'x'.repeat(5_000) }, 'callback_invalid'],
      ['a response instead', { response: 'eyJhbGciOiJub25lIn0.e30.' }, 'callback_invalid'],
    ])('%s is denied without a request, and not repeated', async (_what, given, code) => {
      const { started, nested, before } = await begun({ DEBUG: '*' })
      const resumed = await world.resume(started, nested, {
        query: { state: PLATFORM_STATE, ...given },
      })
      expect(resumed).toBeDenied(code)
      expect(world.tenant.calls()).toBe(before)
      const shown = `${resumed.denial}${world.lines.join('\n')}`
      expect(shown).not.toMatch(/script|alert|alex@|\by\b/)
    })

    test('a code that holds a query is one value of the token request', async () => {
      const { started, nested } = await begun()
      const code = 'x&code_verifier=y&redirect_uri=https://other.example.net/#'
      const resumed = await world.resume(started, nested, withCode(code))
      expect(resumed).toBeDenied('callback_invalid')
      const exchange = world.tenant.requests.find(({ route }) => route === 'code')
      const form = new URLSearchParams(exchange?.body)
      expect(form.getAll('code')).toEqual([code])
      expect(form.getAll('code_verifier')).toHaveLength(1)
      expect(form.getAll('redirect_uri')).toEqual([`https://${CANONICAL_DOMAIN}/continue`])
    })
  })

  attack('unlink', () => {
    test.each([STRANGER, SECONDARY])(
      'coming back as $user_id is connection_mismatch',
      async (user) => {
        world.settle(LINKED, STRANGER)
        const started = await world.start({ event: UNLINK_EVENT })
        const nested = await world.nested(started, { user })
        const resumed = await world.resume(started, nested)
        expect(resumed).toBeDenied('connection_mismatch')
        expect(world.tenant.calls('unlink')).toBe(0)
      },
    )

    test('coming back by the identity that is to go is connection_mismatch', async () => {
      world.settle(LINKED, STRANGER)
      const started = await world.start({ event: UNLINK_EVENT })
      const nested = await world.nested(started, { user: LINKED, connection: 'google-oauth2' })
      expect(await world.resume(started, nested)).toBeDenied('connection_mismatch')
      expect(world.tenant.calls('unlink')).toBe(0)
    })

    test.each(['..', '.', '../..', 'x/../../../x', '%2e%2e', '?a', '#b', 'a|b|c'])(
      'an id like %j stays one part of the path',
      async (user_id) => {
        const odd = { connection: 'github', provider: 'github', user_id, isSocial: true }
        const person: Person = { ...PRIMARY, identities: [...PRIMARY.identities, odd] }
        world.settle(person, STRANGER)
        const started = await world.start({
          event: {
            ...UNLINK_EVENT,
            request: { query: { ...UNLINK_EVENT.request?.query, requested_connection: 'github' } },
            user: { identities: person.identities },
          },
        })
        if (started.redirect === undefined) {
          // A part of a path that a URL would swallow names nobody.
          expect([user_id, started.code]).toEqual([
            expect.stringMatching(/^\.\.?$/),
            'identity_not_found',
          ])
          return
        }
        const nested = await world.nested(started, { user: person })
        await world.resume(started, nested)
        const path = `/api/v2/users/${encodeURIComponent(PRIMARY.user_id)}/identities/github/`
        for (const { method, url } of world.tenant.requests) {
          if (method === 'DELETE') expect(new URL(url).pathname.startsWith(path)).toBe(true)
        }
        expect(world.tenant.user(PRIMARY.user_id)).toBeDefined()
      },
    )
  })

  attack('otherMode', () => {
    test('a consent links nothing, whoever comes back', async () => {
      world.settle(LINKED, STRANGER)
      const started = await world.start({
        event: { ...LINKED_EVENT, ...query({ requested_connection_scope: 'calendar' }) },
      })
      for (const user of [LINKED, STRANGER]) {
        const resumed = await world.resume(started, await world.nested(started, { user }))
        expect(resumed).toEndIn(user === LINKED ? undefined : 'connection_mismatch')
      }
      expect(world.tenant.calls('link')).toBe(0)
    })

    test('the code of a consent is refused by a link', async () => {
      const event = { ...LINKED_EVENT, ...query({ requested_connection_scope: 'calendar' }) }
      const consenting = await world.start({ event })
      const code = codeOf(world, consenting, await world.nested(consenting))
      const { started, nested } = await begun()
      expect(await world.resume(started, nested, withCode(code))).toBeDenied('callback_invalid')
      expect(world.tenant.links).toEqual([])
    })

    test('the record of an unlink is refused by a link, and the other way round', async () => {
      const unlinking = await world.start({ event: UNLINK_EVENT })
      const { started, nested, before } = await begun()
      for (const [one, other] of [
        [started, unlinking],
        [unlinking, started],
      ] as const) {
        const resumed = await world.resume(one, nested, { metadata: other.metadata })
        expect(resumed).toBeDenied('binding_mismatch')
      }
      expect(world.tenant.calls()).toBe(before)
    })
  })

  attack('otherAction', () => {
    test('that says who logged in by which connection is believed by its note alone', async () => {
      const { started, nested } = await begun()
      const honest = nested.claims[CLAIM] as Readonly<Record<string, unknown>>
      const lies = {
        'https://example.com/connection': 'google-oauth2',
        connection: 'google-oauth2',
      }
      const claims = { ...lies, [CLAIM]: { ...honest, connection: 'github' } }
      const resumed = await world.resume(started, nested, { login: { claims } })
      expect(resumed).toBeDenied('connection_mismatch')
    })

    test('that fills the metadata leaves the record whole', async () => {
      const started = await world.start()
      const nested = await world.nested(started)
      const metadata = {
        ...started.metadata,
        other: 'x'.repeat(8_000),
        attempt: 'x',
        mode: 'unlink',
      }
      expect(await world.resume(started, nested, { metadata })).toGoOn()
    })

    test('that fills it before leaves no half of an attempt', async () => {
      const full = { a: 'x'.repeat(8_190), b: 'x'.repeat(8_190) }
      const started = await world.start({ event: { transaction: { metadata: full } } })
      expect(started).toBeDenied('unexpected')
    })
  })
})
