/**
 * One configuration, searched or walked, from the bundle to a row of the report. Reads dist/action.js, or
 * bundles the sources without a check.
 */
import { readFile } from 'node:fs/promises'
import { type Configuration, isAsExpected } from './configurations.ts'
import type { Bounds } from './moves.ts'
import { bundleWithout } from './mutants.ts'
import { createRuns } from './runs.ts'
import { type Found, search } from './search.ts'
import { walk } from './walk.ts'

const DIST = new URL('../../dist/action.js', import.meta.url)

export interface Task {
  readonly configuration: Configuration
  /** How many random walks, in the place of a search. */
  readonly walks?: number
  readonly seed?: number
  /** No deeper than this. */
  readonly maxDepth?: number
  /** The check is left in: then nothing may be found. */
  readonly intact?: boolean
}

export interface Row {
  readonly task: Task
  readonly good: boolean
  readonly states: number
  readonly moves: number
  /** Runs of the Action; the same event with the same tenant is run once. */
  readonly runs: number
  readonly depth: number
  readonly seconds: number
  /** Of walks: how often an account changed. */
  readonly changes: number
  readonly found: readonly Found[]
}

export async function perform(task: Task): Promise<Row> {
  const { configuration: given, intact = false, maxDepth = given.depth, seed = 1, walks } = task
  const configuration: Configuration = intact ? { ...given, finds: [] } : given
  const { finds, waits = [], without, world } = configuration
  const startedAtMs = performance.now()
  const code =
    without === undefined || intact ? await readFile(DIST, 'utf8') : await bundleWithout(without)
  const model = { world, runs: createRuns(code, world) }
  const bounds: Bounds = {
    waiting: { Alex: 1, Sam: 2, all: 3 },
    waits,
    maxSeconds: Math.max(0, ...waits),
    everyEdit: false,
  }
  const done =
    walks === undefined
      ? {
          changes: 0,
          ...(await search(model, bounds, {
            depth: Math.min(maxDepth, given.depth),
            until: finds,
          })),
        }
      : { states: 0, depth: 0, ...(await walk(model, walks, seed)) }
  return {
    task,
    good: isAsExpected(configuration, done.found),
    states: done.states,
    moves: done.moves,
    runs: model.runs.count(),
    depth: done.depth,
    seconds: (performance.now() - startedAtMs) / 1_000,
    changes: done.changes,
    // Whoever undoes a change may make it again: told where it is asked for.
    found: done.found.filter(({ kind }) => kind !== 'again' || finds.includes(kind)),
  }
}
