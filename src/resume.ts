/**
 * The way back (`onContinuePostLogin`): from the browser's return to one change of the account. Its
 * calls are the code and the change, besides the JWKS and a Management token where the cache has
 * none that is good. A consent ends after the code.
 */
import { checkPins, verifyAttempt } from './attempt.ts'
import { createConfirmation } from './confirmation.ts'
import { type Execution, openContext } from './context.ts'
import { readIdentityId } from './identities.ts'
import { linkIdentity, prepareToken, unlinkIdentity } from './management.ts'
import { deriveAskedParameters } from './nested/authorize.ts'
import { exchangeCode } from './nested/callback.ts'
import { deny, isDenial, type LinkingOutcome, successOf } from './outcome.ts'
import {
  checkAbsorbed,
  checkConfirmable,
  checkMfa,
  checkPrimaryEmail,
  checkRequest,
  checkSecondaryEmail,
  isFull,
} from './policy.ts'
import { readCallback } from './request.ts'
import { mergeUserMetadata } from './user-metadata.ts'

/**
 * Links, unlinks or sees the consent of the attempt that this way back belongs to, at most once. With
 * CONFIRM_LINK a link is `pending`: nothing is changed before the application confirms it. A
 * denial says that the account is as it was, but for `service_unavailable`: there nobody knows.
 */
export async function resume(execution: Execution): Promise<LinkingOutcome> {
  const { event, log } = execution
  const context = await openContext(execution)
  if (isDenial(context)) return context
  const { settings } = context

  // 1. The attempt that this is the way back of.
  const opened = await verifyAttempt(context)
  if (isDenial(opened)) return opened
  const { attempt, pins } = opened
  const { mode, connection } = attempt
  // Policy may have become stricter while the browser was away.
  const refusal = checkRequest(attempt, settings) ?? checkMfa(event, settings, attempt.mfa)
  if (refusal !== undefined) return refusal
  const succeed = successOf(connection, settings.resultClaim)
  if (mode === 'link' && isFull(event, connection, settings)) return succeed('already_linked')

  // 2. and 3. The code, and who logged in with it; beside it the token of what comes after.
  const code = readCallback(event)
  if (isDenial(code)) return code
  const exchange = exchangeCode(context, code, opened)
  const isChange = mode === 'unlink' || (mode === 'link' && !settings.confirmLink)
  const token = isChange ? prepareToken(context) : undefined
  // Nothing is left running, whatever becomes of the code.
  const nested = await exchange.finally(() => token)
  if (isDenial(nested)) return nested
  log.info(`the nested login is verified, ${mode} goes on`)

  // 4. Where, as it was asked, and in which browser: as the nested login noted it.
  const { claim } = nested
  if (claim.connection !== attempt.nestedConnection)
    return deny('connection_mismatch', 'the nested login used another connection')
  if (claim.parameters !== deriveAskedParameters(context, attempt))
    return deny('callback_invalid', 'NESTED_PARAMS or scopes of the nested request were changed')
  const otherBrowser = checkPins(pins, claim, settings, ['user_agent', 'address'])
  if (otherBrowser !== undefined) return otherBrowser

  // 5. Who: to consent or unlink, the user of this login; to be linked, an account of one identity.
  const isPrimary = nested.subject === event.user.user_id
  if (mode !== 'link' && !isPrimary)
    return deny('connection_mismatch', 'the nested login is of another user')
  if (attempt.mode === 'unlink') {
    const failure = await unlinkIdentity(context, attempt.identity, await token)
    return failure ?? succeed('unlinked')
  }
  if (isPrimary)
    return succeed(attempt.connectionScope === undefined ? 'already_linked' : 'consented')
  // The primary's e-mail may be another one by now, which nobody has verified.
  const unfit =
    checkAbsorbed(claim, settings) ??
    checkPrimaryEmail(event, settings) ??
    checkSecondaryEmail(event.user.email, nested, settings)
  if (unfit !== undefined) return unfit

  // 6. The link.
  const secondary = readIdentityId(nested.subject)
  if (secondary === undefined) return deny('callback_invalid', 'nested ID token: sub')
  const connectionId = claim.connection_id
  if (settings.confirmLink)
    return (
      checkConfirmable(event, settings) ??
      succeed('pending', createConfirmation(context, { ...nested, connection, connectionId }))
    )
  const failure = await linkIdentity(context, secondary, connectionId, await token)
  if (failure !== undefined) return failure
  const userMetadata = settings.mergeUserMetadata
    ? mergeUserMetadata(event.user.user_metadata, claim.user_metadata)
    : {}
  return { ...succeed('linked'), userMetadata }
}
