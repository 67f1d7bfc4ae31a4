/**
 * The two handlers of the Action: which login is this, run its pipeline, apply the outcome. The
 * only file that commands `api`, and the home of the last catch. Neither handler ever throws, and a
 * login that is none of ours returns from here at once.
 *
 * @see https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger
 */
import type { Execution } from './context.ts'
import type { Log } from './log.ts'
import { deny, type LinkingOutcome, MESSAGES, type Outcome } from './outcome.ts'
import type { Handler, PostLoginApi, PostLoginEvent } from './platform.ts'
import { type LoginKind, readLoginKind } from './request.ts'

/** A login begins, or a refresh: ordinary, nested, asking for a link, or confirming one. */
export const onExecutePostLogin: Handler = async (event, api) => {
  const kind = classify(event)
  if (kind === 'nested') await runNestedLogin(event, api)
  if (kind === 'linking') await runLinking('start', event, api)
  if (kind === 'confirmation') await runLinking('confirm', event, api)
}

/** The browser comes back from the nested login. */
export const onContinuePostLogin: Handler = async (event, api) => {
  if (classify(event) === 'linking') await runLinking('resume', event, api)
}

/** An event that cannot be read is nobody's linking request. */
function classify(event: PostLoginEvent): LoginKind {
  try {
    return readLoginKind(event)
  } catch {
    return 'ordinary'
  }
}

async function runLinking(
  pipeline: 'start' | 'resume' | 'confirm',
  event: PostLoginEvent,
  api: PostLoginApi,
): Promise<void> {
  let outcome: LinkingOutcome | undefined
  let log: Log | undefined
  try {
    const pipelines = await import('./pipelines.ts')
    log = pipelines.createLog(console, pipelines.readDebugPatterns(event), event)
    outcome =
      pipelines.checkClient(event) ?? (await pipelines[pipeline](openExecution(event, api, log)))
    apply(outcome, api)
  } catch (error) {
    // A change of the account that has been made stays the outcome, whatever came after it.
    if (outcome?.kind !== 'linked' && outcome?.kind !== 'unlinked') {
      applyUnexpected(api)
      outcome = deny('unexpected', `unexpected: ${nameOf(error)}`)
    }
  }
  log?.outcome(outcome)
}

async function runNestedLogin(event: PostLoginEvent, api: PostLoginApi): Promise<void> {
  let log: Log | undefined
  try {
    const pipelines = await import('./pipelines.ts')
    log = pipelines.createLog(console, pipelines.readDebugPatterns(event), event)
    const outcome = await pipelines.completeNestedLogin(event)
    apply(outcome, api)
    if (outcome.kind === 'denied') log.error(`${outcome.code}: ${outcome.cause}`)
    else if (outcome.cause !== undefined) log.error(outcome.cause)
  } catch (error) {
    applyUnexpected(api)
    log?.error(`unexpected: ${nameOf(error)}`)
  }
}

function openExecution(event: PostLoginEvent, api: PostLoginApi, log: Log): Execution {
  const { cache, redirect } = api
  return {
    event,
    cache,
    canRedirect: redirect?.canRedirect && (() => redirect.canRedirect?.() !== false),
    fetch: (input, init) => fetch(input, init),
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    log,
  }
}

/** The one place where an outcome becomes commands. */
function apply(outcome: Outcome, api: PostLoginApi): void {
  switch (outcome.kind) {
    case 'denied':
      api.access.deny(`${outcome.code}: ${MESSAGES[outcome.code]}`)
      return
    case 'not_listed':
      return
    case 'redirected':
      for (const [key, value] of Object.entries(outcome.metadata))
        api.transaction.setMetadata(key, value)
      api.redirect.sendUserTo(outcome.url)
      return
    case 'nested':
      if (outcome.challenge !== undefined && outcome.challenge.length > 0)
        api.authentication.challengeWithAny(outcome.challenge)
      applyClaims(outcome.claims, api)
      return
    case 'linked':
    case 'already_linked':
    case 'consented':
    case 'pending':
    case 'unlinked':
      applyClaims(outcome.claims, api)
      for (const [key, value] of Object.entries(outcome.userMetadata ?? {}))
        api.user.setUserMetadata(key, value)
      return
    default:
      outcome satisfies never
  }
}

function applyClaims(claims: Readonly<Record<string, unknown>> = {}, api: PostLoginApi): void {
  for (const [name, value] of Object.entries(claims)) api.idToken.setCustomClaim(name, value)
}

/** The last catch: nothing of what went wrong decides whether the login is denied. */
function applyUnexpected(api: PostLoginApi): void {
  try {
    apply(deny('unexpected'), api)
  } catch {
    // Nothing is left to tell the platform with.
  }
}

/** Name and code only: messages may quote what they choked on. */
function nameOf(error: unknown): string {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown }
  return [name, code].filter((part) => typeof part === 'string').join(' ')
}
