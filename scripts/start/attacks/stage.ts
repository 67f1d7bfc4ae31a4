/**
 * Where attacks are played, and by whom: the tenant, an application, the victim and Mallory with a browser
 * each, and the steps that every one of them takes. Sends requests on loopback.
 */

import { randomBytes } from 'node:crypto'
import { DATABASE, GITHUB, GOOGLE, PARTNER, PASSWORD } from '../../tenant/connections.ts'
import type { Tenant } from '../../tenant/index.ts'
import type { ActionEntry } from '../../tenant/log.ts'
import type { LoginAttempt, WebApplication } from '../../tenant/web-application.ts'
import { type Browser, createBrowser, type Page } from '../../testing/browser.ts'

/** What an attack is played on. */
export interface Stage {
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
  /** In whose browser the application has begun it, where that is not the actor's. */
  readonly by?: Actor
  /** Beside those of any link. */
  readonly parameters?: Readonly<Record<string, string>>
}

export interface Actor {
  readonly email: string
  readonly userId: string
  readonly browser: Browser
}

export interface Asked {
  readonly attempt: LoginAttempt
  readonly page: Page
  /** As in `More`. */
  readonly by?: Actor | undefined
}

export const pathIs =
  (path: string) =>
  ({ pathname }: URL): boolean =>
    pathname === path

export const VICTIM_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0'
export const MALLORY_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) OtherBrowser/2.0'

/** Whoever logs in at the database, or where nobody is asked; gives back the ID token. */
export async function logIn(
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

export const whereIs = ({ status, title, url }: Page): string =>
  `${url.pathname.split('/').slice(0, 2).join('/')}, ${status}${title === '' ? '' : ` ${title}`}`

/** A session like the one that most browsers have there. */
export async function logInAtProvider(tenant: Tenant, { browser, email }: Actor): Promise<void> {
  const page = await browser.open(`${tenant.canonicalFrontDoor}/upstream/${GOOGLE}/login`)
  const done = await browser.submit(page, { values: { email } })
  if (done.status !== 200) throw new Error(`the login at the provider ended at ${whereIs(done)}`)
}

/** The nested login, and the URL of a way back that is not taken yet. */
export async function goAsFarAsWayBack(
  { tenant }: Stage,
  { email }: Actor,
  nested: URL,
): Promise<URL> {
  const browser = createBrowser({ userAgent: VICTIM_AGENT, stopAt: pathIs('/continue') })
  const login = await browser.open(tenant.frontDoorOf(nested))
  const back = await browser.submit(login, { values: { email } })
  if (back.status !== undefined) throw new Error(`the nested login ended at ${whereIs(back)}`)
  return back.url
}

/** Every time with new people, so that it may be done again. */
export function createActor(tenant: Tenant, name: string, userAgent: string): Actor {
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
