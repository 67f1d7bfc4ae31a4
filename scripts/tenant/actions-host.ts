/**
 * Runs the Actions that are bound to the post-login trigger, as the platform does: in order, for outer
 * and nested logins alike, suspended at a redirect or a challenge and resumed after it, within its
 * limits of time, cache, metadata and log. The code that it runs does I/O of its own; requests that
 * it sends to this tenant carry a header by which the log knows them.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { PlatformCache, PostLoginEvent } from '../../src/platform.ts'
import { type Command, createApi } from '../testing/api.ts'
import { type ConsoleDouble, createConsole } from '../testing/console.ts'
import { deepFreeze } from '../testing/event.ts'
import { type LoadedAction, loadAction, type Realm } from '../testing/load.ts'
import type { ActionRegistry, ActionVersion } from './action-registry.ts'
import { createBoundedMap } from './bounded.ts'
import { RUN_HEADER } from './front-door.ts'
import { one } from './http.ts'
import type { Log } from './log.ts'
import type { PlatformAnswers } from './platform-answers.ts'
import type { LoginTransaction, Outcome, RequestValues } from './transaction.ts'

type HandlerName = 'onExecutePostLogin' | 'onContinuePostLogin'

/** What of an event the host itself supplies. */
export interface HostValues {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, string>>
}

export interface ActionsHostOptions {
  readonly registry: ActionRegistry
  readonly cache: PlatformCache
  readonly log: Log
  readonly realm: Realm
  /** All Actions together have so long before a redirect, and again after it. */
  readonly timeoutMs: number
  readonly freezeEvents: boolean
  /** `dropped`: claims of `urn:` names, where the request names no API. */
  readonly urnClaims: 'kept' | 'dropped'
  readonly answers: Pick<PlatformAnswers, 'claims' | 'metadata'>
  /** The deprecated `api.redirect.canRedirect` exists. */
  readonly canRedirectExists: boolean
  readonly buildEvent: (
    transaction: LoginTransaction,
    request: RequestValues,
    values: HostValues,
  ) => PostLoginEvent
  readonly setUserMetadata: (transaction: LoginTransaction, key: string, value: unknown) => void
}

export interface ActionsHost {
  /** Runs the Actions from the first one on. */
  start(transaction: LoginTransaction, request: RequestValues): Promise<Outcome>
  /** Runs on behind the challenge. */
  resumeAfterChallenge(transaction: LoginTransaction): Promise<Outcome>
  /** The way back from a redirect: `onContinuePostLogin` of the same Action, then the ones behind. */
  resumeAfterRedirect(transaction: LoginTransaction, request: RequestValues): Promise<Outcome>
  close(): void
}

interface Pipeline {
  readonly transaction: LoginTransaction
  readonly request: RequestValues
  readonly position: number
  readonly metadata: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly leftMs: number
}

interface Run {
  readonly number: number
  readonly console: ConsoleDouble
  roundTrips: number
}

interface UndiciRequest {
  addHeader(name: string, value: string): void
}

/** What is older belongs to browsers that never came back. */
const MAX_SUSPENDED = 2_000

const OUT_OF_TIME = Symbol('out of time')

export function createActionsHost(options: ActionsHostOptions): ActionsHost {
  const { registry, log, cache } = options
  const current = new AsyncLocalStorage<Run>()
  const instances = new Map<string, LoadedAction | { readonly loadError: unknown }>()
  const suspended = createBoundedMap<string, Pipeline>(MAX_SUSPENDED)
  let runs = 0

  // One instance serves many runs, which may interleave: its console finds the present one.
  const write = (...args: unknown[]) => current.getStore()?.console.console.log(...args)
  const console = { log: write, info: write, warn: write, error: write, trace: write }

  const mark = (message: unknown): void => {
    const run = current.getStore()
    if (run === undefined) return
    run.roundTrips += 1
    const { request } = message as { request: UndiciRequest }
    request.addHeader(RUN_HEADER, String(run.number))
  }
  subscribe('undici:request:create', mark)

  /** Loaded once, at first use; what was thrown then is thrown again at every later login. */
  function instanceOf(name: string, version: ActionVersion): LoadedAction {
    const known = instances.get(version.id) ?? load(name, version)
    instances.set(version.id, known)
    if ('loadError' in known) throw known.loadError
    return known
  }

  function load(name: string, { code }: ActionVersion) {
    try {
      return loadAction(code, { realm: options.realm, console, filename: `${name}.js` })
    } catch (loadError) {
      return { loadError }
    }
  }

  async function runHandler(handler: HandlerName, pipeline: Pipeline) {
    const { transaction, request, leftMs } = pipeline
    const { action, version } = registry.bound()[pipeline.position] ?? {}
    if (action === undefined || version === undefined)
      throw new Error('the Action is bound no more')
    runs += 1
    const run: Run = { number: runs, console: createConsole(), roundTrips: 0 }
    const begun = log.begin()
    const { browserless = false, parameters } = transaction
    const mayRedirect = !browserless && !parameters.prompt?.includes('none')
    const double = createApi({
      cache,
      metadata: pipeline.metadata,
      ...(options.canRedirectExists ? { canRedirect: () => mayRedirect } : {}),
    })
    const secrets = Object.fromEntries(version.secrets.map(({ name, value }) => [name, value]))
    const { metadata } = double
    const event = options.buildEvent(transaction, request, { metadata, secrets })
    const given = structuredClone(event)
    if (options.freezeEvents) freezeAllBut(metadata, event)
    const error = await withinTime(leftMs, () =>
      current.run(run, async () =>
        instanceOf(action.draft.name, version)[handler](event, double.api),
      ),
    )
    const durationMs = begun.elapsedMs()
    const commands: readonly Command[] = [...double.commands]
    log.add({
      kind: 'action',
      sequence: begun.sequence,
      atMs: begun.atMs,
      durationMs,
      run: run.number,
      action: action.draft.name,
      handler,
      transactionId: transaction.id,
      clientId: transaction.clientId,
      nested: transaction.nested,
      event: given,
      commands,
      lines: [...run.console.lines],
      kept: run.console.kept(),
      roundTrips: run.roundTrips,
      error,
    })
    return { commands, metadata: { ...metadata }, durationMs, error, mayRedirect }
  }

  const keepsUrns = ({ transaction: { parameters } }: Pipeline): boolean =>
    options.urnClaims === 'kept' || one(parameters, 'audience') !== undefined

  const keepsClaims = ({ transaction: { nested } }: Pipeline): boolean =>
    options.answers.claims === 'kept' || (options.answers.claims !== 'dropped' && !nested)

  async function advance(handler: HandlerName, pipeline: Pipeline): Promise<Outcome> {
    if (pipeline.position >= registry.bound().length) {
      return { type: 'done', claims: pipeline.claims }
    }
    const ran = await runHandler(handler, pipeline)
    if (ran.error !== undefined) return failed('server_error', ran.error)
    const { commands, metadata } = ran
    const next: Pipeline = {
      ...pipeline,
      metadata,
      claims: keepsClaims(pipeline)
        ? { ...pipeline.claims, ...claimsOf(commands, keepsUrns(pipeline)) }
        : {},
      leftMs: pipeline.leftMs - ran.durationMs,
    }
    for (const command of commands) {
      if (command.type !== 'user.setUserMetadata') continue
      options.setUserMetadata(pipeline.transaction, command.key, command.value)
    }
    const denial = commands.find(({ type }) => type === 'access.deny')
    if (denial?.type === 'access.deny') return { type: 'denied', reason: denial.reason }
    const redirect = commands.findLast(({ type }) => type === 'redirect.sendUserTo')
    if (redirect?.type === 'redirect.sendUserTo') {
      if (!ran.mayRedirect) return failed('interaction_required', 'no page can be shown')
      suspended.set(pipeline.transaction.id, next)
      return { type: 'redirect', url: redirect.url }
    }
    const behind = { ...next, position: next.position + 1 }
    if (commands.some(({ type }) => type === 'authentication.challengeWithAny')) {
      if (!ran.mayRedirect) return failed('interaction_required', 'no page can be shown')
      suspended.set(pipeline.transaction.id, behind)
      return { type: 'challenge' }
    }
    return advance('onExecutePostLogin', behind)
  }

  const suspendedAt = ({ id }: LoginTransaction): Pipeline => {
    const pipeline = suspended.get(id)
    if (pipeline === undefined) throw new Error('no run is suspended in this transaction')
    return pipeline
  }

  return {
    start: (transaction, request) =>
      advance('onExecutePostLogin', {
        transaction,
        request,
        position: 0,
        metadata: {},
        claims: {},
        leftMs: options.timeoutMs,
      }),
    resumeAfterChallenge: (transaction) => advance('onExecutePostLogin', suspendedAt(transaction)),
    resumeAfterRedirect: (transaction, request) =>
      advance('onContinuePostLogin', {
        ...suspendedAt(transaction),
        ...(options.answers.metadata === 'lost' ? { metadata: {} } : {}),
        request,
        leftMs: options.timeoutMs,
      }),
    close: () => {
      unsubscribe('undici:request:create', mark)
    },
  }
}

const failed = (error: string, description: string): Outcome => ({
  type: 'failed',
  error,
  description,
})

function claimsOf(commands: readonly Command[], keepsUrns: boolean): Record<string, unknown> {
  return Object.fromEntries(
    commands.flatMap((command) => {
      if (command.type !== 'idToken.setCustomClaim') return []
      return keepsUrns || !/^urn:/i.test(command.name) ? [[command.name, command.value]] : []
    }),
  )
}

function freezeAllBut(metadata: object, event: PostLoginEvent): void {
  for (const value of Object.values(event)) {
    if (value !== event.transaction) deepFreeze(value)
  }
  for (const value of Object.values(event.transaction ?? {})) {
    if (value !== metadata) deepFreeze(value)
  }
  Object.freeze(event.transaction)
  Object.freeze(event)
}

/** Runs it and gives back what went wrong, if anything did. */
async function withinTime(timeMs: number, run: () => Promise<void>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const outOfTime = new Promise<typeof OUT_OF_TIME>((resolve) => {
    timer = setTimeout(resolve, Math.max(timeMs, 0), OUT_OF_TIME)
  })
  try {
    const first = await Promise.race([run(), outOfTime])
    return first === OUT_OF_TIME ? 'the Actions took too long' : undefined
  } catch (error) {
    // Told by its name: an error of the Action's own realm is no instance of this one's `Error`.
    return `the Action threw: ${String(error)}`
  } finally {
    clearTimeout(timer)
  }
}
