/**
 * The claim by which the nested login tells the way back what only it knows. No I/O. It travels in
 * the companion's ID token. No browser receives that as long as the companion has the grant of the
 * authorization code and not the implicit one: then the token leaves by the back channel alone.
 */
import { derivePins, type Pins } from '../attempt.ts'
import { deriveTag, type Keys } from '../derive.ts'
import { readFullId, readIdentities } from '../identities.ts'
import { isRecord } from '../json.ts'
import type { PostLoginEvent } from '../platform.ts'
import { readEverySpelling } from '../request.ts'
import type { Settings } from '../settings.ts'
import { readMetadata } from '../user-metadata.ts'

/** `.example` is nobody's (RFC 2606); `https:` names are documented for every ID token. */
export const NESTED_CLAIM = 'https://client-initiated-account-linking.example/nested-login'

/** Read back as it was signed; a part that is missing or of another type matches nothing. */
export interface NestedClaim extends Pins {
  /** The connection that was used. */
  readonly connection?: unknown
  readonly connection_id?: unknown
  /** How many identities the account has. */
  readonly identities?: unknown
  /** How often the user has logged in, this login included. */
  readonly logins_count?: unknown
  /** A tag over the parameters that the nested request had. */
  readonly parameters?: unknown
  readonly user_metadata?: unknown
}

/** What the way back compares; what the event lacks is left out. */
export function buildNestedClaim(
  event: PostLoginEvent,
  keys: Keys,
  { mergeUserMetadata, nestedParams }: Settings,
): NestedClaim {
  const { identities, user_metadata: metadata } = event.user
  const isMain = readIdentities(event).some(
    (identity) =>
      readFullId(identity) === event.user.user_id && identity.connection === event.connection?.name,
  )
  const { session: _, ...pins } = derivePins(keys, event)
  return {
    connection: event.connection?.name,
    // Of the identity that the account goes by: with ALLOW_MERGE another one may have logged in.
    connection_id: isMain ? event.connection?.id : undefined,
    identities: Array.isArray(identities) ? identities.length : undefined,
    logins_count: event.stats?.logins_count,
    parameters: deriveParameters(keys, nestedParams, (name) => readEverySpelling(event, name)),
    ...pins,
    ...(mergeUserMetadata ? { user_metadata: readMetadata(metadata) } : {}),
  }
}

/**
 * A tag over what a nested request has under each name of NESTED_PARAMS and under
 * `connection_scope`; `undefined` where neither is in use. Derived from what was asked, and from what
 * arrived.
 */
export function deriveParameters(
  keys: Keys,
  nestedParams: Settings['nestedParams'],
  valuesOf: (name: string) => readonly unknown[],
): string | undefined {
  const names = ['connection_scope', ...nestedParams.map(([name]) => name)]
  const values = names.map(valuesOf)
  return values.some((found) => found.length > 0)
    ? deriveTag(keys.tags, 'nested-parameters/v1', values)
    : undefined
}

/** The claim of a verified ID token; `undefined` where there is none or it is no object. */
export function readNestedClaim(
  claims: Readonly<Record<string, unknown>>,
): NestedClaim | undefined {
  const claim = claims[NESTED_CLAIM]
  return isRecord(claim) ? claim : undefined
}
