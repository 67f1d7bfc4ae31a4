/**
 * The demo's timeline as text, for a terminal of any width from 60 columns. Pure; colours are the
 * caller's choice.
 */

import { wrapAll } from '../wrap.ts'
import type { Account } from './story.ts'
import type { Step } from './timeline.ts'

export type Format = 'bold' | 'dim' | 'green' | 'red' | 'cyan' | 'yellow'

export interface Screen {
  readonly columns: number
  readonly paint: (format: Format, text: string) => string
}

const TIME_COLUMNS = 7
const WHO_COLUMNS = 14
const DURATION_COLUMNS = 8
const STATUS_COLUMNS = 5
/** Where the words begin. */
const LEFT_COLUMNS = TIME_COLUMNS + 2 + WHO_COLUMNS

const WHO_FORMATS: Readonly<Record<string, Format>> = {
  Action: 'yellow',
  browser: 'cyan',
  application: 'cyan',
  script: 'cyan',
}

const showDuration = (ms: number | undefined): string =>
  ms === undefined ? '' : `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`

/** Parts side by side as far as they fit. */
function flow(parts: readonly string[], columns: number): readonly string[] {
  const lines: string[] = []
  for (const part of parts) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 2 + part.length <= columns) {
      lines[lines.length - 1] = `${last}  ${part}`
    } else lines.push(...wrapAll(part, columns))
  }
  return lines
}

function renderStep(step: Step, screen: Screen): readonly string[] {
  const { columns, paint } = screen
  const { depth, durationMs, parameters, request, result, status, times, tokens } = step
  const room = columns - LEFT_COLUMNS
  const headRoom = room - DURATION_COLUMNS - STATUS_COLUMNS
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${value}`)
  const what = times === undefined ? step.what : `${step.what}, ${times} times`
  const [words = '', ...moreWords] = wrapAll(what, headRoom)
  const paintWords = (text: string) => (depth === 1 ? paint('yellow', text) : text)
  // The request stands beside the words where it fits and nothing else has to follow it.
  const beside =
    request !== undefined && pairs.length === 0 && words.length + 2 + request.length <= headRoom
  const filler = headRoom - words.length - (beside ? request.length + 2 : 0)
  const who = `${'  '.repeat(depth)}${step.who}`.padEnd(WHO_COLUMNS)
  const head = [
    paint('dim', String(Math.round(step.atMs)).padStart(TIME_COLUMNS)),
    '  ',
    paint(WHO_FORMATS[step.who] ?? 'dim', who),
    paintWords(words),
    beside ? `  ${paint('dim', request)}` : '',
    ' '.repeat(Math.max(filler, 0)),
    paint('dim', showDuration(durationMs).padStart(DURATION_COLUMNS)),
    paint('dim', (status === undefined ? '' : String(status)).padStart(STATUS_COLUMNS)),
  ].join('')
  const left = ' '.repeat(LEFT_COLUMNS)
  const dim = (lines: readonly string[]) => lines.map((line) => left + paint('dim', line))
  return [
    head.trimEnd(),
    ...moreWords.map((line) => left + paintWords(line)),
    ...dim(flow([...(beside || request === undefined ? [] : [request]), ...pairs], room)),
    ...(result === undefined ? [] : wrapAll(result, room).map((line) => left + line)),
    ...dim((step.log ?? []).flatMap((line) => wrapAll(line, room))),
    ...dim(
      Object.entries(tokens ?? {}).flatMap(([name, claims]) =>
        wrapAll(`${name}: ${JSON.stringify(claims).replaceAll(',"', ', "')}`, room),
      ),
    ),
  ]
}

export function renderChapter(
  number: number,
  title: string,
  steps: readonly Step[],
  screen: Screen,
): string {
  const lines = steps.flatMap((step) => renderStep(step, screen))
  return ['', screen.paint('bold', `${number}. ${title}`), ...lines].join('\n')
}

export function renderAccount(label: string, account: Account, { paint }: Screen): string {
  const lines = account.identities.map(
    ({ connection, provider, user_id }, index) =>
      `  ${(index === 0 ? label : '').padEnd(9)}${connection.padEnd(33)}${provider}|${user_id}`,
  )
  const [main = '', ...linked] = lines
  return [main, ...linked.map((line) => paint('green', line))].join('\n')
}
