/** `src/single-flight.ts`: one request for all that want the same thing at the same moment. */

import { describe, expect, test, vi } from 'vitest'
import { openHttp } from '../../src/http.ts'
import { deny } from '../../src/outcome.ts'
import { share } from '../../src/single-flight.ts'

describe('share', () => {
  const stopped = { fetch, monotonicMs: () => 0, nowMs: () => 0, onAnswer: () => {} }
  const inTime = openHttp(stopped)

  const counted = (key = 'key') => {
    const calls: (() => void)[] = []
    const produce = () =>
      new Promise<string>((resolve) => {
        calls.push(() => resolve(`made ${calls.length}`))
      })
    return { calls, want: () => share(key, inTime, produce) }
  }

  test('runs once for all that want the same at the same time', async () => {
    const { calls, want } = counted()
    const wanted = [want(), want(), want()]
    expect(calls).toHaveLength(1)
    calls[0]?.()
    expect(await Promise.all(wanted)).toEqual(['made 1', 'made 1', 'made 1'])
  })

  test('runs again for who comes later', async () => {
    const { calls, want } = counted()
    const first = want()
    calls[0]?.()
    await first
    const second = want()
    expect(calls).toHaveLength(2)
    calls[1]?.()
    await second
  })

  test('keeps apart what has another key', async () => {
    const one = counted('one')
    const other = counted('other')
    const wanted = [one.want(), other.want()]
    expect([one.calls.length, other.calls.length]).toEqual([1, 1])
    one.calls[0]?.()
    other.calls[0]?.()
    await Promise.all(wanted)
  })

  const own = async () => 'of my own'

  test('does not hand on the failure of another', async () => {
    const failing = share('key', inTime, async () => deny('service_unavailable'))
    const other = share('key', inTime, own)
    expect(await failing).toMatchObject({ code: 'service_unavailable' })
    expect(await other).toBe('of my own')
  })

  test('does not hand on what another threw', async () => {
    const failing = share('key', inTime, async () => {
      throw new Error('out of order')
    })
    const other = share('key', inTime, own)
    await expect(failing).rejects.toThrow('out of order')
    expect(await other).toBe('of my own')
  })

  test('does not wait for another beyond its own time', async () => {
    vi.useFakeTimers()
    const first = counted()
    const running = first.want()
    const other = share('key', openHttp(stopped), own)
    await vi.advanceTimersByTimeAsync(15_000)
    expect(await other).toBe('of my own')
    first.calls[0]?.()
    await running
  })

  // An execution that the platform froze or ended leaves its request behind.
  test('is joined no more after five seconds, where it never ends', async () => {
    let nowMs = 0
    const http = openHttp({ ...stopped, monotonicMs: () => nowMs })
    const stuck = counted('stuck')
    const first = share('stuck', http, () => stuck.want())
    nowMs = 5_000
    const next = counted('next')
    const second = share('stuck', http, () => next.want())
    const joined = share('stuck', http, own)
    expect(next.calls).toHaveLength(1)
    // The old one ends late, and takes nothing of the new one away.
    stuck.calls[0]?.()
    await first
    const late = share('stuck', http, own)
    next.calls[0]?.()
    expect(await Promise.all([second, joined, late])).toEqual(['made 1', 'made 1', 'made 1'])
  })
})
