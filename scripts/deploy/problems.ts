/**
 * What can go wrong between here and the tenant, each in one line that says what to do next. No I/O.
 * Bodies of answers are not repeated, but for the words of Auth0 that name a scope or a field; the
 * report cuts them, after its filter: half a secret would pass that.
 */
import { ManagementError, ManagementTimeoutError } from 'auth0'

/** Ends a run. Its message is for the person and holds no secret. */
export class Problem extends Error {
  override readonly name = 'Problem'
}

const GRANT_HINT =
  'Applications > APIs > Auth0 Management API > Application Access, for the application that deploys'

export function lacksScopes(scopes: readonly string[]): Problem {
  const them = scopes.length === 1 ? 'it' : 'them'
  return new Problem(`The token lacks ${scopes.join(', ')}: grant ${them} at ${GRANT_HINT}`)
}

export const redirected = (): Problem =>
  new Problem(
    'The tenant answers with a redirect, which no secret follows: set AUTH0_DOMAIN to the canonical domain of the tenant, and see what stands between here and there',
  )

/** Where the tenant's list of them has it. */
export const CUSTOM_DOMAIN = 'AUTH0_DOMAIN is a custom domain: set it to the canonical one'

/** `doing` is what failed: "Reading the bindings". */
export function toProblem(error: unknown, doing: string): Problem {
  const told = problemIn(error)
  if (told !== undefined) return told
  if (!(error instanceof ManagementError)) return unanswered(doing, codeOf(error))
  const { statusCode = 0 } = error
  if (isTokenRequest(error)) return ofTokenRequest(statusCode)
  return isLost(error) ? unanswered(doing, codeOf(error)) : ofStatus(statusCode, error, doing)
}

/** The SDK wraps what its `fetch` throws. */
function problemIn(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error
  return error instanceof Error && error.cause !== undefined ? problemIn(error.cause) : undefined
}

/** No answer that could be read: what was asked for may have been done, or not. */
export function isLost(error: unknown): boolean {
  if (error instanceof ManagementTimeoutError) return true
  if (problemIn(error) !== undefined) return false
  if (!(error instanceof ManagementError)) return true
  const { statusCode = 0 } = error
  return statusCode < 300 || statusCode >= 500
}

export const isAbsent = (error: unknown): boolean =>
  error instanceof ManagementError && error.statusCode === 404

/** A release that came too early: what says `built` and what releases need not agree at once. */
export function isNotBuilt(error: unknown): boolean {
  if (!(error instanceof ManagementError) || error.statusCode !== 400) return false
  return /must be in the .built. state/.test(bodyOf(error).message)
}

/** Where the companion is named, and the tenant has none of that name. */
export const noApplication = (clientId: string): string =>
  `There is no application ${clientId}: correct LINK_AUTH0_CLIENT_ID, or leave it out`

/** The tenant's plan does not have it: a prohibition that no scope would lift. */
export function isNotOffered(error: unknown): boolean {
  if (!(error instanceof ManagementError) || error.statusCode !== 403) return false
  const { message, errorCode } = bodyOf(error)
  return errorCode !== 'insufficient_scope' && /not allowed to perform/.test(message)
}

function unanswered(doing: string, why: string): Problem {
  return new Problem(
    `${doing} failed (${why}): check AUTH0_DOMAIN and the network, then run the same command again; it goes on from what it finds`,
  )
}

function ofStatus(status: number, error: ManagementError, doing: string): Problem {
  const { message, errorCode } = bodyOf(error)
  if (status === 401)
    return new Problem(
      `${doing} failed: the access token is expired, or of another tenant than AUTH0_DOMAIN; get a new one`,
    )
  if (status === 403) {
    const scopes = message.match(/\b[a-z]+:[a-z_]+\b/g) ?? []
    if (scopes.length > 0) return lacksScopes([...new Set(scopes)])
  }
  if (status === 429)
    return new Problem(`${doing} failed: too many requests; run the same command again later`)
  return new Problem(`${doing} failed: the tenant answers ${status} ${message || errorCode}`.trim())
}

// The token request of the SDK has this message, and no other mark.
const isTokenRequest = ({ message }: ManagementError): boolean =>
  message.startsWith('ManagementClient: token request')

function ofTokenRequest(status: number): Problem {
  if (status === 401)
    return new Problem(
      'The tenant refuses AUTH0_CLIENT_ID with AUTH0_CLIENT_SECRET: check both, and that they are of the tenant AUTH0_DOMAIN',
    )
  if (status === 403)
    return new Problem(
      `The application that deploys may not use the Management API, or AUTH0_DOMAIN is not the canonical domain: authorize it at ${GRANT_HINT}`,
    )
  return new Problem(
    `The tenant gives no access token (${status}): run the same command again later`,
  )
}

function bodyOf({ body }: ManagementError) {
  const { message, errorCode } = (typeof body === 'object' && body !== null ? body : {}) as {
    readonly message?: unknown
    readonly errorCode?: unknown
  }
  const oneLine = (value: unknown): string =>
    typeof value === 'string' ? value.replace(/\s+/g, ' ') : ''
  return { message: oneLine(message), errorCode: oneLine(errorCode) }
}

/** What a network error says of itself, somewhere in its chain of causes. */
export function codeOf(error: unknown): string {
  let last = ''
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth += 1) {
    const { code, statusCode } = one as { readonly code?: unknown; readonly statusCode?: unknown }
    if (typeof code === 'string') return code
    if (typeof statusCode === 'number' && statusCode >= 300) return `status ${statusCode}`
    if (/Timeout/.test(one.name)) return 'no answer in time'
    last = one.message
  }
  return last.split('\n')[0] || 'no answer that can be read'
}
