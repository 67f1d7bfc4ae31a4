/**
 * Waits for what runs under a stopped clock: to its end, the clock jumping to the next timer whenever
 * nothing moves any more, or until it has come so far. Needs Vitest's fake timers; nothing is waited
 * for beyond a few milliseconds.
 */

import { vi } from 'vitest'

// The real ones, taken before any test replaces them.
const { setTimeout: realTimeout, setImmediate: realImmediate } = globalThis

export interface Settled<T> {
  readonly value: T
  /** How far the clock went. */
  readonly tookMs: number
}

/** Long enough for the thread pool to finish a signature. */
const IDLE_MS = 1
const GIVE_UP_AFTER_IDLE_ROUNDS = 2_000

/** Stops clock and timers at `nowMs`. Tests of hanging tenants begin with it. */
export function stopTimers(nowMs: number): void {
  vi.useFakeTimers({
    now: nowMs,
    toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
  })
}

/** Lets whatever can run now do so. */
export async function idle(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => realImmediate(resolve))
  await new Promise((resolve) => realTimeout(resolve, IDLE_MS))
}

/** Waits until a run has come so far, and leaves the clock alone. */
export async function untilSo(isSo: () => boolean): Promise<void> {
  for (let round = 0; round < GIVE_UP_AFTER_IDLE_ROUNDS; round++) {
    if (isSo()) return idle()
    await idle()
  }
  throw new Error('It never came so far')
}

/** Runs to the end, the clock jumping from timer to timer. */
export async function untilSettled<T>(work: Promise<T>, limitMs = 60_000): Promise<Settled<T>> {
  const startedAtMs = Date.now()
  let settled = false
  const end = () => {
    settled = true
  }
  work.then(end, end)
  for (let round = 0; round < GIVE_UP_AFTER_IDLE_ROUNDS; round++) {
    await idle()
    if (settled) return { value: await work, tookMs: Date.now() - startedAtMs }
    if (Date.now() - startedAtMs > limitMs) throw new Error(`Not settled after ${limitMs} ms`)
    if (vi.getTimerCount() > 0) await vi.advanceTimersToNextTimerAsync()
  }
  throw new Error('Not settled, and there is no timer to wait for')
}
