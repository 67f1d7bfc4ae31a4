/**
 * Short names for values: equal ones have the same name, so that states can be compared by text. No I/O.
 */

export interface Interned<T> {
  readonly put: (value: T) => string
  readonly get: (name: string) => T
}

export function createInterned<T>(prefix: string): Interned<T> {
  const names = new Map<string, string>()
  const values = new Map<string, T>()
  return {
    put(value) {
      const text = JSON.stringify(value)
      const known = names.get(text)
      if (known !== undefined) return known
      const name = `${prefix}${names.size}`
      names.set(text, name)
      values.set(name, value)
      return name
    },
    get(name) {
      const value = values.get(name)
      if (value === undefined) throw new Error(`there is no ${name}`)
      return value
    },
  }
}
