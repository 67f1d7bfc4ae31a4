/**
 * Runs a section of the contract on the source and on dist/action.js in both realms. Each test gets a
 * new tenant and cache, no log lines, and a clock that stands at `NOW_MS`. Reads dist/action.js.
 */

import { readFileSync } from 'node:fs'
import { beforeAll, beforeEach, describe, vi } from 'vitest'
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
  wholeLink,
} from '../../scripts/testing/flow.ts'
import { loadAction, type Realm } from '../../scripts/testing/load.ts'
import { NOW_MS, type Person, PRIMARY, SECONDARY, STRANGER } from '../../scripts/testing/people.ts'
import { createTenantDouble, type TenantDouble } from '../../scripts/testing/tenant-double.ts'
import type { PlatformCache, PostLoginEvent } from '../../src/platform.ts'

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

const SUBJECTS: readonly Subject[] = [
  { name: 'the source', load: () => import('../../src/action.ts') },
  bundleIn('host'),
  bundleIn('own'),
]

export function onEverySubject(define: (world: World) => void): void {
  describe.each(SUBJECTS)('$name', ({ load }) => {
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
      start: (options) => startLink(loaded(), { ...shared(), ...options }),
      nested: (started, options) => nestedLogin(loaded(), started, { cache, ...options }),
      resume: (started, nested, options) =>
        resumeLink(loaded(), started, nested, { ...shared(), ...options }),
      whole: (options) => wholeLink(loaded(), { ...shared(), ...options }),
      execute: (event, options) => run(loaded().onExecutePostLogin, event, { cache, ...options }),
      resumeEvent: (event, options) =>
        run(loaded().onContinuePostLogin, event, { cache, ...options }),
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

/** Section 2 of the contract: the platform was asked for nothing. */
export const isUntouched = ({ commands }: Run): boolean => commands.length === 0
