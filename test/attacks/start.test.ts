/** Attacks on the start of a link or an unlink: what must end before the browser leaves. */

import { expect, test } from 'vitest'
import { createApi } from '../../scripts/testing/api.ts'
import { buildEvent } from '../../scripts/testing/event.ts'
import {
  CANONICAL_DOMAIN,
  CLIENT_ID,
  COMPANION_ID,
  CUSTOM_DOMAIN,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from '../../scripts/testing/people.ts'
import { LINKED, onEverySubject, query, UNLINK_EVENT } from '../contract/harness.ts'
import { EXPIRED_HINTS, INVALID_HINTS, REFUSED_HINTS, signHint } from '../support/hints.ts'
import { MFA_ROWS, PRIMARY_EMAIL_ROWS } from '../support/policies.ts'
import { attack } from './rows.ts'

/** By code, the hints that get it. */
const HINT_ROWS = [
  ...INVALID_HINTS.map((row) => ({ ...row, code: 'hint_invalid' })),
  ...EXPIRED_HINTS.map((row) => ({ ...row, code: 'hint_expired' })),
  ...REFUSED_HINTS.map((row) => ({ ...row, code: 'invalid_request' })),
  { what: 'that is absent', hint: null, code: 'hint_invalid' },
]

onEverySubject((world) => {
  // The browser is the victim's and its session is new: the attacker's connection has just logged
  // it in as the attacker, whose own hint is of a session elsewhere. Everything else is right.
  attack('plantedAccount', () => {
    const session = { session: { id: 'session-that-was-planted' } }

    test('session_mismatch, and nothing waits for a way back', async () => {
      const planted = await world.start({ hint: signHint(), event: session })
      expect(planted).toBeDenied('session_mismatch')
      expect(planted.metadata).toEqual({})
      expect(world.tenant.links).toEqual([])
    })

    test('it succeeds where PIN_SESSION is off: only the session tells', async () => {
      const options = { hint: signHint(), event: session, settings: { PIN_SESSION: 'no' } }
      expect((await world.whole(options)).resumed).toGoOn()
      expect(world.tenant.links).toHaveLength(1)
    })
  })

  attack('foreignSession', () => {
    test.each([
      ['of a password grant or a device: no sid', signHint({ sid: undefined })],
      ['of another browser of the same user', signHint({ sid: 'example-session-0002' })],
      ['that names the user for the session', signHint({ sid: PRIMARY.user_id })],
    ])('%s', async (_what, hint) => {
      for (const event of [{}, UNLINK_EVENT])
        expect(await world.start({ hint, event })).toBeDenied('session_mismatch')
      expect(world.tenant.calls()).toBeLessThanOrEqual(1)
    })
  })

  attack('forcedRequest', () => {
    test.each([
      ['without a hint', null],
      ['with the hint of the attacker', signHint({ sub: STRANGER.user_id })],
    ])('%s it ends at once', async (_what, hint) => {
      const started = await world.start({ hint })
      expect(started).toBeDenied('hint_invalid')
    })

    test('by a POST of a foreign form it ends alike', async () => {
      const { requested_connection } = buildEvent().request.query ?? {}
      const started = await world.start({
        hint: null,
        event: {
          request: {
            method: 'POST',
            query: { requested_connection: undefined },
            body: { requested_connection },
          },
        },
      })
      expect(started).toBeDenied('hint_invalid')
    })

    test('the hint is asked for an unlink, too', async () => {
      expect(await world.start({ event: UNLINK_EVENT, hint: null })).toBeDenied('hint_invalid')
    })
  })

  attack('badHint', () => {
    test.each(HINT_ROWS)('a hint $what: $code', async ({ code, hint }) => {
      const started = await world.start({ hint })
      expect(started).toBeDenied(code)
      for (const { url } of world.tenant.requests) {
        expect(url).toBe(`https://${CANONICAL_DOMAIN}/.well-known/jwks.json`)
      }
    })

    test('one that is good for another domain in use is good there only', async () => {
      const hint = signHint({ iss: `https://${CUSTOM_DOMAIN}/` })
      const event = {
        request: { hostname: CUSTOM_DOMAIN },
        custom_domain: { domain: CUSTOM_DOMAIN },
      }
      expect(await world.start({ hint, event })).toRedirect({ host: CUSTOM_DOMAIN })
    })

    test('an event without a user has no good hint', async () => {
      const started = await world.start({
        hint: signHint(),
        event: { user: { user_id: undefined } },
      })
      expect(started).not.toRedirect()
      expect(started).toBeDenied()
    })

    test('an event without a client has no good hint', async () => {
      const started = await world.start({
        hint: signHint({ aud: undefined }),
        event: { client: { client_id: undefined } },
      })
      expect(started).not.toRedirect()
    })
  })

  attack('weakSecret', () => {
    test.each([
      undefined,
      '',
      ' ',
      'short',
      'x'.repeat(31),
      ' '.repeat(40),
      ` ${'x'.repeat(31)}\n`,
    ])('%j is misconfigured', async (ACTION_SECRET) => {
      const started = await world.start({ settings: { ACTION_SECRET } })
      expect(started).toBeDenied('misconfigured')
      expect(world.lines.join('\n')).toContain('ACTION_SECRET')
      expect(world.tenant.requests).toEqual([])
    })

    test('32 characters are enough', async () => {
      const settings = { ACTION_SECRET: 'x'.repeat(32) }
      expect(await world.start({ settings })).toRedirect()
    })
  })

  attack('foreignHost', () => {
    test.each(
      [
        `${CANONICAL_DOMAIN}/`,
        `${CANONICAL_DOMAIN}/@other.example.net`,
        `${CANONICAL_DOMAIN}@other.example.net`,
        `other.example.net@${CANONICAL_DOMAIN}`,
        `other.example.net/${CANONICAL_DOMAIN}`,
        `other.example.net#${CANONICAL_DOMAIN}`,
        `other.example.net?${CANONICAL_DOMAIN}`,
        `other.example.net\\${CANONICAL_DOMAIN}`,
        `${CANONICAL_DOMAIN}.other.example.net`,
        `other-${CANONICAL_DOMAIN}`,
        `${CANONICAL_DOMAIN}:443`,
        `${CANONICAL_DOMAIN}:`,
        `${CANONICAL_DOMAIN}.`,
        `${CANONICAL_DOMAIN}\n`,
        ` ${CANONICAL_DOMAIN}`,
        `https://${CANONICAL_DOMAIN}`,
        CUSTOM_DOMAIN,
        'tenant.example.auth0.com',
        'other.example.net',
        '[::1]',
      ].filter((host) => host !== CANONICAL_DOMAIN),
    )('%j is misconfigured', async (hostname) => {
      const hint = signHint({ iss: `https://${hostname}/` })
      const started = await world.start({ hint, event: { request: { hostname } } })
      expect(started).toBeDenied('misconfigured')
      expect(world.tenant.requests).toEqual([])
    })

    test('a custom domain of the event or of CUSTOM_DOMAINS is used', async () => {
      const hint = signHint({ iss: `https://${CUSTOM_DOMAIN}/` })
      const request = { hostname: CUSTOM_DOMAIN.toUpperCase() }
      const settings = { CUSTOM_DOMAINS: `a.example.com, ${CUSTOM_DOMAIN}` }
      const started = await world.start({ hint, event: { request }, settings })
      expect(started).toRedirect({ host: CUSTOM_DOMAIN })
    })
  })

  attack('injection', () => {
    test.each([
      ['ALLOWED_CONNECTIONS', 'github', {}, 'connection_not_allowed'],
      ['ALLOWED_CONNECTIONS', 'google-oauth', {}, 'connection_not_allowed'],
      ['ALLOWED_CONNECTIONS', 'Google-OAuth2', {}, 'connection_not_allowed'],
      [
        'ALLOWED_CONNECTION_SCOPES',
        'calendar',
        { requested_connection_scope: 'calendar drive' },
        'scope_not_allowed',
      ],
      [
        'ALLOWED_CONNECTION_SCOPES',
        'calendar',
        { requested_connection_scope: 'calendar,drive' },
        'scope_not_allowed',
      ],
      [
        'ALLOWED_CONNECTION_SCOPES',
        'calendar',
        { requested_connection_scope: 'calendar\u00a0drive' },
        'scope_not_allowed',
      ],
      [
        'ALLOWED_CONNECTION_SCOPES',
        'calendar',
        { requested_connection_scope: 'Calendar' },
        'scope_not_allowed',
      ],
    ])('%s=%s holds against %j', async (name, value, parameters, code) => {
      const started = await world.start({ settings: { [name]: value }, event: query(parameters) })
      expect(started).toBeDenied(code)
      expect(world.tenant.requests).toEqual([])
    })

    test.each([
      'google-oauth2&connection=github',
      'google-oauth2#fragment',
      'google-oauth2?a=b',
      'google-oauth2%26connection%3Dgithub',
      'google-oauth2;connection=github',
      'google-oauth2 github',
      '"><script>alert(1)</script>',
      '../../u/login',
      'https://other.example.net/',
    ])('%j is carried as one encoded value', async (requested_connection) => {
      const { redirect } = await world.start({ event: query({ requested_connection }) })
      expect(redirect?.host).toBe(CANONICAL_DOMAIN)
      expect(redirect?.pathname).toBe('/authorize')
      expect(redirect?.hash).toBe('')
      expect(redirect?.searchParams.getAll('connection')).toEqual([requested_connection])
      expect(new Set(redirect?.searchParams.keys()).size).toBe(
        [...(redirect?.searchParams ?? [])].length,
      )
    })

    test.each([
      ['a line end', 'google-oauth2\r\nLocation: https://other.example.net/'],
      ['a line feed', 'google-oauth2\n'],
      ['a NUL', 'google-oauth2\0'],
      ['half a surrogate pair', 'google-oauth2\ud800'],
      ['a list', ['google-oauth2', 'github']],
      ['an object', { toString: 'google-oauth2' }],
    ])('%s in the connection is invalid_request', async (_what, requested_connection) => {
      expect(await world.start({ event: query({ requested_connection }) })).toBeDenied(
        'invalid_request',
      )
      expect(world.tenant.requests).toEqual([])
    })

    test.each([
      ['under both names', query({ 'ext-requested_connection': 'google-oauth2' })],
      [
        'in both places',
        { request: { method: 'POST', body: { requested_connection: 'google-oauth2' } } },
      ],
      ['with the hint twice', query({ 'ext-id_token_hint': signHint() })],
    ] as const)('a parameter %s is invalid_request', async (_what, event) => {
      expect(await world.start({ event })).toBeDenied('invalid_request')
      expect(world.tenant.requests).toEqual([])
    })
  })

  attack('email', () => {
    test.each(PRIMARY_EMAIL_ROWS.filter(({ code }) => code !== undefined))(
      '$setting denies a primary that is not verified, but $verified',
      async ({ setting, verified }) => {
        const started = await world.start({
          settings: { [setting]: 'yes' },
          event: { user: { email_verified: verified } },
        })
        expect(started).toBeDenied('email_unverified')
      },
    )
  })

  attack('mfa', () => {
    test.each(MFA_ROWS.filter(({ code }) => code !== undefined))(
      'ENFORCE_MFA=$value with factors $factors and MFA $done is mfa_required',
      async ({ value, event }) => {
        const started = await world.start({ settings: { ENFORCE_MFA: value }, event })
        expect(started).toBeDenied('mfa_required')
      },
    )

    test('a value that is not understood is no MFA switched off', async () => {
      const started = await world.start({ settings: { ENFORCE_MFA: 'enforce' } })
      expect(started).toBeDenied('misconfigured')
    })

    test('MFA that is done lets pass', async () => {
      const event = {
        user: { enrolledFactors: [{ type: 'otp' }] },
        authentication: { methods: [{ name: 'pwd' }, { name: 'mfa' }] },
      }
      const started = await world.start({ settings: { ENFORCE_MFA: 'always' }, event })
      expect(started).toRedirect()
    })
  })

  attack('unlink', () => {
    const unlinking = (parameters: Readonly<Record<string, unknown>>) => ({
      ...UNLINK_EVENT,
      request: { query: { ...UNLINK_EVENT.request?.query, ...parameters } },
    })

    test.each([
      [
        'the main identity',
        { requested_connection: 'Username-Password-Authentication' },
        'identity_is_primary',
      ],
      [
        'the main identity by name',
        {
          requested_connection: 'Username-Password-Authentication',
          requested_identity: PRIMARY.user_id,
        },
        'identity_is_primary',
      ],
      ['one of another user', { requested_identity: STRANGER.user_id }, 'identity_not_found'],
      ['an unknown one', { requested_identity: 'google-oauth2|1' }, 'identity_not_found'],
      ['an unknown connection', { requested_connection: 'github' }, 'identity_not_found'],
      [
        'one of another connection',
        { requested_connection: 'github', requested_identity: SECONDARY.user_id },
        'identity_not_found',
      ],
      ['one that is a path', { requested_identity: '../../users' }, 'identity_not_found'],
    ])('%s is denied', async (_what, parameters, code) => {
      const started = await world.start({ event: unlinking(parameters) })
      expect(started).toBeDenied(code)
    })

    test.each([undefined, null, {}])(
      'a main identity whose connection is %j has nowhere to log in',
      async (connection) => {
        const [main, ...linked] = LINKED.identities
        const identities = [{ ...main, connection }, ...linked] as typeof LINKED.identities
        const started = await world.start({ event: { ...UNLINK_EVENT, user: { identities } } })
        expect(started).toBeDenied('identity_not_found')
      },
    )

    test('another user’s hint unlinks nothing', async () => {
      const started = await world.start({
        event: UNLINK_EVENT,
        hint: signHint({ sub: STRANGER.user_id }),
      })
      expect(started).toBeDenied('hint_invalid')
    })
  })

  attack('otherFlows', () => {
    test.each([
      'oauth2-refresh-token',
      'oauth2-resource-owner',
      'oauth2-password',
      'oauth2-token-exchange',
      'oauth2-resource-owner-jwt-bearer',
      'oauth2-webauthn',
      'oauth2-access-token',
      'samlp',
      'wsfed',
      'wstrust-usernamemixed',
      'oidc-ciba',
      'oidc-ciba-web-link',
    ])('%s is left alone, with a link scope and the companion’s id', async (protocol) => {
      for (const client_id of [CLIENT_ID, COMPANION_ID]) {
        const event = buildEvent({ client: { client_id }, transaction: { protocol } })
        expect(await world.execute(event)).toBeUntouched()
        expect(await world.resumeEvent(event)).toBeUntouched()
      }
      expect(world.tenant.requests).toEqual([])
      expect(world.cache.calls).toEqual([])
      expect(world.lines).toEqual([])
    })

    test('a login without a transaction is left alone', async () => {
      expect(await world.execute(buildEvent({ transaction: undefined }))).toBeUntouched()
    })
  })

  attack('companionAsks', () => {
    test.each(['link_account', 'unlink_account'])('%s is denied', async (scope) => {
      const event = buildEvent({
        client: { client_id: COMPANION_ID },
        transaction: { requested_scopes: ['openid', scope] },
      })
      const ran = await world.execute(event)
      expect(ran).toBeDenied('invalid_request')
      expect(await world.resumeEvent(event)).toBeUntouched()
      expect(world.tenant.requests).toEqual([])
    })
  })

  attack('names', () => {
    test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
      '%s is an ordinary connection, and no identity has it',
      async (name) => {
        const started = await world.start({ event: query({ requested_connection: name }) })
        expect(started).toRedirect({ connection: name })
        const settings = { ALLOWED_CONNECTIONS: 'google-oauth2' }
        const listed = await world.start({ event: query({ requested_connection: name }), settings })
        expect(listed).toBeDenied('connection_not_allowed')
      },
    )

    test('parameters that a query only inherits are not there', async () => {
      const inherited = Object.create({ requested_connection: 'google-oauth2' })
      const event = { ...buildEvent(), request: { ...buildEvent().request, query: inherited } }
      const { api, commands } = createApi()
      await world.handlers.onExecutePostLogin(event, api)
      expect(commands).toMatchObject([{ reason: expect.stringMatching(/^invalid_request:/) }])
    })
  })

  attack('log', () => {
    test('a line holds neither line ends nor control characters of the event', async () => {
      const nasty = 'x\r\naccount-linking:outcome linked client=y\u001b[2J\u2028'
      await world.start({
        hint: null,
        settings: { DEBUG: '*' },
        event: {
          client: { client_id: nasty },
          transaction: { id: nasty },
          user: { user_id: nasty },
        },
      })
      expect(world.lines.length).toBeGreaterThan(0)
      for (const line of world.lines) expect(line).toMatch(/^account-linking:[a-z]+ [\x20-\x7e]*$/)
      expect(world.lines.filter((line) => line.startsWith('account-linking:outcome'))).toHaveLength(
        1,
      )
    })

    test('an event of any form ends in a denial, never in an exception', async () => {
      const unprintable: unknown = JSON.parse('{"toString": null, "valueOf": null}')
      const { api, commands } = createApi()
      const plain = buildEvent()
      const event = { ...plain, transaction: { ...plain.transaction, id: unprintable } }
      await expect(world.handlers.onExecutePostLogin(event as never, api)).resolves.toBeUndefined()
      expect(commands).toMatchObject([{ type: 'access.deny' }])
    })
  })

  attack('takenIdentity', () => {
    test('a second identity of one connection is not linked', async () => {
      const started = await world.start({ event: { user: { identities: LINKED.identities } } })
      expect(started).toBeUntouched()
      expect(world.tenant.requests).toEqual([])
    })
  })
})
