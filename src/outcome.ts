/**
 * Every way a run can end, and the words for it. No I/O. A function that can refuse returns a
 * `Denial` in place of its value; `action.ts` turns the outcome into commands of `api`.
 */
import type { Factor } from './platform.ts'

/**
 * The denial codes and their sentences: stable, for people, with nothing of the user in them.
 * The application receives `<code>: <sentence>` as `error_description`, at most 120 characters
 * of the set that RFC 6749 allows there.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
 */
export const MESSAGES = {
  invalid_request: 'A parameter of the request is missing, malformed or contradictory.',
  interaction_required: 'This needs a page, and the request does not allow one.',
  connection_not_allowed: 'This connection may not be linked.',
  scope_not_allowed: 'A requested connection scope is not allowed.',
  unlink_not_allowed: 'Identities may not be unlinked here.',
  hint_invalid: 'The id_token_hint is missing or not acceptable.',
  hint_expired: 'The id_token_hint is too old; log in again and retry.',
  session_mismatch: 'The id_token_hint is of another session; log in again and retry.',
  reauth_required: 'The last authentication is too long ago; log in again and retry.',
  mfa_required: 'Multi-factor authentication is required first.',
  email_unverified: 'The e-mail address of this account must be verified first.',
  link_cancelled: 'The second login was cancelled or refused.',
  callback_invalid: 'The answer of the second login is not valid; start again.',
  binding_mismatch: 'The answer belongs to another attempt, session or browser; start again.',
  connection_mismatch: 'The second login used another connection or another user.',
  confirmation_invalid: 'The confirmation is not one for this user, or is too old; start again.',
  identity_in_use: 'This identity is linked already, or its account may not be absorbed.',
  identity_not_found: 'This account has no such identity.',
  identity_is_primary: 'The main identity of an account cannot be unlinked.',
  secondary_email_unverified: 'The e-mail address of the second login must be verified first.',
  email_mismatch: 'The e-mail addresses of the two logins do not match.',
  link_failed: 'The change was refused.',
  service_unavailable: 'The service did not answer in time; try again later.',
  misconfigured: 'Account linking is not set up correctly.',
  unexpected: 'Something unexpected happened; try again later.',
} as const

export type Code = keyof typeof MESSAGES

/** A refusal. `cause` is for the tenant's admin, never for the application. */
export interface Denial {
  readonly kind: 'denied'
  readonly code: Code
  readonly cause?: string
}

/** What an attempt is for. `consent` asks a linked connection for more scopes and links nothing. */
export type Mode = 'link' | 'consent' | 'unlink'

/** The browser leaves for the nested login; the metadata waits for it. */
interface Redirect {
  readonly kind: 'redirected'
  readonly mode: Mode
  readonly url: string
  readonly metadata: Readonly<Record<string, string>>
}

/** The login goes on as the primary. */
interface Success {
  readonly kind: 'linked' | 'already_linked' | 'consented' | 'unlinked' | 'pending'
  /** For the ID token of the application. */
  readonly claims: Readonly<Record<string, unknown>>
  /** What the primary gains. */
  readonly userMetadata?: Readonly<Record<string, unknown>>
}

/** How a linking request can end. */
export type LinkingOutcome =
  | Denial
  | { readonly kind: 'not_listed'; readonly cause: string }
  | Redirect
  | Success

/** How a nested login can end, besides a denial. */
export interface NestedLogin {
  readonly kind: 'nested'
  readonly cause?: string
  readonly challenge?: readonly Factor[]
  readonly claims?: Readonly<Record<string, unknown>>
}

export type Outcome = LinkingOutcome | NestedLogin

/** A refusal with this code; the cause is for the log. */
export function deny(code: Code, cause?: string): Denial {
  return cause === undefined ? { kind: 'denied', code } : { kind: 'denied', code, cause }
}

/**
 * How a request about this connection succeeds. `resultClaim` is the setting RESULT_CLAIM: without it
 * the application sees a normal login.
 */
export function successOf(connection: string, resultClaim: string | undefined) {
  return (kind: Success['kind'], more: Readonly<Record<string, unknown>> = {}): Success => ({
    kind,
    claims:
      resultClaim === undefined ? {} : { [resultClaim]: { status: kind, connection, ...more } },
  })
}

/** Tells a refusal from the value in whose place it stands. */
export function isDenial<T>(value: T | Denial): value is Denial {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'denied'
}
