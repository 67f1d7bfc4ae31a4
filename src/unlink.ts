/**
 * What an unlink takes away, and where the user proves to be the user. No I/O.
 */
import { type IdentityId, readFullId, readIdentities, readIdentityId } from './identities.ts'
import { type Denial, deny } from './outcome.ts'
import type { Identity, PostLoginEvent } from './platform.ts'
import type { LinkingRequest } from './request.ts'

/**
 * The identity to unlink: the one asked for, else the only one of that connection which is not the
 * main one. The nested request goes to the connection of the main identity.
 */
export function chooseUnlink(
  event: PostLoginEvent,
  { connection, identity: asked }: LinkingRequest,
): { readonly identity: IdentityId; readonly nestedConnection: string } | Denial {
  const identities = readIdentities(event)
  const isMain = (identity: Identity) => readFullId(identity) === event.user.user_id
  const asNamed = identities.filter(
    (identity) =>
      identity.connection === connection && (asked === undefined || readFullId(identity) === asked),
  )
  const [target, ...more] = asNamed.filter((identity) => !isMain(identity))
  if (target === undefined)
    return deny(asNamed.length > 0 ? 'identity_is_primary' : 'identity_not_found')
  if (more.length > 0)
    return deny('invalid_request', 'several identities of that connection: name requested_identity')
  const identity = readIdentityId(readFullId(target))
  const nestedConnection = identities.find(isMain)?.connection
  // Without a name to compare, the way back could not tell where the user logged in.
  if (identity === undefined || typeof nestedConnection !== 'string')
    return deny('identity_not_found')
  return { identity, nestedConnection }
}
