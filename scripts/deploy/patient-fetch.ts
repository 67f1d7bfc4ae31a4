/**
 * `fetch` with the patience that the Management API asks for: every try has a time limit, body
 * included; 429 waits as told and tries again, whatever the request was, since nothing was done;
 * reading and most of PATCH survive 5xx and lost connections, POST does not: it may have been done. No
 * redirect is followed: token and secrets are for the address that the person gave.
 *
 * @see https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { readRetryAfterMs } from '../../src/retry-after.ts'
import { codeOf, Problem, redirected } from './problems.ts'

export interface Patience {
  /** A wait and its reason, before it begins. */
  readonly onWait: (waitMs: number, why: string) => void
  readonly sleep?: ((waitMs: number) => Promise<unknown>) | undefined
  readonly tryTimeoutMs?: number
}

/** A page of versions holds their whole code: megabytes. */
const TRY_TIMEOUT_MS = 30_000
const MAX_TRIES = 5
/** Told to wait longer than this, the run ends and says so. */
const MAX_WAIT_MS = 120_000
const FIRST_PAUSE_MS = 500

export function createPatientFetch(patience: Patience): typeof fetch {
  const { onWait, sleep: pause = sleep, tryTimeoutMs = TRY_TIMEOUT_MS } = patience
  return async (input, init) => {
    for (let tries = 1; ; tries += 1) {
      const answer = await tryOnce(input, init, tryTimeoutMs)
      const waitMs =
        tries < MAX_TRIES ? waitOf(answer, isRepeatable(input, init), tries) : undefined
      if (waitMs === undefined || waitMs > MAX_WAIT_MS) {
        if (answer instanceof Response) return answer
        throw answer.lost
      }
      onWait(waitMs, whyOf(answer))
      await pause(waitMs)
    }
  }
}

interface Lost {
  readonly lost: unknown
}

/** The body is read here, so that its time and its loss count as the request's. */
async function tryOnce(
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  timeoutMs: number,
): Promise<Response | Lost> {
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await fetch(input, { ...init, redirect: 'manual', signal })
    // The SDK would take it for an answer that is well.
    if (response.status >= 300 && response.status < 400) return { lost: redirected() }
    const bytes = await response.arrayBuffer()
    const { status } = response
    const headers = new Headers(response.headers)
    // Decoded already; the length is no longer that of the wire.
    headers.delete('content-encoding')
    headers.delete('content-length')
    return new Response(NULL_BODY_STATUSES.includes(status) ? null : bytes, { status, headers })
  } catch (lost) {
    return { lost }
  }
}

/** They may have no body, not even an empty one. */
const NULL_BODY_STATUSES = [204, 205, 304]

/**
 * A PATCH names the values to be: done twice it is done once. That of the bindings is the whole flow,
 * which somebody may have changed in between: whoever writes it reads it first.
 */
function isRepeatable(
  input: Parameters<typeof fetch>[0],
  { method = 'GET' }: RequestInit = {},
): boolean {
  const url = input instanceof Request ? input.url : String(input)
  return method === 'GET' || (method === 'PATCH' && !/\/bindings$/.test(url))
}

function waitOf(answer: Response | Lost, repeatable: boolean, tries: number): number | undefined {
  if (answer instanceof Response && answer.status === 429)
    return Math.max(readRetryAfterMs(answer, Date.now()), pauseOf(tries))
  if ('lost' in answer && answer.lost instanceof Problem) return undefined
  const unsure = !(answer instanceof Response) || answer.status >= 500
  return unsure && repeatable ? pauseOf(tries) : undefined
}

function whyOf(answer: Response | Lost): string {
  if (!(answer instanceof Response)) return `no answer (${codeOf(answer.lost)})`
  return answer.status === 429 ? 'too many requests' : `the tenant answers ${answer.status}`
}

const pauseOf = (tries: number): number => FIRST_PAUSE_MS * 2 ** (tries - 1)
