/**
 * Loads an Action's source as the platform does: as the body of a function that is given `module`,
 * `exports`, `console` and `require`, in this realm or in one of its own. Runs the source's top level
 * and gives back its two handlers; refuses what the platform refuses.
 */

import { createRequire, isBuiltin } from 'node:module'
import { compileFunction, createContext } from 'node:vm'
import type { Handler } from '../../src/platform.ts'
import { type ActionConsole, createConsole } from './console.ts'

/** `own` is a second realm, as in Auth0's test harness: `[] instanceof Array` is false there. */
export type Realm = 'host' | 'own'

export interface LoadedAction {
  readonly onExecutePostLogin: Handler
  readonly onContinuePostLogin: Handler
  readonly exportedNames: readonly string[]
}

export interface LoadOptions {
  readonly realm?: Realm
  /** Where the Action's lines go. Default: nowhere. */
  readonly console?: ActionConsole
  /** The name in stack traces. */
  readonly filename?: string
}

/** An Action's source may have this size; npm modules do not count. */
export const MAX_SOURCE_BYTES = 100_000

const builtin = createRequire(import.meta.url)

function requireBuiltin(name: string): unknown {
  if (typeof name === 'string' && isBuiltin(name)) return builtin(name)
  const error = new Error(`Cannot find module '${name}': an Action has Node's builtins only`)
  throw Object.assign(error, { code: 'MODULE_NOT_FOUND' })
}

/**
 * Reads every global once. Node 22 aborts when a lazy one (`DOMException`, `fetch`) is first read
 * from a second realm.
 */
export function readEveryGlobal(): void {
  for (const name of Object.getOwnPropertyNames(globalThis)) Reflect.get(globalThis, name)
}

function parsingContext(realm: Realm): { parsingContext?: object } {
  if (realm === 'host') return {}
  readEveryGlobal()
  // A context over this realm's own global object: `fetch`, `Date` and the timers that a test has
  // replaced are seen from inside, literals and engine errors belong to the new realm.
  return { parsingContext: createContext(globalThis) }
}

const nothing: Handler = async () => {}

function handlerOf(exported: Record<string, unknown>, name: string): Handler {
  const handler = exported[name]
  // An Action that never redirects needs no second handler.
  if (handler === undefined && name === 'onContinuePostLogin') return nothing
  if (typeof handler !== 'function') throw new Error(`The Action does not export ${name}`)
  // A plain function that returns a promise is refused; the name holds across realms.
  if (handler.constructor.name !== 'AsyncFunction') {
    throw new Error(`${name} is not a native async function`)
  }
  return handler as Handler
}

export function loadAction(code: string, options: LoadOptions = {}): LoadedAction {
  const { realm = 'host', console = createConsole().console, filename = 'action.js' } = options
  const sizeBytes = Buffer.byteLength(code, 'utf8')
  if (sizeBytes > MAX_SOURCE_BYTES) {
    throw new Error(`The Action has ${sizeBytes} bytes, ${MAX_SOURCE_BYTES} are allowed`)
  }
  const evaluate = compileFunction(code, ['module', 'exports', 'console', 'require'], {
    filename,
    ...parsingContext(realm),
  })
  const module: { exports: Record<string, unknown> } = { exports: {} }
  evaluate(module, module.exports, console, requireBuiltin)
  return {
    onExecutePostLogin: handlerOf(module.exports, 'onExecutePostLogin'),
    onContinuePostLogin: handlerOf(module.exports, 'onContinuePostLogin'),
    exportedNames: Object.keys(module.exports),
  }
}
