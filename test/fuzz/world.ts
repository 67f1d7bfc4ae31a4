/**
 * What the fuzz tests share: the bundle, loaded once; runs of its handlers on events that may be
 * anything; a tenant whose answers are recorded; and how often and from which seed to try. Reads
 * dist/action.js; FUZZ_RUNS and FUZZ_SEED come from the environment.
 */

import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { type Command, createApi } from '../../scripts/testing/api.ts'
import { createConsole } from '../../scripts/testing/console.ts'
import { deepFreeze } from '../../scripts/testing/event.ts'
import type { Handlers, Run } from '../../scripts/testing/flow.ts'
import { loadAction } from '../../scripts/testing/load.ts'
import { NOW_MS } from '../../scripts/testing/people.ts'
import type { Handler, PlatformCache, PostLoginEvent } from '../../src/platform.ts'
import { brokenByRun } from '../support/invariants.ts'

const DIST = new URL('../../dist/action.js', import.meta.url)

const FUZZ_RUNS = Number(process.env.FUZZ_RUNS ?? 200)
const FUZZ_SEED = Number(process.env.FUZZ_SEED ?? 20_260_302)

const MAX_MS_PER_RUN = 100

export const injected = createConsole()

export const bundle: Handlers = loadAction(readFileSync(DIST, 'utf8'), {
  console: injected.console,
  filename: 'dist/action.js',
})

/** What a property saw, so that a test can say that it saw enough of both. */
export interface Tally {
  /** The runs that went the good way: redirected, linked. */
  passed: number
}

/**
 * A property of anything that the generator makes. `reaches`: the least share of runs that have to
 * go the good way, since a property over refusals alone says little.
 */
export function property<T>(
  sentence: string,
  generator: fc.Arbitrary<T>,
  holds: (value: T, tally: Tally) => Promise<void>,
  { reaches = 0, runs = FUZZ_RUNS }: { readonly reaches?: number; readonly runs?: number } = {},
): void {
  const title = `${sentence} (seed ${FUZZ_SEED}, ${runs} runs)`
  test(title, { timeout: 10_000 + runs * MAX_MS_PER_RUN }, async () => {
    const tally: Tally = { passed: 0 }
    vi.useFakeTimers({ now: NOW_MS, toFake: ['Date'] })
    const tried = fc.asyncProperty(generator, (value) => holds(value, tally))
    await fc.assert(tried, { numRuns: runs, seed: FUZZ_SEED })
    expect(tally.passed, 'runs that went the good way').toBeGreaterThanOrEqual(runs * reaches)
  })
}

export interface Attempted extends Pick<Run, 'code' | 'redirect' | 'metadata' | 'claims'> {
  readonly commands: readonly Command[]
  readonly lines: readonly string[]
  /** The sentences that do not hold of this run. */
  readonly broken: readonly string[]
}

export interface AttemptOptions {
  readonly cache?: PlatformCache
  readonly canRedirect?: () => boolean
  readonly secrets?: readonly string[]
}

/** Runs a handler on whatever this is, and holds the run to what every run must keep to. */
export async function attempt(
  handler: Handler,
  event: PostLoginEvent,
  options: AttemptOptions = {},
): Promise<Attempted> {
  const { secrets = [], ...apiOptions } = options
  const { api, commands, metadata } = createApi(apiOptions)
  const given = structuredClone(event)
  injected.clear()
  const startedAtMs = Date.now()
  const thrown = await handler(deepFreeze(event), api).then(
    () => undefined,
    (error: unknown) => error ?? 'nothing',
  )
  const lines = [...injected.lines]
  const tookMs = Date.now() - startedAtMs
  const defaultLog = event?.secrets?.DEBUG === undefined
  const broken = brokenByRun({ commands, thrown, lines, defaultLog, tookMs, secrets })
  const unchanged = isDeepStrictEqual(event, given) ? [] : ['the event is not changed']
  const denial = commands.find((command) => command.type === 'access.deny')?.reason
  const redirect = commands.find((command) => command.type === 'redirect.sendUserTo')?.url
  const claims = commands.filter((command) => command.type === 'idToken.setCustomClaim')
  return {
    commands,
    lines,
    metadata: { ...metadata },
    code: denial?.split(':')[0],
    redirect: redirect === undefined ? undefined : new URL(redirect),
    claims: Object.fromEntries(claims.map(({ name, value }) => [name, value])),
    broken: [...broken, ...unchanged],
  }
}

// The real one, taken before any test stops the clock.
const { setImmediate: realImmediate } = globalThis

/** Turns of the event loop in which a tenant in this process has answered, bodies included. */
const TURNS = 12

/**
 * The end of this work under stopped timers. The clock moves on when the tenant had its turns and a
 * timer still waits: for an answer that does not come, or for the next try.
 */
export async function soon<T>(work: Promise<T>): Promise<T> {
  let settled = false
  const end = () => {
    settled = true
  }
  work.then(end, end)
  while (!settled) {
    for (let turn = 0; turn < TURNS && !settled; turn++) {
      await new Promise((resolve) => realImmediate(resolve))
    }
    if (!settled && vi.getTimerCount() > 0) await vi.advanceTimersToNextTimerAsync()
  }
  return work
}
