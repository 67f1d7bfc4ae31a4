/**
 * One request for all executions of this instance that want the same at the same moment. No I/O of
 * its own. It has the only state in module scope, because nothing else reaches from one execution
 * to another: key sets and Management tokens while they are fetched, under the cache's keys, which
 * are hashes of domain, client and secrets.
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
