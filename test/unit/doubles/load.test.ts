/** `loadAction` loads, and refuses, what the platform does. */

import { afterEach, describe, expect, test, vi } from 'vitest'
import { createConsole } from '../../../scripts/testing/console.ts'
import { loadAction, MAX_SOURCE_BYTES, type Realm } from '../../../scripts/testing/load.ts'
import type { PostLoginApi, PostLoginEvent } from '../../../src/platform.ts'

const EMPTY = 'exports.onExecutePostLogin = async () => {}\n'

/** Runs a body as the first handler of an Action, and gives back what it logs. */
async function runIn(realm: Realm, body: string): Promise<readonly string[]> {
  const { console, lines } = createConsole()
  const code = `exports.onExecutePostLogin = async (event, api) => { ${body} }`
  const { onExecutePostLogin } = loadAction(code, { realm, console })
  await onExecutePostLogin({} as PostLoginEvent, {} as PostLoginApi)
  return lines
}

describe.each(['host', 'own'] as const)('in the %s realm', (realm) => {
  afterEach(() => vi.unstubAllGlobals())

  test('gives both handlers and the exported names', () => {
    const code = `${EMPTY}exports.onContinuePostLogin = async () => {}\nexports.more = 1`
    const { exportedNames } = loadAction(code, { realm })
    expect(exportedNames).toEqual(['onExecutePostLogin', 'onContinuePostLogin', 'more'])
  })

  test('takes module.exports and getters on it', () => {
    const code = `const handler = async () => {}
      module.exports = { get onExecutePostLogin() { return handler } }`
    expect(loadAction(code, { realm }).exportedNames).toEqual(['onExecutePostLogin'])
  })

  test('an Action without a second handler has one that does nothing', async () => {
    const { onContinuePostLogin } = loadAction(EMPTY, { realm })
    await expect(onContinuePostLogin({} as never, {} as never)).resolves.toBeUndefined()
  })

  test.each([
    ['a plain function', 'exports.onExecutePostLogin = () => Promise.resolve()'],
    [
      'a function that wraps one',
      'const f = async () => {}; exports.onExecutePostLogin = (...x) => f(...x)',
    ],
  ])('refuses %s', (_what, code) => {
    expect(() => loadAction(code, { realm })).toThrow('not a native async function')
  })

  test('refuses a source without a first handler', () => {
    expect(() => loadAction('exports.other = async () => {}', { realm })).toThrow('does not export')
  })

  test('refuses more than 100 kB, counted in bytes', () => {
    const filler = (bytes: number) => `${EMPTY}//${'x'.repeat(bytes - EMPTY.length - 2)}`
    expect(() => loadAction(filler(MAX_SOURCE_BYTES), { realm })).not.toThrow()
    expect(() => loadAction(filler(MAX_SOURCE_BYTES + 1), { realm })).toThrow('bytes')
    expect(() => loadAction(`${EMPTY}//${'é'.repeat(50_000)}`, { realm })).toThrow('bytes')
  })

  test('refuses module syntax and top-level await', () => {
    expect(() => loadAction('export const x = 1', { realm })).toThrow()
    expect(() => loadAction(`await 1;${EMPTY}`, { realm })).toThrow()
  })

  test('throws what the source throws at load', () => {
    expect(() => loadAction('throw new Error("at load")', { realm })).toThrow('at load')
  })

  test('requires builtins only', async () => {
    const lines = await runIn(
      realm,
      `for (const name of ['node:crypto', 'crypto', 'vitest', './load.ts']) {
        try { require(name); console.log(name) } catch (error) { console.log(error.code) }
      }`,
    )
    expect(lines).toEqual(['node:crypto', 'crypto', 'MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])
  })

  test('gives neither __filename nor import()', async () => {
    const lines = await runIn(
      realm,
      `console.log(typeof __filename, typeof __dirname)
       await import('node:fs').then(() => console.log('imported'), () => console.log('refused'))`,
    )
    expect(lines).toEqual(['undefined undefined', 'refused'])
  })

  test('sees the fetch that stands in its place now', async () => {
    const code = 'exports.onExecutePostLogin = async (event, api) => api.say(await fetch("x"))'
    const { onExecutePostLogin } = loadAction(code, { realm })
    for (const answer of ['one', 'two']) {
      vi.stubGlobal('fetch', async () => answer)
      const said: unknown[] = []
      await onExecutePostLogin({} as never, { say: (what: unknown) => said.push(what) } as never)
      expect(said).toEqual([answer])
    }
  })

  test('has every global at hand', async () => {
    const lines = await runIn(
      realm,
      'console.log(typeof fetch, typeof Response, typeof crypto.subtle, typeof AbortSignal)',
    )
    expect(lines).toEqual(['function function object function'])
  })
})

test('only a realm of its own has engine objects of its own', async () => {
  const body = `let error; try { null.x } catch (caught) { error = caught }
    console.log([] instanceof Array, error instanceof Error, error.name, Array.isArray([]))`
  expect(await runIn('host', body)).toEqual(['true true TypeError true'])
  expect(await runIn('own', body)).toEqual(['false false TypeError true'])
})
