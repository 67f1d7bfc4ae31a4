/**
 * Attacks at a click: each is carried out for real, by browsers without a window and with people of its
 * own, against the running tenant, and tells which check stopped it, or that none did. Sends requests
 * on loopback.
 */

import { randomBytes } from 'node:crypto'
import type { Code } from '../../src/outcome.ts'
import { DATABASE, GITHUB, GOOGLE, PARTNER, PASSWORD } from '../tenant/connections.ts'
import type { Tenant } from '../tenant/index.ts'
import type { ActionEntry } from '../tenant/log.ts'
import {
  createWebApplication,
  type LoginAttempt,
  type WebApplication,
} from '../tenant/web-application.ts'
import { type Browser, createBrowser, type Page } from '../testing/browser.ts'
import { readClaims } from '../testing/sign.ts'
import type { Label } from './flow.ts'

export interface AttackResult {
  readonly verdict: 'stopped' | 'not stopped' | 'did not take place' | 'not judged'
  /** Who stopped it: the Action or the platform; or what the attacker has now; or the reason. */
  readonly told: string
  /** The denial's code, or the answer's status. */
  readonly code?: string
  /** The check, in the Action's own words where it has any. */
  readonly check?: string
}

interface Attack {
  readonly name: string
  readonly label: string
  readonly meaning: string
  readonly run: (stage: Stage) => Promise<AttackResult>
}

/** What an attack is played on. */
interface Stage {
  readonly tenant: Tenant
  /** The Action's runs since the attack began. */
  readonly runs: readonly ActionEntry[]
  readonly app: WebApplication
  readonly victim: Actor
  readonly mallory: Actor
  /** Asks for a link; the inspector shows it as the attack, unless it only leads to it. */
  ask(actor: Actor, idToken: string | undefined, more?: More): Promise<Asked>
}

interface More {
  readonly part?: 'before it'
  /** Beside those of any link. */
  readonly parameters?: Readonly<Record<string, string>>
}

interface Actor {
  readonly email: string
  readonly userId: string
  readonly browser: Browser
}

interface Asked {
  readonly attempt: LoginAttempt
  readonly page: Page
}

const pathIs =
  (path: string) =>
  ({ pathname }: URL): boolean =>
    pathname === path

const VICTIM_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0'
const MALLORY_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) OtherBrowser/2.0'

/** Whoever logs in at the database, or where nobody is asked; gives back the ID token. */
async function logIn(
  { app, tenant }: Stage,
  { browser, email }: Pick<Actor, 'browser' | 'email'>,
  connection = DATABASE,
): Promise<string> {
  const login = await app.start({ connection, login_hint: email })
  const page = await browser.open(tenant.frontDoorOf(login.url))
  const back =
    page.status === undefined
      ? page
      : await browser.submit(page, { values: { email, password: PASSWORD } })
  if (back.status !== undefined) throw new Error(`the login before it ended at ${whereIs(back)}`)
  const result = await login.complete(back.url)
  if (result.type === 'denied') throw new Error(`the login before it: ${result.description}`)
  return result.idToken
}

const whereIs = ({ status, title, url }: Page): string =>
  `${url.pathname.split('/').slice(0, 2).join('/')}, ${status}${title === '' ? '' : ` ${title}`}`

const runsOf = ({ runs }: Stage, { userId }: Actor): readonly ActionEntry[] =>
  runs.filter(({ event, nested }) => !nested && event.user.user_id === userId)

/** The cause that the Action wrote for the tenant's admin. */
function causeOf({ lines }: ActionEntry): string {
  const line = lines.find((one) => one.includes('account-linking:error '))
  return line?.replace('account-linking:error ', '') ?? 'it says no more'
}

const notJudged = (told: string): AttackResult => ({ verdict: 'not judged', told })
const noAttack = (told: string): AttackResult => ({ verdict: 'did not take place', told })

/** Denials that tell of trouble: no check has stopped anything then. */
const TROUBLE: readonly Code[] = [
  'link_failed',
  'misconfigured',
  'service_unavailable',
  'unexpected',
]

const isDenialOf = ({ commands }: ActionEntry, description: string): boolean =>
  commands.some((command) => command.type === 'access.deny' && command.reason === description)

function judgeDenial(stage: Stage, actor: Actor, description: string): AttackResult {
  const run = runsOf(stage, actor).at(-1)
  if (run === undefined || !isDenialOf(run, description)) {
    return notJudged(`the platform ended the login: ${run?.error ?? description}`)
  }
  const [code = ''] = description.split(':')
  const check = causeOf(run)
  if (TROUBLE.some((one) => one === code)) return notJudged(`the Action had trouble: ${check}`)
  const where = run.handler === 'onContinuePostLogin' ? 'on the way back' : 'at the start'
  return { verdict: 'stopped', told: `by the Action, ${where}`, code, check }
}

/** A request to attack with, as it ended at the application of whoever made it. */
async function judge(
  stage: Stage,
  actor: Actor,
  { attempt, page }: Asked,
  identitiesBefore = 1,
): Promise<AttackResult> {
  // Whatever the browser is told: a link is a link.
  if (identitiesOf(stage, actor) > identitiesBefore) {
    return { verdict: 'not stopped', told: 'the identity is linked' }
  }
  if (page.status !== undefined) return notJudged(`the browser is at ${whereIs(page)}`)
  const result = await attempt.complete(page.url)
  if (result.type === 'denied') return judgeDenial(stage, actor, result.description)
  const cause = runsOf(stage, actor).map(causeOf).at(-1)
  return noAttack(`the login went on, and nothing was linked: ${cause}`)
}

const identitiesOf = ({ tenant }: Stage, { userId }: Actor): number =>
  tenant.users.get(userId)?.identities.length ?? 0

/** A way back that the attacker opens: the platform may refuse it before the Action runs. */
async function judgeWayBack(
  stage: Stage,
  actor: Actor,
  attempt: LoginAttempt,
  wayBack: URL,
): Promise<AttackResult> {
  const before = runsOf(stage, actor).length
  const identitiesBefore = identitiesOf(stage, actor)
  const page = await actor.browser.open(wayBack)
  const refused = page.url.pathname === '/continue' && page.status === 400
  if (!refused || runsOf(stage, actor).length !== before) {
    return judge(stage, actor, { attempt, page }, identitiesBefore)
  }
  const told = 'by the platform, the Action did not run'
  const check = 'the state of a way back is good once, in the browser that left'
  return { verdict: 'stopped', told, code: '400', check }
}

const nestedUrl = ({ visited }: Page): URL | undefined =>
  visited.find(({ searchParams }) => searchParams.get('max_age') === '0')

/**
 * What is under attack is the nested login: without one, the reason why there is none. It may have
 * been denied before, or let pass as a login like any other.
 */
async function attackNested(
  stage: Stage,
  actor: Actor,
  asked: Asked,
  attack: (nested: URL) => Promise<AttackResult>,
): Promise<AttackResult> {
  const nested = nestedUrl(asked.page)
  const isThere = asked.page.status === 200 && asked.page.url.pathname.startsWith('/upstream/')
  if (nested !== undefined && isThere) return attack(nested)
  const ended = await judge(stage, actor, asked)
  if (ended.verdict !== 'stopped') return ended
  return noAttack(`the request was denied before it: ${ended.code}, ${ended.check}`)
}

export const ATTACKS: readonly Attack[] = [
  {
    name: 'noHint',
    label: 'No hint',
    meaning: 'a page sends the logged-in victim to /authorize with a link scope',
    async run(stage) {
      const { victim } = stage
      await logIn(stage, victim)
      return judge(stage, victim, await stage.ask(victim, undefined))
    },
  },
  {
    name: 'stolenHint',
    label: 'Stolen hint',
    meaning: "Mallory, logged in, sends the victim's ID token as the hint",
    async run(stage) {
      const { mallory, victim } = stage
      const stolen = await logIn(stage, victim)
      await logIn(stage, mallory)
      return judge(stage, mallory, await stage.ask(mallory, stolen))
    },
  },
  {
    name: 'plantedAccount',
    label: 'Planted account',
    meaning:
      "Mallory's own connection logs the victim's browser in as Mallory, with Mallory's own hint",
    async run(stage) {
      const { mallory, tenant, victim } = stage
      const idToken = await logIn(stage, mallory, PARTNER)
      const { sub } = readClaims(idToken)
      await logIn(stage, victim)
      await logInAtProvider(tenant, victim)
      // Whose account it is, in whose browser.
      const planted: Actor = { ...victim, userId: String(sub) }
      const parameters = { connection: PARTNER, login_hint: mallory.email, prompt: 'login' }
      return judge(stage, planted, await stage.ask(planted, idToken, { parameters }))
    },
  },
  {
    name: 'swappedConnection',
    label: 'Swapped connection',
    meaning: 'connection= of the nested request is changed in the browser',
    async run(stage) {
      const { victim: actor } = stage
      const asked = await stage.ask(actor, await logIn(stage, actor))
      return attackNested(stage, actor, asked, async (swapped) => {
        swapped.searchParams.set('connection', GITHUB)
        const login = await actor.browser.open(swapped)
        const page = await actor.browser.submit(login, { values: { email: actor.email } })
        return judge(stage, actor, { attempt: asked.attempt, page })
      })
    },
  },
  {
    name: 'anotherBrowser',
    label: 'Another browser',
    meaning: 'the victim logs in at the link that Mallory sent, and Mallory takes the way back',
    async run(stage) {
      const { mallory, victim } = stage
      const asked = await stage.ask(mallory, await logIn(stage, mallory))
      return attackNested(stage, mallory, asked, async (nested) => {
        const wayBack = await goAsFarAsWayBack(stage, victim, nested)
        return judgeWayBack(stage, mallory, asked.attempt, wayBack)
      })
    },
  },
  {
    name: 'replay',
    label: 'Replayed way back',
    meaning: 'the URL of a way back is opened a second time',
    async run(stage) {
      const { victim: actor } = stage
      const asked = await stage.ask(actor, await logIn(stage, actor))
      return attackNested(stage, actor, asked, async () => {
        const first = await actor.browser.submit(asked.page, { values: { email: actor.email } })
        const used = first.visited.find(pathIs('/continue'))
        if (used === undefined) return notJudged(`there was no way back: ${whereIs(first)}`)
        return judgeWayBack(stage, actor, asked.attempt, used)
      })
    },
  },
  {
    name: 'oldCode',
    label: 'Code of another attempt',
    meaning: 'a code that was intercepted is put into the way back of another attempt',
    async run(stage) {
      const { victim: actor } = stage
      const idToken = await logIn(stage, actor)
      const first = await stage.ask(actor, idToken, { part: 'before it' })
      return attackNested(stage, actor, first, async (firstNested) => {
        const intercepted = await goAsFarAsWayBack(stage, actor, firstNested)
        const asked = await stage.ask(actor, idToken)
        return attackNested(stage, actor, asked, async (nested) => {
          const forged = await goAsFarAsWayBack(stage, actor, nested)
          forged.searchParams.set('code', intercepted.searchParams.get('code') ?? '')
          return judgeWayBack(stage, actor, asked.attempt, forged)
        })
      })
    },
  },
]

/** A session like the one that most browsers have there. */
async function logInAtProvider(tenant: Tenant, { browser, email }: Actor): Promise<void> {
  const page = await browser.open(`${tenant.canonicalFrontDoor}/upstream/${GOOGLE}/login`)
  const done = await browser.submit(page, { values: { email } })
  if (done.status !== 200) throw new Error(`the login at the provider ended at ${whereIs(done)}`)
}

/** The nested login, and the URL of a way back that is not taken yet. */
async function goAsFarAsWayBack({ tenant }: Stage, { email }: Actor, nested: URL): Promise<URL> {
  const browser = createBrowser({ userAgent: VICTIM_AGENT, stopAt: pathIs('/continue') })
  const login = await browser.open(tenant.frontDoorOf(nested))
  const back = await browser.submit(login, { values: { email } })
  if (back.status !== undefined) throw new Error(`the nested login ended at ${whereIs(back)}`)
  return back.url
}

export interface AttackOptions {
  readonly tenant: Tenant
  readonly label: (authorizeUrl: URL, label: Label) => void
  /** Grows while the attack is under way: the tenant's own log may be cleared meanwhile. */
  readonly runs: readonly ActionEntry[]
}

/** Every time with new people, so that it may be done again. */
function createActor(tenant: Tenant, name: string, userAgent: string): Actor {
  const id = randomBytes(6).toString('hex')
  const email = `${name.toLowerCase()}-${id}@example.com`
  const person = { id, email, emailVerified: true, name: `${name} Example`, unlisted: true }
  tenant.addPerson(DATABASE, { ...person, id: `6a${id.padEnd(22, '0')}`, password: PASSWORD })
  tenant.addPerson(GOOGLE, { ...person, id: String(Number.parseInt(id, 16)) })
  tenant.addPerson(PARTNER, person)
  tenant.addPerson(GITHUB, { ...person, id: String(Number.parseInt(id, 16)) })
  const userId = tenant.users.all().find((user) => user.email === email)?.user_id
  if (userId === undefined) throw new Error(`${email} has no account`)
  return { email, userId, browser: createBrowser({ userAgent, stopAt: pathIs('/callback') }) }
}

export async function carryOut(name: string, options: AttackOptions): Promise<AttackResult> {
  const { label, runs, tenant } = options
  const attack = ATTACKS.find((one) => one.name === name)
  if (attack === undefined) throw new Error(`there is no attack ${name}`)
  const app = await createWebApplication(tenant)
  const title = `Attack: ${attack.label.toLowerCase()}`
  const named: WebApplication = {
    ...app,
    async start(parameters) {
      const attempt = await app.start(parameters)
      label(attempt.url, { title: `${title}, before it`, hidden: true })
      return attempt
    },
  }
  return attack.run({
    tenant,
    runs,
    app: named,
    victim: createActor(tenant, 'Victim', VICTIM_AGENT),
    mallory: createActor(tenant, 'Mallory', MALLORY_AGENT),
    async ask({ browser }, idToken, { parameters, part } = {}) {
      const attempt = await app.start({
        scope: 'openid link_account',
        requested_connection: GOOGLE,
        ...(idToken === undefined ? {} : { id_token_hint: idToken }),
        ...parameters,
      })
      const hidden = part === 'before it'
      label(attempt.url, { title, hidden, replay: { type: 'attack', name } })
      return { attempt, page: await browser.open(tenant.frontDoorOf(attempt.url)) }
    },
  })
}
