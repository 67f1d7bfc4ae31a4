/** `src/retry-after.ts`: how long an answer asks to wait. */

import { expect, test } from 'vitest'
import { NOW_MS, NOW_SECONDS } from '../../scripts/testing/people.ts'
import { readRetryAfterMs } from '../../src/retry-after.ts'

const date = (afterSeconds: number) => new Date(NOW_MS + afterSeconds * 1_000).toUTCString()
const reset = (afterSeconds: number) => String(NOW_SECONDS + afterSeconds)

const ROWS: readonly (readonly [string, number, Readonly<Record<string, string>>, number])[] = [
  ['nothing is said', 429, {}, 0],
  ['seconds', 429, { 'retry-after': '3' }, 3_000],
  ['no seconds', 429, { 'retry-after': '0', 'x-ratelimit-reset': reset(9) }, 0],
  ['a date', 429, { 'retry-after': date(3) }, 3_000],
  ['a date of RFC 850', 429, { 'retry-after': 'Monday, 02-Mar-26 12:00:03 GMT' }, 3_000],
  ['a date by their clock', 429, { date: date(60), 'retry-after': date(63) }, 3_000],
  ['a date, their clock unreadable', 429, { date: 'now', 'retry-after': date(3) }, 3_000],
  ['a date that has passed', 429, { 'retry-after': date(-3) }, 0],
  ['the reset', 429, { 'x-ratelimit-reset': reset(4) }, 4_000],
  ['the reset by their clock', 429, { date: date(60), 'x-ratelimit-reset': reset(64) }, 4_000],
  ['a reset that has passed', 429, { 'x-ratelimit-reset': reset(-4) }, 0],
  ['both', 429, { 'retry-after': '1', 'x-ratelimit-reset': reset(9) }, 1_000],
  ['an empty one and the reset', 429, { 'retry-after': '', 'x-ratelimit-reset': reset(4) }, 4_000],
  ['nonsense and the reset', 429, { 'retry-after': 'soon', 'x-ratelimit-reset': reset(4) }, 4_000],
  [
    'a negative one and the reset',
    429,
    { 'retry-after': '-5', 'x-ratelimit-reset': reset(4) },
    4_000,
  ],
  ['seconds at 503', 503, { 'retry-after': '3' }, 3_000],
  ['a date at 503', 503, { 'retry-after': date(3) }, 3_000],
  ['the reset at 503, which is on every answer', 503, { 'x-ratelimit-reset': reset(9) }, 0],
]

test.each(ROWS)('%s', (_what, status, headers, waitMs) => {
  expect(readRetryAfterMs({ status, headers: new Headers(headers) }, NOW_MS)).toBe(waitMs)
})
