/**
 * The `console` that the platform injects into an Action. No I/O: it gives back the lines that were
 * written, and what of them the platform would keep.
 */

import { format } from 'node:util'

/** The methods that reach an Action's log. `process.stdout` and `process.stderr` do not. */
export interface ActionConsole {
  readonly log: (...args: unknown[]) => void
  readonly info: (...args: unknown[]) => void
  readonly warn: (...args: unknown[]) => void
  readonly error: (...args: unknown[]) => void
  readonly trace: (...args: unknown[]) => void
}

export interface ConsoleDouble {
  /** Goes to `loadAction`. */
  readonly console: ActionConsole
  /** What was written since the start or the last `clear`, in order, formatted by `util.format`. */
  readonly lines: readonly string[]
  /** What the platform would keep of it: the first 256 characters. */
  kept(): string
  clear(): void
}

/**
 * The platform keeps at most this much console output of one Action.
 *
 * @see https://auth0.com/docs/customize/actions/limitations
 */
export const KEPT_CONSOLE_CHARACTERS = 256

/** Makes a console that prints nothing and keeps every line. Never throws. */
export function createConsole(): ConsoleDouble {
  const lines: string[] = []
  const write = (...args: unknown[]): void => {
    lines.push(format(...args))
  }
  return {
    console: { log: write, info: write, warn: write, error: write, trace: write },
    lines,
    kept: () => lines.join('\n').slice(0, KEPT_CONSOLE_CHARACTERS),
    clear: () => {
      lines.length = 0
    },
  }
}
