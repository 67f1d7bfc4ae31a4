/**
 * Testing one's own flow: the entry `client-initiated-account-linking/testing` of the package, under any
 * test runner. There are two ways, and neither needs an account or a network.
 *
 * *In memory.* `loadAction` loads the text of an Action as the platform does; `runHandler` runs one of
 * its handlers with an event of `buildEvent` and an `api` that keeps the platform's limits, and gives
 * back what the Action asked of the platform. `startLink`, `nestedLogin` and `resumeLink` do so for the
 * three runs of a link, and `linkingEvent`, `nestedEvent` and `resumeEvent` give the events of these
 * runs, for another Action of the same flow: the nested login runs it too. Where an Action sends
 * requests, the test puts `createTenantDouble().fetch` in the place of the global `fetch`.
 *
 * *Over HTTP.* `startTenant` opens a local tenant on loopback: Actions are installed, applications log
 * in by OpenID Connect (`createWebApplication`, or one's own), and `createBrowser` goes through the
 * pages. The two need the optional dependencies, and the tenant Node 22.19 or later; all else here needs
 * neither.
 *
 * People, domains and secrets are examples, the keys are public: nothing here is worth anything at a
 * real tenant, and nothing here reaches one.
 */

import type { Tenant, TenantOptions } from '../tenant/index.ts'
import { tellMissing } from '../tenant/needs.ts'

export type {
  Factor,
  Handler,
  Identity,
  PlatformCache,
  PostLoginApi,
  PostLoginEvent,
  User,
} from '../../src/platform.ts'
export {
  type Connection,
  type ConnectionPerson,
  DATABASE,
  ENTERPRISE,
  GITHUB,
  GOOGLE,
  PASSWORD,
} from '../tenant/connections.ts'
export type { LocalTenantFault } from '../tenant/faults.ts'
export type { ActionEntry, HttpEntry, LogEntry, LoginEntry } from '../tenant/log.ts'
export type {
  InstalledAction,
  Tenant as LocalTenant,
  TenantOptions as LocalTenantOptions,
} from '../tenant/tenant.ts'
export {
  createWebApplication,
  type LoginAttempt,
  type LoginResult,
  type WebApplication,
  type WebApplicationOptions,
} from '../tenant/web-application.ts'
export {
  type ApiDouble,
  type ApiOptions,
  type Command,
  createApi,
  METADATA_LIMITS,
  type MetadataValue,
} from './api.ts'
export {
  type Browser,
  type BrowserOptions,
  createBrowser,
  type Form,
  type Link,
  type Page,
  type Submission,
} from './browser.ts'
export {
  CACHE_LIMITS,
  type CacheDouble,
  type CacheEntry,
  type CacheOptions,
  createCache,
} from './cache.ts'
export {
  type ActionConsole,
  type ConsoleDouble,
  createConsole,
  KEPT_CONSOLE_CHARACTERS,
} from './console.ts'
export { buildEvent, changeEvent, type EventOverrides, SECRETS } from './event.ts'
export type { Fault } from './faults.ts'
export {
  type Handlers,
  linkingEvent,
  type NestedOptions,
  type NestedRun,
  nestedEvent,
  nestedLogin,
  type ResumeOptions,
  type Run,
  type RunOptions,
  resumeEvent,
  resumeLink,
  run as runHandler,
  type StartOptions,
  startLink,
  type Whole,
  type WholeOptions,
  wholeLink,
} from './flow.ts'
export {
  type LoadedAction,
  type LoadOptions,
  loadAction,
  MAX_SOURCE_BYTES,
  type Realm,
} from './load.ts'
export {
  CANONICAL_DOMAIN,
  CLIENT_ID,
  COMPANION_ID,
  CUSTOM_DOMAIN,
  type Person,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from './people.ts'
export type { Claims } from './sign.ts'
export {
  createTenantDouble,
  type Linked,
  type Route,
  type SecondLogin,
  type TenantDouble,
  type TenantOptions as TenantDoubleOptions,
  type TenantRequest,
} from './tenant-double.ts'

/**
 * Opens a local tenant on two free ports of loopback, and gives it back when it answers: an
 * authorization server with Auth0's routes, connections with login pages, a Management API, and a host
 * that runs the installed post-login Actions as the platform does. Several at once do not disturb each
 * other. Close it, or the process does not end.
 *
 * Its certificate is made at the first call and trusted by this process alone (global `fetch`, TLS); a
 * process of its own takes `certificatePem` through NODE_EXTRA_CA_CERTS. A browser goes to
 * `frontDoorOf(url)`, which is plain http. `applications.web` may come back to any
 * `http://localhost:<port>/callback`; `applications.put` registers others.
 *
 * Rejects with one line where Node or an optional dependency is missing, or where a port is taken.
 */
export async function startTenant(options: TenantOptions = {}): Promise<Tenant> {
  const missing = tellMissing()
  if (missing !== undefined) throw new Error(missing)
  const tenant = await import('../tenant/index.ts')
  return tenant.startTenant(options)
}
