/**
 * The second phase of a link (CONFIRM_LINK): the application, whose session the browser is known to,
 * confirms what the way back has proved. By an exchange of a refresh token, or by a login with the
 * pending ID token as its hint. One call for the link, besides a JWKS or a Management token.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-oauth-security-topics-update/ (cross-user session fixation)
 */
import { openConfirmation } from './confirmation.ts'
import { type Execution, openContext } from './context.ts'
import { verifyHint } from './hint.ts'
import { readFullId, readIdentities, readIdentityId } from './identities.ts'
import { isRecord } from './json.ts'
import { linkIdentity } from './management.ts'
import { deny, isDenial, type LinkingOutcome, successOf } from './outcome.ts'
import { checkMfa, checkPrimaryEmail, checkRequest, checkSecondaryEmail, isFull } from './policy.ts'
import { isRefresh, readConfirmationRequest } from './request.ts'

/** Links the identity of the confirmation, at most once. A denial leaves the account as it was. */
export async function confirm(execution: Execution): Promise<LinkingOutcome> {
  const { event } = execution
  const context = await openContext(execution)
  if (isDenial(context)) return context
  const { settings } = context
  const request = readConfirmationRequest(event)
  if (isDenial(request)) return request
  if (!settings.confirmLink || settings.resultClaim === undefined)
    return deny('invalid_request', 'CONFIRM_LINK is off')

  // Who asks: whoever holds the refresh token, or the hint in its own session.
  const isBackChannel = isRefresh(event)
  const hint = isBackChannel ? undefined : await verifyHint(request.hint, context)
  if (isDenial(hint)) return hint

  const result = hint?.claims[settings.resultClaim]
  const told = isRecord(result) ? result.confirmation : undefined
  const proved = openConfirmation(context, request.confirmation ?? told)
  if (isDenial(proved)) return proved

  // Policy, and the account, as they are by now.
  const { connection } = proved
  const denial =
    checkRequest({ mode: 'link', connection }, settings) ??
    (isBackChannel ? undefined : checkMfa(event, settings)) ??
    checkPrimaryEmail(event, settings) ??
    checkSecondaryEmail(event.user.email, proved, settings)
  if (denial !== undefined) return denial
  const succeed = successOf(connection, settings.resultClaim)
  const isHeld = readIdentities(event).some((identity) => readFullId(identity) === proved.subject)
  if (isHeld || isFull(event, connection, settings)) return succeed('already_linked')

  const secondary = readIdentityId(proved.subject)
  if (secondary === undefined)
    return deny('confirmation_invalid', 'confirmation without an identity')
  const failure = await linkIdentity(context, secondary, proved.connectionId)
  return failure ?? succeed('linked')
}
