/** `src/policy.ts`: the gates, one by one. */

import { describe, expect, test } from 'vitest'
import { buildEvent } from '../../scripts/testing/event.ts'
import { isDenial } from '../../src/outcome.ts'
import {
  checkClient,
  checkInteraction,
  checkMfa,
  checkPrimaryEmail,
  checkRequest,
  checkScopes,
  checkSecondaryEmail,
  chooseFactors,
} from '../../src/policy.ts'
import type { LinkingRequest } from '../../src/request.ts'
import { readSettings, type Settings } from '../../src/settings.ts'
import { MFA_ROWS, PRIMARY_EMAIL_ROWS, SECONDARY_EMAIL_ROWS } from '../support/policies.ts'

function settingsOf(secrets: Readonly<Record<string, string | undefined>>): Settings {
  const settings = readSettings(buildEvent({ secrets }))
  if (isDenial(settings)) throw new Error(settings.cause)
  return settings
}

const settingsWith = (changes: Partial<Settings>): Settings => ({ ...settingsOf({}), ...changes })

const LINK: LinkingRequest = {
  mode: 'link',
  hint: 'x',
  connection: 'google-oauth2',
  connectionScope: undefined,
  identity: undefined,
  loginHint: undefined,
}
const UNLINK: LinkingRequest = { ...LINK, mode: 'unlink' }

describe('checkClient', () => {
  test('passes everybody where no list is set', () => {
    expect(checkClient(buildEvent())).toBeUndefined()
  })

  test('tells a client that is not listed from a list that is not understood', () => {
    const unlisted = checkClient(buildEvent({ secrets: { ALLOWED_CLIENT_IDS: 'other' } }))
    expect(unlisted).toMatchObject({ kind: 'not_listed' })
    const unclear = checkClient(buildEvent({ secrets: { ALLOWED_CLIENT_IDS: '' } }))
    expect(unclear).toMatchObject({ kind: 'denied', code: 'misconfigured' })
  })
})

describe('checkRequest', () => {
  test.each([
    ['a link', LINK, {}, undefined],
    ['a listed connection', LINK, { allowedConnections: ['google-oauth2'] }, undefined],
    ['another connection', LINK, { allowedConnections: ['github'] }, 'connection_not_allowed'],
    ['an unlink of another connection', UNLINK, { allowedConnections: ['github'] }, undefined],
    ['an unlink that is off', UNLINK, { allowUnlink: false }, 'unlink_not_allowed'],
    ['a link while unlinks are off', LINK, { allowUnlink: false }, undefined],
    ['an empty list', LINK, { allowedConnections: [] }, 'connection_not_allowed'],
    [
      'another scope',
      { ...LINK, connectionScope: 'a,b' },
      { allowedConnectionScopes: ['a'] },
      'scope_not_allowed',
    ],
  ] as const)('answers %s', (_what, request, changes, code) => {
    expect(checkRequest(request, settingsWith(changes))?.code).toBe(code)
  })
})

describe('checkScopes', () => {
  const settings = settingsWith({ allowedConnectionScopes: ['a', 'b'] })

  test.each([
    [[], undefined],
    [['a'], undefined],
    [['a b', 'b,a'], undefined],
    [['a c'], 'scope_not_allowed'],
    [['a', 'c'], 'scope_not_allowed'],
    [[['a']], 'scope_not_allowed'],
    [[7], 'scope_not_allowed'],
    [[null], 'scope_not_allowed'],
  ])('answers %j with %s', (asked, code) => {
    expect(checkScopes(asked, settings)?.code).toBe(code)
  })

  test('passes everything where no list is set', () => {
    expect(checkScopes([['odd'], 'x'], settingsWith({}))).toBeUndefined()
  })
})

describe('checkInteraction', () => {
  test.each([
    [[], undefined, true],
    [['none'], undefined, false],
    [['login'], true, true],
    [['login'], false, false],
  ] as const)('prompt %j', (prompt, canRedirect, passes) => {
    const can = canRedirect === undefined ? undefined : () => canRedirect
    const denial = checkInteraction(buildEvent({ transaction: { prompt } }), can)
    expect(denial?.code).toBe(passes ? undefined : 'interaction_required')
  })
})

describe('checkMfa', () => {
  test.each(MFA_ROWS)('$value, factors $factors, MFA $done: $code', ({ value, event, code }) => {
    const settings = settingsOf({ ENFORCE_MFA: value })
    expect(checkMfa(buildEvent(event), settings)?.code).toBe(code)
  })
})

describe('chooseFactors', () => {
  const challenge = (
    enforceMfa: Settings['enforceMfa'],
    enrolledFactors: readonly object[] | undefined,
  ) => chooseFactors(buildEvent({ user: { enrolledFactors } }), settingsWith({ enforceMfa }))

  test('is nobody where MFA is not enforced', () => {
    expect(challenge('no', undefined)).toEqual([])
  })

  test('takes a legacy sms for a phone', () => {
    expect(challenge('enrolled', [{ method: 'sms' }, { type: 'otp' }])).toEqual([
      { type: 'phone', options: { preferredMethod: 'sms' } },
      { type: 'otp' },
    ])
  })

  test.each(['sms', 'voice', 'both'])(
    'asks a phone for %s as it is enrolled',
    (preferredMethod) => {
      const phone = { type: 'phone', options: { preferredMethod } }
      expect(challenge('enrolled', [phone])).toEqual([phone])
    },
  )

  test.each([
    ['another method', { type: 'phone', options: { preferredMethod: 'pigeon' } }],
    ['a method that is no text', { type: 'phone', options: { preferredMethod: ['sms'] } }],
    ['no method', { type: 'phone', options: {} }],
    ['null', { type: 'phone', options: null }],
    ['a text', { type: 'phone', options: 'sms' }],
    ['the options of another type', { type: 'otp', options: { preferredMethod: 'sms' } }],
  ])('hands on no options that are %s', (_what, factor) => {
    expect(challenge('enrolled', [factor])).toEqual([{ type: factor.type }])
  })

  test('hands on nothing but the method of a phone', () => {
    const options = { preferredMethod: 'voice', otpFallback: true }
    expect(challenge('enrolled', [{ type: 'phone', options }])).toEqual([
      { type: 'phone', options: { preferredMethod: 'voice' } },
    ])
  })

  test.each([undefined, [{}], [{ method: 'unknown' }]])(
    'denies %j: such factors cannot be read',
    (factors) => {
      expect(challenge('always', factors)).toMatchObject({ code: 'mfa_required' })
    },
  )
})

describe('e-mail', () => {
  test.each(PRIMARY_EMAIL_ROWS)(
    'the primary’s under $setting $value, verified $verified: $code',
    ({ setting, value, verified, code }) => {
      const event = buildEvent({ user: { email_verified: verified } })
      expect(checkPrimaryEmail(event, settingsOf({ [setting]: value }))?.code).toBe(code)
    },
  )

  test.each(SECONDARY_EMAIL_ROWS)(
    'the secondary’s under $setting $value, $what: $code',
    ({ setting, value, primary, email, verified, code }) => {
      const settings = settingsOf({ [setting]: value })
      const denial = checkSecondaryEmail(primary, { email, emailVerified: verified }, settings)
      expect(denial?.code).toBe(code)
    },
  )
})
