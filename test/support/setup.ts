/**
 * Runs before every test file: registers the matchers, and takes back after each test whatever it has
 * replaced, so that no test hands a stub or a stopped clock to the next.
 */

import './matchers.ts'
import { afterEach, vi } from 'vitest'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})
