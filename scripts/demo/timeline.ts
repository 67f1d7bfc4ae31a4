/**
 * Lays out what the tenant logged as the steps that a reader follows: who did what, the request behind it
 * and the parameters that matter. Pure; its words and what it masks are those of `steps`.
 */

import { decode, readPath } from '../steps/decode.ts'
import { isNested, outcomeOf, requestWords, runWords } from '../steps/words.ts'
import type { ActionEntry, HttpEntry, LogEntry, LoginEntry } from '../tenant/log.ts'

type Texts = Readonly<Record<string, string>>

export interface Step {
  /** Milliseconds since the start of the demo. */
  readonly atMs: number
  readonly durationMs?: number
  /** 0: by itself; 1: an Action that it made run; 2: what that Action called. */
  readonly depth: 0 | 1 | 2
  readonly who: string
  readonly what: string
  /** Method and path, where it was a request. */
  readonly request?: string
  readonly status?: number | undefined
  readonly parameters: Texts
  /** What came of it, where that says more. */
  readonly result?: string | undefined
  readonly roundTrips?: number
  /** Lines that the Action wrote to its log. */
  readonly log?: readonly string[]
  /** Tokens in the answer, decoded, without their signatures. */
  readonly tokens?: Readonly<Record<string, Claims>>
  /** So many like it in a row. */
  readonly times?: number
}

/** The names of applications by their client ids. */
export type Names = ReadonlyMap<string, string>

/** What a reader wants to see without being asked, by the path, in this order. */
const TELLING: Readonly<Record<string, readonly string[]>> = {
  '/authorize': [
    'requested_connection',
    'requested_connection_scope',
    'requested_identity',
    'connection',
    'connection_scope',
    'scope',
    'id_token_hint',
    'max_age',
  ],
  '/oauth/token': ['link_confirmation'],
  '/continue': ['code', 'error', 'error_description'],
}

/** What binds the nested login to the attempt. */
const NESTED_TELLING = ['code_challenge', 'nonce']

/** Steps within the tenant, whose words say enough. */
const INTERNAL = /^\/(upstream|authorize)\/./

/** A token by whose it is, whatever else by what may be shown of it. */
function show(name: string, value: unknown, names: Names): string {
  const shown = decode(value, name)
  if (typeof shown !== 'string') {
    const subject = claimsOf(shown)?.sub
    return subject === undefined ? JSON.stringify(shown) : `(a token of ${subject})`
  }
  return name === 'client_id' ? `${shown} (${names.get(shown) ?? 'unknown'})` : shown
}

type Claims = Readonly<Record<string, unknown>>

/** Of what `decode` made of a token. */
const claimsOf = (shown: unknown): Claims | undefined =>
  (shown as { readonly claims?: Claims } | null)?.claims

const isText = ([, value]: readonly [string, unknown]): boolean => typeof value === 'string'

function allParameters({ query, form, json }: HttpEntry): Texts {
  const flat = Object.entries({ ...query, ...form }).map(([name, value]) => [
    name,
    [value].flat().join(' '),
  ])
  return {
    ...Object.fromEntries(flat),
    ...Object.fromEntries(Object.entries(json ?? {}).filter(isText)),
  }
}

function parametersOf(entry: HttpEntry, names: Names, verbose: boolean): Texts {
  const all = allParameters(entry)
  const telling = [...(TELLING[entry.path] ?? []), ...(isNested(all) ? NESTED_TELLING : [])]
  const chosen = verbose ? Object.keys(all) : telling
  return Object.fromEntries(
    chosen.flatMap((name) => {
      const value = all[name]
      return value === undefined ? [] : [[name, show(name, value, names)]]
    }),
  )
}

/** The claims of each token in an answer; signatures stay out. */
function decodeTokens(answer: unknown): Readonly<Record<string, Claims>> {
  const shown = Object.entries(decode(answer) ?? {})
  return Object.fromEntries(
    shown.flatMap(([name, value]) => {
      const claims = claimsOf(value)
      return claims === undefined ? [] : [[name, claims]]
    }),
  )
}

/** A path with the ids in it made readable. */
function readable(path: string): string {
  return readPath(path)
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}')
    .replace(/^\/authorize\/.+/, '/authorize/{id}')
    .replace(/\/users\/[^/]+\//, '/users/{id}/')
    .replace(/\/identities\/.+/, '/identities/{provider}/{user_id}')
    .replace(/^\/api\/v2\/actions\/triggers/, '…/triggers')
}

/** The browser takes a denial to the application when all is over that the request caused. */
function denialBy({ location = '', atMs, durationMs }: HttpEntry, startedAtMs: number) {
  const parameters = URL.parse(location)?.searchParams
  const result = parameters?.get('error_description')
  if (result == null) return undefined
  const what = `takes ${parameters?.get('error')} to the application`
  const step: Step = {
    atMs: atMs + durationMs - startedAtMs,
    depth: 0,
    who: 'browser',
    what,
    parameters: {},
    result,
  }
  return step
}

/** What RESULT_CLAIM says, whatever its name is. */
function saysOf({ id_token = {} }: Readonly<Record<string, Claims>>): string {
  const [status] = Object.values(id_token).flatMap(
    (value) => (value as { readonly status?: unknown } | null)?.status ?? [],
  )
  return status === undefined ? '' : `, which say ${status}`
}

function ofHttp(entry: HttpEntry, names: Names, verbose: boolean) {
  const { caller, durationMs, method, path, run, status } = entry
  const tokens = decodeTokens(entry.answer)
  const subject = caller === 'application' ? tokens.id_token?.sub : undefined
  return {
    durationMs,
    depth: run === undefined ? 0 : 2,
    who: run === undefined ? caller : 'calls',
    what: requestWords(entry),
    ...(verbose || !INTERNAL.test(path) ? { request: `${method} ${readable(path)}` } : {}),
    status,
    parameters: parametersOf(entry, names, verbose),
    result: subject === undefined ? undefined : `gets tokens of ${subject}${saysOf(tokens)}`,
    ...(verbose && Object.keys(tokens).length > 0 ? { tokens } : {}),
  } as const
}

const endOf = (run: ActionEntry): string => {
  const isDenied = run.commands.some(({ type }) => type === 'access.deny')
  return (isDenied ? undefined : outcomeOf(run)) ?? runWords(run)
}

function ofRun(entry: ActionEntry, verbose: boolean) {
  return {
    durationMs: entry.durationMs,
    depth: 1,
    who: 'Action',
    what: `${entry.handler}: ${endOf(entry)}`,
    parameters: {},
    roundTrips: entry.roundTrips,
    ...(verbose ? { log: entry.lines } : {}),
  } as const
}

/** What a login adds to the submitted form that it came by. */
function resultOfLogin({ created, result, userId }: LoginEntry): string | undefined {
  if (result !== 'success') return result
  return created ? `a new user: ${userId}` : undefined
}

export function toSteps(
  entries: readonly LogEntry[],
  startedAtMs: number,
  names: Names,
  verbose: boolean,
): readonly Step[] {
  const steps: Step[] = []
  let denial: Step | undefined
  for (const entry of entries) {
    if (entry.kind === 'http' && entry.run === undefined) {
      if (denial !== undefined) steps.push(denial)
      denial = denialBy(entry, startedAtMs)
    }
    const last = steps.at(-1)
    if (entry.kind === 'login') {
      const result = resultOfLogin(entry)
      if (last && result !== undefined) steps[steps.length - 1] = { ...last, result }
      continue
    }
    const atMs = entry.atMs - startedAtMs
    const step: Step =
      entry.kind === 'action'
        ? { atMs, ...ofRun(entry, verbose) }
        : { atMs, ...ofHttp(entry, names, verbose) }
    // Polling is one step, however often it took.
    if (last?.what === step.what && step.who === 'script') {
      steps[steps.length - 1] = { ...last, times: (last.times ?? 1) + 1 }
    } else steps.push(step)
  }
  return denial === undefined ? steps : [...steps, denial]
}
