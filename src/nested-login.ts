/**
 * The nested login, seen from inside: the companion's own login, in which the user proves the
 * second identity. No I/O. Notes in the ID token, for the way back, what only this login knows.
 */
import { derivePins } from './attempt.ts'
import { type Denial, deny, isDenial, type NestedLogin } from './outcome.ts'
import { deriveKeys } from './pkce.ts'
import type { PostLoginEvent } from './platform.ts'
import { checkScopes, readChallenge } from './policy.ts'
import { asksFor, readConnectionScopes } from './request.ts'
import { readSettings } from './settings.ts'
import { readMetadata } from './user-metadata.ts'

/** Name of the ID token claim for the way back. Only the companion receives that token. */
export const NESTED_CLAIM = 'urn:client-initiated-account-linking:nested-login'

/**
 * Policy for the nested login, and the claim. With settings that cannot be understood the login
 * goes on without a claim, and the way back refuses it.
 */
export async function completeNestedLogin(event: PostLoginEvent): Promise<NestedLogin | Denial> {
  if (asksFor(event, 'link_account') || asksFor(event, 'unlink_account'))
    return deny('invalid_request')
  const settings = readSettings(event)
  if (isDenial(settings)) return { kind: 'nested', cause: settings.cause ?? settings.code }
  const scopes = checkScopes(readConnectionScopes(event), settings)
  if (scopes !== undefined) return scopes
  const challenge = readChallenge(event, settings)
  if (isDenial(challenge)) return challenge

  const { identities, user_metadata: metadata } = event.user
  const keys = await deriveKeys(settings.actionSecret)
  const claim = {
    connection: event.connection?.name,
    identities: Array.isArray(identities) ? identities.length : undefined,
    ...derivePins(keys, event, ['user_agent', 'address']),
    user_metadata: settings.mergeUserMetadata ? readMetadata(metadata) : undefined,
  }
  return { kind: 'nested', challenge, claims: { [NESTED_CLAIM]: claim } }
}
