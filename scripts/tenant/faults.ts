/**
 * Trouble on demand: makes the next requests to a route be answered otherwise, not at all, or late.
 * Decides, and waits; the front door applies what it says.
 */

import { setTimeout as delay } from 'node:timers/promises'

export interface LocalTenantFault {
  /** Method and path: `'POST /oauth/token'`; a pattern is held against the same text. */
  readonly route: string | RegExp
  /** `action`: only requests that a run of an Action sends. Default: anybody's. */
  readonly caller?: 'action'
  /** How many requests it applies to. Default 1. */
  readonly times?: number
  /** Requests to leave alone before. Default 0. */
  readonly after?: number
  readonly delayMs?: number
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /**
   * `hang`: no answer. `reset`: the connection breaks and nothing is done. `lose`: the request is
   * carried out, and the connection breaks instead of an answer.
   */
  readonly break?: 'hang' | 'reset' | 'lose'
}

export interface FaultedRequest {
  readonly method: string
  readonly path: string
  /** A run of an Action sent it. */
  readonly ofRun: boolean
}

export interface Faults {
  add(fault: LocalTenantFault): void
  /** None are left; what waits for one goes on. */
  clear(): void
  /** The fault for this request; counts it. */
  take(request: FaultedRequest): LocalTenantFault | undefined
  /** Until the time is over, or `goOn` is called. */
  wait(delayMs: number): Promise<void>
  goOn(): void
}

export function createFaults(): Faults {
  let pending: { readonly fault: LocalTenantFault; skip: number; left: number }[] = []
  let waiting = new AbortController()

  function matches(
    { caller, route }: LocalTenantFault,
    { method, ofRun, path }: FaultedRequest,
  ): boolean {
    if (caller === 'action' && !ofRun) return false
    const asked = `${method} ${path}`
    return typeof route === 'string' ? route === asked : route.test(asked)
  }

  function goOn(): void {
    waiting.abort()
    waiting = new AbortController()
  }

  return {
    add: (fault) => {
      pending.push({ fault, skip: fault.after ?? 0, left: fault.times ?? 1 })
    },
    clear: () => {
      pending = []
      goOn()
    },
    take(request) {
      const found = pending.find(({ fault }) => matches(fault, request))
      if (found === undefined) return undefined
      if (found.skip > 0) {
        found.skip -= 1
        return undefined
      }
      found.left -= 1
      if (found.left <= 0) pending = pending.filter((one) => one !== found)
      return found.fault
    },
    wait: (delayMs) => delay(delayMs, undefined, { signal: waiting.signal }).catch(() => undefined),
    goOn,
  }
}
