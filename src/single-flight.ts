/**
 * One request for all executions of this instance that want the same at the same moment, and none for
 * what was asked in vain a moment ago. No I/O of its own. It has the only state in module scope,
 * because nothing else reaches from one execution to another: key sets and Management tokens while they
 * are fetched, and a key set in which a key was looked for in vain, under the cache's keys, which are
 * hashes of domain, client and secrets.
 */
import type { Http } from './http.ts'
import { type Denial, isDenial } from './outcome.ts'

/** What is being fetched at this moment; an entry leaves when its request ends. */
const inFlight = new Map<string, { readonly work: Promise<unknown>; readonly untilMs: number }>()

/** As long as one call may take: what has not ended by then may never, and is not joined any more. */
const MAX_FLIGHT_MS = 5_000

/**
 * What `produce` gives, run once for all that come with this key while it runs. Who joins waits
 * within the time of its own handler, and runs its own `produce` where the other's failed. Rejects
 * as `produce` does.
 */
export async function share<T>(
  key: string,
  http: Http,
  produce: () => Promise<T | Denial>,
): Promise<T | Denial> {
  const entry = inFlight.get(key)
  const running = entry?.work as Promise<T | Denial> | undefined
  if (entry !== undefined && running !== undefined && http.monotonicMs() < entry.untilMs) {
    const shared = await http.within(running).catch(() => undefined)
    // Another execution's failure may be its own: little time left, say. Try for oneself.
    return shared === undefined || isDenial(shared) ? produce() : shared
  }
  const own = produce().finally(() => {
    if (inFlight.get(key)?.work === own) inFlight.delete(key)
  })
  inFlight.set(key, { work: own, untilMs: http.monotonicMs() + MAX_FLIGHT_MS })
  return own
}

/** How long an answer stands that did not help: what is new by then is found this much later. */
const RECENT_MS = 10_000

const recent = new Map<string, { readonly untilMs: number; readonly answer: unknown }>()

/** What was remembered under this key less than 10 seconds ago. */
export function recall<T>(key: string, http: Http): T | undefined {
  const entry = recent.get(key)
  return entry !== undefined && http.monotonicMs() < entry.untilMs ? (entry.answer as T) : undefined
}

/** Spares others with this key for 10 seconds the question that was answered so. */
export function remember(key: string, http: Http, answer: unknown): void {
  recent.set(key, { untilMs: http.monotonicMs() + RECENT_MS, answer })
}
