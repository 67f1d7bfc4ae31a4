/**
 * One request for all executions of this instance that want the same at the same moment, and none for
 * what was asked for in vain a moment ago. No I/O of its own. It has the only state in module scope,
 * because nothing else reaches from one execution to another: key sets and Management tokens while they
 * are fetched, and when a search failed, under the cache's keys, which are hashes of domain, client and
 * secrets.
 */
import type { Http } from './http.ts'
import { type Denial, isDenial } from './outcome.ts'

/** What is being fetched at this moment; an entry leaves when its request ends. */
const inFlight = new Map<string, Promise<unknown>>()

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
  const running = inFlight.get(key) as Promise<T | Denial> | undefined
  if (running !== undefined) {
    const shared = await http.within(running).catch(() => undefined)
    // Another execution's failure may be its own: little time left, say. Try for oneself.
    return shared === undefined || isDenial(shared) ? produce() : shared
  }
  const own = produce().finally(() => inFlight.delete(key))
  inFlight.set(key, own)
  return own
}

/** How long a search in vain stands: a key that is new by then is found this much later. */
const MISS_MS = 10_000

/** A search in vain, and what came of it. */
interface Miss {
  readonly untilMs: number
  readonly answer: Denial | undefined
}

const misses = new Map<string, Miss>()

/** The search with this key that was in vain less than 10 seconds ago. */
export function readMiss(key: string, http: Http): Miss | undefined {
  const miss = misses.get(key)
  return miss !== undefined && http.monotonicMs() < miss.untilMs ? miss : undefined
}

/** Lets others with this key know for 10 seconds that they need not search. */
export function noteMiss(key: string, http: Http, answer: Denial | undefined): void {
  misses.set(key, { untilMs: http.monotonicMs() + MISS_MS, answer })
}
