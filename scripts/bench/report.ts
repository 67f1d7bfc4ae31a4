/**
 * Sums samples up and says it: medians, ratios, and whether each budget of the project holds. No I/O; gives
 * back data, and the same as a table of at most 80 columns.
 */

import { MAX_BUNDLE_BYTES } from '../bundle.ts'
import { wrap } from '../wrap.ts'
import type { Metric, Plan, Samples } from './measure.ts'
import type { Subject } from './worker.ts'

type Unit = 'ms' | 'us' | 'trips' | 'bytes'

/** An upper bound for what is ours, or for its ratio to the peer's. */
interface Budget {
  readonly of: 'ours' | 'ratio'
  readonly atMost: number
  /** `undefined`: nothing to compare with. */
  readonly holds: boolean | undefined
}

export interface Row {
  readonly name: string
  readonly unit: Unit
  readonly ours: number
  readonly peer: number | undefined
  /** Ours divided by the peer's. */
  readonly ratio: number | undefined
  readonly budget?: Budget
}

export interface Report {
  readonly node: string
  readonly plan: Plan
  readonly ours: { readonly file: string; readonly dependencies: readonly string[] }
  readonly peer: Report['ours'] | undefined
  readonly rows: readonly Row[]
}

interface Line {
  readonly name: string
  readonly unit: Unit
  readonly metric: Metric
  readonly budget?: Pick<Budget, 'of' | 'atMost'>
}

const WIDTH = 80

const lines = ({ farMs }: Plan): readonly Line[] => [
  { name: 'load the file', unit: 'ms', metric: 'loadMs' },
  {
    name: 'load + first ordinary login',
    unit: 'ms',
    metric: 'loadAndLoginMs',
    budget: { of: 'ratio', atMost: 1 / 20 },
  },
  {
    name: 'ordinary login, warm instance',
    unit: 'us',
    metric: 'warmLoginMs',
    budget: { of: 'ratio', atMost: 1 },
  },
  { name: 'ordinary refresh, warm instance', unit: 'us', metric: 'warmRefreshMs' },
  { name: 'load + first link, 0 ms, cold', unit: 'ms', metric: 'firstLinkMs' },
  { name: 'link, 0 ms a trip, cold cache', unit: 'ms', metric: 'coldLinkMs' },
  { name: 'link, 0 ms a trip, warm cache', unit: 'ms', metric: 'warmLinkMs' },
  { name: `link, ${farMs} ms a trip, cold cache`, unit: 'ms', metric: 'coldLinkFarMs' },
  { name: `link, ${farMs} ms a trip, warm cache`, unit: 'ms', metric: 'warmLinkFarMs' },
  {
    name: `way back, ${farMs} ms a trip, cold`,
    unit: 'ms',
    metric: 'coldBackFarMs',
    // Two trips in a row, and what is between them: with a third one it would be more than this.
    budget: { of: 'ours', atMost: 3 * farMs },
  },
  {
    name: 'round trips, start, cold',
    unit: 'trips',
    metric: 'coldStartTrips',
    budget: { of: 'ours', atMost: 1 },
  },
  {
    name: 'round trips, start, warm',
    unit: 'trips',
    metric: 'warmStartTrips',
    budget: { of: 'ours', atMost: 0 },
  },
  {
    name: 'round trips, way back, cold',
    unit: 'trips',
    metric: 'coldBackTrips',
    budget: { of: 'ours', atMost: 3 },
  },
  {
    name: 'round trips, way back, warm',
    unit: 'trips',
    metric: 'warmBackTrips',
    budget: { of: 'ours', atMost: 2 },
  },
]

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  const [low = Number.NaN, high = low] = sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1)
  return (low + high) / 2
}

/** Of round trips the most that were seen, since a budget is an upper bound; of times the median. */
function sumUp({ values }: Samples, { metric, unit }: Line): number {
  if (unit === 'trips') return Math.max(...values[metric])
  return median(values[metric]) * (unit === 'us' ? 1_000 : 1)
}

function compare(
  what: { readonly name: string; readonly unit: Unit },
  ours: number,
  peer: number | undefined,
  budget: Pick<Budget, 'of' | 'atMost'> | undefined,
): Row {
  const ratio = peer === undefined || peer === 0 ? undefined : ours / peer
  const bounded = budget?.of === 'ours' ? ours : ratio
  return {
    name: what.name,
    unit: what.unit,
    ours,
    peer,
    ratio,
    ...(budget === undefined
      ? {}
      : {
          budget: {
            ...budget,
            holds: bounded === undefined ? undefined : bounded <= budget.atMost,
          },
        }),
  }
}

export function report(
  subjects: readonly Subject[],
  [ours, peer]: readonly Samples[],
  plan: Plan,
): Report {
  const [ourSubject, peerSubject] = subjects
  if (ours === undefined || ourSubject === undefined) throw new Error('nothing was measured')
  const about = ({ file }: Subject, { dependencies }: Samples) => ({ file, dependencies })
  return {
    node: process.versions.node,
    plan,
    ours: about(ourSubject, ours),
    peer: peer && peerSubject && about(peerSubject, peer),
    rows: [
      ...lines(plan).map((line) =>
        compare(line, sumUp(ours, line), peer && sumUp(peer, line), line.budget),
      ),
      compare({ name: 'bytes of the file', unit: 'bytes' }, ours.bytes, peer?.bytes, {
        of: 'ours',
        atMost: MAX_BUNDLE_BYTES,
      }),
    ],
  }
}

const DIGITS: Readonly<Record<Unit, (value: number) => string>> = {
  ms: (value) => `${value.toFixed(value < 100 ? 2 : 0)} ms`,
  us: (value) => `${value.toFixed(2)} us`,
  trips: (value) => String(value),
  bytes: (value) => value.toLocaleString('en-US'),
}

function readableBudget({ of, atMost, holds }: Budget, unit: Unit): string {
  const bound = of === 'ours' ? DIGITS[unit](atMost) : atMost.toFixed(2)
  const verdict = holds === undefined ? 'no peer' : holds ? 'holds' : 'MISSED'
  return `${bound.padStart(6)} ${verdict}`
}

/** 80 columns at the most; what has no peer leaves its columns blank. */
function columns(name: string, values: readonly string[], budget: string): string {
  const [ours = '', peer = '', ratio = ''] = values
  return `${name.padEnd(31)}${ours.padStart(9)}${peer.padStart(10)}${ratio.padStart(11)}   ${budget}`.trimEnd()
}

function readableRow({ name, unit, ours, peer, ratio, budget }: Row): string {
  const values = [
    DIGITS[unit](ours),
    peer === undefined ? '' : DIGITS[unit](peer),
    ratio === undefined ? '' : ratio.toFixed(3),
  ]
  return columns(name, values, budget === undefined ? '' : readableBudget(budget, unit))
}

/** The report for people. */
export function readable({ node, ours, peer, plan, rows }: Report): string {
  const titles = peer === undefined ? ['ours'] : ['ours', 'peer', 'ours/peer']
  const head = columns('', titles, 'budget')
  const needs =
    peer === undefined
      ? 'Ours alone. To compare: npm run bench -- --peer PATH (an Action, or its folder).'
      : `npm dependencies besides the file: ours ${list(ours.dependencies)}; peer ${list(peer.dependencies)}.`
  return [
    ...wrap(
      `Node ${node}, medians of ${plan.samples} samples taken in turn (of round trips the most); a first login or link in a fresh process each; a link is the start, this Action's part in the nested login, and the way back, over HTTPS on the loopback.`,
      WIDTH,
    ),
    '',
    head,
    ...rows.map(readableRow),
    '',
    ...wrap(needs, WIDTH),
  ].join('\n')
}

const list = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : [...names].sort().join(', ')
