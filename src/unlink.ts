/**
 * What an unlink takes away, and where the user proves to be the user. No I/O.
 */
import type { Attempt } from './attempt.ts'
import { type Denial, deny } from './outcome.ts'
import type { Identity, PostLoginEvent } from './platform.ts'
import type { LinkingRequest } from './request.ts'

/** The identities of this user that are whole. */
export function readIdentities(event: PostLoginEvent): readonly Identity[] {
  const { identities } = event.user
  return Array.isArray(identities) ? identities.filter((identity) => identity != null) : []
}

const fullId = ({ provider, user_id }: Identity) => `${provider}|${user_id}`

/**
 * The identity to unlink: the one asked for, else the only one of that connection which is not the
 * main one. The nested request goes to the connection of the main identity.
 */
export function readUnlink(
  event: PostLoginEvent,
  { connection, identity: asked }: LinkingRequest,
): Pick<Attempt, 'identity' | 'nestedConnection'> | Denial {
  const identities = readIdentities(event)
  const isMain = (identity: Identity) => fullId(identity) === event.user.user_id
  const ofConnection = identities.filter(
    (identity) =>
      identity.connection === connection && (asked === undefined || fullId(identity) === asked),
  )
  const [target, ...more] = ofConnection.filter((identity) => !isMain(identity))
  if (target === undefined)
    return deny(ofConnection.length > 0 ? 'identity_is_primary' : 'identity_not_found')
  if (more.length > 0)
    return deny('invalid_request', 'several identities of that connection: requested_identity')
  const main = identities.find(isMain)
  if (main === undefined) return deny('identity_not_found', 'the main identity is not among them')
  return {
    identity: { provider: target.provider, userId: target.user_id },
    nestedConnection: main.connection,
  }
}
