/**
 * What the application says when a login, link or unlink did not work: the code, and its own words for
 * it. Pure.
 */

import type { Code } from '../../../src/outcome.ts'
import type { Identities } from './account.ts'
import type { LinkResult } from './confirm.ts'
import type { Note } from './note.ts'

const LOG_IN = 'Please log in again, and start from here once more.'
const NOT_OFFERED = 'That is not allowed here.'
const OURS = 'That did not work. It is for whoever runs this application to mend.'
const UNAVAILABLE = 'That is not available right now.'
const AGAIN = 'That did not work, please start again.'

/**
 * What to say, by the codes of the Action: the application's own words, since anybody can put a
 * sentence into the URL of its callback.
 */
const ANSWERS: Readonly<Record<Code, string>> = {
  invalid_request: OURS,
  interaction_required: OURS,
  connection_not_allowed: 'This login cannot be linked here.',
  scope_not_allowed: NOT_OFFERED,
  unlink_not_allowed: NOT_OFFERED,
  hint_invalid: LOG_IN,
  session_mismatch: LOG_IN,
  hint_expired: LOG_IN,
  reauth_required: LOG_IN,
  mfa_required: 'Set up or use your second factor, then log in again.',
  email_unverified:
    'Open the link in our message to you first: your e-mail address is not verified.',
  link_cancelled: 'Nothing has changed. Try again whenever you like.',
  callback_invalid: AGAIN,
  binding_mismatch: 'Please start again, in this browser.',
  connection_mismatch: 'That was another login than the one you chose.',
  confirmation_invalid: 'That took too long, or it is another account’s. Start again.',
  identity_in_use:
    'That login belongs to another account. Log in with it and unlink it there first.',
  identity_not_found: 'That login is not linked any more.',
  identity_is_primary: 'The main login stays. Only linked ones can be unlinked.',
  secondary_email_unverified: 'Verify the e-mail address of that login first.',
  email_mismatch: 'Choose a login with the same e-mail address as this account.',
  link_failed: OURS,
  service_unavailable: 'Please try again in a moment.',
  misconfigured: UNAVAILABLE,
  unexpected: UNAVAILABLE,
}

/** Those that a new login can cure: it has `prompt=login`, so that the user authenticates again. */
const CURED_BY_LOGIN: readonly string[] = [
  'hint_invalid',
  'hint_expired',
  'session_mismatch',
  'reauth_required',
  'mfa_required',
  'binding_mismatch',
]

/** The SDK's own: it refuses before anything is asked of the tenant. */
const NOT_LOGGED_IN: readonly unknown[] = ['missing_session_error', 'session_expired']

interface SdkError {
  readonly code?: unknown
  readonly cause?: { readonly error_description?: string }
}

/** The SDK rejects, and its error's cause holds what came back to /callback: `<code>: <sentence>`. */
export function readDenial(error: unknown): Note {
  const { cause, code: sdkCode } = error as SdkError
  if (NOT_LOGGED_IN.includes(sdkCode)) {
    return { tone: 'bad', text: 'You are not logged in any more. Log in, then retry.' }
  }
  const [, code = ''] = /^(\w+): /.exec(cause?.error_description ?? '') ?? []
  if (!Object.hasOwn(ANSWERS, code)) return { tone: 'bad', text: AGAIN }
  return {
    tone: 'bad',
    code,
    text: ANSWERS[code as Code],
    ...(CURED_BY_LOGIN.includes(code) ? { logIn: true } : {}),
  }
}

/** By RESULT_CLAIM: what there is to say, where it is not what was asked for. */
const HAPPENED: Readonly<Record<string, Partial<Note>>> = {
  linked: {},
  unlinked: {},
  already_linked: { text: 'is linked already: nothing has changed.' },
  consented: { text: 'was linked already, and grants what was asked for.' },
}

/** What the tenant says of the link in the ID token, in the application's own words. */
export function tellResult(done: Note, { connection, status = '' }: LinkResult): Note {
  const happened = Object.hasOwn(HAPPENED, status) ? HAPPENED[status] : undefined
  if (done.expects === undefined || done.connection !== connection) return done
  return happened === undefined ? done : { ...done, ...happened, told: true }
}

/**
 * A login that went well says nothing of the link: without RESULT_CLAIM an application looks at the
 * account itself. A client that the Action does not serve logs in as usual, unlinked.
 */
export function checkNote(note: Note, identities: Identities): Note {
  const { connection, expects, held = 0, identity, told } = note
  if (expects === undefined || told === true) return note
  if (identities === undefined) {
    return { ...note, tone: 'bad', text: 'may have changed: it cannot be looked up right now.' }
  }
  const found = identities.filter((one) =>
    identity === undefined ? one.connection === connection : one.id === identity,
  )
  const isLinked = found.length > (identity === undefined ? held : 0)
  if (isLinked === (expects === 'linked')) return note
  const missing = held > 0 ? 'has no further login here' : 'is not linked'
  const text = isLinked ? 'is still linked.' : `${missing}: the login went on without it.`
  return { ...note, tone: 'bad', text }
}
