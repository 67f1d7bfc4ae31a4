/**
 * One flow from its entries: put in order, in words, how it ended, and what the Action cost. Pure.
 */

import { isConfirmation, isLogOut, outcomeOf } from '../steps/words.ts'
import type { HttpEntry, Parameters } from '../tenant/log.ts'
import {
  type ApplicationEntry,
  CONFIRM_PATH,
  type Entry,
  type Flow,
  type Label,
  type RunEntry,
  type Step,
} from './flow.ts'
import { stepsOf } from './steps.ts'

type TenantEntry = Exclude<Entry, ApplicationEntry>

/** In the order in which things began; the tenant's own order is exact. */
function inOrder(entries: readonly Entry[]): readonly Entry[] {
  const ordered: Entry[] = entries
    .filter((entry): entry is TenantEntry => entry.kind !== 'application')
    .toSorted((one, other) => one.sequence - other.sequence)
  const requests = entries
    .filter((entry): entry is ApplicationEntry => entry.kind === 'application')
    .toSorted((one, other) => one.atMs - other.atMs)
  for (const request of requests) {
    const at = ordered.findIndex((entry) => beginsAfter(entry, request))
    ordered.splice(at < 0 ? ordered.length : at, 0, request)
  }
  return ordered
}

/** Within one millisecond a request of the application's own is caused by the one it got. */
function beginsAfter(entry: Entry, { atMs }: ApplicationEntry): boolean {
  const caused = entry.kind === 'http' && entry.caller === 'application'
  return entry.atMs > atMs || (caused && entry.atMs === atMs)
}

/** What the Action says of itself, or what the browser was told. */
function endOf(entries: readonly Entry[]): Pick<Flow, 'outcome' | 'tone'> {
  const denial = entries.flatMap(deniedBy).at(-1)
  if (denial !== undefined) return { outcome: denial, tone: 'bad' }
  if (entries.some(isDeclined)) return { outcome: 'declined', tone: 'bad' }
  const refused = entries.some(
    (entry) => entry.kind === 'http' && entry.path === '/continue' && entry.status === 400,
  )
  if (refused) return { outcome: 'refused by the tenant', tone: 'bad' }
  const broken = entries.findLast((entry) => entry.kind === 'action' && entry.error !== undefined)
  if (broken !== undefined) return { outcome: 'the Action broke', tone: 'bad' }
  const isOver = entries.some((entry) => isEnd(entry))
  if (!isOver) return { outcome: 'under way', tone: 'running' }
  const said = entries
    .flatMap((entry) => (entry.kind === 'action' ? (outcomeOf(entry) ?? []) : []))
    .at(-1)
  return { outcome: said ?? 'done', tone: 'good' }
}

const redirectOf = (entry: Entry): URL | undefined =>
  ('location' in entry && entry.location !== undefined && URL.parse(entry.location)) || undefined

/** The person was asked, and said no. */
const isDeclined = (entry: Entry): boolean =>
  entry.kind === 'application' && entry.path === CONFIRM_PATH && entry.form.answer === 'no'

function deniedBy(entry: Entry): readonly string[] {
  if (entry.kind !== 'http') return []
  if (isConfirmation(entry)) return deniedAtExchange(entry)
  const url = redirectOf(entry)
  if (url?.pathname !== '/callback') return []
  const error = url.searchParams.get('error')
  if (error === null) return []
  const [, code] = /^(\w+): /.exec(url.searchParams.get('error_description') ?? '') ?? []
  return [`denied ${code ?? error}`]
}

/** The token endpoint tells a denial by its answer. */
function deniedAtExchange({ answer }: HttpEntry): readonly string[] {
  const { error, error_description: words } = (answer ?? {}) as Readonly<Record<string, unknown>>
  if (error === undefined) return []
  const [, code] = /^(\w+): /.exec(String(words)) ?? []
  return [`denied ${code ?? error}`]
}

/** The browser is on its way to the application, or nowhere. */
function isEnd(entry: Entry): boolean {
  if (entry.kind === 'application') return entry.location === '/'
  if (entry.kind !== 'http') return false
  return isLogOut(entry.path) || redirectOf(entry)?.pathname === '/callback'
}

const confirms = ({ event }: RunEntry): boolean =>
  (event.request.body as Parameters | undefined)?.link_confirmation !== undefined

function costOf(entries: readonly Entry[]): Flow['action'] {
  const runs = entries.filter((entry): entry is RunEntry => entry.kind === 'action')
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const trips = (belongs: (run: RunEntry) => boolean) =>
    sum(runs.filter(belongs).map(({ roundTrips }) => roundTrips))
  return {
    runs: runs.length,
    durationMs: sum(runs.map(({ durationMs }) => durationMs)),
    startRoundTrips: trips((run) => run.handler === 'onExecutePostLogin' && !confirms(run)),
    wayBackRoundTrips: trips(({ handler }) => handler === 'onContinuePostLogin'),
    confirmationRoundTrips: trips(confirms),
  }
}

const AND_MORE: Step = {
  id: 'more',
  from: 'tenant',
  to: 'tenant',
  what: 'and more, which is not kept',
  tone: 'plain',
  faulty: false,
  sections: [],
}

/** `isFull`: there was more of it than is kept. */
export function summarize(
  id: string,
  label: Label,
  entries: readonly Entry[],
  isFull: boolean,
): Flow {
  const ordered = inOrder(entries)
  const startedAtMs = ordered[0]?.atMs ?? 0
  const endedAtMs = Math.max(startedAtMs, ...entries.map((one) => one.atMs + one.durationMs))
  const steps: readonly Step[] = isFull ? [...stepsOf(ordered), AND_MORE] : stepsOf(ordered)
  return {
    id,
    title: label.title,
    startedAtMs,
    durationMs: endedAtMs - startedAtMs,
    ...endOf(ordered),
    action: costOf(ordered),
    replay: label.replay,
    steps,
  }
}

/** In the place of a flow that could not be summarized. */
export function tellUnshowable(id: string, label: Label, entries: readonly Entry[]): Flow {
  return {
    id,
    title: label.title,
    startedAtMs: entries[0]?.atMs ?? 0,
    durationMs: 0,
    outcome: 'cannot be shown',
    tone: 'bad',
    action: {
      runs: 0,
      durationMs: 0,
      startRoundTrips: 0,
      wayBackRoundTrips: 0,
      confirmationRoundTrips: 0,
    },
    steps: [],
  }
}
