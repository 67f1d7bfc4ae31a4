/**
 * The identities of the user who is logged in, and the ids that name them. No I/O.
 */
import type { Identity, PostLoginEvent } from './platform.ts'

/** One identity, as the Management API names it. */
export interface IdentityId {
  readonly provider: string
  readonly userId: string
}

/** `provider|user_id`: the form of user ids, of `sub` and of `requested_identity`. */
export function readFullId({ provider, user_id }: Identity): string {
  return `${provider}|${user_id}`
}

/** Split at the first bar: the rest may hold more of them. */
export function readIdentityId(fullId: string): IdentityId | undefined {
  const bar = fullId.indexOf('|')
  if (bar < 1 || bar === fullId.length - 1) return undefined
  return { provider: fullId.slice(0, bar), userId: fullId.slice(bar + 1) }
}

export function readIdentities(event: PostLoginEvent): readonly Identity[] {
  const { identities } = event.user
  return Array.isArray(identities) ? identities.filter((identity) => identity != null) : []
}

export function hasConnection(event: PostLoginEvent, connection: string): boolean {
  return readIdentities(event).some((identity) => identity.connection === connection)
}
