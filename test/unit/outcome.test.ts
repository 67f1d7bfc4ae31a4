/** `src/outcome.ts`: codes and sentences. */

import { describe, expect, test } from 'vitest'
import { deny, isDenial, MESSAGES, successOf } from '../../src/outcome.ts'

/** The codes of section 8 of the contract. They are public and stay as they are. */
const CODES = [
  'invalid_request',
  'interaction_required',
  'connection_not_allowed',
  'scope_not_allowed',
  'unlink_not_allowed',
  'hint_invalid',
  'hint_expired',
  'session_mismatch',
  'reauth_required',
  'mfa_required',
  'email_unverified',
  'link_cancelled',
  'callback_invalid',
  'binding_mismatch',
  'connection_mismatch',
  'confirmation_invalid',
  'identity_in_use',
  'identity_not_found',
  'identity_is_primary',
  'secondary_email_unverified',
  'email_mismatch',
  'link_failed',
  'service_unavailable',
  'misconfigured',
  'unexpected',
]

test('the codes are those of the contract', () => {
  expect(Object.keys(MESSAGES).sort()).toEqual([...CODES].sort())
})

describe.each(Object.entries(MESSAGES))('%s', (code, message) => {
  test('is one or more plain sentences of at most 120 characters with its code', () => {
    const denial = `${code}: ${message}`
    expect(denial.length).toBeLessThanOrEqual(120)
    expect(denial).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+\.$/)
  })
})

test('a denial keeps its cause for the admin', () => {
  expect(deny('hint_invalid', 'iss')).toEqual({
    kind: 'denied',
    code: 'hint_invalid',
    cause: 'iss',
  })
  expect(deny('hint_invalid')).toEqual({ kind: 'denied', code: 'hint_invalid' })
})

test.each([undefined, null, 'denied', 7, {}, { kind: 'linked' }])('%j is no denial', (value) => {
  expect(isDenial(value)).toBe(false)
})

test('a success tells the application only where RESULT_CLAIM is set', () => {
  expect(successOf('github', undefined)('linked')).toEqual({ kind: 'linked', claims: {} })
  expect(successOf('github', 'urn:example:x')('unlinked').claims).toEqual({
    'urn:example:x': { status: 'unlinked', connection: 'github' },
  })
})
