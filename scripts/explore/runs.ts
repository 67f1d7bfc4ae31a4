/**
 * Runs of the Action: the bundle's own handlers, with an event as the platform gives it and a tenant
 * double behind `fetch`, under a clock that stands where the search says. No sockets. What has been
 * run once with the very same event and tenant is not run again. Replaces the global `fetch` and
 * `Date.now` of this thread.
 */
import type { PostLoginEvent } from '../../src/platform.ts'
import { createCache } from '../testing/cache.ts'
import { refreshEvent } from '../testing/confirm.ts'
import { buildEvent, SECRETS } from '../testing/event.ts'
import { type Handlers, nestedEvent, PLATFORM_STATE, type Run, run } from '../testing/flow.ts'
import { loadAction } from '../testing/load.ts'
import { CANONICAL_DOMAIN, CLIENT_ID, NOW_MS, type Person } from '../testing/people.ts'
import { signJwt } from '../testing/sign.ts'
import { createTenantDouble, type TenantDouble } from '../testing/tenant-double.ts'
import { type Accounts, type BrowserName, IDENTITIES, LOOKS, ownedBy, type World } from './cast.ts'
import { createInterned } from './intern.ts'
import type { Ask, Code, Edit, Session, Token, Url } from './state.ts'

export const RESULT_CLAIM = 'https://app.example.com/linking'

export interface Change {
  readonly what: 'link' | 'unlink'
  readonly account: string
  readonly identity: string
}

/** What came of one run. */
export interface Ran {
  readonly name: string
  /** What waits for the way back, where it sends the browser away. */
  readonly started: Run | undefined
  readonly redirect: URL | undefined
  readonly claims: Run['claims']
  /** The code of the denial, and its reason whole. */
  readonly denial: string | undefined
  readonly reason: string | undefined
  /** Of RESULT_CLAIM. */
  readonly status: string | undefined
  readonly confirmation: string | undefined
  readonly changes: readonly Change[]
  /** The tenant's accounts after it. */
  readonly accounts: Accounts
  /** What the handler threw. */
  readonly thrown: string | undefined
  /** The platform shows an error page in the place of this login. */
  readonly refused: boolean
}

interface At {
  readonly seconds: number
  readonly accounts: Accounts
}

export interface StartInput extends At {
  readonly ask: Ask
  readonly flow: string
  readonly session: Session
  readonly look: BrowserName
  readonly hint: string | undefined
  readonly confirmation: string | undefined
}

export interface NestedInput extends At {
  readonly start: string
  readonly edit: Edit
  readonly identity: string
  readonly user: string
  readonly look: BrowserName
}

export interface ResumeInput extends At {
  readonly start: string
  readonly code: string | undefined
  readonly error: string | undefined
  readonly look: BrowserName
  readonly session: Session | undefined
}

export interface ConfirmInput extends At {
  readonly user: string
  readonly token: string
}

type May<T> = T | Promise<T>

export interface Runs {
  /** A login at the application's client: ordinary, linking, unlinking, or confirming. */
  readonly start: (input: StartInput) => May<Ran>
  readonly nested: (input: NestedInput) => May<Ran>
  readonly resume: (input: ResumeInput) => May<Ran>
  /** A refresh token exchange with the confirmation of this token. */
  readonly confirm: (input: ConfirmInput) => May<Ran>
  readonly get: (name: string) => Ran
  readonly urls: ReturnType<typeof createInterned<Url>>
  readonly codes: ReturnType<typeof createInterned<Code>>
  readonly tokens: ReturnType<typeof createInterned<Token>>
  /** How often a handler has run. */
  readonly count: () => number
}

export const SCOPES = {
  login: ['openid'],
  link: ['openid', 'link_account'],
  unlink: ['openid', 'unlink_account'],
  confirm: ['openid', 'confirm_link'],
} as const

const EMAILS = { Alex: 'alex@example.com', Sam: 'sam@example.net' }

function personOf(accounts: Accounts, user: string): Person {
  const { owner } = ownedBy(user)
  return {
    user_id: user,
    email: EMAILS[owner],
    email_verified: true,
    name: `${owner} Example`,
    identities: (accounts[user] ?? []).map((identity) => ({
      connection: ownedBy(identity).connection,
      provider: identity.split('|')[0] ?? '',
      user_id: identity.split('|')[1] ?? '',
      isSocial: true,
    })),
  }
}

/** The URL with these parameters in the place of its own; `null`: without it. */
export function editUrl(url: URL, edit: Edit): URL {
  const edited = new URL(url)
  for (const [name, value] of Object.entries(edit)) {
    if (value === null) edited.searchParams.delete(name)
    else edited.searchParams.set(name, value)
  }
  return edited
}

/** The code of an Action, under the settings of a world. */
export function createRuns(code: string, world: World): Runs {
  const handlers: Handlers = loadAction(code)
  const urls = createInterned<Url>('u')
  const codes = createInterned<Code>('c')
  const tokens = createInterned<Token>('k')
  const secrets = { ...SECRETS, RESULT_CLAIM, DEBUG: 'nothing', ...world.settings }
  const ran = new Map<string, Ran>()
  const byInput = new Map<string, Ran>()
  const signed = new Map<string, string>()
  const tenants = new Map<string, { tenant: TenantDouble; cache: ReturnType<typeof createCache> }>()
  let nowMs = NOW_MS
  Date.now = () => nowMs

  /** One for each distribution of identities, so that its Management token serves many runs. */
  function tenantOf(accounts: Accounts, key: string) {
    const known = tenants.get(key)
    if (known !== undefined) return known
    const now = () => nowMs
    const users = Object.keys(accounts).map((user) => personOf(accounts, user))
    const made = { tenant: createTenantDouble({ users, now }), cache: createCache({ now }) }
    tenants.set(key, made)
    return made
  }

  function idTokenOf(name: string): string {
    const known = signed.get(name)
    if (known !== undefined) return known
    const { user, sid, at, run: of } = tokens.get(name)
    const iat = Math.floor(NOW_MS / 1_000) + at
    const claims = of === undefined ? {} : get(of).claims
    const token = signJwt({
      iss: `https://${CANONICAL_DOMAIN}/`,
      sub: user,
      aud: CLIENT_ID,
      iat,
      exp: iat + 36_000,
      auth_time: iat,
      sid,
      ...claims,
    })
    signed.set(name, token)
    return token
  }

  function get(name: string): Ran {
    const found = ran.get(name)
    if (found === undefined) throw new Error(`there is no run ${name}`)
    return found
  }

  function startedBy(name: string) {
    const { redirect, started } = get(name)
    if (started === undefined || redirect === undefined) throw new Error(`${name} has not started`)
    return { redirect, started }
  }

  /** The same input gives the same run, under the same name. */
  function once<T extends At>(
    kind: string,
    input: T,
    execute: (tenant: TenantDouble) => {
      readonly event: PostLoginEvent
      readonly handler: keyof Handlers
      readonly refused?: boolean
    },
  ): May<Ran> {
    const key = kind + JSON.stringify(input)
    return byInput.get(key) ?? runOnce(key, input, execute)
  }

  async function runOnce<T extends At>(
    key: string,
    { seconds, accounts }: T,
    execute: Parameters<typeof once<T>>[2],
  ): Promise<Ran> {
    nowMs = NOW_MS + seconds * 1_000
    const tenantKey = JSON.stringify(accounts)
    const { tenant, cache } = tenantOf(accounts, tenantKey)
    globalThis.fetch = tenant.fetch
    const before = { links: tenant.links.length, unlinks: tenant.unlinks.length }
    const { event, handler, refused = false } = execute(tenant)
    let thrown: string | undefined
    const done: Run = await run(handlers[handler], event, { cache }).catch((error: unknown) => {
      thrown = error instanceof Error ? error.message : String(error)
      const nothing = { commands: [], metadata: {}, denial: undefined, code: undefined }
      return { event, ...nothing, redirect: undefined, claims: {} }
    })
    const changes = [
      ...tenant.links.slice(before.links).map((link) => ({ what: 'link' as const, ...link })),
      ...tenant.unlinks.slice(before.unlinks).map((gone) => ({ what: 'unlink' as const, ...gone })),
    ].map(({ what, primary: account, identity }) => ({ what, account, identity }))
    // It has other accounts by now than its name says.
    if (changes.length > 0) tenants.delete(tenantKey)
    const result = done.claims[RESULT_CLAIM] as
      | { readonly status?: string; readonly confirmation?: string }
      | undefined
    const made: Ran = {
      name: `r${ran.size}`,
      started: done.redirect && done,
      redirect: done.redirect,
      claims: done.claims,
      denial: done.code,
      reason: done.denial,
      status: result?.status,
      confirmation: result?.confirmation,
      changes,
      accounts: changes.length > 0 ? readAccounts(tenant) : accounts,
      thrown,
      refused,
    }
    ran.set(made.name, made)
    byInput.set(key, made)
    return made
  }

  function loginEvent(input: StartInput): PostLoginEvent {
    const { accounts, ask, flow, hint, confirmation, look, session } = input
    const scopes = [...SCOPES[ask.scope]]
    const connection = 'connection' in ask ? ask.connection : undefined
    const person = personOf(accounts, session.user)
    return buildEvent({
      secrets,
      connection: { name: ownedBy(session.user).connection },
      request: {
        ip: LOOKS[look].ip,
        user_agent: LOOKS[look].userAgent,
        query: {
          scope: scopes.join(' '),
          state: flow,
          requested_connection: connection,
          requested_identity: 'identity' in ask ? ask.identity : undefined,
          id_token_hint: hint === undefined ? undefined : idTokenOf(hint),
          link_confirmation: confirmation === undefined ? undefined : confirmationOf(confirmation),
        },
      },
      session: { id: session.id },
      transaction: { id: `txn-${flow}`, state: flow, requested_scopes: scopes, metadata: {} },
      user: { ...person, email: person.email },
    })
  }

  function confirmationOf(token: string): string | undefined {
    const { run: of } = tokens.get(token)
    return of === undefined ? undefined : get(of).confirmation
  }

  return {
    get,
    urls,
    codes,
    tokens,
    count: () => ran.size,
    start: (input) =>
      once('start', input, () => ({ event: loginEvent(input), handler: 'onExecutePostLogin' })),

    nested: (input) =>
      once('nested', input, () => {
        const { accounts, edit, identity, look, user } = input
        const { redirect: url, started } = startedBy(input.start)
        const redirect = editUrl(url, edit)
        const login = personOf(accounts, user)
        const event = nestedEvent(
          { ...started, redirect },
          {
            user: login,
            connection: ownedBy(identity).connection,
            event: {
              request: { ip: LOOKS[look].ip, user_agent: LOOKS[look].userAgent },
              user: { ...login, email: login.email },
            },
          },
        )
        return { event, handler: 'onExecutePostLogin', refused: isRefused(redirect, login) }
      }),

    resume: (input) =>
      once('resume', input, (tenant) => {
        const { accounts, code: name, error, look, session, start } = input
        const { started } = startedBy(start)
        const code = name === undefined ? undefined : codes.get(name)
        const query = {
          state: PLATFORM_STATE,
          ...(code?.of === 'nested' ? { code: codeAt(tenant, accounts, code) } : {}),
          ...(code?.of === 'application' ? { code: 'a-code-for-somebody-else' } : {}),
          ...(error === undefined ? {} : { error: 'access_denied', error_description: error }),
        }
        const user = started.event.user.user_id
        const person = personOf(accounts, user)
        const { session: _, ...login } = started.event
        const event: PostLoginEvent = {
          ...login,
          user: { ...login.user, identities: person.identities },
          request: {
            hostname: CANONICAL_DOMAIN,
            method: 'GET',
            ip: LOOKS[look].ip,
            user_agent: LOOKS[look].userAgent,
            query,
            body: {},
          },
          transaction: { ...started.event.transaction, metadata: started.metadata },
          session: session === undefined ? {} : { id: session.id },
        }
        return { event, handler: 'onContinuePostLogin' }
      }),

    confirm: (input) =>
      once('confirm', input, () => {
        const session = { id: 'none', user: input.user }
        const ask = { scope: 'login' } as const
        const login = loginEvent({
          ...input,
          ask,
          flow: 'refresh',
          session,
          look: 'sams',
          hint: undefined,
          confirmation: undefined,
        })
        const event = refreshEvent(login, { link_confirmation: confirmationOf(input.token) })
        return { event, handler: 'onExecutePostLogin' }
      }),
  }

  /** The code of the nested login, from the tenant that is asked for its ID token. */
  function codeAt(
    tenant: TenantDouble,
    accounts: Accounts,
    { run: start, edit, nested, user, at }: Extract<Code, { of: 'nested' }>,
  ): string {
    const url = editUrl(startedBy(start).redirect, edit)
    const { claims } = get(nested)
    const back = nowMs
    nowMs = NOW_MS + at * 1_000
    const code = tenant.authorize(url.href, { user: personOf(accounts, user), claims })
    nowMs = back
    return code
  }
}

function isRefused(url: URL, user: Person): boolean {
  try {
    createTenantDouble().authorize(url.href, { user })
    return false
  } catch {
    return true
  }
}

/** Main identity first, the others in one order, however they came. */
function readAccounts(tenant: TenantDouble): Accounts {
  const accounts: Record<string, readonly string[]> = {}
  for (const user of USERS) {
    const found = tenant
      .user(user)
      ?.identities.map(({ provider, user_id }) => `${provider}|${user_id}`)
    if (found !== undefined)
      accounts[user] = [user, ...found.filter((identity) => identity !== user).sort()]
  }
  return accounts
}

const USERS = Object.keys(IDENTITIES)
