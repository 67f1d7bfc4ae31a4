/**
 * Turns what the tenant logged into the steps that a reader follows: who did what, in words, with the
 * request behind it and the parameters that matter. Pure; secrets are left out, codes and tokens are
 * shortened.
 */

import { decodeJwt } from 'jose'
import { DATABASE } from '../tenant/connections.ts'
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
  readonly status?: number
  readonly parameters: Texts
  /** What came of it, where that says more. */
  readonly result?: string
  readonly roundTrips?: number
  /** Lines that the Action wrote to its log. */
  readonly log?: readonly string[]
  /** Tokens in the answer, decoded, without their signatures. */
  readonly tokens?: Readonly<Record<string, unknown>>
  /** So many like it in a row. */
  readonly times?: number
}

/** The names of applications by their client ids. */
export type Names = ReadonlyMap<string, string>

/** Never shown, at any level. */
const HIDDEN = new Set(['client_secret', 'password', 'secrets'])

/** Good for one thing, once: the beginning is enough to tell them apart. */
const SHORTENED = new Set(['code', 'code_challenge', 'code_verifier', 'nonce', 'state', 'sid'])

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
  '/continue': ['code', 'error', 'error_description'],
}

/** What binds the nested login to the attempt. */
const NESTED_TELLING = ['code_challenge', 'nonce']

/** The name under which the tenant knows the companion application. */
const COMPANION = 'Account Linking'

/** Steps within the tenant, whose words say enough. */
const INTERNAL = /^\/(upstream|authorize)\/./

const shorten = (text: string): string => (text.length > 9 ? `${text.slice(0, 8)}…` : text)

const isToken = (value: unknown): value is string =>
  typeof value === 'string' && /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/.test(value)

function show(name: string, value: string, names: Names): readonly [string, string] {
  if (HIDDEN.has(name)) return [name, '(hidden)']
  if (name === 'client_id') return [name, `${value} (${names.get(value) ?? 'unknown'})`]
  if (isToken(value)) return [name, `(a token of ${decodeJwt(value).sub})`]
  if (name === 'client_assertion' || name.endsWith('_token')) return [name, '(hidden)']
  return [name, SHORTENED.has(name) ? shorten(value) : value]
}

/** The strings of a JSON object. The source of an Action is no parameter to read. */
function stringsOf(json: unknown): Texts {
  if (typeof json !== 'object' || json === null) return {}
  const strings = Object.entries(json).filter(
    ([name, value]) => typeof value === 'string' && !(name === 'code' && value.length > 200),
  )
  return Object.fromEntries(strings)
}

function allParameters({ query, form, json }: HttpEntry): Texts {
  const flat = Object.entries({ ...query, ...form }).map(([name, value]) => [
    name,
    [value].flat().join(' '),
  ])
  return { ...Object.fromEntries(flat), ...stringsOf(json) }
}

function parametersOf(entry: HttpEntry, names: Names, verbose: boolean): Texts {
  const all = allParameters(entry)
  const nested = names.get(all.client_id ?? '') === COMPANION && entry.path === '/authorize'
  const telling = [...(TELLING[entry.path] ?? []), ...(nested ? NESTED_TELLING : [])]
  const chosen = verbose ? Object.keys(all) : telling
  return Object.fromEntries(
    chosen.flatMap((name) => {
      const value = all[name]
      return value === undefined ? [] : [show(name, value, names)]
    }),
  )
}

/** The claims of each token in an answer; signatures stay out. */
function decodeTokens(answer: unknown): Readonly<Record<string, unknown>> {
  const tokens = Object.entries(stringsOf(answer)).filter(([, value]) => isToken(value))
  return Object.fromEntries(
    tokens.map(([name, token]) => {
      const claims = Object.entries(decodeJwt(token)).map(([claim, value]) =>
        SHORTENED.has(claim) ? [claim, shorten(String(value))] : [claim, value],
      )
      return [name, Object.fromEntries(claims)]
    }),
  )
}

/** A path with the ids in it made readable. */
function readable(path: string): string {
  return decodeURIComponent(path)
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}')
    .replace(/^\/authorize\/.+/, '/authorize/{id}')
    .replace(/\/users\/[^/]+\//, '/users/{id}/')
    .replace(/\/identities\/.+/, '/identities/{provider}/{user_id}')
    .replace(/^\/api\/v2\/actions\/triggers/, '…/triggers')
}

function connectionIn(path: string): string {
  const name = decodeURIComponent(path.split('/')[2] ?? '')
  return name === DATABASE ? 'the database' : name
}

function subjectOf({ answer, caller }: HttpEntry): string | undefined {
  const { id_token: token } = stringsOf(answer)
  if (caller !== 'application' || !isToken(token)) return undefined
  return `gets tokens of ${decodeJwt(token).sub}`
}

function browserDoes(entry: HttpEntry, names: Names): string {
  const { method, path, location = '' } = entry
  const { action, client_id, email, requested_connection, scope = '' } = allParameters(entry)
  if (path === '/authorize') {
    if (names.get(client_id ?? '') === COMPANION) return 'goes to the nested login'
    if (scope.includes('unlink_account')) return `asks to unlink ${requested_connection}`
    if (scope.includes('link_account')) return `asks to link ${requested_connection}`
    return 'goes to log in'
  }
  if (path === '/continue') return 'comes back from the nested login'
  if (path.startsWith('/upstream/')) {
    if (method === 'GET') return `sees the login page of ${connectionIn(path)}`
    return action === 'cancel' ? 'cancels the login' : `logs in as ${email}`
  }
  if (path.startsWith('/authorize/')) {
    const target = URL.parse(location, 'http://localhost')?.pathname
    if (target === '/continue') return 'leaves the nested login with a code'
    if (target === '/callback') return 'goes back to the application with a code'
  }
  return 'goes on'
}

function actionCalls({ path, method, form, json }: HttpEntry): string {
  if (path === '/.well-known/jwks.json') return 'reads the keys'
  if (path === '/oauth/token') {
    const byCode = form.grant_type === 'authorization_code'
    return byCode ? 'redeems the nested code' : 'gets a Management token'
  }
  const { provider, user_id } = stringsOf(json)
  if (method === 'POST') return `links ${provider}|${user_id}`
  return method === 'DELETE' ? 'unlinks an identity' : 'calls'
}

function scriptCalls({ path, method, answer }: HttpEntry): string {
  if (path === '/oauth/token') return 'gets a Management token'
  if (path.endsWith('/bindings')) {
    return method === 'PATCH' ? 'binds it to post-login' : 'reads what is bound to post-login'
  }
  if (path.startsWith('/api/v2/clients/')) {
    return method === 'PATCH' ? 'keeps the settings there' : 'reads the companion application'
  }
  if (path.endsWith('/deploy')) return 'deploys it'
  if (path.endsWith('/actions/actions')) {
    return method === 'POST' ? 'creates the Action' : 'looks for the Action'
  }
  const { all_changes_deployed: deployed } = (answer ?? {}) as {
    readonly all_changes_deployed?: boolean
  }
  return deployed === true ? 'sees that it is deployed' : 'waits until it is built'
}

const applicationCalls = ({ path }: HttpEntry): string =>
  path === '/oauth/token' ? 'redeems the code' : 'calls'

function whatOf(entry: HttpEntry, names: Names): string {
  switch (entry.caller) {
    case 'browser':
      return browserDoes(entry, names)
    case 'action':
      return actionCalls(entry)
    case 'script':
      return scriptCalls(entry)
    case 'application':
      return applicationCalls(entry)
  }
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

function ofHttp(entry: HttpEntry, names: Names, verbose: boolean) {
  const { caller, durationMs, method, path, run, status } = entry
  const result = subjectOf(entry)
  const tokens = decodeTokens(entry.answer)
  return {
    durationMs,
    depth: run === undefined ? 0 : 2,
    who: run === undefined ? caller : 'calls',
    what: whatOf(entry, names),
    ...(verbose || !INTERNAL.test(path) ? { request: `${method} ${readable(path)}` } : {}),
    ...(status === undefined ? {} : { status }),
    parameters: parametersOf(entry, names, verbose),
    ...(result === undefined ? {} : { result }),
    ...(verbose && Object.keys(tokens).length > 0 ? { tokens } : {}),
  } as const
}

/** What a run of the Action came to, by what it asked of the platform and what it logged. */
function resultOfRun({ commands, lines, nested, error }: ActionEntry): string {
  if (error !== undefined) return error
  for (const command of commands) {
    if (command.type === 'access.deny') return `denies ${command.reason.split(':')[0]}`
    if (command.type === 'redirect.sendUserTo') return 'on to the nested login'
  }
  if (nested) return 'notes who it is'
  return lines.find((line) => line.includes(':outcome '))?.split(' ')[1] ?? 'does nothing'
}

function ofRun(entry: ActionEntry, verbose: boolean) {
  return {
    durationMs: entry.durationMs,
    depth: 1,
    who: 'Action',
    what: `${entry.handler}: ${resultOfRun(entry)}`,
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
