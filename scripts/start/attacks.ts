/**
 * Attacks at a click: each is carried out for real, by browsers without a window and with people of its
 * own, against the running tenant, and tells which check stopped it, or that none did. Sends requests
 * on loopback.
 */

import { randomBytes } from 'node:crypto'
import { type Browser, createBrowser, type Page } from '../../test/support/browser.ts'
import { DATABASE, GITHUB, GOOGLE, PASSWORD } from '../../test/tenant/connections.ts'
import type { Tenant } from '../../test/tenant/index.ts'
import type { ActionEntry } from '../../test/tenant/log.ts'
import {
  createWebApplication,
  type LoginAttempt,
  type WebApplication,
} from '../../test/tenant/web-application.ts'
import type { Label } from './flows.ts'

export interface AttackResult {
  readonly name: string
  readonly stopped: boolean
  /** Who stopped it: the Action or the platform; or what the attacker has now. */
  readonly by: string
  /** The denial's code, or the answer's status. */
  readonly code: string
  /** The check, in the Action's own words where it has any. */
  readonly check: string
}

interface Attack {
  readonly name: string
  readonly label: string
  readonly meaning: string
  readonly run: (stage: Stage) => Promise<AttackResult>
}

/** What an attack is played on. */
interface Stage {
  readonly name: string
  readonly tenant: Tenant
  readonly app: WebApplication
  readonly victim: Actor
  readonly mallory: Actor
  /** Asks for a link; the inspector shows it as the attack, unless it only leads to it. */
  ask(actor: Actor, idToken: string | undefined, part?: 'attack' | 'before it'): Promise<Asked>
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

/** Whoever logs in at the database; gives back the ID token. */
async function logIn({ app, tenant }: Stage, { browser, email }: Actor): Promise<string> {
  const login = await app.start({ connection: DATABASE })
  const page = await browser.open(tenant.frontDoorOf(login.url))
  const back = await browser.submit(page, { values: { email, password: PASSWORD } })
  const result = await login.complete(back.url)
  if (result.type === 'denied') throw new Error(result.description)
  return result.idToken
}

const lastRun = (tenant: Tenant, userId: string): ActionEntry | undefined =>
  tenant.runs().findLast(({ event, nested }) => !nested && event.user.user_id === userId)

/** The cause that the Action wrote for the tenant's admin. */
function causeOf(run: ActionEntry | undefined): string {
  const line = run?.lines.find((one) => one.includes('account-linking:error '))
  return line?.replace('account-linking:error ', '') ?? 'it says no more'
}

/** How the attack ended at the application of whoever made the request. */
async function judge(stage: Stage, actor: Actor, attempt: LoginAttempt, back: Page) {
  const { name, tenant } = stage
  if (back.status !== undefined) {
    const by = 'the platform, the Action did not run'
    const check = 'the state of a way back is good once, in the browser that left'
    return { name, stopped: true, by, code: String(back.status), check }
  }
  const result = await attempt.complete(back.url)
  if (result.type === 'denied') {
    const [code = ''] = result.description.split(':')
    const run = lastRun(tenant, actor.userId)
    const where = run?.handler === 'onContinuePostLogin' ? 'on the way back' : 'at the start'
    return { name, stopped: true, by: `the Action, ${where}`, code, check: causeOf(run) }
  }
  const identities = tenant.users.get(actor.userId)?.identities ?? []
  const linked = identities.length > 1
  const by = linked ? 'nothing: the identity is linked' : 'nothing, and nothing was linked'
  return { name, stopped: !linked, by, code: linked ? 'linked' : 'not linked', check: 'no check' }
}

const nestedUrl = (page: Page): URL => {
  const url = page.visited.find(({ searchParams }) => searchParams.get('max_age') === '0')
  if (url === undefined) throw new Error(`there is no nested login: ${page.url.search}`)
  return url
}

/** The request was denied before there was anything to attack. */
const isOver = ({ page }: Asked): boolean => page.status === undefined

export const ATTACKS: readonly Attack[] = [
  {
    name: 'noHint',
    label: 'No hint',
    meaning: 'a page sends the logged-in victim to /authorize with a link scope',
    async run(stage) {
      await logIn(stage, stage.victim)
      const { attempt, page } = await stage.ask(stage.victim, undefined)
      return judge(stage, stage.victim, attempt, page)
    },
  },
  {
    name: 'stolenHint',
    label: 'Stolen hint',
    meaning: "Mallory, logged in, sends the victim's ID token as the hint",
    async run(stage) {
      const stolen = await logIn(stage, stage.victim)
      await logIn(stage, stage.mallory)
      const { attempt, page } = await stage.ask(stage.mallory, stolen)
      return judge(stage, stage.mallory, attempt, page)
    },
  },
  {
    name: 'swappedConnection',
    label: 'Swapped connection',
    meaning: 'connection= of the nested request is changed in the browser',
    async run(stage) {
      const { victim: actor } = stage
      const asked = await stage.ask(actor, await logIn(stage, actor))
      if (isOver(asked)) return judge(stage, actor, asked.attempt, asked.page)
      const swapped = nestedUrl(asked.page)
      swapped.searchParams.set('connection', GITHUB)
      const login = await actor.browser.open(swapped)
      const back = await actor.browser.submit(login, { values: { email: actor.email } })
      return judge(stage, actor, asked.attempt, back)
    },
  },
  {
    name: 'anotherBrowser',
    label: 'Another browser',
    meaning: 'the victim logs in at the link that Mallory sent, and Mallory takes the way back',
    async run(stage) {
      const { mallory, victim } = stage
      const asked = await stage.ask(mallory, await logIn(stage, mallory))
      if (isOver(asked)) return judge(stage, mallory, asked.attempt, asked.page)
      const wayBack = await goAsFarAsWayBack(stage, victim, asked)
      const back = await mallory.browser.open(wayBack)
      return judge(stage, mallory, asked.attempt, back)
    },
  },
  {
    name: 'replay',
    label: 'Replayed way back',
    meaning: 'the URL of a way back is opened a second time',
    async run(stage) {
      const { victim: actor } = stage
      const asked = await stage.ask(actor, await logIn(stage, actor))
      if (isOver(asked)) return judge(stage, actor, asked.attempt, asked.page)
      const first = await actor.browser.submit(asked.page, { values: { email: actor.email } })
      const used = first.visited.find(pathIs('/continue'))
      if (used === undefined) throw new Error('there was no way back')
      return judge(stage, actor, asked.attempt, await actor.browser.open(used))
    },
  },
  {
    name: 'oldCode',
    label: 'Code of another attempt',
    meaning: 'a code that was intercepted is put into the way back of another attempt',
    async run(stage) {
      const { victim: actor } = stage
      const idToken = await logIn(stage, actor)
      const first = await stage.ask(actor, idToken, 'before it')
      if (isOver(first)) return judge(stage, actor, first.attempt, first.page)
      const code = (await goAsFarAsWayBack(stage, actor, first)).searchParams.get('code') ?? ''
      const asked = await stage.ask(actor, idToken)
      const forged = await goAsFarAsWayBack(stage, actor, asked)
      forged.searchParams.set('code', code)
      return judge(stage, actor, asked.attempt, await actor.browser.open(forged))
    },
  },
]

/** The nested login, and the URL of a way back that is not taken yet. */
async function goAsFarAsWayBack({ tenant }: Stage, actor: Actor, { page }: Asked): Promise<URL> {
  const browser = createBrowser({ userAgent: VICTIM_AGENT, stopAt: pathIs('/continue') })
  const login = await browser.open(tenant.frontDoorOf(nestedUrl(page)))
  return (await browser.submit(login, { values: { email: actor.email } })).url
}

export interface AttackOptions {
  readonly tenant: Tenant
  readonly label: (authorizeUrl: URL, label: Label) => void
}

/** Every time with new people, so that it may be done again. */
function createActor(tenant: Tenant, name: string, userAgent: string): Actor {
  const id = randomBytes(6).toString('hex')
  const email = `${name.toLowerCase()}-${id.slice(0, 4)}@example.com`
  const person = { id, email, emailVerified: true, name: `${name} Example`, unlisted: true }
  tenant.addPerson(DATABASE, { ...person, id: `6a${id.padEnd(22, '0')}`, password: PASSWORD })
  tenant.addPerson(GOOGLE, { ...person, id: String(Number.parseInt(id, 16)) })
  tenant.addPerson(GITHUB, { ...person, id: String(Number.parseInt(id.slice(0, 8), 16)) })
  const userId = tenant.users.all().find((user) => user.email === email)?.user_id
  if (userId === undefined) throw new Error(`${email} has no account`)
  return { email, userId, browser: createBrowser({ userAgent, stopAt: pathIs('/callback') }) }
}

export async function carryOut(name: string, options: AttackOptions): Promise<AttackResult> {
  const { label, tenant } = options
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
    name,
    tenant,
    app: named,
    victim: createActor(tenant, 'Victim', VICTIM_AGENT),
    mallory: createActor(tenant, 'Mallory', MALLORY_AGENT),
    async ask({ browser }, idToken, part = 'attack') {
      const attempt = await app.start({
        scope: 'openid link_account',
        requested_connection: GOOGLE,
        ...(idToken === undefined ? {} : { id_token_hint: idToken }),
      })
      const hidden = part !== 'attack'
      label(attempt.url, { title, hidden, replay: { type: 'attack', name } })
      return { attempt, page: await browser.open(tenant.frontDoorOf(attempt.url)) }
    },
  })
}
