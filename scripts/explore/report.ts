/** The report: a line for each search, and the shortest sequence to each thing it found. Text only. */
import type { Row } from './task.ts'

const WIDTHS = [6, 8, 9, 7, 5, 7] as const

const cells = (values: readonly string[]): string =>
  values.map((value, at) => value.padStart(WIDTHS[at] ?? 0)).join(' ')

export const heading = (): string => `${cells(['', 'states', 'moves', 'runs', 'depth', 's'])}  what`

export function tell({
  changes,
  depth,
  found,
  good,
  moves,
  runs,
  seconds,
  states,
  task,
}: Row): string {
  const { configuration, intact, walks } = task
  const { group, name, without } = configuration
  const figures = cells([
    good ? 'good' : 'BAD',
    walks === undefined ? String(states) : '',
    String(moves),
    String(runs),
    walks === undefined ? String(depth) : '',
    seconds.toFixed(1),
  ])
  const kinds = found.map(({ kind }) => kind).join(', ') || 'nothing'
  const how = walks === undefined ? '' : `${walks} walks, ${changes} changes, `
  const check = without !== undefined && intact ? 'its check left in, ' : ''
  const line = `${figures}  ${group}: ${how}${check}${name}: ${kinds}`
  const stories = found.map(({ kind, moves: told, what }) =>
    [
      `${' '.repeat(8)}${kind}: ${what}`,
      ...told.map((move, at) => `${' '.repeat(10)}${at + 1}. ${move}`),
    ].join('\n'),
  )
  return [line, ...stories].join('\n')
}
