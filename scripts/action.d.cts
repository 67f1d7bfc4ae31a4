/**
 * Types of the package's entry `./action`: the bundle that is deployed, one CommonJS file with two
 * handlers. An ECMAScript module takes them from the default import: Node finds no names in minified
 * code, and TypeScript cannot be told so.
 */
import type { Handler } from './testing/index.js' with { 'resolution-mode': 'import' }

declare const action: {
  readonly onExecutePostLogin: Handler
  readonly onContinuePostLogin: Handler
}
export = action
