/**
 * What the policies on MFA and e-mail addresses make of a login, row by row. Data only. One list for
 * the unit, the contract and the attacks.
 */

import type { EventOverrides } from '../../scripts/testing/event.ts'

export interface MfaRow {
  /** Of ENFORCE_MFA; `undefined`: not set. */
  readonly value: string | undefined
  readonly factors: string
  readonly done: string
  readonly event: EventOverrides
  /** `undefined`: the login goes on. */
  readonly code: 'mfa_required' | undefined
}

const FACTORS = {
  enrolled: [{ type: 'otp' }],
  'not enrolled': [],
  unreadable: undefined,
} as const

const METHODS: Readonly<Record<string, EventOverrides>> = {
  done: { authentication: { methods: [{ name: 'pwd' }, { name: 'mfa' }] } },
  'not done': { authentication: { methods: [{ name: 'pwd' }] } },
  'of unknown state': { authentication: undefined },
}

const mfa = (
  value: string | undefined,
  factors: keyof typeof FACTORS,
  done: string,
  code?: 'mfa_required',
): MfaRow => ({
  value,
  factors,
  done,
  code,
  event: { ...METHODS[done], user: { enrolledFactors: FACTORS[factors] } },
})

export const MFA_ROWS: readonly MfaRow[] = [
  mfa(undefined, 'enrolled', 'not done'),
  mfa('no', 'enrolled', 'not done'),
  mfa('no', 'unreadable', 'not done'),
  mfa('no', 'unreadable', 'done'),
  mfa('0', 'enrolled', 'not done'),
  mfa('yes', 'enrolled', 'done'),
  mfa('yes', 'unreadable', 'done'),
  mfa('yes', 'not enrolled', 'not done'),
  mfa('yes', 'enrolled', 'not done', 'mfa_required'),
  mfa('yes', 'enrolled', 'of unknown state', 'mfa_required'),
  mfa('yes', 'unreadable', 'not done', 'mfa_required'),
  mfa('always', 'not enrolled', 'done'),
  mfa('always', 'enrolled', 'done'),
  mfa('always', 'unreadable', 'done'),
  mfa('always', 'not enrolled', 'not done', 'mfa_required'),
  mfa('always', 'enrolled', 'not done', 'mfa_required'),
  mfa('always', 'unreadable', 'not done', 'mfa_required'),
  ...['Yes', 'TRUE', ' 1 ', 'ALWAYS', ' Always '].map((value) =>
    mfa(value, 'enrolled', 'not done', 'mfa_required'),
  ),
  mfa('Always', 'unreadable', 'not done', 'mfa_required'),
]

export interface PrimaryEmailRow {
  readonly setting: string
  readonly value: string | undefined
  readonly verified: boolean | undefined
  readonly code: 'email_unverified' | undefined
}

const primary = (
  setting: string,
  value: string | undefined,
  verified: boolean | undefined,
  code?: 'email_unverified',
): PrimaryEmailRow => ({ setting, value, verified, code })

/** Whether the primary's address is verified, at the start. */
export const PRIMARY_EMAIL_ROWS: readonly PrimaryEmailRow[] = [
  primary('ENFORCE_EMAIL_VERIFICATION', undefined, false),
  primary('ENFORCE_EMAIL_VERIFICATION', 'no', false),
  primary('ENFORCE_EMAIL_VERIFICATION', 'yes', true),
  primary('ENFORCE_EMAIL_VERIFICATION', 'yes', false, 'email_unverified'),
  primary('ENFORCE_EMAIL_VERIFICATION', 'yes', undefined, 'email_unverified'),
  primary('REQUIRE_MATCHING_EMAIL', 'no', false),
  primary('REQUIRE_MATCHING_EMAIL', 'yes', true),
  primary('REQUIRE_MATCHING_EMAIL', 'yes', false, 'email_unverified'),
  primary('REQUIRE_MATCHING_EMAIL', 'yes', undefined, 'email_unverified'),
  primary('ENFORCE_SECONDARY_EMAIL_VERIFICATION', 'yes', false),
]

const ALEX = 'alex@example.com'

export interface SecondaryEmailRow {
  readonly what: string
  readonly setting: string
  readonly value: string | undefined
  /** The verified address of the primary. */
  readonly primary: string | undefined
  readonly email: unknown
  readonly verified: unknown
  readonly code: 'secondary_email_unverified' | 'email_mismatch' | undefined
}

type Secondary = Partial<SecondaryEmailRow>

const VERIFICATION = {
  setting: 'ENFORCE_SECONDARY_EMAIL_VERIFICATION',
  value: 'yes',
  primary: ALEX,
  email: ALEX,
  verified: true,
  code: undefined,
} as const
const MATCH = { ...VERIFICATION, setting: 'REQUIRE_MATCHING_EMAIL' } as const

const verification = (what: string, row: Secondary): SecondaryEmailRow => ({
  what,
  ...VERIFICATION,
  ...row,
})
const match = (what: string, row: Secondary): SecondaryEmailRow => ({ what, ...MATCH, ...row })

const UNVERIFIED = { verified: false, code: 'secondary_email_unverified' } as const
const MISMATCH = { code: 'email_mismatch' } as const

/** The address of the second login, against the primary's. */
export const SECONDARY_EMAIL_ROWS: readonly SecondaryEmailRow[] = [
  verification('unverified, by default', { value: undefined, verified: false }),
  verification('unverified, where it is off', { value: 'no', verified: false }),
  verification('verified', {}),
  verification('verified and another', { email: 'other@example.net' }),
  verification('unverified', UNVERIFIED),
  match('another, by default', { value: undefined, email: 'other@example.net' }),
  match('another and unverified, where it is off', {
    value: 'no',
    email: 'other@example.net',
    verified: false,
  }),
  match('the same', {}),
  match('the same in another case', { email: 'Alex@Example.COM' }),
  match('the same in capitals', { email: 'ALEX@EXAMPLE.COM' }),
  match('unverified', UNVERIFIED),
  match('of no known standing', { ...UNVERIFIED, verified: undefined }),
  match('verified as a text', { ...UNVERIFIED, verified: 'true' }),
  match('verified as a number', { ...UNVERIFIED, verified: 1 }),
  match('another', { ...MISMATCH, email: 'kim@example.org' }),
  match('of another domain', { ...MISMATCH, email: 'alex@example.org' }),
  match('missing', { ...MISMATCH, email: undefined }),
  match('empty', { ...MISMATCH, email: '' }),
  match('missing on either side', { ...MISMATCH, primary: undefined, email: undefined }),
  match('empty on either side', { ...MISMATCH, primary: '', email: '' }),
  match('there, and the primary’s is missing', { ...MISMATCH, primary: undefined }),
  match('a list', { ...MISMATCH, email: [ALEX] }),
  match('with a blank behind it', { ...MISMATCH, email: `${ALEX} ` }),
  match('with a blank before it', { ...MISMATCH, email: ` ${ALEX}` }),
  match('alike in Unicode only', { ...MISMATCH, email: ALEX.replace('l', 'ⅼ') }),
  match('followed by a NUL', { ...MISMATCH, email: `${ALEX}\0` }),
  // KELVIN SIGN is "k" in lower case, LATIN SMALL LETTER DOTLESS I is "I" in upper case.
  match('of letters that fold to ASCII: the Kelvin sign', {
    ...MISMATCH,
    primary: 'kim@example.com',
    email: '\u212aim@example.com',
  }),
  match('of letters that fold to ASCII: an i without a dot', {
    ...MISMATCH,
    primary: 'i@example.com',
    email: '\u0131@example.com',
  }),
]
