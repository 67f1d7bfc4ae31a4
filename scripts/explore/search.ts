/**
 * Breadth-first: every situation that can be reached in so many moves, each looked at once. Gives back
 * how many there were, and the shortest sequence to each kind of violation, in words.
 */
import { judgeLimit, type Kind, type Violation } from './invariant.ts'
import { type Bounds, begin, type Move, movesOf } from './moves.ts'
import type { Model, Step } from './platform.ts'
import { keyOf, type State } from './state.ts'

/** A violation, and how it comes to it. */
export interface Found {
  readonly kind: Kind
  readonly what: string
  readonly moves: readonly string[]
}

export interface Searched {
  readonly states: number
  /** How many moves were tried. */
  readonly moves: number
  /** All situations of so many moves were looked at. */
  readonly depth: number
  readonly found: readonly Found[]
}

export interface SearchOptions {
  readonly depth: number
  /** Ends as soon as all of these were found. */
  readonly until?: readonly Kind[]
}

/** A move, and the one before it. */
interface Trail {
  readonly from: Trail | undefined
  readonly move: string
}

interface Reached {
  readonly state: State
  readonly trail: Trail | undefined
}

export function limitOf({ world }: Model): number {
  return Number(world.settings.IDENTITIES_PER_CONNECTION ?? 1)
}

/** What a step breaks, limits included. */
export function violationsOf(model: Model, before: State, step: Step): readonly Violation[] {
  return step.state.accounts === before.accounts
    ? step.violations
    : [...step.violations, ...judgeLimit(step.state.accounts, limitOf(model))]
}

export function describeMove(move: Move, { said }: Step): string {
  return said.length === 0 ? move.words() : `${move.words()} (${said.join('; ')})`
}

export async function search(
  model: Model,
  bounds: Bounds,
  { depth, until = [] }: SearchOptions,
): Promise<Searched> {
  const found = new Map<Kind, Found>()
  const start: Reached = { state: begin(model), trail: undefined }
  const known = new Set([keyOf(start.state)])
  let frontier: readonly Reached[] = [start]
  let moves = 0
  let done = 0
  deeper: while (done < depth && frontier.length > 0) {
    const next: Reached[] = []
    done++
    for (const at of frontier) {
      for (const move of movesOf(model, at.state, bounds).flat()) {
        moves++
        const step = await move.make()
        if (step.state === at.state && step.violations.length === 0) continue
        const broken = violationsOf(model, at.state, step)
        const key = keyOf(step.state)
        if (broken.length === 0 && known.has(key)) continue
        const trail = { from: at.trail, move: describeMove(move, step) }
        for (const { kind, what } of broken)
          if (!found.has(kind)) found.set(kind, { kind, what, moves: movesOn(trail) })
        // What follows on a violation is its own story.
        if (until.length > 0 && until.every((kind) => found.has(kind))) break deeper
        if (broken.some(({ kind }) => kind !== 'again')) continue
        if (known.has(key)) continue
        known.add(key)
        next.push({ state: step.state, trail })
      }
    }
    frontier = next
  }
  return { states: known.size, moves, depth: done, found: [...found.values()] }
}

function movesOn(trail: Trail): readonly string[] {
  const moves: string[] = []
  for (let at: Trail | undefined = trail; at !== undefined; at = at.from) moves.unshift(at.move)
  return moves
}
