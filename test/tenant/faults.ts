/**
 * Trouble on demand: makes the next requests to a route be answered otherwise, not at all, or late.
 * Decides only; the front door applies what it says.
 */

export interface Fault {
  /** Method and path: `'POST /oauth/token'`; a pattern is held against the same text. */
  readonly route: string | RegExp
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

export interface Faults {
  add(fault: Fault): void
  clear(): void
  /** The fault for this request; counts it. */
  take(method: string, path: string): Fault | undefined
}

export function createFaults(): Faults {
  let pending: { readonly fault: Fault; skip: number; left: number }[] = []

  const matches = ({ route }: Fault, request: string): boolean =>
    typeof route === 'string' ? route === request : route.test(request)

  return {
    add: (fault) => {
      pending.push({ fault, skip: fault.after ?? 0, left: fault.times ?? 1 })
    },
    clear: () => {
      pending = []
    },
    take(method, path) {
      const found = pending.find(({ fault }) => matches(fault, `${method} ${path}`))
      if (found === undefined) return undefined
      if (found.skip > 0) {
        found.skip -= 1
        return undefined
      }
      found.left -= 1
      if (found.left <= 0) pending = pending.filter((one) => one !== found)
      return found.fault
    },
  }
}
