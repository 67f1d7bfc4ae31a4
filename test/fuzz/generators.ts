/**
 * Generators: values that a platform could hand over and nobody expects. Pure, no I/O.
 */

import fc from 'fast-check'

/** Texts that mean something to some parser. */
const TELLING = [
  '',
  ' ',
  '\0',
  '\r\nSet-Cookie: a=b',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'null',
  'undefined',
  'true',
  '0',
  '-1',
  '1e999',
  'none',
  '*',
  '%00',
  '%2e%2e%2f',
  '../../users',
  'a&connection=other',
  'https://other.example.net/',
  'tenant.example.auth0.com@other.example.net',
  'link_account',
  'google-oauth2',
  'auth0|5f7c8ec7c33c6c004bbafe82',
  '\ud800',
  '\u202e\u2028',
  '(a+)+$',
  ',',
  'x'.repeat(5_000),
]

export const telling: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...TELLING),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 300 }),
)

/** Anything that JSON can say, and nothing at all. */
export const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    0,
    -1,
    1e308,
    [],
    [null],
    [[]],
    {},
    { toString: null, valueOf: null },
    { length: 3 },
    { kind: 'denied', code: 'x' },
    JSON.parse('{"__proto__": {"polluted": true}}'),
  ),
  telling,
  fc.array(telling, { maxLength: 3 }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** One change of a value at a path. */
export interface Change {
  readonly path: readonly string[]
  readonly value: unknown
}

/** Some changes at some of these paths (`a.b.c`). */
export function changesAt(
  paths: readonly string[],
  maxChanges: number,
): fc.Arbitrary<readonly Change[]> {
  const change = fc.record({
    path: fc.constantFrom(...paths).map((path) => path.split('.')),
    value: odd,
  })
  return fc.array(change, { maxLength: maxChanges })
}

/** A copy with the changes in it; `undefined` removes. What is no object cannot be changed. */
export function change<T>(original: T, changes: readonly Change[]): T {
  const copy = structuredClone(original)
  for (const { path, value } of changes) {
    const place = path.slice(0, -1).reduce<unknown>((at, key) => memberOf(at, key), copy)
    const key = path.at(-1)
    if (typeof place !== 'object' || place === null || key === undefined) continue
    if (value === undefined) Reflect.deleteProperty(place, key)
    else Reflect.set(place, key, structuredClone(value))
  }
  return copy
}

function memberOf(at: unknown, key: string): unknown {
  return typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined
}

/** A record of some of these members. */
export function some<T>(
  members: Readonly<Record<string, fc.Arbitrary<T>>>,
  maxMembers: number,
): fc.Arbitrary<Readonly<Record<string, T>>> {
  const names = fc.uniqueArray(fc.constantFrom(...Object.keys(members)), { maxLength: maxMembers })
  return names.chain((chosen) =>
    fc.record(
      Object.fromEntries(Object.entries(members).filter(([name]) => chosen.includes(name))),
    ),
  )
}
