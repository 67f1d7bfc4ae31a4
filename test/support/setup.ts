/**
 * Runs before every test file: reads all globals (see `readEveryGlobal`), and takes back after each
 * test whatever it has replaced, so that no test hands a stub or a stopped clock to the next.
 */

import { afterEach, vi } from 'vitest'
import { readEveryGlobal } from './load.ts'

readEveryGlobal()

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})
