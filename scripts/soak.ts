/**
 * `npm run soak`: many logins and links, fifty at a time, in one loaded instance of dist/action.js,
 * as a busy tenant's would be. No sockets: the tenant is the double of the tests. Prints figures, and
 * fails when a login went wrong, two were mixed up, the heap grew, or a token was asked for twice.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { format } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { PostLoginEvent } from '../src/platform.ts'
import { type Ending, tellFailure } from './as-process.ts'
import { readNumber, readOptions } from './options.ts'
import { createApi } from './testing/api.ts'
import { createCache } from './testing/cache.ts'
import { buildEvent } from './testing/event.ts'
import { nestedLogin, resumeLink, startLink } from './testing/flow.ts'
import { loadAction } from './testing/load.ts'
import { DATABASE_CONNECTION, type Person } from './testing/people.ts'
import { createTenantDouble } from './testing/tenant-double.ts'

const AT_ONCE = 50
const RESULT_CLAIM = 'urn:example:linking'
const DAYS = 10
const DAY_MS = 86_400_000
/** What the heap may grow by after the first tenth, the first day: noise, not a leak. */
const MAX_HEAP_GROWTH_BYTES = 2 * 1024 * 1024
const MEGABYTE = 1024 * 1024

const user = (provider: string, connection: string, id: string, name: string): Person => ({
  user_id: `${provider}|${id}`,
  email: `${name}@example.com`,
  email_verified: true,
  name,
  identities: [{ connection, provider, user_id: id }],
})

const primaryOf = (number: number) =>
  user('auth0', DATABASE_CONNECTION, `primary${number}`, `alex-${number}`)
const secondaryOf = (number: number) =>
  user('google-oauth2', 'google-oauth2', `secondary${number}`, `alex-${number}`)

/** How the log names a user: it tells two of them apart. */
const maskOf = ({ user_id: id }: Person): string =>
  `auth0|#${createHash('sha256').update(id).digest('hex').slice(0, 8)}`

async function soak(logins: number, links: number): Promise<readonly string[]> {
  const collectGarbage = readCollector()
  const problems = new Map<string, number>()
  const report = (problem: string) => problems.set(problem, (problems.get(problem) ?? 0) + 1)

  // Ten days pass, each with people of its own; nothing is under way between them.
  let aheadMs = 0
  const realNow = Date.now
  Date.now = () => realNow() + aheadMs
  const now = () => Date.now()

  const lines = new Map<string, string[]>()
  const write = (...given: readonly unknown[]) => {
    const line = format(...given)
    const transaction = / txn=(\S+)/.exec(line)?.[1] ?? 'none'
    lines.set(transaction, [...(lines.get(transaction) ?? []), line])
  }
  const console_ = { log: write, info: write, warn: write, error: write, trace: write }
  const code = readFileSync(new URL('../dist/action.js', import.meta.url), 'utf8')
  const action = loadAction(code, { console: console_, filename: 'dist/action.js' })

  const cache = createCache({ now })
  const counts = { jwks: 0, code: 0, 'client-credentials': 0, link: 0, unlink: 0 }
  let tenant = createTenantDouble({ now })

  function beginDay(fromLink: number, untilLink: number): void {
    const numbers = Array.from({ length: untilLink - fromLink }, (_, index) => fromLink + index)
    const users = numbers.flatMap((number) => [primaryOf(number), secondaryOf(number)])
    tenant = createTenantDouble({ users, now })
    globalThis.fetch = tenant.fetch
    aheadMs += DAY_MS
  }

  /** What the double has written down is counted and forgotten: it would look like a leak. */
  function forget(): void {
    for (const { route } of tenant.requests) if (route !== undefined) counts[route] += 1
    for (const list of [tenant.requests, tenant.links, cache.calls]) (list as unknown[]).length = 0
  }

  const plain = buildEvent({ transaction: { requested_scopes: ['openid', 'profile'] } })

  async function logIn(number: number): Promise<void> {
    const { api, commands } = createApi({ cache })
    const id = `auth0|ordinary${number}`
    const event: PostLoginEvent = { ...plain, user: { ...plain.user, user_id: id } }
    await action.onExecutePostLogin(event, api)
    if (commands.length > 0) report('an ordinary login was touched')
  }

  async function link(number: number): Promise<void> {
    const [primary, secondary] = [primaryOf(number), secondaryOf(number)]
    const transaction = `example-transaction-${number}`
    const started = await startLink(action, {
      tenant,
      cache,
      settings: { RESULT_CLAIM },
      event: {
        user: { ...primary, email: primary.email },
        session: { id: `example-session-${number}` },
        transaction: { id: transaction, state: `example-state-${number}` },
      },
    })
    if (started.redirect === undefined) return void report(`a start ended in ${started.code}`)
    const nested = await nestedLogin(action, started, { user: secondary })
    const resumed = await resumeLink(action, started, nested, { tenant, cache })
    if (resumed.code !== undefined) report(`a way back ended in ${resumed.code}`)
    const said = resumed.claims[RESULT_CLAIM] as { readonly status?: string } | undefined
    if (said?.status !== 'linked') report('the application was not told of its link')
    const ids = tenant.user(primary.user_id)?.identities.map(({ user_id: id }) => id)
    if (ids?.join() !== `primary${number},secondary${number}`)
      report('an account has other identities')
    if (tenant.user(secondary.user_id) !== undefined) report('a secondary is still there')
    const own = lines.get(transaction) ?? []
    lines.delete(transaction)
    const told = own.map((line) => line.split(' ').slice(0, 2).join(' '))
    if (told.join() !== 'account-linking:outcome redirected,account-linking:outcome linked') {
      report('a transaction has other lines in the log')
    }
    if (!own.every((line) => line.endsWith(`user=${maskOf(primary)}`))) {
      report('a line of the log names another user')
    }
  }

  /** A link among so many logins. */
  const every = Math.max(1, Math.round(logins / links))
  let loginsDone = 0
  let linksDone = 0
  let atWork = 0
  let mostAtWork = 0

  async function work(untilLogins: number, untilLinks: number): Promise<void> {
    while (loginsDone < untilLogins || linksDone < untilLinks) {
      const isLink =
        linksDone < untilLinks && (loginsDone >= untilLogins || loginsDone >= linksDone * every)
      atWork += 1
      mostAtWork = Math.max(mostAtWork, atWork)
      if (isLink) await link(linksDone++)
      else await logIn(loginsDone++)
      atWork -= 1
    }
  }

  async function workTogether(untilLogins: number, untilLinks: number): Promise<number> {
    const all = Array.from({ length: AT_ONCE }, () => work(untilLogins, untilLinks))
    await Promise.all(all)
    forget()
    collectGarbage()
    return process.memoryUsage().heapUsed
  }

  const startedAtMs = performance.now()
  const heap: number[] = []
  for (let day = 1; day <= DAYS; day++) {
    const untilLink = Math.round((links * day) / DAYS)
    beginDay(linksDone, untilLink)
    heap.push(await workTogether(Math.round((logins * day) / DAYS), untilLink))
  }
  const seconds = (performance.now() - startedAtMs) / 1_000

  const [afterFirst = 0, ...later] = heap
  const growthBytes = Math.max(...later) - afterFirst
  if (growthBytes > MAX_HEAP_GROWTH_BYTES) {
    report(`the heap grew by ${(growthBytes / MEGABYTE).toFixed(1)} MB after the first day`)
  }
  // A Management token lives for a day here, less than the time between two of them.
  for (const [what, count] of [
    ['Management tokens', counts['client-credentials']],
    ['key sets', counts.jwks],
  ] as const) {
    if (count !== DAYS) report(`${count} ${what} were asked for in ${DAYS} lifetimes`)
  }
  if (counts.link !== links) report(`${counts.link} links were asked for`)
  if (counts.code !== links) report(`${counts.code} codes were exchanged`)
  if (cache.refused.length > 0) report('a write to the cache was refused')
  if (lines.size > 0) report(`lines of ${lines.size} other transactions are in the log`)
  if (mostAtWork < Math.min(AT_ONCE, links)) report(`only ${mostAtWork} were under way at once`)

  const megabytes = heap.map((bytes) => (bytes / MEGABYTE).toFixed(1)).join(' ')
  console.log(
    `${loginsDone} ordinary logins and ${linksDone} whole links in ${seconds.toFixed(1)} s`,
  )
  console.log(`${mostAtWork} under way at once, in one instance, over ${DAYS} days`)
  console.log(`heap after each day: ${megabytes} MB`)
  console.log(
    `requests: ${counts.jwks} key sets, ${counts['client-credentials']} Management tokens, ${counts.code} codes, ${counts.link} links`,
  )
  return [...problems].map(([problem, times]) =>
    times === 1 ? problem : `${problem} (${times} times)`,
  )
}

/** Node keeps it from scripts, unless it is told otherwise: here by the time it is needed. */
function readCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

/** So many that there is one in each tenth. */
const COUNT = [DAYS, Number.POSITIVE_INFINITY] as const

export const main = (args: readonly string[]): Promise<Ending> => tellFailure('soak', run(args))

async function run(args: readonly string[]): Promise<Ending> {
  const { links, logins } = readOptions('soak', args, process.env)
  const problems = await soak(
    readNumber('logins', logins, COUNT),
    readNumber('links', links, COUNT),
  )
  for (const problem of problems) console.error(`soak: ${problem}`)
  if (problems.length > 0) return 1
  console.log('all right, none mixed up')
  return 0
}
