/**
 * A map that remembers so many entries and no more: the oldest is forgotten for a new one. No I/O. For
 * what is heard of all the time and looked up soon, in a process that runs for days.
 */

export interface BoundedMap<Key, Value> {
  get(key: Key): Value | undefined
  set(key: Key, value: Value): void
  delete(key: Key): void
  entries(): Iterable<[Key, Value]>
  clear(): void
}

export function createBoundedMap<Key, Value>(maxEntries: number): BoundedMap<Key, Value> {
  const entries = new Map<Key, Value>()
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      // Set again, it is new again.
      entries.delete(key)
      entries.set(key, value)
      const [oldest] = entries.keys()
      if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest)
    },
    delete: (key) => void entries.delete(key),
    entries: () => entries.entries(),
    clear: () => entries.clear(),
  }
}
