/**
 * The arrows of the sequence diagram: who asks whom, in words, and what opens behind each. Pure; what
 * it gives back is decoded and masked.
 */

import type { HttpEntry, LoginEntry, Parameters } from '../tenant/log.ts'
import { type Command, METADATA_LIMITS } from '../testing/api.ts'
import { CACHE_LIMITS } from '../testing/cache.ts'
import { KEPT_CONSOLE_CHARACTERS } from '../testing/console.ts'
import { decode, decodePath, decodeUrl } from './decode.ts'
import type { ApplicationEntry, Entry, Gauge, Lane, RunEntry, Section, Step } from './flow.ts'

type Request = ApplicationEntry | HttpEntry

const text = (parameters: Parameters, name: string): string =>
  [parameters[name] ?? ''].flat().join(' ')

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
  'POST /agent': 'asks the agent for the calendar',
  'POST /link': 'asks to link',
  'POST /login': 'asks to log in',
  'POST /logout': 'logs out',
  'POST /unlink': 'asks to unlink',
}

function authorizeWords({ query, form, location }: HttpEntry): string {
  const given = { ...query, ...form }
  const scope = text(given, 'scope').split(' ')
  const connection = text(given, 'requested_connection')
  if (scope.includes('unlink_account')) return `asks to unlink ${connection}`
  if (scope.includes('link_account')) return `asks to link ${connection}`
  if (text(given, 'redirect_uri').endsWith('/continue')) return 'goes to the nested login'
  return location?.includes('/callback')
    ? 'logs in, with the session that is there'
    : 'goes to log in'
}

/** The tenant's two addresses of it. */
export const isLogOut = (path: string): boolean => path === '/v2/logout' || path === '/oidc/logout'

function browserWords(entry: HttpEntry): string {
  const { form, location = '', method, path } = entry
  if (path === '/authorize') return authorizeWords(entry)
  if (path === '/continue') return 'comes back from the nested login'
  if (path === '/u/login') return 'chooses a connection'
  if (path === '/u/challenge')
    return method === 'GET' ? 'is asked for a factor' : 'gives the factor'
  if (isLogOut(path)) return 'ends the session'
  const [, upstream] = /^\/upstream\/([^/]+)\//.exec(path) ?? []
  if (upstream !== undefined) {
    if (method === 'GET') {
      const what = location === '' ? 'sees the login page of' : 'is logged in without a page by'
      return `${what} ${decodeText(upstream)}`
    }
    if (text(form, 'action') === 'cancel') return 'cancels the login'
    return `logs in as ${text(form, 'person') || text(form, 'email')}`
  }
  const target = URL.parse(location)?.pathname
  if (target === '/continue') return 'leaves the nested login'
  if (target === '/callback') return 'goes back to the application'
  return 'goes on'
}

function callWords({ form, json, method, path }: HttpEntry): string {
  const grant =
    text(form, 'grant_type') || String((json as { grant_type?: string })?.grant_type ?? '')
  if (path === '/oauth/token') {
    if (grant === 'authorization_code') return 'redeems the code'
    if (grant === 'client_credentials') return 'gets a Management token'
    if (grant.endsWith('federated-connection-access-token'))
      return 'asks for a token of the connection'
    return 'asks for tokens'
  }
  if (path === '/oauth/revoke') return 'revokes the refresh token'
  if (path === '/.well-known/jwks.json') return 'reads the keys'
  if (path === '/.well-known/openid-configuration') return 'reads the configuration'
  if (path.endsWith('/identities') && method === 'POST') return 'links the identity'
  if (path.includes('/identities/') && method === 'DELETE') return 'unlinks the identity'
  if (path.startsWith('/api/v2/users/')) return 'reads the account'
  if (path.startsWith('/example-calendar/')) return 'reads the calendar'
  return `${method} ${path}`
}

function wordsOf(entry: Request): string {
  if (entry.kind === 'http') {
    return entry.caller === 'browser' ? browserWords(entry) : callWords(entry)
  }
  const words = APPLICATION_WORDS[`${entry.method} ${entry.path}`]
  const connection = text(entry.form, 'connection')
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
  const request = `${method} ${decodePath(decodeText(path))}`
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
    ...(status === undefined ? {} : { status }),
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
  const { connection, connectionScope, created, parameters, result, sequence, userId } = entry
  const what = {
    success: `${userId} is logged in${created ? ', a new user' : ''}`,
    cancelled: 'the login is given up',
    refused: 'the login is refused',
  }[result]
  return {
    id: `l${sequence}`,
    from: 'tenant',
    to: 'tenant',
    what,
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

function commandWords(command: Command): string {
  switch (command.type) {
    case 'access.deny':
      return `denies ${command.reason.split(':')[0]}`
    case 'redirect.sendUserTo':
      return 'sends the user to the nested login'
    case 'authentication.challengeWithAny':
      return 'challenges a factor'
    case 'idToken.setCustomClaim':
      return 'sets a claim of the ID token'
    case 'user.setUserMetadata':
      return 'sets user metadata'
    case 'transaction.setMetadata':
      return 'keeps metadata'
  }
}

function resultOf({ commands, error }: RunEntry): string {
  if (error !== undefined) return error
  const telling =
    commands.find(({ type }) => type === 'access.deny') ??
    commands.find(({ type }) => type === 'redirect.sendUserTo') ??
    commands.find(({ type }) => type === 'authentication.challengeWithAny') ??
    commands[0]
  return telling === undefined ? 'lets the login go on' : commandWords(telling)
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
    what: resultOf(run),
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

/** A path as a reader wants it; as it came, where it is none that can be decoded. */
function decodeText(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
