/**
 * The artifact as the tests of this folder see it: the files of `dist`, read once, and a way to
 * evaluate the Action as the platform does while writing down every module that it requires.
 */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileFunction, createContext } from 'node:vm'
import type { ActionConsole } from '../../scripts/testing/console.ts'
import type { Handlers } from '../../scripts/testing/flow.ts'
import type { Realm } from '../../scripts/testing/load.ts'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** What belongs into `dist`, and nothing else. */
export const DIST_FILES = [
  'THIRD-PARTY.txt',
  'action.cdx.json',
  'action.js',
  'package.json',
] as const

export function readProject(path: string): string {
  return readFileSync(`${ROOT}/${path}`, 'utf8')
}

export const ACTION = readProject('dist/action.js')

/** The name of the artifact in coverage and stack traces. */
export const ACTION_URL = 'dist/action.js'

export const REALMS: readonly Realm[] = ['host', 'own']

export interface Evaluated {
  readonly exported: Readonly<Record<string, unknown>>
  readonly handlers: Handlers
  /** Every module required so far, in order, repetitions included. Live. */
  readonly required: readonly string[]
}

export interface EvaluateOptions {
  readonly realm?: Realm
  readonly console?: Partial<ActionConsole>
}

const nodeRequire = createRequire(import.meta.url)

/** The body of a function that is given what an Action is given; a new instance at each call. */
export function evaluate({ realm = 'host', console = {} }: EvaluateOptions = {}): Evaluated {
  const body = compileFunction(ACTION, ['module', 'exports', 'console', 'require'], {
    filename: ACTION_URL,
    ...(realm === 'own' ? { parsingContext: createContext(globalThis) } : {}),
  })
  const required: string[] = []
  const module: { exports: Record<string, unknown> } = { exports: {} }
  body(module, module.exports, console, (name: string) => {
    required.push(name)
    return nodeRequire(name)
  })
  // Read at each use: exports may be getters.
  return { exported: module.exports, handlers: module.exports as unknown as Handlers, required }
}
