/**
 * What the application says when a login, link or unlink did not work: the code, its sentence, and what
 * the user can do about it. Pure.
 */

import type { Code } from '../../../src/outcome.ts'
import type { Identities } from './account.ts'
import type { Note } from './pages.ts'

const AGAIN = 'Start again from this page, in this browser.'
const LATER = 'Wait a moment, then try again.'
const LOG_IN = 'Log in again, then retry: that gives the application a fresh ID token.'
const ADMIN = 'Ask whoever runs this application: it is a matter of its settings.'

/** By the codes of the Action. */
const ADVICE: Readonly<Record<Code, string>> = {
  invalid_request: ADMIN,
  interaction_required: 'Start it from a page: a silent login cannot ask anything.',
  connection_not_allowed: 'Choose another login to link; this one is not offered.',
  scope_not_allowed: 'Go on with fewer permissions; these are not allowed here.',
  unlink_not_allowed: ADMIN,
  hint_invalid: LOG_IN,
  hint_expired: LOG_IN,
  reauth_required: LOG_IN,
  mfa_required: 'Set up or pass the second factor, then log in again and retry.',
  email_unverified: 'Follow the link in the message that verifies your address, then retry.',
  link_cancelled: 'Nothing has changed. Retry whenever you like.',
  callback_invalid: AGAIN,
  binding_mismatch: AGAIN,
  connection_mismatch: 'Log in with the login that was asked for, as yourself.',
  identity_in_use: 'Log in with that identity and unlink it there first, or choose another one.',
  identity_not_found: 'It is not linked any more; reload the page.',
  identity_is_primary: 'The main login stays. Only linked ones can be unlinked.',
  secondary_email_unverified: 'Verify the address of the other login there, then retry.',
  email_mismatch: 'Choose a login that has the same e-mail address as this account.',
  link_failed: ADMIN,
  service_unavailable: LATER,
  misconfigured: ADMIN,
  unexpected: LATER,
}

/** Those that a new login can cure: it has `prompt=login`, so that the user authenticates again. */
const CURED_BY_LOGIN: readonly string[] = [
  'hint_invalid',
  'hint_expired',
  'reauth_required',
  'mfa_required',
  'binding_mismatch',
]

/** The SDK's own: it refuses before anything is asked of the tenant. */
const NOT_LOGGED_IN: readonly unknown[] = ['missing_session_error', 'session_expired']

interface SdkError {
  readonly code?: unknown
  readonly message?: string
  readonly cause?: { readonly error?: string; readonly error_description?: string }
}

/** The SDK rejects, and its error's cause holds what came back to /callback: `<code>: <sentence>`. */
export function readDenial(error: unknown): Note {
  const { cause, code: sdkCode, message } = error as SdkError
  if (NOT_LOGGED_IN.includes(sdkCode)) {
    return { tone: 'bad', text: 'You are not logged in any more.', advice: 'Log in, then retry.' }
  }
  const [, code = '', sentence = ''] = /^(\w+): (.+)$/.exec(cause?.error_description ?? '') ?? []
  if (!Object.hasOwn(ADVICE, code)) {
    const text = cause?.error_description ?? message ?? 'It did not work.'
    return { tone: 'bad', text, advice: AGAIN }
  }
  return {
    tone: 'bad',
    code,
    text: sentence,
    advice: ADVICE[code as Code],
    ...(CURED_BY_LOGIN.includes(code) ? { logIn: true } : {}),
  }
}

/**
 * A login that went well says nothing of the link: without RESULT_CLAIM an application looks at the
 * account itself. A client that the Action does not serve logs in as usual, unlinked.
 */
export function checkNote(note: Note, identities: Identities): Note {
  const { connection, expects, identity } = note
  if (expects === undefined) return note
  if (identities === undefined) {
    return { ...note, tone: 'bad', text: 'may have changed: it cannot be looked up right now.' }
  }
  const isLinked = identities.some((one) =>
    identity === undefined ? one.connection === connection : one.id === identity,
  )
  if (isLinked === (expects === 'linked')) return note
  const text = isLinked ? 'is still linked.' : 'is not linked: the login went on without it.'
  return { ...note, tone: 'bad', text, advice: ADMIN }
}
