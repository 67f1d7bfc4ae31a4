/**
 * What Alex and Sam can do in a situation: every move with its words, and what it leads to. Bounds keep a
 * search finite: so many requests of each person, so many transactions. No I/O besides runs of the Action.
 */
import {
  ACCOUNTS,
  ALEX,
  type BrowserName,
  GITHUB,
  GOOGLE,
  nameOf,
  ownedBy,
  type Person,
  personAt,
  SAM,
  SAMS_CONNECTION,
} from './cast.ts'
import {
  confirmLink,
  firstFree,
  type Model,
  type Step,
  starterOf,
  type Visit,
  visit,
  whoLogsIn,
} from './platform.ts'
import {
  type Ask,
  type Browser,
  type Edit,
  MADE_UP,
  type State,
  type Token,
  type Url,
} from './state.ts'

export interface Move {
  readonly words: () => string
  readonly make: () => Promise<Step>
}

/** How much of everything a search tries. */
export interface Bounds {
  /** How many logins wait for their way back at a time: of each person's own, and of all. */
  readonly waiting: { readonly Alex: number; readonly Sam: number; readonly all: number }
  /** How long people wait at a time, in seconds, and how often at most. */
  readonly waits: readonly number[]
  readonly maxSeconds: number
  /** Every parameter is dropped and changed, and logins are cancelled; else only what tells. */
  readonly everyEdit: boolean
}

/** A token without a session, as a password grant gives it. */
const WITHOUT_SESSION: Token = { user: SAM, sid: undefined, at: 0 }

/** Alex and Sam are logged in to the application, Alex on the laptop; Sam has a token without a session. */
export function begin({ runs, world }: Model): State {
  const browser = (look: BrowserName, user?: string): Browser => {
    const session = user === undefined ? undefined : { id: `${look}-0`, user }
    const token = session && runs.tokens.put({ user: session.user, sid: session.id, at: 0 })
    return { look, session, token, waiting: [], pages: [] }
  }
  const own = browser('sams', SAM)
  const sams: Browser = world.people.disguise === 'always' ? { ...own, look: 'laptop' } : own
  const tokens = [sams.token ?? '', runs.tokens.put(WITHOUT_SESSION)].sort()
  return {
    seconds: 0,
    accounts: ACCOUNTS,
    browsers: { sams, laptop: browser('laptop', ALEX), phone: browser('phone') },
    transactions: {},
    seen: [],
    tokens,
    changes: {},
  }
}

/** By kind, and only kinds of which there is a move. */
export function movesOf(model: Model, state: State, bounds: Bounds): readonly (readonly Move[])[] {
  return [
    samsOwn(model, state, bounds),
    alexsOwn(model, state, bounds),
    madeUp(model, state, bounds),
    seenUrls(model, state, bounds),
    confirmations(model, state),
    waits(state, bounds),
  ].filter((moves) => moves.length > 0)
}

/** What a person asks the application for, in words. */
const wordsOf = (ask: Ask): string => {
  switch (ask.scope) {
    case 'login':
      return 'a login'
    case 'confirm':
      return 'a confirmation'
    case 'link':
      return `a link of ${ask.connection}`
    case 'unlink':
      return `an unlink of ${ask.connection}`
  }
}

/** The links and unlinks that a person can ask for. */
function asksOf(state: State, user: string, connections: readonly string[]): readonly Ask[] {
  const linked = (state.accounts[user] ?? []).filter((identity) => identity !== user)
  return [
    ...connections.map((connection) => ({ scope: 'link' as const, connection })),
    ...linked.map((identity) => ({
      scope: 'unlink' as const,
      connection: ownedBy(identity).connection,
      identity,
    })),
  ]
}

/** The application begins a request in this browser, and the browser goes on until a login page. */
function ask(model: Model, state: State, browser: BrowserName, asked: Ask, plant?: string): Move {
  const by = personAt(browser)
  const where = nameOf(browser)
  const as = plant === undefined ? '' : ` as ${plant}`
  return {
    words: () => `${by} asks the application for ${wordsOf(asked)}${as} in ${where}`,
    make: () => {
      const was = state.browsers[browser]
      const flows = new Set(Object.values(state.transactions).map(({ flow }) => flow))
      for (const one of was.waiting) flows.add(one)
      const name = firstFree(`${browser}-`, (one) => flows.has(one))
      const hint = asked.scope === 'login' ? undefined : was.token
      const begun: State = {
        ...state,
        browsers: {
          ...state.browsers,
          [browser]: { ...was, waiting: [...was.waiting, name].sort() },
        },
      }
      const url: Url = { to: 'authorize', flow: name, ask: asked, hint, plant }
      return visit(model, begun, url, { browser })
    },
  }
}

/** Whether one more login may wait for its way back. */
function isFree({ transactions }: State, { waiting }: Bounds, by: Person): boolean {
  const all = Object.values(transactions)
  return all.length < waiting.all && all.filter((one) => one.by === by).length < waiting[by]
}

function samsOwn(model: Model, state: State, bounds: Bounds): readonly Move[] {
  const moves: Move[] = []
  const { sams } = state.browsers
  if (model.world.people.disguise === 'at will') {
    const look = sams.look === 'sams' ? 'laptop' : 'sams'
    const like = look === 'sams' ? 'like itself' : 'like Alex’s laptop'
    moves.push({
      words: () => `Sam makes his browser look ${like}`,
      make: async () => ({
        state: { ...state, browsers: { ...state.browsers, sams: { ...sams, look } } },
        said: [],
        violations: [],
      }),
    })
  }
  const user = sams.token && model.runs.tokens.get(sams.token).user
  if (user !== undefined && isFree(state, bounds, 'Sam'))
    for (const asked of asksOf(state, user, [GOOGLE, GITHUB]))
      moves.push(ask(model, state, 'sams', asked))
  for (const identity of ['oidc|sam', 'oidc|sam-spare'])
    if (sams.session?.user !== identity && state.accounts[identity] !== undefined)
      moves.push(ask(model, state, 'sams', { scope: 'login' }, identity))
  return moves
}

function alexsOwn(model: Model, state: State, bounds: Bounds): readonly Move[] {
  const moves: Move[] = []
  if (model.world.people.samAlone) return moves
  for (const browser of ['laptop', 'phone'] as const) {
    const { pages, token } = state.browsers[browser]
    for (const name of pages) {
      const url = model.runs.urls.get(name)
      if (url.to === 'nested') moves.push(...logins(model, state, url, browser, bounds))
    }
    if (token === undefined) moves.push(ask(model, state, browser, { scope: 'login' }))
    const user = token && model.runs.tokens.get(token).user
    const isOwn = user !== undefined && ownedBy(user).owner === 'Alex'
    if (user === undefined || (model.world.people.wary && !isOwn)) continue
    if (isFree(state, bounds, 'Alex'))
      for (const asked of asksOf(state, user, [GOOGLE]))
        moves.push(ask(model, state, browser, asked))
  }
  return moves
}

/** Somebody logs in at a page of a nested login that stands open in one of Alex's browsers. */
function logins(
  model: Model,
  state: State,
  url: Extract<Url, { to: 'nested' }>,
  browser: BrowserName,
  bounds: Bounds,
): readonly Move[] {
  const people: readonly (string | undefined)[] = [
    ...whoLogsIn(url, model, browser),
    ...(bounds.everyEdit ? [undefined] : []),
  ]
  const stops = model.world.people.sees ? STOPS : [undefined]
  return people.flatMap((as) =>
    stops.map((stopAt) => ({
      words: () => `${loginWords(as, browser)}${stopWords(stopAt)}`,
      make: () => visit(model, state, url, { browser, as, stopAt }),
    })),
  )
}

function loginWords(as: string | undefined, browser: BrowserName): string {
  const where = `at the second login in ${nameOf(browser)}`
  if (as === undefined) return `${personAt(browser)} gives up ${where}`
  const { connection, owner } = ownedBy(as)
  return owner === personAt(browser)
    ? `${owner} logs in as ${as} ${where}`
    : `${connection}, which is Sam’s, lets ${personAt(browser)} in as ${as} ${where}`
}

const STOPS = [undefined, 'continue', 'callback'] as const

const stopWords = (stopAt: Visit['stopAt']): string =>
  stopAt === undefined ? '' : `, and the browser is stopped before /${stopAt}`

/** Where Sam can have a URL opened. */
const browsersOf = ({ world }: Model): readonly BrowserName[] =>
  world.people.samAlone ? ['sams'] : ['laptop', 'phone', 'sams']

/** Requests that Sam makes up and hands to Alex, or opens himself. */
function madeUp(model: Model, state: State, bounds: Bounds): readonly Move[] {
  const moves: Move[] = []
  const hints: readonly (string | undefined)[] = [undefined, ...state.tokens]
  const pending = state.tokens.filter((name) => isPending(model, name))
  const links: readonly Ask[] = [
    { scope: 'link', connection: GOOGLE },
    { scope: 'link', connection: SAMS_CONNECTION },
    { scope: 'unlink', connection: GITHUB },
  ]
  for (const browser of browsersOf(model)) {
    const plants = browser === 'sams' ? [undefined] : [undefined, SAM]
    for (const plant of plants) {
      if (plant !== undefined) {
        const url: Url = { to: 'authorize', flow: MADE_UP, ask: { scope: 'login' }, plant }
        moves.push(hand(model, state, browser, url))
      }
      if (browser !== 'sams' && isFree(state, bounds, 'Sam'))
        for (const asked of links)
          for (const hint of hints) {
            const url: Url = { to: 'authorize', flow: MADE_UP, ask: asked, hint, plant }
            moves.push(hand(model, state, browser, url))
          }
      for (const confirmation of pending)
        for (const hint of new Set([undefined, confirmation, ...state.tokens])) {
          const asked: Ask = { scope: 'confirm' }
          const url: Url = { to: 'authorize', flow: MADE_UP, ask: asked, hint, confirmation, plant }
          moves.push(hand(model, state, browser, url))
        }
    }
  }
  return moves
}

const isPending = ({ runs }: Model, name: string): boolean => {
  const { run } = runs.tokens.get(name)
  return run !== undefined && runs.get(run).status === 'pending'
}

function hand(
  model: Model,
  state: State,
  browser: BrowserName,
  url: Extract<Url, { to: 'authorize' }>,
): Move {
  return {
    words: () => {
      const { hint, plant } = url
      const token = hint === undefined ? undefined : model.runs.tokens.get(hint)
      const given =
        token === undefined
          ? 'without a hint'
          : `with ${token.sid === undefined ? 'a hint without a session' : 'the hint'} of ${token.user}`
      const first = plant === undefined ? '' : `, and is logged in as ${plant} first`
      const what = url.ask.scope === 'login' ? '' : ` ${given}`
      const made = `a request for ${wordsOf(url.ask)}${what} that Sam has made up`
      return browser === 'sams'
        ? `Sam opens ${made}`
        : `Alex opens, on the ${browser}, ${made}${first}`
    },
    make: () => visit(model, state, url, { browser }),
  }
}

function seenUrls(model: Model, state: State, bounds: Bounds): readonly Move[] {
  return state.seen.flatMap((name) => {
    const url = model.runs.urls.get(name)
    return browsersOf(model).flatMap((browser) => {
      switch (url.to) {
        case 'nested':
          return nestedMoves(model, state, url, browser, bounds)
        case 'continue':
          return continueMoves(model, state, url, browser)
        case 'callback':
          return callbackMoves(model, state, url, browser)
        default:
          return []
      }
    })
  })
}

/** How each of Sam's visits can go on. */
const WAYS: readonly Pick<Visit, 'stopAt' | 'quiet'>[] = [
  {},
  { quiet: true },
  { stopAt: 'continue' },
  { stopAt: 'callback' },
]

function waysOf(
  { world }: Model,
  browser: BrowserName,
): readonly Pick<Visit, 'stopAt' | 'quiet'>[] {
  if (browser !== 'sams') return world.people.sees ? STOPS.map((stopAt) => ({ stopAt })) : [{}]
  return world.settings.CONFIRM_LINK === 'yes' ? WAYS : WAYS.filter(({ quiet }) => !quiet)
}

const wayWords = ({ stopAt, quiet }: Pick<Visit, 'stopAt' | 'quiet'>): string =>
  quiet ? ', and keeps what is pending to himself' : stopWords(stopAt)

function nestedMoves(
  model: Model,
  state: State,
  url: Extract<Url, { to: 'nested' }>,
  browser: BrowserName,
  bounds: Bounds,
): readonly Move[] {
  const moves: Move[] = []
  for (const edited of editsOf(model, state, url, bounds)) {
    const people: readonly (string | undefined)[] = [
      ...whoLogsIn(edited, model, browser),
      ...(bounds.everyEdit ? [undefined] : []),
    ]
    for (const as of people)
      for (const way of waysOf(model, browser))
        moves.push({
          words: () => {
            const to = browser === 'sams' ? 'opens' : `is handed, for her ${browser},`
            const person = personAt(browser)
            const what = `the address of a second login of ${about(state, url)}${editWords(url, edited)}`
            return `${person} ${to} ${what}: ${loginWords(as, browser)}${wayWords(way)}`
          },
          make: () => visit(model, state, edited, { browser, as, ...way }),
        })
  }
  return moves
}

const about = (state: State, { transaction }: { readonly transaction: string }): string => {
  const found = state.transactions[transaction]
  return found === undefined ? 'nobody' : `what ${found.by} started as ${found.session.user}`
}

function editWords(url: Extract<Url, { to: 'nested' }>, edited: typeof url): string {
  const changes = Object.entries(edited.edit).map(([name, value]) => {
    if (value === null) return `without ${name}`
    // What is so long is random: it comes from another request.
    return value.length > 30 ? `with the ${name} of another` : `with ${name}=${value}`
  })
  if (url.transaction !== edited.transaction) changes.push('with the `state` of another')
  return changes.length === 0 ? '' : ` (${changes.join(', ')})`
}

/** The transactions besides this one whose `state` for /continue Sam has seen. */
function otherTransactions({ runs }: Model, state: State, but: string) {
  const seen = new Set<string>()
  for (const name of state.seen) {
    const url = runs.urls.get(name)
    if ('transaction' in url) seen.add(url.transaction)
  }
  return Object.entries(state.transactions).filter(([name]) => name !== but && seen.has(name))
}

/** The URL itself, and as Sam may have changed it. */
function editsOf(
  model: Model,
  state: State,
  url: Extract<Url, { to: 'nested' }>,
  { everyEdit }: Bounds,
): readonly (typeof url)[] {
  const parameters = model.runs.get(url.run).redirect?.searchParams
  const asked = parameters?.get('connection')
  const edits: Edit[] = [GOOGLE, SAMS_CONNECTION]
    .filter((connection) => connection !== asked)
    .map((connection) => ({ connection }))
  edits.push({ max_age: null }, { nonce: null })
  const others = otherTransactions(model, state, url.transaction)
  for (const [, { run }] of others) {
    const other = model.runs.get(run).redirect?.searchParams
    const taken = ['code_challenge', 'nonce'].map((name) => [name, other?.get(name) ?? null])
    edits.push(Object.fromEntries(taken))
  }
  if (everyEdit)
    for (const name of parameters?.keys() ?? [])
      edits.push({ [name]: null }, { [name]: 'changed' }, { [`${name}[]`]: 'added' })
  return [
    url,
    ...edits.map((edit) => ({ ...url, edit: { ...url.edit, ...edit } })),
    ...others.map(([transaction]) => ({ ...url, transaction })),
  ]
}

function continueMoves(
  model: Model,
  state: State,
  url: Extract<Url, { to: 'continue' }>,
  browser: BrowserName,
): readonly Move[] {
  const urls = [
    url,
    ...otherTransactions(model, state, url.transaction).map(([transaction]) => ({
      ...url,
      transaction,
    })),
  ]
  const ways = waysOf(model, browser).filter(({ stopAt }) => stopAt !== 'continue')
  return urls.flatMap((one) =>
    ways.map((way) => ({
      words: () => {
        const swapped = one === url ? '' : ' with the `state` of another'
        const what = `/continue of ${about(state, one)}${swapped}`
        return `${opens(browser)} ${what}${wayWords(way)}`
      },
      make: () => visit(model, state, one, { browser, ...way }),
    })),
  )
}

const opens = (browser: BrowserName): string =>
  browser === 'sams' ? 'Sam opens' : `Alex is handed, for her ${browser},`

function callbackMoves(
  model: Model,
  state: State,
  url: Extract<Url, { to: 'callback' }>,
  browser: BrowserName,
): readonly Move[] {
  const states = new Set([url.flow, ...state.browsers.sams.waiting])
  const ways = waysOf(model, browser).filter(({ stopAt }) => stopAt === undefined)
  return [...states].flatMap((flow) =>
    ways.map((way) => ({
      words: () => {
        const swapped = flow === url.flow ? '' : ' with another `state`'
        return `${opens(browser)} the callback of ${starterOf(url.flow)}’s request${swapped}${wayWords(way)}`
      },
      make: () => visit(model, state, { ...url, flow }, { browser, ...way }),
    })),
  )
}

/** Sam exchanges a refresh token of his, with any confirmation that he holds. */
function confirmations(model: Model, state: State): readonly Move[] {
  const pending = state.tokens.filter((name) => isPending(model, name))
  const users = new Set(state.tokens.map((name) => model.runs.tokens.get(name).user))
  return pending.flatMap((token) =>
    [...users].map((user) => ({
      words: () => {
        const whose = model.runs.tokens.get(token).user
        return `Sam sends the confirmation of ${whose} with a refresh token of ${user}`
      },
      make: () => confirmLink(model, state, user, token),
    })),
  )
}

function waits(state: State, { waits: lengths, maxSeconds }: Bounds): readonly Move[] {
  return lengths
    .filter((seconds) => state.seconds + seconds <= maxSeconds)
    .map((seconds) => ({
      words: () => `${seconds} seconds pass`,
      make: async () => ({
        state: { ...state, seconds: state.seconds + seconds },
        said: [],
        violations: [],
      }),
    }))
}
