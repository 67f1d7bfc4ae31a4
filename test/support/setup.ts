/**
 * Runs before every test file: takes back after each test whatever it has replaced, so that no test
 * hands a stub or a stopped clock to the next.
 */

import { afterEach, vi } from 'vitest'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})
