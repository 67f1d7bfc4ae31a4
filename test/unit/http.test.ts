/** `src/http.ts`: what libraries are given in the place of `fetch`. */

import { describe, expect, test, vi } from 'vitest'
import { type Fetch, openHttp } from '../../src/http.ts'
import { stopTimers, untilSettled } from '../support/settle.ts'

const reject = (error: unknown) => () => Promise.reject(error)
const code = (code: string) => new TypeError('fetch failed', { cause: { code } })

const FAILURES: readonly (readonly [string, Fetch])[] = [
  ['breaks', reject(code('ECONNRESET'))],
  ['is refused', reject(code('ECONNREFUSED'))],
  ['is aborted', reject(new DOMException('aborted', 'AbortError'))],
  ['fails with nothing', reject(undefined)],
  ['never ends', () => new Promise(() => {})],
  [
    'throws',
    () => {
      throw new Error('out of order')
    },
  ],
]

describe('a call', () => {
  test.each(FAILURES)('that %s gives a network error, and no rejection', async (_what, fetch) => {
    stopTimers(0)
    const nowMs = () => Date.now()
    const http = openHttp({ fetch, monotonicMs: nowMs, nowMs, onAnswer: () => {} })
    const call = http.call('call')
    const { value } = await untilSettled(call.fetch('https://example.com/'))
    expect([value.type, value.status]).toEqual(['error', 0])
    expect(call.status).toBeUndefined()
    // Nor where the time was up before it began.
    vi.setSystemTime(15_000)
    const late = http.call('late')
    expect((await late.fetch('https://example.com/')).type).toBe('error')
    expect(late.lost).toBe(false)
  })
})
