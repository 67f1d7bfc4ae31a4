/**
 * The claim by which the nested login tells the way back what only it knows. No I/O. It travels in
 * the companion's ID token. No browser receives that as long as the companion has the grant of the
 * authorization code and not the implicit one: then the token leaves by the back channel alone.
 */
import { derivePins, type Pins } from './attempt.ts'
import { isRecord } from './json.ts'
import type { Keys } from './pkce.ts'
import type { PostLoginEvent } from './platform.ts'
import type { Settings } from './settings.ts'
import { readMetadata } from './user-metadata.ts'

export const NESTED_CLAIM = 'urn:client-initiated-account-linking:nested-login'

/** Read back as it was signed; a part that is missing or of another type matches nothing. */
export interface NestedClaim extends Pins {
  /** The connection that was used. */
  readonly connection?: unknown
  /** How many identities the account has. */
  readonly identities?: unknown
  readonly user_metadata?: unknown
}

/** What the way back compares; what the event lacks is left out. */
export function buildNestedClaim(
  event: PostLoginEvent,
  keys: Keys,
  { mergeUserMetadata }: Settings,
): NestedClaim {
  const { identities, user_metadata: metadata } = event.user
  return {
    connection: event.connection?.name,
    identities: Array.isArray(identities) ? identities.length : undefined,
    ...derivePins(keys, event, ['user_agent', 'address']),
    ...(mergeUserMetadata ? { user_metadata: readMetadata(metadata) } : {}),
  }
}

/** The claim of a verified ID token; `undefined` where there is none or it is no object. */
export function readNestedClaim(
  claims: Readonly<Record<string, unknown>>,
): NestedClaim | undefined {
  const claim = claims[NESTED_CLAIM]
  return isRecord(claim) ? claim : undefined
}
