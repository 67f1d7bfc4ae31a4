/**
 * The start of a linking request (`onExecutePostLogin`): every check that can be made before the
 * browser leaves, in the order that decides which denial wins. At most one call, for the JWKS.
 */
import { ATTEMPT_KEY, createAttempt, type Plan } from './attempt.ts'
import { type Context, type Execution, openContext } from './context.ts'
import { verifyHint } from './hint.ts'
import { buildNestedUrl } from './nested/authorize.ts'
import { type Denial, isDenial, type LinkingOutcome, successOf } from './outcome.ts'
import {
  checkConfirmable,
  checkInteraction,
  checkMfa,
  checkPrimaryEmail,
  checkRequest,
  isFull,
} from './policy.ts'
import { type LinkingRequest, readLinkingRequest } from './request.ts'
import { chooseUnlink } from './unlink.ts'

/**
 * Where the browser goes and what waits for it; or `already_linked`, or the denial of the first
 * check that fails. Nothing of the account is changed.
 */
export async function start(execution: Execution): Promise<LinkingOutcome> {
  const { event, log } = execution

  // 1. Settings, one of the two scopes, and the domain in use.
  const context = await openContext(execution)
  if (isDenial(context)) return context
  const { domain, settings } = context

  // 2. The request and the policy on it.
  const request = readLinkingRequest(event)
  if (isDenial(request)) return request
  const refusal = checkRequest(request, settings)
  if (refusal !== undefined) return refusal
  const { mode, connection, connectionScope } = request

  // 3. Already linked: nothing to do, unless more upstream scopes are asked for.
  const isLinked = mode === 'link' && isFull(event, connection, settings)
  if (isLinked && connectionScope === undefined)
    return successOf(connection, settings.resultClaim)('already_linked')
  const unconfirmable = mode === 'link' && !isLinked ? checkConfirmable(event, settings) : undefined
  if (unconfirmable !== undefined) return unconfirmable

  // 4. to 6. A page can be shown; who asks; how the primary logged in.
  const pageless = checkInteraction(event, execution.canRedirect)
  if (pageless !== undefined) return pageless
  const hint = await verifyHint(request.hint, context)
  if (isDenial(hint)) return hint
  const denial = checkMfa(event, settings) ?? checkPrimaryEmail(event, settings)
  if (denial !== undefined) return denial

  // 7. What to unlink.
  const plan = makePlan(request, isLinked, context)
  if (isDenial(plan)) return plan

  // 8. The redirect.
  const { secrets, stored } = await createAttempt(context, plan)
  log.info(`nested authorization at ${domain} to ${plan.mode}`)
  const url = await buildNestedUrl(context, plan, secrets)
  return { kind: 'redirected', mode: plan.mode, url, metadata: { [ATTEMPT_KEY]: stored } }
}

function makePlan(
  request: LinkingRequest,
  isLinked: boolean,
  { event, nowSeconds }: Context,
): Plan | Denial {
  const { mode, connection, connectionScope, loginHint } = request
  const startedAtSeconds = nowSeconds()
  if (mode === 'unlink') {
    const target = chooseUnlink(event, request)
    return isDenial(target) ? target : { mode, connection, startedAtSeconds, ...target }
  }
  return {
    mode: isLinked ? 'consent' : 'link',
    connection,
    nestedConnection: connection,
    startedAtSeconds,
    connectionScope,
    loginHint,
  }
}
