/**
 * Who takes part in a search: two people, the identities they can log in with, three browsers, and what
 * the platform and the applications are like. Data only, no I/O.
 */
import { DATABASE_CONNECTION } from '../testing/people.ts'

/** Alex is the victim, Sam the attacker. */
export type Person = 'Alex' | 'Sam'

export interface Owned {
  readonly owner: Person
  readonly connection: string
}

/** Sam runs this connection: it lets any browser in as any of its identities, without a page. */
export const SAMS_CONNECTION = 'sams-idp'
export const GOOGLE = 'google-oauth2'
export const GITHUB = 'github'

export const ALEX = 'auth0|alex'
export const SAM = 'oidc|sam'

/** `provider|user_id`. The first of a person is the account that the person is logged in to. */
export const IDENTITIES: Readonly<Record<string, Owned>> = {
  [ALEX]: { owner: 'Alex', connection: DATABASE_CONNECTION },
  'github|alex': { owner: 'Alex', connection: GITHUB },
  'google-oauth2|alex': { owner: 'Alex', connection: GOOGLE },
  [SAM]: { owner: 'Sam', connection: SAMS_CONNECTION },
  'oidc|sam-spare': { owner: 'Sam', connection: SAMS_CONNECTION },
  'google-oauth2|sam': { owner: 'Sam', connection: GOOGLE },
  'google-oauth2|sam-too': { owner: 'Sam', connection: GOOGLE },
}

export function ownedBy(identity: string): Owned {
  const owned = IDENTITIES[identity]
  if (owned === undefined) throw new Error(`nobody has the identity ${identity}`)
  return owned
}

/** By user id: the identities of each account as a search begins. Alex has linked one already. */
export const ACCOUNTS: Accounts = Object.fromEntries(
  Object.keys(IDENTITIES)
    .filter((identity) => identity !== 'github|alex')
    .map((identity) => [identity, identity === ALEX ? [ALEX, 'github|alex'] : [identity]]),
)

export type Accounts = Readonly<Record<string, readonly string[]>>

/** The account that holds this identity; each has one. */
export function accountOf(accounts: Accounts, identity: string): string {
  const found = Object.entries(accounts).find(([, held]) => held.includes(identity))
  if (found === undefined) throw new Error(`no account has ${identity}`)
  return found[0]
}

export type BrowserName = 'sams' | 'laptop' | 'phone'

export interface Look {
  readonly userAgent: string
  readonly ip: string
}

export const LOOKS: Readonly<Record<BrowserName, Look>> = {
  sams: { userAgent: 'Mozilla/5.0 (Windows) ExampleBrowser/3.0', ip: '198.51.100.66' },
  laptop: { userAgent: 'Mozilla/5.0 (Macintosh) ExampleBrowser/1.0', ip: '203.0.113.7' },
  phone: { userAgent: 'Mozilla/5.0 (Android) ExampleBrowser/2.0', ip: '192.0.2.21' },
}

export const personAt = (browser: BrowserName): Person => (browser === 'sams' ? 'Sam' : 'Alex')

export const nameOf = (browser: BrowserName): string =>
  browser === 'sams' ? 'Sam’s browser' : `Alex’s ${browser}`

/** What Auth0's documents leave open. */
export interface Platform {
  /** /continue is good in the browser that was sent away, and in no other. */
  readonly bound: boolean
  /**
   * What of the request that started is shown again on the way back: nothing, its user agent and
   * address, or its session too (the browser that finishes the login then has that session).
   */
  readonly repeats: 'nothing' | 'request' | 'everything'
  /** What a nested login does to the session: nothing, a new one, or the same with another user. */
  readonly session: 'kept' | 'replaced' | 'taken over'
  /** Whether a `state` of /continue can be used again. */
  readonly reuse: boolean
}

/** What people do, besides what every search lets them do. */
export interface People {
  /** Sam's browser can have the user agent and the address of Alex's laptop, or has them already. */
  readonly disguise: 'never' | 'at will' | 'always'
  /** Sam sees every URL that Alex's browsers go to. */
  readonly sees: boolean
  /** Alex starts a link or an unlink only where the application shows her own account. */
  readonly wary: boolean
  /** Alex does nothing: what Sam does to his own accounts is searched deeper so. */
  readonly samAlone: boolean
}

/**
 * `proper` takes at its callback only a `state` that this browser started, with its PKCE verifier.
 * `improper` checks neither. Both confirm at once what is pending.
 */
export type ApplicationKind = 'proper' | 'improper'

export interface World {
  readonly settings: Readonly<Record<string, string>>
  readonly platform: Platform
  readonly people: People
  readonly application: ApplicationKind
}
