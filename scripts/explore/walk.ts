/**
 * Random walks, as `fast-check` runs of a model: many more moves than a search goes, every parameter of a
 * URL dropped and changed, logins given up, time passing. A violation comes back shrunk, in words.
 */
import fc from 'fast-check'
import { type Bounds, begin, movesOf } from './moves.ts'
import type { Model } from './platform.ts'
import { describeMove, type Found, violationsOf } from './search.ts'
import type { State } from './state.ts'

const BOUNDS: Bounds = {
  waiting: { Alex: 2, Sam: 2, all: 4 },
  waits: [250, 700],
  maxSeconds: 2_000,
  everyEdit: true,
}

/** On average half of them are made: enough for two whole links, an unlink and a handing over. */
const MAX_MOVES = 32

export interface Walked {
  readonly walks: number
  readonly moves: number
  /** How often an account changed: walks over refusals alone would say little. */
  readonly changes: number
  readonly found: readonly Found[]
}

/** Where a walk is, and how it came there. */
interface Place {
  state: State
  readonly told: string[]
}

class Broken extends Error {
  readonly found: Found

  constructor(found: Found) {
    super(found.what)
    this.found = found
  }
}

export async function walk(model: Model, walks: number, seed: number): Promise<Walked> {
  let moves = 0
  let changes = 0
  let broken: Broken | undefined

  /** One of the kinds of moves that there are now, and one of these: else edits would be nearly all. */
  const command = fc.tuple(fc.nat(1_000), fc.nat(1_000_000)).map(
    ([kind, nth]): fc.AsyncCommand<Place, undefined> => ({
      check: () => true,
      toString: () => `${kind}/${nth}`,
      async run(place) {
        const kinds = movesOf(model, place.state, BOUNDS)
        const chosen = kinds[kind % kinds.length] ?? []
        const move = chosen[nth % chosen.length]
        if (move === undefined) return
        moves++
        const before = place.state
        const step = await move.make()
        place.state = step.state
        if (step.state.accounts !== before.accounts) changes++
        place.told.push(describeMove(move, step))
        const [violation] = violationsOf(model, before, step).filter(({ kind }) => kind !== 'again')
        if (violation !== undefined) throw new Broken({ ...violation, moves: [...place.told] })
      },
    }),
  )
  const walked = fc.asyncProperty(
    fc.commands([command], { maxCommands: MAX_MOVES, size: 'max' }),
    (commands) =>
      fc
        .asyncModelRun(
          () => ({ model: { state: begin(model), told: [] }, real: undefined }),
          commands,
        )
        .catch((error: unknown) => {
          // The last one is the shortest: shrinking goes on from failure to failure.
          if (error instanceof Broken) broken = error
          throw error
        }),
  )
  const result = await fc.check(walked, { numRuns: walks, seed })
  if (result.failed && broken === undefined) throw new Error(fc.defaultReportMessage(result))
  return {
    walks: result.numRuns,
    moves,
    changes,
    found: broken === undefined ? [] : [broken.found],
  }
}
