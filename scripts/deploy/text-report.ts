/**
 * The voice for people: the plan as a short table, then a line with a tick for each step. Fits 80
 * columns; colours and a moving line only on a terminal that wants them.
 *
 * @see https://no-color.org
 */
import { styleText } from 'node:util'
import { wrap } from '../wrap.ts'
import { createFilter, type Frame, type Report, type Sink } from './report.ts'
import type { Change, Step } from './steps.ts'

const WIDTH = 80
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
/** Without a terminal a line now and then says that it goes on. */
const QUIET_MS = 10_000

type Style = Parameters<typeof styleText>[0]

export interface Voice {
  readonly colour: boolean
  readonly stdout: Sink
  readonly stderr: Sink
}

/** Colours: on a terminal, unless NO_COLOR says otherwise. */
export const wantsColour = (
  { isTTY }: Sink,
  { NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
): boolean => isTTY === true && !NO_COLOR && TERM !== 'dumb'

export const painter =
  (colour: boolean) =>
  (style: Style, text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text

export function createTextReport(frame: Frame, { colour, stdout, stderr }: Voice): Report {
  const { hide, cut, tell, tellCut } = createFilter()
  const paint = painter(colour)
  const width = Math.min(stdout.columns ?? WIDTH, 100)
  const moving = stdout.isTTY === true
  let title = ''
  let turns = 0
  let toldAt = 0

  const erase = (): void => {
    if (moving) stdout.write('\r\x1b[K')
  }
  const line = (text = ''): void => {
    erase()
    stdout.write(`${text}\n`)
  }
  const wrapped = (mark: string, text: string): void => {
    const [first = '', ...rest] = wrap(tell(text), width - 4)
    line(`  ${mark} ${first}`)
    for (const one of rest) line(`    ${one}`)
  }
  const progress = (text: string): void => {
    const now = performance.now()
    if (moving) {
      turns += 1
      const spin = paint('cyan', SPINNER[turns % SPINNER.length] ?? '')
      const words = tell(`${title}: ${text}`).slice(0, width - 6)
      stdout.write(`\r\x1b[K  ${spin} ${words}`)
    } else if (now - toldAt >= QUIET_MS) {
      toldAt = now
      wrapped('·', `${title}: ${text}`)
    }
  }
  // Before it is cut: half a secret would pass the filter.
  const cleanChange = ({ what, before, after }: Change): Change => ({
    what: tell(what),
    before: before && tell(before),
    after: after && tell(after),
  })
  const heading = `${frame.command} ${frame.action} → ${frame.tenant}${frame.dryRun ? ' (dry run)' : ''}`

  return {
    hide,
    plan({ steps, notes }) {
      line(paint('bold', tell(heading)))
      line()
      for (const step of steps) {
        if (step.changes.length === 0) continue
        line(`  ${paint(...markOf(step))} ${tell(step.title)}`)
        // What an Action that is there has no setting for is at its default.
        const before = isNew(step) ? undefined : '(default)'
        for (const change of step.changes) {
          const text = describe(cleanChange(change), before, width - 6)
          line(`      ${paint('dim', text)}`)
        }
      }
      for (const note of notes) wrapped(paint('yellow', '!'), note)
      if (steps.length > 0) line()
    },
    begin(step) {
      title = step.title
      toldAt = performance.now()
    },
    progress,
    done: (text) => wrapped(paint('green', '✓'), text),
    note: (text) => wrapped(paint('yellow', '!'), cut(text)),
    wait: (waitMs, why) =>
      wrapped(paint('yellow', '…'), `${why}: again in ${(waitMs / 1_000).toFixed(1)} s`),
    end: ({ text }) => {
      line()
      for (const one of wrap(tell(text), width)) line(one)
    },
    fail(message) {
      erase()
      stderr.write(`${paint('red', '✗')} ${tellCut(message)}\n`)
    },
  }
}

const markOf = (step: Step): [Style, string] => (isNew(step) ? ['green', '+'] : ['yellow', '~'])

/** What it is done to is not there yet. */
function isNew(step: Step): boolean {
  switch (step.kind) {
    case 'application':
      return step.clientId === undefined
    case 'grant':
      return step.grantId === undefined
    case 'action':
      return step.actionId === undefined
    default:
      return false
  }
}

/** `what: before → after`, the values shortened to what fits a line. */
function describe(
  { what, before: known, after }: Change,
  otherwise: string | undefined,
  width: number,
): string {
  const before = known ?? otherwise
  const arrow = before === undefined ? '' : ' → '
  const room = Math.max(width - what.length - 2 - arrow.length, 16)
  const each = before === undefined ? room : Math.floor(room / 2)
  const value = (text: string) => (text.length > each ? `${text.slice(0, each - 1)}…` : text)
  return `${what}: ${before === undefined ? '' : value(before)}${arrow}${value(after ?? '(default)')}`
}
