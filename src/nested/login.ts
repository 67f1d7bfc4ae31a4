/**
 * The nested login, seen from inside: the companion's own login, in which the user proves the
 * second identity. No I/O.
 */

import { deriveKeys } from '../derive.ts'
import { type Denial, deny, isDenial, type NestedLogin } from '../outcome.ts'
import type { PostLoginEvent } from '../platform.ts'
import { checkScopes, chooseFactors } from '../policy.ts'
import { readEverySpelling, readOwnScopes } from '../request.ts'
import { readSettings } from '../settings.ts'
import { buildNestedClaim, NESTED_CLAIM } from './claim.ts'

/**
 * Policy for the nested login, and the claim for the way back. With settings that cannot be
 * understood the login goes on without a claim, and the way back refuses it.
 */
export async function completeNestedLogin(event: PostLoginEvent): Promise<NestedLogin | Denial> {
  if (readOwnScopes(event).length > 0)
    return deny('invalid_request', 'the companion application asks for a link')
  const settings = readSettings(event)
  if (isDenial(settings)) return { kind: 'nested', cause: settings.cause ?? settings.code }
  const refusal = checkScopes(readEverySpelling(event, 'connection_scope'), settings)
  if (refusal !== undefined) return refusal
  const challenge = chooseFactors(event, settings)
  if (isDenial(challenge)) return challenge

  const keys = await deriveKeys(settings.actionSecret)
  const claim = buildNestedClaim(event, keys, settings)
  return { kind: 'nested', challenge, claims: { [NESTED_CLAIM]: claim } }
}
