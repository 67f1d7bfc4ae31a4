/**
 * The confirmation of a link: what the way back has proved, sealed for the application to send back. No
 * I/O. Bound to the user, the client, the domain in use and the organization, and good for 300 seconds.
 */
import type { Context } from './context.ts'
import { type Denial, deny } from './outcome.ts'
import { seal, unseal } from './seal.ts'

const MAX_AGE_SECONDS = 300

/** An identity that its owner has proved, and that the application has yet to confirm. */
export interface ProvedIdentity {
  /** `provider|user_id` */
  readonly subject: string
  readonly connection: string
  readonly connectionId?: unknown
  readonly email: unknown
  readonly emailVerified: unknown
}

/** For the result claim; `expires_at` in seconds since the epoch. */
export function createConfirmation(
  context: Context,
  { subject, connection, connectionId, email, emailVerified }: ProvedIdentity,
) {
  const atSeconds = context.nowSeconds()
  // A list, since every character of it is carried in an ID token.
  const kept = [atSeconds, subject, connection, connectionId, email, emailVerified]
  return {
    confirmation: seal(context.keys.confirmation, placeOf(context), kept),
    expires_at: atSeconds + MAX_AGE_SECONDS,
  }
}

/** What was sealed for this user and application, not too long ago. */
export function openConfirmation(context: Context, sealed: unknown): ProvedIdentity | Denial {
  const opened =
    typeof sealed === 'string' && unseal(context.keys.confirmation, placeOf(context), sealed)
  if (!Array.isArray(opened))
    return deny('confirmation_invalid', 'confirmation missing, or of another login')
  const [atSeconds, subject, connection, connectionId, email, emailVerified] = opened
  return context.nowSeconds() - atSeconds <= MAX_AGE_SECONDS
    ? { subject, connection, connectionId, email, emailVerified }
    : deny('confirmation_invalid', 'confirmation too old')
}

function placeOf({ event, domain }: Context): string {
  const { user, client, organization } = event
  return JSON.stringify([user.user_id, client.client_id, domain, organization?.id])
}
