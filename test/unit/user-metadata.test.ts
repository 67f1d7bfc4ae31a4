/** `src/user-metadata.ts`: what MERGE_USER_METADATA carries over. */

import { describe, expect, test } from 'vitest'
import { mergeUserMetadata, readMetadata } from '../../src/user-metadata.ts'

const LARGE = { text: 'x'.repeat(9_000) }

describe('mergeUserMetadata', () => {
  test.each([
    [{ a: 1 }, { a: 2, b: 3 }, { b: 3 }],
    [{}, { a: 1 }, { a: 1 }],
    [undefined, { a: 1 }, { a: 1 }],
    [{ a: undefined }, { a: 1 }, {}],
    [{ a: { x: 1 } }, { a: { y: 2 } }, {}],
    [{ a: 1 }, undefined, {}],
    [{ a: 1 }, [1], {}],
    [{ a: 1 }, 'text', {}],
    [{}, LARGE, {}],
    [{ own: 'x'.repeat(8_000) }, { text: 'x'.repeat(300) }, {}],
  ])('of %j and %j keeps what is lacking', (primary, secondary, kept) => {
    expect(mergeUserMetadata(primary, secondary)).toEqual(kept)
  })

  test('leaves a key named __proto__ behind', () => {
    const kept = mergeUserMetadata({}, JSON.parse('{"__proto__": {"polluted": true}, "a": 1}'))
    expect(Object.entries(kept)).toEqual([['a', 1]])
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })
})

describe('readMetadata', () => {
  test.each([
    [{ a: 1 }, { a: 1 }],
    [{}, {}],
    [undefined, undefined],
    [null, undefined],
    [[1], undefined],
    [LARGE, undefined],
  ])('of %j gives %j', (metadata, read) => {
    expect(readMetadata(metadata)).toEqual(read)
  })
})
