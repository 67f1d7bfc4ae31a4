/** Section 2 of the contract: which logins the Action touches. */

import { describe, expect, test } from 'vitest'
import { createApi } from '../../scripts/testing/api.ts'
import { buildEvent, changeEvent, type EventOverrides } from '../../scripts/testing/event.ts'
import { COMPANION_ID } from '../../scripts/testing/people.ts'
import type { PostLoginEvent } from '../../src/platform.ts'
import { onEverySubject, UNLINK_EVENT } from './harness.ts'

const OTHER_PROTOCOLS = [
  'oidc-ciba',
  'oidc-ciba-web-link',
  'oauth2-resource-owner',
  'oauth2-resource-owner-jwt-bearer',
  'oauth2-password',
  'oauth2-webauthn',
  'oauth2-access-token',
  'oauth2-refresh-token',
  'oauth2-token-exchange',
  'samlp',
  'wsfed',
  'wstrust-usernamemixed',
  'OIDC-BASIC-PROFILE',
  '',
]

const BROWSER_PROTOCOLS = [
  'oidc-basic-profile',
  'oidc-implicit-profile',
  'oidc-hybrid-profile',
  'oauth2-device-code',
]

const UNTOUCHED: readonly (readonly [string, EventOverrides])[] = [
  ['without a transaction', { transaction: undefined }],
  ['without a protocol', { transaction: { protocol: undefined } }],
  ...OTHER_PROTOCOLS.map(
    (protocol) => [`by ${protocol || 'an empty protocol'}`, { transaction: { protocol } }] as const,
  ),
  ['without requested scopes', { transaction: { requested_scopes: undefined } }],
  ['with an empty list of scopes', { transaction: { requested_scopes: [] } }],
  ['with other scopes', { transaction: { requested_scopes: ['openid', 'email'] } }],
  [
    'with scopes that only resemble the two',
    { transaction: { requested_scopes: ['link_account2', 'LINK_ACCOUNT', 'read:link_account'] } },
  ],
  [
    'of the companion by another protocol',
    { client: { client_id: COMPANION_ID }, transaction: { protocol: 'oauth2-refresh-token' } },
  ],
]

const SETTINGS: readonly (readonly [string, EventOverrides])[] = [
  ['good settings', {}],
  ['no secrets at all', { secrets: undefined, configuration: undefined }],
  [
    'no setting but the companion',
    { secrets: { AUTH0_DOMAIN: undefined, ACTION_SECRET: undefined } },
  ],
  [
    'malformed settings',
    {
      secrets: {
        AUTH0_DOMAIN: 'https://@/',
        ACTION_SECRET: 'short',
        ALLOWED_CLIENT_IDS: '',
        ALLOWED_CONNECTIONS: ' , ',
        ENFORCE_MFA: 'perhaps',
        HINT_MAX_AGE: '-1',
        NESTED_PARAMS: 'client_id=x',
        RESULT_CLAIM: 'sub',
      },
    },
  ],
  ['everything logged', { secrets: { DEBUG: '*' } }],
]

onEverySubject((world) => {
  describe.each(SETTINGS)('with %s', (_settings, settings) => {
    test.each(UNTOUCHED)('leaves a login %s untouched', async (_login, login) => {
      const event = changeEvent(buildEvent(settings), login)
      for (const ran of [await world.execute(event), await world.resumeEvent(event)]) {
        expect(ran).toBeUntouched()
      }
      expect(world.tenant.requests).toEqual([])
      expect(world.cache.calls).toEqual([])
      expect(world.lines).toEqual([])
    })
  })

  test.each(BROWSER_PROTOCOLS)('starts a link in a login by %s', async (protocol) => {
    const started = await world.start({ event: { transaction: { protocol } } })
    expect(started).toRedirect()
    expect(started.redirect?.pathname).toBe('/authorize')
  })

  const UNLISTED: readonly (readonly [string, EventOverrides])[] = [
    ['a link', {}],
    ['an unlink', UNLINK_EVENT],
    ['both at once', { transaction: { requested_scopes: ['link_account', 'unlink_account'] } }],
    ['a link with malformed parameters', { request: { query: { requested_connection: '' } } }],
    ['a link on a foreign host', { request: { hostname: 'other.example.net' } }],
  ]

  test.each(UNLISTED)(
    'lets a client that is not listed log in as usual when it asks for %s',
    async (_what, event) => {
      const started = await world.start({
        event,
        settings: { ALLOWED_CLIENT_IDS: 'someOtherClient, andAnother', ENFORCE_MFA: 'perhaps' },
      })
      expect(started).toBeUntouched()
      expect(world.tenant.requests).toEqual([])
      expect(world.cache.calls).toEqual([])
      expect(world.lines).toEqual([expect.stringMatching(/^account-linking:error /)])
    },
  )

  test.each(['', ' ', ',', ' , ,'])(
    'denies as misconfigured when ALLOWED_CLIENT_IDS is "%s"',
    async (ALLOWED_CLIENT_IDS) => {
      const started = await world.start({ settings: { ALLOWED_CLIENT_IDS } })
      expect(started).toBeDenied('misconfigured')
      expect(world.lines.join('\n')).toContain('ALLOWED_CLIENT_IDS')
      expect(world.tenant.requests).toEqual([])
    },
  )

  test.each(['exampleApplicationClientId000001', ' other , exampleApplicationClientId000001 '])(
    'starts a link for a client listed in "%s"',
    async (ALLOWED_CLIENT_IDS) => {
      const started = await world.start({ settings: { ALLOWED_CLIENT_IDS } })
      expect(started).toRedirect()
    },
  )

  test('takes a part of a listed client id for another client', async () => {
    const settings = { ALLOWED_CLIENT_IDS: 'exampleApplicationClientId0000012' }
    expect(await world.start({ settings })).toBeUntouched()
  })

  test('does not finish a link of a client that is no longer listed', async () => {
    const started = await world.start()
    const nested = await world.nested(started)
    const before = world.tenant.calls()
    const resumed = await world.resume(started, nested, {
      event: { secrets: { ALLOWED_CLIENT_IDS: 'someOtherClient' } },
    })
    expect(resumed).toBeUntouched()
    expect(world.tenant.calls()).toBe(before)
    expect(world.tenant.links).toEqual([])
  })

  describe('never throws', () => {
    const linking = {
      transaction: { protocol: 'oidc-basic-profile', requested_scopes: ['link_account'] },
    }
    const ODD: readonly (readonly [string, unknown])[] = [
      ['an empty event', {}],
      ['no event', undefined],
      ['null for every part', { client: null, user: null, request: null, transaction: null }],
      ['only a transaction', linking],
      ['no user', { ...buildEvent(), user: undefined }],
      ['no request', { ...buildEvent(), request: undefined }],
      ['no client', { ...buildEvent(), client: undefined }],
      [
        'scopes that are a text',
        { ...buildEvent(), transaction: { requested_scopes: 'link_account' } },
      ],
      ['identities that are no list', buildEvent({ user: { identities: undefined } })],
      ['a query that is none', { ...buildEvent(), request: { query: 7, body: 'text' } }],
    ]

    test.each(ODD)('given %s', async (_what, event) => {
      for (const handler of [
        world.handlers.onExecutePostLogin,
        world.handlers.onContinuePostLogin,
      ]) {
        const { api } = createApi()
        await expect(handler(event as PostLoginEvent, api)).resolves.toBeUndefined()
      }
    })

    test('and denies as unexpected when the platform refuses the redirect', async () => {
      const { api, commands } = createApi()
      const refusing = {
        ...api,
        redirect: {
          sendUserTo: () => {
            throw new Error('refused')
          },
        },
      }
      const started = await world.start()
      await world.handlers.onExecutePostLogin(started.event, refusing)
      expect(commands).toContainEqual({
        type: 'access.deny',
        reason: expect.stringMatching(/^unexpected: /),
      })
    })

    test('and denies as unexpected when the metadata cannot be kept', async () => {
      const { api, commands } = createApi()
      const refusing = {
        ...api,
        transaction: {
          setMetadata: () => {
            throw new Error('refused')
          },
        },
      }
      const started = await world.start()
      await world.handlers.onExecutePostLogin(started.event, refusing)
      expect(commands).toEqual([
        { type: 'access.deny', reason: expect.stringMatching(/^unexpected: /) },
      ])
    })
  })

  test('reads frozen objects, and changes nothing of an event that is not frozen', async () => {
    const { event } = await world.start()
    const copy = structuredClone(event)
    const { api } = createApi({ cache: world.cache })
    await world.handlers.onExecutePostLogin(copy, api)
    expect(copy).toEqual(event)
  })
})
