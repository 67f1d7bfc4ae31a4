/**
 * What happens when a browser opens a URL: the platform's /authorize and /continue, the nested login,
 * the application's callback, and a confirmation. Each step gives the next state; none changes the one
 * it was given. The Action is run where the platform runs it, and every run is held against the
 * invariant. No I/O besides these runs.
 */
import {
  accountOf,
  type BrowserName,
  IDENTITIES,
  nameOf,
  ownedBy,
  type Person,
  personAt,
  SAMS_CONNECTION,
  type World,
} from './cast.ts'
import { judge, judgeEnding, type Violation } from './invariant.ts'
import type { Ran, Runs } from './runs.ts'
import {
  type Attempt,
  type Browser,
  type Session,
  type State,
  type Token,
  type Transaction,
  type Url,
  withOne,
} from './state.ts'

/** How a browser is used to open a URL. */
export interface Visit {
  readonly browser: BrowserName
  /** Who logs in where a login page is shown; nobody: the login is cancelled. */
  readonly as?: string | undefined
  /** Sam, and who sees Alex's URLs, may stop a browser before it goes there. */
  readonly stopAt?: 'continue' | 'callback' | undefined
  /** Sam keeps a pending link from his application, which would confirm it. */
  readonly quiet?: boolean | undefined
}

/** What a move leads to. */
export interface Step {
  readonly state: State
  /** What happened, in words. */
  readonly said: readonly string[]
  readonly violations: readonly Violation[]
}

/** A state in the making. */
interface Draft {
  state: State
  readonly said: string[]
  readonly violations: Violation[]
}

export interface Model {
  readonly world: World
  readonly runs: Runs
}

export async function visit(model: Model, from: State, url: Url, how: Visit): Promise<Step> {
  const draft: Draft = { state: from, said: [], violations: [] }
  const { browser, stopAt } = how
  const isSeen = browser === 'sams' || model.world.people.sees
  let next: Url | undefined = url
  for (let opened = 0; next !== undefined; opened++) {
    if (isSeen) see(model, draft, next)
    if (opened > 0 && next.to === stopAt) break
    if (opened > 0 && next.to === 'nested') {
      const page = model.runs.urls.put(next)
      // Sam's own pages are among what he has seen.
      if (browser !== 'sams')
        change(draft, browser, ({ pages }) => ({ pages: withOne(pages, page) }))
      break
    }
    next = await open(model, draft, next, how)
  }
  return { ...draft, state: prune(model, draft.state) }
}

async function open(model: Model, draft: Draft, url: Url, how: Visit): Promise<Url | undefined> {
  switch (url.to) {
    case 'authorize':
      return authorize(model, draft, url, how)
    case 'nested':
      return nestedLogin(model, draft, url, how)
    case 'continue':
      return wayBack(model, draft, url, how)
    case 'callback':
      await callback(model, draft, url, how)
      return undefined
  }
}

function change(draft: Draft, browser: BrowserName, by: (was: Browser) => Partial<Browser>): void {
  const was = draft.state.browsers[browser]
  const browsers = { ...draft.state.browsers, [browser]: { ...was, ...by(was) } }
  draft.state = { ...draft.state, browsers }
}

function see({ runs }: Model, draft: Draft, url: Url): void {
  // What Sam knows anyway: requests that he can make up.
  if (url.to === 'authorize' || 'error' in url) return
  draft.state = { ...draft.state, seen: withOne(draft.state.seen, runs.urls.put(url)) }
}

/** A new session in this browser, for this user: with the first id that nothing names any more. */
function logIn({ runs }: Model, draft: Draft, browser: BrowserName, user: string): Session {
  const { browsers, seen, tokens, transactions } = draft.state
  const named = new Set<string | undefined>()
  for (const { session } of Object.values(transactions)) named.add(session.id)
  for (const token of tokens) named.add(runs.tokens.get(token).sid)
  for (const { session, token } of Object.values(browsers)) {
    named.add(session?.id)
    if (token !== undefined) named.add(runs.tokens.get(token).sid)
  }
  for (const name of seen) {
    const url = runs.urls.get(name)
    const code = 'code' in url && url.code !== undefined ? runs.codes.get(url.code) : undefined
    if (code?.of === 'application') named.add(code.token.sid)
  }
  const id = firstFree(`${browser}-`, (one) => named.has(one))
  const session = { id, user }
  change(draft, browser, () => ({ session }))
  return session
}

export function firstFree(prefix: string, isTaken: (name: string) => boolean): string {
  for (let number = 0; ; number++) if (!isTaken(prefix + number)) return prefix + number
}

async function authorize(
  model: Model,
  draft: Draft,
  url: Extract<Url, { to: 'authorize' }>,
  { browser, as }: Visit,
): Promise<Url | undefined> {
  const { runs } = model
  const { ask, flow, hint, confirmation, plant } = url
  const { accounts, browsers, seconds } = draft.state
  let { session } = browsers[browser]
  if (plant !== undefined) session = logIn(model, draft, browser, accountOf(accounts, plant))
  if (session === undefined || accounts[session.user] === undefined) {
    const who = as ?? (personAt(browser) === 'Alex' ? 'auth0|alex' : 'oidc|sam')
    session = logIn(model, draft, browser, accountOf(accounts, who))
  }
  const { look } = draft.state.browsers[browser]
  const by = starterOf(flow)
  if (ask.scope === 'login') return toCallback(model, draft, flow, session, undefined, undefined)
  const given = { seconds, accounts, ask, flow, session, look, hint, confirmation }
  const ran = await runs.start(given)
  const at = hint === undefined ? undefined : runs.tokens.get(confirmation ?? hint)
  apply(draft, ran, ask.scope === 'confirm' ? at?.attempt : undefined, at)
  if (ran.denial !== undefined) return { to: 'callback', flow, error: ran.denial }
  if (ran.redirect === undefined) return toCallback(model, draft, flow, session, ran, undefined)
  const name = `${ran.name}-${browser}`
  const transaction: Transaction = { run: ran.name, flow, by, browser, look, session, at: seconds }
  draft.state = {
    ...draft.state,
    transactions: { ...draft.state.transactions, [name]: transaction },
  }
  return { to: 'nested', run: ran.name, transaction: name, edit: {} }
}

/** The login ends well: a code for the application. */
function toCallback(
  { runs }: Model,
  draft: Draft,
  flow: string,
  { id: sid, user }: Session,
  ran: Ran | undefined,
  attempt: Attempt | undefined,
): Url {
  const token: Token = {
    user,
    sid,
    at: draft.state.seconds,
    run: ran?.status === undefined ? undefined : ran.name,
    attempt,
  }
  const code = runs.codes.put({ of: 'application', challenge: flow, token })
  return { to: 'callback', flow, code }
}

async function nestedLogin(
  model: Model,
  draft: Draft,
  url: Extract<Url, { to: 'nested' }>,
  { browser, as }: Visit,
): Promise<Url | undefined> {
  const { runs, world } = model
  const { edit, run: start, transaction } = url
  const { accounts, browsers, seconds } = draft.state
  if (as === undefined) {
    draft.said.push('the second login is cancelled')
    return { to: 'continue', transaction, error: 'The login was cancelled' }
  }
  const { look } = browsers[browser]
  const user = accountOf(accounts, as)
  const ran = await runs.nested({ seconds, accounts, start, edit, identity: as, user, look })
  apply(draft, ran, undefined, undefined)
  if (ran.refused) {
    draft.said.push('the platform refuses the request')
    return undefined
  }
  const { session } = world.platform
  if (session === 'replaced') logIn(model, draft, browser, user)
  if (session === 'taken over')
    change(draft, browser, (was) => ({
      session: { id: was.session?.id ?? `${browser}-0`, user },
    }))
  if (ran.denial !== undefined)
    return { to: 'continue', transaction, error: ran.reason ?? ran.denial }
  const code = runs.codes.put({
    of: 'nested',
    run: start,
    edit,
    nested: ran.name,
    identity: as,
    user,
    at: seconds,
  })
  return { to: 'continue', transaction, code }
}

async function wayBack(
  model: Model,
  draft: Draft,
  { transaction: name, code, error }: Extract<Url, { to: 'continue' }>,
  { browser }: Visit,
): Promise<Url | undefined> {
  const { runs, world } = model
  const { bound, repeats, reuse } = world.platform
  const waiting = draft.state.transactions[name]
  if (waiting === undefined || (bound && waiting.browser !== browser)) {
    draft.said.push('the platform refuses the way back')
    return undefined
  }
  const { accounts, browsers, seconds } = draft.state
  if (accounts[waiting.session.user] === undefined) return undefined
  const { run: start, session: first } = waiting
  const own = browsers[browser]
  const ran = await runs.resume({
    seconds,
    accounts,
    start,
    code,
    error,
    look: repeats === 'nothing' ? own.look : waiting.look,
    session: repeats === 'everything' ? first : own.session,
  })
  const attempt = { transaction: name, by: waiting.by, at: waiting.at }
  apply(draft, ran, attempt, undefined)
  if (code !== undefined) useUp(model, draft, code)
  if (!reuse) {
    const { [name]: _, ...transactions } = draft.state.transactions
    draft.state = { ...draft.state, transactions }
  }
  if (ran.denial !== undefined) return { to: 'callback', flow: waiting.flow, error: ran.denial }
  // Who finishes the login has its session.
  if (repeats === 'everything') change(draft, browser, () => ({ session: first }))
  const sid = repeats === 'everything' ? first.id : (own.session?.id ?? first.id)
  const session = { id: sid, user: first.user }
  return toCallback(model, draft, waiting.flow, session, ran, attempt)
}

async function callback(
  model: Model,
  draft: Draft,
  { flow, code: name, error }: Extract<Url, { to: 'callback' }>,
  { browser, quiet = false }: Visit,
): Promise<void> {
  const { runs, world } = model
  const isOwn = draft.state.browsers[browser].waiting.includes(flow)
  const isProper = world.application === 'proper'
  if (isProper && !isOwn) {
    draft.said.push('the application refuses a `state` that this browser did not start')
    return
  }
  if (isOwn)
    change(draft, browser, ({ waiting }) => ({ waiting: waiting.filter((one) => one !== flow) }))
  if (error !== undefined || name === undefined) return
  const code = runs.codes.get(name)
  if (code.of !== 'application') return
  useUp(model, draft, name)
  if (isProper && code.challenge !== flow) {
    draft.said.push('the code does not go with the application’s PKCE verifier')
    return
  }
  const token = runs.tokens.put(code.token)
  change(draft, browser, () => ({ token }))
  if (browser === 'sams') hold(model, draft, token)
  draft.said.push(`the application has ${nameOf(browser)} logged in as ${code.token.user}`)
  const isPending = code.token.run !== undefined && runs.get(code.token.run).status === 'pending'
  if (isPending && !quiet) await confirmBy(model, draft, code.token.user, token)
}

/** A code works once: no URL that has it leads anywhere any more. */
function useUp({ runs }: Model, draft: Draft, code: string): void {
  const has = (name: string) => {
    const url = runs.urls.get(name)
    return 'code' in url && url.code === code
  }
  draft.state = { ...draft.state, seen: draft.state.seen.filter((name) => !has(name)) }
}

/** Who has begun the request with this `state`. */
export const starterOf = (flow: string): Person => (/^(laptop|phone)-/.test(flow) ? 'Alex' : 'Sam')

/** Sam needs the newest token of each of his accounts, and those that can confirm. */
function hold({ runs }: Model, draft: Draft, token: string): void {
  const { user, run } = runs.tokens.get(token)
  const isNewer = (name: string) => {
    const held = runs.tokens.get(name)
    return held.user === user && held.sid !== undefined && held.run === undefined
  }
  const { tokens } = draft.state
  const kept = run === undefined ? tokens.filter((name) => !isNewer(name)) : tokens
  draft.state = { ...draft.state, tokens: withOne(kept, token) }
}

/** The application exchanges its refresh token, with the confirmation of that token. */
export async function confirmLink(
  model: Model,
  from: State,
  user: string,
  token: string,
): Promise<Step> {
  const draft: Draft = { state: from, said: [], violations: [] }
  await confirmBy(model, draft, user, token)
  return { ...draft, state: prune(model, draft.state) }
}

async function confirmBy(
  { runs }: Model,
  draft: Draft,
  user: string,
  token: string,
): Promise<void> {
  const { accounts, seconds } = draft.state
  if (accounts[user] === undefined) return
  const ran = await runs.confirm({ seconds, accounts, user, token })
  const held = runs.tokens.get(token)
  apply(draft, ran, held.attempt, held)
}

/** What a run did, judged. */
function apply(
  draft: Draft,
  ran: Ran,
  attempt: Attempt | undefined,
  confirmed: Token | undefined,
): void {
  const { state } = draft
  draft.violations.push(...judgeEnding(ran), ...judge(ran, state, attempt, confirmed))
  const [changed] = ran.changes
  const ending = ran.denial ?? ran.status ?? (ran.redirect && 'goes on to a second login')
  const what = changed && `: ${changed.identity} ${changed.what === 'link' ? 'enters' : 'leaves'}`
  if (ending !== undefined)
    draft.said.push(`the Action: ${ending}${what ? `${what} ${changed.account}` : ''}`)
  if (changed === undefined) return
  const { account, identity } = changed
  const changes = { ...state.changes }
  for (const [name, made] of Object.entries(changes))
    if (made === `${account} ${identity}` && changed.what === 'unlink') changes[name] = 'undone'
  if (attempt !== undefined) changes[attempt.transaction] = `${account} ${identity}`
  draft.state = { ...state, accounts: ran.accounts, changes }
}

/** Without what leads nowhere any more: what is left tells situations apart. */
function prune({ runs, world }: Model, state: State): State {
  const { browsers, transactions } = state
  const flows = new Set(Object.values(transactions).map(({ flow }) => flow))
  const attempts = new Set(Object.keys(transactions))
  const leads = (name: string): boolean => {
    const url = runs.urls.get(name)
    if (url.to === 'nested' || url.to === 'continue')
      return transactions[url.transaction] !== undefined
    if (url.to === 'callback') flows.add(url.flow)
    const code = 'code' in url && url.code !== undefined ? runs.codes.get(url.code) : undefined
    if (code?.of === 'application') keepAttempt(code.token)
    return true
  }
  const keepAttempt = ({ attempt }: Token) => attempt && attempts.add(attempt.transaction)
  const seen = state.seen.filter(leads)
  for (const token of state.tokens) keepAttempt(runs.tokens.get(token))
  const pruned = (browser: BrowserName): Browser => {
    const was = browsers[browser]
    const waiting = was.waiting.filter((flow) => world.application === 'proper' && flows.has(flow))
    return { ...was, waiting, pages: was.pages.filter(leads) }
  }
  return {
    ...state,
    seen,
    browsers: { sams: pruned('sams'), laptop: pruned('laptop'), phone: pruned('phone') },
    changes: Object.fromEntries(
      Object.entries(state.changes).filter(([attempt]) => attempts.has(attempt)),
    ),
  }
}

/** Who can log in at the page of a nested login, in this browser. */
export function whoLogsIn(url: Extract<Url, { to: 'nested' }>, model: Model, browser: BrowserName) {
  const { edit, run } = url
  const asked = model.runs.get(run).redirect?.searchParams.get('connection')
  const connection = 'connection' in edit ? edit.connection : asked
  return Object.keys(IDENTITIES).filter((identity) => {
    const { connection: at, owner } = ownedBy(identity)
    if (connection !== null && at !== connection) return false
    return owner === personAt(browser) || at === SAMS_CONNECTION
  })
}
