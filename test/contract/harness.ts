/**
 * Runs a section of the contract on dist/action.js in a realm of its own, as the platform runs it; with
 * SUBJECTS=all in the environment (`npm run test:all`) on the source and in the host's realm too. Each
 * test gets a new tenant and cache, no log lines, and a clock that stands at `NOW_MS`.
 */

import { readFileSync } from 'node:fs'
import { beforeAll, beforeEach, describe, expect, vi } from 'vitest'
import { type CacheDouble, createCache } from '../../scripts/testing/cache.ts'
import { createConsole } from '../../scripts/testing/console.ts'
import type { EventOverrides } from '../../scripts/testing/event.ts'
import {
  type Handlers,
  type NestedOptions,
  type NestedRun,
  nestedLogin,
  type ResumeOptions,
  type Run,
  type RunOptions,
  resumeLink,
  run,
  type StartOptions,
  startLink,
  type Whole,
  type WholeOptions,
} from '../../scripts/testing/flow.ts'
import { loadAction, type Realm } from '../../scripts/testing/load.ts'
import { NOW_MS, type Person, PRIMARY, SECONDARY, STRANGER } from '../../scripts/testing/people.ts'
import { createTenantDouble, type TenantDouble } from '../../scripts/testing/tenant-double.ts'
import type { PlatformCache, PostLoginEvent } from '../../src/platform.ts'
import { withLeft } from '../support/outcome.ts'

export interface World {
  readonly handlers: Handlers
  readonly tenant: TenantDouble
  readonly cache: CacheDouble
  /** What the Action has logged in this test. */
  readonly lines: readonly string[]
  /** A new tenant with these users in place of the usual ones. */
  settle(...users: readonly Person[]): void
  /** A new instance, which does not know what earlier tests have asked for. */
  reload(): Promise<void>
  start(options?: Partial<StartOptions>): Promise<Run>
  nested(started: Run, options?: NestedOptions): Promise<NestedRun>
  resume(started: Run, nested: NestedRun, options?: Partial<ResumeOptions>): Promise<Run>
  whole(options?: Partial<WholeOptions>): Promise<Whole>
  execute(event: PostLoginEvent, options?: RunOptions): Promise<Run>
  resumeEvent(event: PostLoginEvent, options?: RunOptions): Promise<Run>
}

const DIST = new URL('../../dist/action.js', import.meta.url)

interface Subject {
  readonly name: string
  readonly load: () => Promise<Handlers>
}

const injected = createConsole()

const bundleIn = (realm: Realm): Subject => ({
  name: `dist/action.js in ${realm === 'own' ? 'a realm of its own' : "the host's realm"}`,
  load: async () =>
    loadAction(readFileSync(DIST, 'utf8'), {
      realm,
      console: injected.console,
      filename: 'dist/action.js',
    }),
})

const USUAL: readonly Subject[] = [bundleIn('own')]

const ALL: readonly Subject[] = [
  { name: 'the source', load: () => import('../../src/action.ts') },
  bundleIn('host'),
  ...USUAL,
]

/** Every subject that this run is about: one by default. */
export function onEverySubject(define: (world: World) => void): void {
  onSubjects(process.env.SUBJECTS === 'all' ? ALL : USUAL, define)
}

/** All of them, always: for what is enough to notice that they differ. */
export function onAllSubjects(define: (world: World) => void): void {
  onSubjects(ALL, define)
}

function onSubjects(subjects: readonly Subject[], define: (world: World) => void): void {
  describe.each(subjects)('$name', ({ load }) => {
    let handlers: Handlers | undefined
    let tenant = createTenantDouble()
    let cache = createCache()

    function use(next: TenantDouble): void {
      tenant = next
      vi.stubGlobal('fetch', next.fetch)
    }

    beforeAll(async () => {
      handlers = await load()
    })

    beforeEach(() => {
      vi.useFakeTimers({ now: NOW_MS, toFake: ['Date'] })
      use(createTenantDouble())
      cache = createCache()
      injected.clear()
      // The source has no injected console: it writes to the global one.
      vi.stubGlobal('console', injected.console)
    })

    const loaded = (): Handlers => {
      if (handlers === undefined) throw new Error('The Action is not loaded')
      return handlers
    }
    const shared = (): { tenant: TenantDouble; cache: PlatformCache } => ({ tenant, cache })

    /** Runs, and keeps with the run what it has linked and logged: a test that fails tells of it. */
    async function noting<T extends Run>(work: () => Promise<T>, at = tenant): Promise<T> {
      const [links, lines] = [at.links.length, injected.lines.length]
      const ran = await work()
      return withLeft(ran, {
        links: at.links.slice(links),
        lines: injected.lines.slice(lines),
      })
    }

    const start = (options: Partial<StartOptions> = {}) =>
      noting(() => startLink(loaded(), { ...shared(), ...options }), options.tenant)
    const nested = (started: Run, options: NestedOptions = {}) => {
      expect(started).toRedirect()
      return noting(() => nestedLogin(loaded(), started, { cache, ...options }))
    }
    const resume = (started: Run, second: NestedRun, options: Partial<ResumeOptions> = {}) =>
      noting(
        () => resumeLink(loaded(), started, second, { ...shared(), ...options }),
        options.tenant,
      )

    define({
      get handlers() {
        return loaded()
      },
      get tenant() {
        return tenant
      },
      get cache() {
        return cache
      },
      lines: injected.lines,
      settle: (...users) => use(createTenantDouble({ users })),
      reload: async () => {
        vi.resetModules()
        handlers = await load()
      },
      start,
      nested,
      resume,
      // Step by step, not by `wholeLink`: each of the three is told of by itself.
      whole: async (options = {}) => {
        const { tenant: at = tenant, cache: kept = cache } = options
        const started = await start(options)
        const second = await nested(started, { cache: kept, ...options.nested })
        const resumed = await resume(started, second, {
          cache: kept,
          ...options.resume,
          tenant: at,
        })
        return { started, nested: second, resumed }
      },
      execute: (event, options) =>
        noting(() => run(loaded().onExecutePostLogin, event, { cache, ...options })),
      resumeEvent: (event, options) =>
        noting(() => run(loaded().onContinuePostLogin, event, { cache, ...options })),
    })
  })
}

/** The primary, with the secondary's identity linked already. */
export const LINKED: Person = {
  ...PRIMARY,
  identities: [...PRIMARY.identities, ...SECONDARY.identities],
}

/** The tenant's people when the link has happened already. */
export const LINKED_PEOPLE: readonly Person[] = [LINKED, STRANGER]

/** The event of a user whose account has the requested connection. */
export const LINKED_EVENT: EventOverrides = { user: { identities: LINKED.identities } }

/** A secondary that has linked identities of its own. */
export const MERGED: Person = {
  ...SECONDARY,
  identities: [
    ...SECONDARY.identities,
    { connection: 'github', provider: 'github', user_id: '1234567', isSocial: true },
  ],
}

/** Makes a request that links one that unlinks: the scope differs, the parameters stay. */
export const UNLINK_EVENT: EventOverrides = {
  request: { query: { scope: 'openid unlink_account' } },
  transaction: { requested_scopes: ['openid', 'unlink_account'] },
  user: { identities: LINKED.identities },
}

export const query = (parameters: Readonly<Record<string, unknown>>): EventOverrides => ({
  request: { query: parameters },
})
