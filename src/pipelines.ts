/**
 * What runs when a login concerns this Action, as one module that other logins never evaluate.
 * Imported with `import()` only.
 */
export { confirm } from './confirm.ts'
export { createLog } from './log.ts'
export { completeNestedLogin } from './nested/login.ts'
export { checkClient } from './policy.ts'
export { resume } from './resume.ts'
export { readDebugPatterns } from './settings.ts'
export { start } from './start.ts'
