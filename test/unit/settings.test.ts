/** `src/settings.ts` and `src/settings-source.ts`: from secrets to one typed object. */

import { describe, expect, test } from 'vitest'
import { buildEvent, SECRETS } from '../../scripts/testing/event.ts'
import { isDenial } from '../../src/outcome.ts'
import {
  readAllowedClientIds,
  readDebugPatterns,
  readHost,
  readSettings,
} from '../../src/settings.ts'
import { readRaw, readText } from '../../src/settings-source.ts'

type Given = Readonly<Record<string, unknown>>

const read = (secrets: Given, configuration: Given = {}) =>
  readSettings(buildEvent({ secrets, configuration }))

describe('readSettings', () => {
  test('gives every default', () => {
    expect(read({})).toMatchObject({
      domain: SECRETS.AUTH0_DOMAIN,
      customDomains: [],
      clientId: SECRETS.AUTH0_CLIENT_ID,
      clientSecret: SECRETS.AUTH0_CLIENT_SECRET,
      actionSecret: SECRETS.ACTION_SECRET,
      debug: 'account-linking:error,account-linking:outcome',
      allowedClientIds: undefined,
      allowedConnections: undefined,
      allowedConnectionScopes: undefined,
      enforceMfa: 'no',
      enforceEmailVerification: false,
      enforceSecondaryEmailVerification: false,
      requireMatchingEmail: false,
      pinIpAddress: false,
      pinUserAgent: true,
      pinSession: true,
      hintMaxAgeSeconds: 600,
      primaryMaxAuthAgeSeconds: 'off',
      allowMerge: false,
      linkExistingUsers: true,
      mergeUserMetadata: false,
      identitiesPerConnection: 1,
      confirmLink: false,
      allowUnlink: true,
      nestedParams: [],
      resultClaim: undefined,
    })
  })

  test.each([
    [
      'CUSTOM_DOMAINS',
      ' Login.example.com , b.example.com:8443 ',
      { customDomains: ['login.example.com', 'b.example.com:8443'] },
    ],
    ['AUTH0_DOMAIN', ' Tenant.Example.Auth0.com ', { domain: 'tenant.example.auth0.com' }],
    ['ALLOWED_CONNECTIONS', 'a, b ,,c', { allowedConnections: ['a', 'b', 'c'] }],
    ['ALLOWED_CONNECTION_SCOPES', 'a b,c , d', { allowedConnectionScopes: ['a', 'b', 'c', 'd'] }],
    ['ENFORCE_MFA', 'ALWAYS', { enforceMfa: 'always' }],
    ['ENFORCE_MFA', 'True', { enforceMfa: 'enrolled' }],
    ['ENFORCE_MFA', '0', { enforceMfa: 'no' }],
    ['PIN_SESSION', 'no', { pinSession: false }],
    ['HINT_MAX_AGE', '86400', { hintMaxAgeSeconds: 86_400 }],
    ['HINT_MAX_AGE', '1', { hintMaxAgeSeconds: 1 }],
    ['PRIMARY_MAX_AUTH_AGE', 'Off', { primaryMaxAuthAgeSeconds: 'off' }],
    ['PRIMARY_MAX_AUTH_AGE', '31536000', { primaryMaxAuthAgeSeconds: 31_536_000 }],
    [
      'NESTED_PARAMS',
      'a=1&b=%26',
      {
        nestedParams: [
          ['a', '1'],
          ['b', '&'],
        ],
      },
    ],
    ['NESTED_PARAMS', 'prompt=login+consent', { nestedParams: [['prompt', 'login consent']] }],
    ['RESULT_CLAIM', 'urn:example:link', { resultClaim: 'urn:example:link' }],
  ])('reads %s "%s"', (name, value, expected) => {
    expect(read({ [name]: value })).toMatchObject(expected)
  })

  test('names every setting that is wrong, and no value', () => {
    const settings = read({
      AUTH0_DOMAIN: undefined,
      ACTION_SECRET: 'short-secret',
      HINT_MAX_AGE: 'sentinel',
    })
    expect(isDenial(settings) && settings.code).toBe('misconfigured')
    const cause = String(isDenial(settings) && settings.cause)
    for (const name of ['AUTH0_DOMAIN', 'ACTION_SECRET', 'HINT_MAX_AGE'])
      expect(cause).toContain(name)
    for (const value of ['short-secret', 'sentinel']) expect(cause).not.toContain(value)
  })

  test.each([7, true, {}, ['yes']])('does not understand a value that is %j', (value) => {
    expect(isDenial(read({}, { PIN_SESSION: value }))).toBe(true)
  })
})

test.each([
  'urn:example:a b',
  'urn:example:a\tb',
  'https://example.com/a b',
  'https://example.com/\u0085',
])('a RESULT_CLAIM of %j is none', (RESULT_CLAIM) => {
  expect(isDenial(read({ RESULT_CLAIM }))).toBe(true)
})

describe('readAllowedClientIds', () => {
  test.each([
    [undefined, undefined],
    ['a', ['a']],
    [' a , b,', ['a', 'b']],
  ])('%j is %j', (ALLOWED_CLIENT_IDS, expected) => {
    expect(readAllowedClientIds(buildEvent({ secrets: { ALLOWED_CLIENT_IDS } }))).toEqual(expected)
  })

  test('needs no other setting', () => {
    const event = buildEvent({ secrets: undefined, configuration: { ALLOWED_CLIENT_IDS: 'a' } })
    expect(readAllowedClientIds(event)).toEqual(['a'])
  })

  test('is never "all" when it is empty', () => {
    expect(
      isDenial(readAllowedClientIds(buildEvent({ secrets: { ALLOWED_CLIENT_IDS: ' ,' } }))),
    ).toBe(true)
  })
})

describe('where a setting comes from', () => {
  test('is the configuration before the secrets', () => {
    const event = buildEvent({ secrets: { X: 'secret' }, configuration: { X: ' configured ' } })
    expect(readRaw(event, 'X')).toBe('configured')
  })

  test('is no blank text', () => {
    const event = buildEvent({ secrets: { X: '  ' } })
    expect(readText(event, 'X')).toBeUndefined()
    expect(readText(event, 'Y')).toBeUndefined()
  })
})

test('readDebugPatterns shows errors and outcomes unless told otherwise', () => {
  expect(readDebugPatterns(buildEvent())).toBe('account-linking:error,account-linking:outcome')
  expect(readDebugPatterns(buildEvent({ secrets: { DEBUG: '*' } }))).toBe('*')
})

describe('readHost', () => {
  test.each(['localhost', '127.0.0.1:8443', 'a.example.com', 'x', 'a-b.example.com:1'])(
    'takes %s',
    (host) => {
      expect(readHost(host)).toBe(host)
    },
  )

  test.each([
    '',
    '.',
    'a.',
    '.a',
    '-a',
    'a/b',
    'a@b',
    'a b',
    'a:',
    'a:b',
    'a:1:2',
    '[::1]',
    'ä.example.com',
    'a\n',
    'https:',
  ])('refuses "%s"', (host) => {
    expect(readHost(host)).toBeUndefined()
  })
})
