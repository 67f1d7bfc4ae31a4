/**
 * The process in which one Action is measured: started with an IPC channel, it loads the file, runs the
 * handlers as it is told and replies with the milliseconds that they took. Whatever is not the Action's
 * own work (events, `api`, codes) is outside of these times, and no module is loaded ahead of need.
 */

import { readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { compileFunction } from 'node:vm'
import type { Handler, PostLoginEvent } from '../../src/platform.ts'
import { createApi } from '../testing/api.ts'
import { type CacheDouble, createCache } from '../testing/cache.ts'
import { refreshEvent } from '../testing/confirm.ts'
import { buildEvent, changeEvent, SECRETS } from '../testing/event.ts'
import { nestedEvent, PLATFORM_STATE, type Run } from '../testing/flow.ts'
import { type Ask, DOMAIN, type Replies, type Reply } from './protocol.ts'

interface Handlers {
  readonly onExecutePostLogin: Handler
  readonly onContinuePostLogin: Handler
}

let handlers: Handlers | undefined
let cache: CacheDouble = createCache()
let started: Run | undefined
let lastLine = ''

const write = (...args: unknown[]): void => {
  lastLine = args.join(' ')
}
const console = { log: write, info: write, warn: write, error: write, trace: write }

const loaded = (): Handlers => {
  if (handlers === undefined) throw new Error('nothing is loaded')
  return handlers
}

/** As the platform does: the source is the body of a function; npm modules come from its folder. */
function load(file: string): Replies['load'] {
  const source = readFileSync(file, 'utf8')
  const nodeRequire = createRequire(file)
  const dependencies = new Set<string>()
  const require = (name: string): unknown => {
    if (!isBuiltin(name)) dependencies.add(name)
    return nodeRequire(name)
  }
  const module: { exports: Record<string, unknown> } = { exports: {} }
  const fromMs = performance.now()
  const body = compileFunction(source, ['module', 'exports', 'console', 'require'], {
    filename: file,
  })
  body(module, module.exports, console, require)
  const tookMs = performance.now() - fromMs
  const { onExecutePostLogin, onContinuePostLogin } = module.exports
  if (typeof onExecutePostLogin !== 'function' || typeof onContinuePostLogin !== 'function')
    throw new Error('it does not export onExecutePostLogin and onContinuePostLogin')
  handlers = {
    onExecutePostLogin: onExecutePostLogin as Handler,
    onContinuePostLogin: onContinuePostLogin as Handler,
  }
  return { tookMs, dependencies: [...dependencies] }
}

/** A login that asks for no link. Every login has an event of its own: an Action may change it. */
function ordinaryEvent(): PostLoginEvent {
  return buildEvent({
    request: { query: { requested_connection: undefined, id_token_hint: undefined } },
    transaction: { requested_scopes: ['openid', 'profile', 'email', 'offline_access'] },
  })
}

/** The most frequent run of all: an exchange of a refresh token, which confirms nothing. */
const ordinaryRefresh = (): PostLoginEvent => refreshEvent(ordinaryEvent())

async function logIn(what: 'login' | 'refresh', count: number): Promise<Replies['login']> {
  const { onExecutePostLogin } = loaded()
  const { api, commands } = createApi({ cache })
  const build = what === 'login' ? ordinaryEvent : ordinaryRefresh
  const events = Array.from({ length: count }, build)
  const fromMs = performance.now()
  for (const event of events) await onExecutePostLogin(event, api)
  const tookMs = performance.now() - fromMs
  if (commands.length > 0) throw new Error('an ordinary login is not left alone')
  return { tookMs }
}

/** Domains without a port, as in production: port 443 is led to the tenant's. */
async function connect(port: number, certificatePem: string): Promise<Replies['connect']> {
  const { default: tls } = await import('node:tls')
  const { connect: connectTls } = tls
  tls.setDefaultCACertificates([certificatePem])
  tls.connect = ((options: object) =>
    connectTls({ ...options, host: '127.0.0.1', port, servername: DOMAIN })) as typeof connectTls
  return {}
}

/** Runs a handler, and gives what it asked of the platform in how many milliseconds. */
async function timed(
  handler: Handler,
  event: PostLoginEvent,
): Promise<{ readonly run: Run; readonly tookMs: number }> {
  const { api, commands, metadata } = createApi({
    cache,
    metadata: event.transaction?.metadata ?? {},
  })
  const fromMs = performance.now()
  await handler(event, api)
  const tookMs = performance.now() - fromMs
  const denial = commands.find((command) => command.type === 'access.deny')?.reason
  if (denial !== undefined) throw new Error(`the login is denied: ${denial} ${lastLine}`.trim())
  const url = commands.find((command) => command.type === 'redirect.sendUserTo')?.url
  const claims = commands.filter((command) => command.type === 'idToken.setCustomClaim')
  const run: Run = {
    event,
    commands,
    metadata,
    denial,
    code: undefined,
    redirect: url === undefined ? undefined : new URL(url),
    claims: Object.fromEntries(claims.map(({ name, value }) => [name, value])),
  }
  return { run, tookMs }
}

async function start(hint: string, which: 'cold' | 'warm'): Promise<Replies['start']> {
  if (which === 'cold') cache = createCache()
  const { onExecutePostLogin } = loaded()
  const event = changeEvent(buildEvent({ secrets: { ...SECRETS, AUTH0_DOMAIN: DOMAIN } }), {
    request: { hostname: DOMAIN, query: { id_token_hint: hint } },
  })
  const first = await timed(onExecutePostLogin, event)
  const { redirect } = first.run
  if (redirect === undefined) throw new Error(`the start does not redirect ${lastLine}`.trim())
  started = first.run
  const nested = await timed(onExecutePostLogin, nestedEvent(first.run))
  return { tookMs: first.tookMs + nested.tookMs, url: redirect.href, claims: nested.run.claims }
}

async function finish(code: string): Promise<Replies['finish']> {
  if (started === undefined) throw new Error('nothing is started')
  const { event, metadata } = started
  const back = changeEvent(event, { transaction: { metadata } })
  const request = { ...back.request, query: { state: PLATFORM_STATE, code } }
  const { tookMs } = await timed(loaded().onContinuePostLogin, { ...back, request })
  return { tookMs }
}

function answer(ask: Ask): Replies[Ask['kind']] | Promise<Replies[Ask['kind']]> {
  switch (ask.kind) {
    case 'load':
      return load(ask.file)
    case 'login':
      return logIn(ask.what, ask.count)
    case 'connect':
      return connect(ask.port, ask.certificatePem)
    case 'start':
      return start(ask.hint, ask.cache)
    case 'finish':
      return finish(ask.code)
  }
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [line = ''] = error.message.split('\n', 1)
  const missing = 'code' in error && error.code === 'MODULE_NOT_FOUND'
  return missing ? `${line}: are its packages installed?` : line
}

process.on('disconnect', () => process.exit())
process.on('message', async (ask: Ask) => {
  let reply: Reply
  try {
    reply = { ok: true, value: await answer(ask) }
  } catch (error) {
    reply = { ok: false, problem: problemOf(error) }
  }
  process.send?.(reply)
})
