/**
 * Types of the package's entry `./action`: the bundle that is deployed, one CommonJS file with two
 * handlers. An ECMAScript module gets them as its default import, since Node finds no names in minified
 * code; a class is what TypeScript takes no named imports from either.
 */
import type { Handler } from './testing/index.js' with { 'resolution-mode': 'import' }

declare class Action {
  private constructor()
  readonly onExecutePostLogin: Handler
  readonly onContinuePostLogin: Handler
}

declare const action: Action
export = action
