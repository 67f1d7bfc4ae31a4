/**
 * The arrows of the sequence diagram: who asks whom, in words, and what opens behind each. Pure; what
 * it gives back is decoded and masked.
 */

import { decode, decodeUrl, readPath } from '../steps/decode.ts'
import { loginWords, requestWords, runWords, textOf } from '../steps/words.ts'
import type { HttpEntry, LoginEntry } from '../tenant/log.ts'
import { METADATA_LIMITS } from '../testing/api.ts'
import { CACHE_LIMITS } from '../testing/cache.ts'
import { KEPT_CONSOLE_CHARACTERS } from '../testing/console.ts'
import {
  type ApplicationEntry,
  CONFIRM_PATH,
  type Entry,
  type Gauge,
  type Lane,
  type RunEntry,
  type Section,
  type Step,
} from './flow.ts'

type Request = ApplicationEntry | HttpEntry

const bytes = (value: unknown): number => Buffer.byteLength(String(value))

/** A request's own step, and after a run what came of it. */
export function stepsOf(entries: readonly Entry[]): readonly Step[] {
  const steps: Step[] = []
  const open: { readonly run: RunEntry; readonly step: Step }[] = []
  const close = (goesOn: (run: RunEntry) => boolean): void => {
    while (open.length > 0) {
      const last = open.at(-1)
      if (last === undefined || goesOn(last.run)) return
      steps.push(last.step)
      open.pop()
    }
  }
  for (const entry of entries) {
    close((run) => entry.kind === 'http' && entry.run === run.run)
    if (entry.kind === 'action') {
      steps.push(startOfRun(entry))
      open.push({ run: entry, step: endOfRun(entry) })
    } else if (entry.kind === 'login') steps.push(ofLogin(entry))
    else steps.push(ofRequest(entry))
  }
  close(() => false)
  return steps
}

const LANE_OF_CALLER: Readonly<Record<HttpEntry['caller'], Lane>> = {
  action: 'action',
  application: 'application',
  browser: 'browser',
  script: 'application',
}

const isManagement = ({ path }: Request): boolean => path.startsWith('/api/v2/')

function lanesOf(entry: Request): Pick<Step, 'from' | 'to'> {
  if (entry.kind === 'application') return { from: 'browser', to: 'application' }
  return {
    from: LANE_OF_CALLER[entry.caller],
    to: isManagement(entry) ? 'management' : 'tenant',
  }
}

const APPLICATION_WORDS: Readonly<Record<string, string>> = {
  'GET /': 'looks at the account',
  'GET /callback': 'comes back to the application',
  'GET /confirm': 'is asked whether to link it',
  'POST /agent': 'asks the agent for the calendar',
  'POST /link': 'asks to link',
  'POST /login': 'asks to log in',
  'POST /logout': 'logs out',
  'POST /unlink': 'asks to unlink',
}

function wordsOf(entry: Request): string {
  if (entry.kind === 'http') return requestWords(entry)
  if (entry.method === 'POST' && entry.path === CONFIRM_PATH)
    return textOf(entry.form, 'answer') === 'yes' ? 'says yes' : 'says no'
  const words = APPLICATION_WORDS[`${entry.method} ${entry.path}`]
  const connection = textOf(entry.form, 'connection')
  return words === undefined ? `${entry.method} ${entry.path}` : `${words} ${connection}`.trim()
}

const isDenied = (location: string | undefined): boolean => location?.includes('error=') === true

function toneOf({ location, status }: Request): Step['tone'] {
  return status === undefined || status >= 400 || isDenied(location) ? 'bad' : 'plain'
}

const filled = (title: string, json: object): readonly Section[] =>
  Object.keys(json).length === 0 ? [] : [{ title, json: decode(json) }]

function ofRequest(entry: Request): Step {
  const { durationMs, form, kind, location, method, path, query, status } = entry
  const id = kind === 'http' ? `h${entry.sequence}` : `a${entry.atMs}-${method}${path}`
  const about = {
    ...(kind === 'http' ? { domain: entry.domain } : {}),
    ...(kind === 'http' && entry.userAgent !== undefined ? { user_agent: entry.userAgent } : {}),
  }
  const request = `${method} ${readPath(path)}`
  const answer = kind === 'http' ? entry.answer : undefined
  const json = kind === 'http' ? entry.json : undefined
  const response = [
    status === undefined ? 'no answer' : `status ${status}`,
    ...(kind === 'http' && entry.faulty ? ['an injected fault was applied'] : []),
  ]
  return {
    id,
    ...lanesOf(entry),
    what: wordsOf(entry),
    request,
    status,
    durationMs,
    tone: toneOf(entry),
    faulty: kind === 'http' && entry.faulty,
    sections: [
      { title: 'Request', lines: [request], ...filled('Request', about)[0] },
      ...filled('Query', query),
      ...filled('Form', form),
      ...(typeof json === 'object' && json !== null ? filled('JSON', json) : []),
      { title: 'Response', lines: response },
      ...(location === undefined ? [] : [{ title: 'Location', json: decodeUrl(location) }]),
      ...(answer === undefined ? [] : [{ title: 'Answer', json: decode(answer) }]),
    ],
  }
}

function ofLogin(entry: LoginEntry): Step {
  const { connection, connectionScope, parameters, result, sequence, userId } = entry
  return {
    id: `l${sequence}`,
    from: 'tenant',
    to: 'tenant',
    what: loginWords(entry),
    tone: result === 'success' ? 'plain' : 'bad',
    faulty: false,
    sections: [
      {
        title: 'Login at the connection',
        json: decode({
          connection,
          result,
          user: userId,
          connection_scope: connectionScope,
          ...parameters,
        }),
      },
    ],
  }
}

const kindOf = ({ handler, nested }: RunEntry): string =>
  nested ? `${handler}, nested login` : handler

function startOfRun(run: RunEntry): Step {
  return {
    id: `r${run.run}-in`,
    from: 'tenant',
    to: 'action',
    what: kindOf(run),
    tone: 'plain',
    faulty: false,
    sections: [{ title: `event: the input of version ${run.version}`, json: decode(run.event) }],
  }
}

function metadataGauges({ commands, event }: RunEntry): readonly Gauge[] {
  const metadata: Record<string, unknown> = { ...event.transaction?.metadata }
  for (const command of commands) {
    if (command.type === 'transaction.setMetadata') metadata[command.key] = command.value
  }
  const values = Object.entries(metadata)
  const total = values.flat().reduce<number>((sum, part) => sum + bytes(part), 0)
  return [
    ...values.map(([key, value]) => ({
      label: key,
      value: bytes(value),
      limit: METADATA_LIMITS.valueBytes,
      unit: 'bytes',
    })),
    { label: 'all metadata', value: total, limit: METADATA_LIMITS.totalBytes, unit: 'bytes' },
  ]
}

function cacheGauges({ cache }: RunEntry): readonly Gauge[] {
  const { entries, totalBytes, valueBytes } = CACHE_LIMITS
  return [
    ...cache.entries.map(({ bytes: size, forMs, key }) => ({
      label: `${key} (${Math.round(forMs / 60_000)} min left)`,
      value: size,
      limit: valueBytes,
      unit: 'bytes',
    })),
    { label: 'the whole cache', value: cache.bytes, limit: totalBytes, unit: 'bytes' },
    { label: 'entries', value: cache.entries.length, limit: entries, unit: '' },
  ]
}

function endOfRun(run: RunEntry): Step {
  const { commands, durationMs, error, kept, lines, roundTrips } = run
  const written = lines.join('\n').length
  const denied = commands.some(({ type }) => type === 'access.deny')
  const log: Gauge = {
    label: `written to the log, ${kept.length} kept`,
    value: written,
    limit: KEPT_CONSOLE_CHARACTERS,
    unit: 'characters',
  }
  return {
    id: `r${run.run}-out`,
    from: 'action',
    to: 'tenant',
    what: runWords(run),
    durationMs,
    tone: denied || error !== undefined ? 'bad' : 'good',
    faulty: false,
    sections: [
      commands.length === 0
        ? { title: 'Commands', lines: ['none'] }
        : { title: 'Commands', json: commands.map((command) => decode(command)) },
      { title: 'Log', lines: lines.length === 0 ? ['nothing'] : lines, gauges: [log] },
      {
        title: 'Round trips and time',
        lines: [`${roundTrips} round trips`, `${durationMs.toFixed(1)} ms`],
      },
      { title: 'Transaction metadata', gauges: metadataGauges(run) },
      { title: 'Cache after it', gauges: cacheGauges(run) },
    ],
  }
}
