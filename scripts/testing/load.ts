/**
 * Loads an Action's source as the platform does: as the body of a function that is given `module`,
 * `exports`, `console` and `require`, in this realm or in one of its own. Runs the source's top level
 * and gives back its two handlers; refuses what the platform refuses.
 */

import { createRequire, isBuiltin } from 'node:module'
import { compileFunction, createContext } from 'node:vm'
import type { Handler } from '../../src/platform.ts'
import { type ActionConsole, createConsole } from './console.ts'

/**
 * `own` is a second realm, as in Auth0's test harness: `[] instanceof Array` is false there, and Node 22
 * and 24 end without an exception where an Action is the first in the process to read `DOMException`.
 */
export type Realm = 'host' | 'own'

/** The handlers of an Action; `onContinuePostLogin` does nothing where the Action has none. */
export interface LoadedAction {
  readonly onExecutePostLogin: Handler
  readonly onContinuePostLogin: Handler
  readonly exportedNames: readonly string[]
}

export interface LoadOptions {
  /** Default: `host`. */
  readonly realm?: Realm
  /** Where the Action's lines go. Default: nowhere. */
  readonly console?: ActionConsole
  /** The name in stack traces. Default: `action.js`. */
  readonly filename?: string
}

/**
 * An Action's source may have this size in bytes of UTF-8; npm modules do not count.
 *
 * @see https://auth0.com/docs/customize/actions/limitations
 */
export const MAX_SOURCE_BYTES = 100_000

const builtin = createRequire(import.meta.url)

function requireBuiltin(name: string): unknown {
  if (typeof name === 'string' && isBuiltin(name)) return builtin(name)
  const error = new Error(`Cannot find module '${name}': an Action has Node's builtins only`)
  throw Object.assign(error, { code: 'MODULE_NOT_FOUND' })
}

function parsingContext(realm: Realm): { parsingContext?: object } {
  if (realm === 'host') return {}
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

/**
 * Loads the text of an Action, one CommonJS file, and gives back its handlers. Each call is a new
 * instance. The text is given `module`, `exports`, `console` and a `require` that knows Node's builtins
 * only; it sees this process's globals, `fetch` and `Date` as a test has replaced them among them.
 *
 * Throws what the text throws at its top level, and what the platform refuses: more than
 * `MAX_SOURCE_BYTES`, no `onExecutePostLogin`, a handler that is not a native async function.
 */
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
