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

/**
 * Split at the first bar: the rest may hold more of them. Neither half may be a dot segment, which
 * a URL would swallow.
 */
export function readIdentityId(fullId: string): IdentityId | undefined {
  const bar = fullId.indexOf('|')
  const [provider, userId] = [fullId.slice(0, Math.max(bar, 0)), fullId.slice(bar + 1)]
  if (['', '.', '..'].some((part) => part === provider || part === userId)) return undefined
  return { provider, userId }
}

/** `event.user.identities`; `[]` where the event has none that can be read. */
export function readIdentities(event: PostLoginEvent): readonly Identity[] {
  const { identities } = event.user
  return Array.isArray(identities) ? identities.filter((identity) => identity != null) : []
}

/** How many identities of this user are of that connection, by its exact name. */
export function countIdentities(event: PostLoginEvent, connection: string): number {
  return readIdentities(event).filter((identity) => identity.connection === connection).length
}
