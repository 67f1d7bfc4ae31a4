/**
 * Sorts what happens at the application and the tenant into flows: a request of the user, and all that
 * it caused. No I/O. Entries are told apart by what they carry from one to the next (`state`, `code`,
 * `code_challenge`, interactions), so that flows at once in several browsers stay apart.
 */

import { isLogOut } from '../steps/words.ts'
import { createBoundedMap } from '../tenant/bounded.ts'
import { filterParameters, one, toSearch } from '../tenant/http.ts'
import type { HttpEntry, Parameters } from '../tenant/log.ts'
import { type ApplicationEntry, CONFIRM_PATH, type Entry, type Flow, type Label } from './flow.ts'
import { summarize, tellUnshowable } from './summary.ts'

export interface Flows {
  add(entry: Entry): void
  /** Gives the flow of an authorization request its name, by the request's URL. */
  label(authorizeUrl: URL, label: Label): void
  /** The newest first. */
  all(): readonly Flow[]
  get(id: string): Flow | undefined
  clear(): void
}

export interface FlowsOptions {
  /** Whether a client of this id is registered: an authorization request of no one is no flow. */
  readonly isClient: (clientId: string) => boolean
}

interface OpenFlow {
  readonly id: string
  readonly entries: Entry[]
  /** Something came that is not kept. */
  isFull: boolean
  label: Label
  /** The page of the application that is still to come, by a redirect or by a form on it. */
  awaits: string | undefined
  /** As it was shown last, while nothing has come to it since. */
  shown: Flow | undefined
}

/** Older ones are forgotten. */
const MAX_FLOWS = 50

/** Of one flow: the longest that means anything has about forty. */
export const MAX_ENTRIES = 300

/** An attack gives a handful, and uses them at once. */
const MAX_LABELS = 100

const MAX_HANDLES = 10_000

/** Of one name in one request. */
const MAX_VALUES = 3

const CARRIED = ['state', 'code', 'code_challenge', 'request_uri']

/** The requests that begin a flow; nothing else that a browser asks for is of interest. */
const TITLES: Readonly<Record<string, string>> = {
  '/login': 'Log in',
  '/link': 'Link',
  '/unlink': 'Unlink',
  '/agent': 'Agent: calendar',
  '/logout': 'Log out',
}

/** Pages of the application that carry nothing of the flow that leads to them. */
const PAGES: readonly string[] = ['/', CONFIRM_PATH]

/** The page that asks a person has a form, which comes next. */
const awaitedAfter = ({ location, path, status }: ApplicationEntry): string | undefined =>
  path === CONFIRM_PATH && status === 200 ? path : PAGES.find((page) => page === location)

const valuesOf = (parameters: Parameters): readonly string[] =>
  CARRIED.flatMap((name) => [parameters[name] ?? []].flat().slice(0, MAX_VALUES)).filter(
    (value) => value !== '',
  )

function readUrl(text: string | undefined): URL | undefined {
  return (text === undefined ? null : URL.parse(text, 'http://relative.invalid')) ?? undefined
}

function handlesOfUrl(url: URL | undefined): readonly string[] {
  if (url === undefined) return []
  // A log-out carries nothing to the tenant that is its own alone.
  if (isLogOut(url.pathname)) return [`${url.pathname} ${url.searchParams}`]
  const [, interaction] = /^\/authorize\/([\w-]+)$/.exec(url.pathname) ?? []
  const carried = valuesOf(Object.fromEntries(url.searchParams))
  return interaction === undefined ? carried : [interaction, ...carried]
}

/** A denial carries nothing but its words from the tenant to the application. */
const denialHandle = (error: unknown, description: unknown): readonly string[] =>
  typeof error === 'string' ? [`denied ${error} ${String(description)}`] : []

const isExchange = ({ form, path }: HttpEntry): boolean =>
  path === '/oauth/token' && one(form, 'grant_type') === 'refresh_token'

const runHandle = (run: number): string => `run ${run}`

/** What makes an entry belong to a flow that there is. */
function comesFrom(entry: Entry): readonly string[] {
  switch (entry.kind) {
    case 'login':
      return [entry.transactionId]
    case 'action': {
      const { body = {}, query = {} } = entry.event.request
      const given = { ...(query as Parameters), ...(body as Parameters) }
      return [entry.transactionId, ...valuesOf(given)]
    }
    default: {
      // What a run sends belongs to the run, whosever code it has been given.
      if (entry.kind === 'http' && entry.run !== undefined) return [runHandle(entry.run)]
      const { form, kind, path, query } = entry
      const url = readUrl(`${path}?${toSearch(query)}`)
      const own = [...valuesOf({ ...query, ...form }), ...handlesOfUrl(url)]
      if (kind === 'http') return own
      return [...own, ...denialHandle(query.error, query.error_description)]
    }
  }
}

/** What will belong to its flow from now on. */
function leadsTo(entry: Entry): readonly string[] {
  if (entry.kind === 'action') return [runHandle(entry.run)]
  if (entry.kind === 'login') return []
  const url = readUrl(entry.location)
  if (url === undefined) return []
  const { searchParams } = url
  const denial = denialHandle(searchParams.get('error'), searchParams.get('error_description'))
  return [...handlesOfUrl(url), ...denial]
}

const endOf = ({ atMs, durationMs }: Entry): number => atMs + durationMs

/** A request that was made while another one was answered. */
const encloses = (outer: Entry, inner: Entry): boolean =>
  inner.atMs >= outer.atMs && inner.atMs <= Math.ceil(endOf(outer))

/** Whether it waits for the entry that caused it: that one is complete only later. */
function isCaused(entry: Entry): boolean {
  if (entry.kind === 'login' || entry.kind === 'action') return true
  return entry.kind === 'http' && entry.caller !== 'browser'
}

function causes(cause: Entry, entry: Entry): boolean {
  if (entry.kind === 'login') {
    return cause.kind === 'http' && cause.path.startsWith('/upstream/') && encloses(cause, entry)
  }
  // A run at the token endpoint, where nothing is carried from one to the other.
  if (entry.kind === 'action') {
    return cause.kind === 'http' && isExchange(cause) && encloses(cause, entry)
  }
  if (cause.kind !== 'application' || entry.kind !== 'http') return false
  return entry.run === undefined && encloses(cause, entry)
}

function titleOf({ form, path }: ApplicationEntry): string {
  const connection = typeof form.connection === 'string' ? ` ${form.connection}` : ''
  return `${TITLES[path] ?? path}${connection}`
}

/** What a page needs to ask for the same again; whatever else was sent is nobody's business. */
const REPLAYED = new Set(['connection', 'identity', 'again'])

function labelOf(entry: ApplicationEntry | HttpEntry): Label {
  if (entry.kind === 'http') return { title: 'Authorization request' }
  const { form, path } = entry
  const again = filterParameters(form, (name) => REPLAYED.has(name))
  return { title: titleOf(entry), replay: { type: 'request', path, form: again } }
}

/** What another site's page has sent is refused: that is nothing a person has done. */
const REFUSED = 403

/** Only what a person does begins a flow; reading the page again does not. */
function begins(entry: ApplicationEntry | HttpEntry, isClient: FlowsOptions['isClient']): boolean {
  if (entry.kind === 'application') {
    const { method, path, status } = entry
    return method === 'POST' && status !== REFUSED && Object.hasOwn(TITLES, path)
  }
  if (entry.caller !== 'browser' || entry.path !== '/authorize') return false
  return isClient(one({ ...entry.query, ...entry.form }, 'client_id') ?? '')
}

export function createFlows({ isClient }: FlowsOptions): Flows {
  let flows: OpenFlow[] = []
  let waiting: Entry[] = []
  const byHandle = createBoundedMap<string, OpenFlow>(MAX_HANDLES)
  const labels = createBoundedMap<string, Label>(MAX_LABELS)
  let count = 0

  function open(entry: ApplicationEntry | HttpEntry): OpenFlow {
    count += 1
    const given = [...comesFrom(entry), ...leadsTo(entry)].flatMap(
      (handle) => labels.get(handle) ?? [],
    )[0]
    const flow = {
      id: `f${count}`,
      entries: [],
      isFull: false,
      label: given ?? labelOf(entry),
      awaits: undefined,
      shown: undefined,
    }
    flows = [flow, ...flows].slice(0, MAX_FLOWS)
    return flow
  }

  function find(entry: Entry): OpenFlow | undefined {
    const known = comesFrom(entry).flatMap((handle) => byHandle.get(handle) ?? [])
    const [still] = known.filter((flow) => flows.includes(flow))
    if (still !== undefined) return still
    if (entry.kind === 'application' && PAGES.includes(entry.path)) {
      return flows.find(({ awaits }) => awaits === entry.path)
    }
    if (entry.kind !== 'application' && entry.kind !== 'http') return undefined
    return begins(entry, isClient) ? open(entry) : undefined
  }

  function put(entry: Entry, flow: OpenFlow): void {
    if (flow.entries.length >= MAX_ENTRIES) {
      if (!flow.isFull) flow.shown = undefined
      flow.isFull = true
      return
    }
    for (const handle of [...comesFrom(entry), ...leadsTo(entry)]) byHandle.set(handle, flow)
    flow.entries.push(entry)
    flow.shown = undefined
    if (entry.kind === 'application') flow.awaits = awaitedAfter(entry)
    const belongs = (one: Entry): boolean =>
      comesFrom(one).some((handle) => byHandle.get(handle) === flow)
    const caused = waiting.filter((one) => causes(entry, one) || belongs(one))
    waiting = waiting.filter((one) => !caused.includes(one))
    for (const one of caused) put(one, flow)
  }

  function show(flow: OpenFlow): Flow {
    const summary = flow.shown ?? summaryOf(flow, flow.entries)
    flow.shown = summary
    // A pending link may be confirmed right now.
    const isOver = summary.tone !== 'running' && summary.outcome !== 'pending'
    if (flow !== visible()[0] || isOver) return summary
    // What is under way is shown with the newest flow until it is known whose it is.
    const guests = waiting.filter(({ atMs }) => atMs >= summary.startedAtMs)
    if (guests.length === 0) return summary
    return summaryOf(flow, [...flow.entries, ...guests])
  }

  /** Whatever anybody has sent, it must not end the process that shows it. */
  function summaryOf({ id, isFull, label }: OpenFlow, entries: readonly Entry[]): Flow {
    try {
      return summarize(id, label, entries, isFull)
    } catch {
      return tellUnshowable(id, label, entries)
    }
  }

  const visible = (): OpenFlow[] => flows.filter(({ label }) => label.hidden !== true)

  return {
    add(entry) {
      const flow = find(entry)
      if (flow !== undefined) put(entry, flow)
      else if (isCaused(entry)) waiting = [...waiting, entry].slice(-20)
      // A page that belongs to no flow takes along what it caused.
      else waiting = waiting.filter((one) => !causes(entry, one))
    },
    label(url, label) {
      for (const handle of handlesOfUrl(url)) labels.set(handle, label)
    },
    all: () => visible().map(show),
    get: (id) =>
      visible()
        .filter((flow) => flow.id === id)
        .map(show)[0],
    clear() {
      flows = []
      waiting = []
      byHandle.clear()
      labels.clear()
    },
  }
}
