/**
 * What the questions have in common: visitors, the application that asks, and the probe's own nested
 * authorization. Drives browsers and talks to the tenant; gives back what was seen.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Management } from '../deploy/management.ts'
import type { LoginResult, WebApplication } from '../tenant/web-application.ts'
import type { Objects } from './objects.ts'
import { ASK, BACK_CLAIM, hashOf, type Seen, START_CLAIM } from './probe.ts'
import type { Client, Person, Scene } from './setup.ts'
import type { Fact, FactName, Verdict } from './verdict.ts'
import type { Stop, Visitor } from './visitor.ts'

export type Parameters = Readonly<Record<string, string>>

export interface Stage {
  readonly management: Management
  readonly objects: Objects
  readonly scene: Scene
  readonly domain: string
  readonly customDomains: readonly string[]
  /** "Customize MFA Factors using Actions"; `undefined`: not shown. */
  readonly mfaByActions: boolean | undefined
  readonly newVisitor: () => Promise<Visitor>
  /** The application that asks, at a domain of the tenant. */
  readonly application: (domain?: string) => Promise<WebApplication>
  /** Deploys the Action with these settings, where it does not run with them already. */
  readonly withSettings: (settings: Parameters) => Promise<void>
  /** What is done once for several questions, by its name. */
  readonly once: <T>(what: string, run: () => Promise<T>) => Promise<T>
  /** What is known by now. */
  readonly verdictOf: (fact: FactName) => Verdict | undefined
  readonly note: (fact: Fact) => void
}

export type Question = (stage: Stage) => Promise<void>

/** No answer: what stands in its way, in words without anything of the tenant's. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

export const hash = ({ objects }: Stage, value: unknown): string => hashOf(objects.probeKey, value)

const codes = ({ type }: Stop, what: string): NoAnswer =>
  new NoAnswer(`${what} (the browser rests at ${type === 'page' ? 'a page' : 'the callback'})`)

/** A login of the primary, unless the browser has a session already. */
export async function logInPrimary(
  { application, scene }: Stage,
  visitor: Visitor,
  parameters: Parameters = {},
  domain?: string,
): Promise<LoginResult> {
  const app = await application(domain)
  const { primary } = scene
  const attempt = await app.start({ connection: primary.connection, ...parameters })
  let stop = await visitor.open(attempt.url)
  if (stop.type === 'page' && stop.kind !== 'other') stop = await visitor.logIn(primary)
  if (stop.type !== 'callback') return visitor.lose('the first login does not reach the callback')
  return attempt.complete(stop.url)
}

export const denialOf = (result: LoginResult): string =>
  result.type === 'tokens'
    ? 'tokens'
    : // The Action's codes and messages are fixed sentences; of others only the error's name is kept.
      /^[a-z_]+: /.test(result.description)
      ? (result.description.split(':')[0] ?? result.error)
      : result.error

/** No answer of the tenant's: it was in trouble, or the Action was. */
const TROUBLE = [
  'service_unavailable',
  'unexpected',
  'server_error',
  'temporarily_unavailable',
  'too_many_requests',
]

export const isTrouble = (result: LoginResult): boolean => TROUBLE.includes(denialOf(result))

export const seenIn = (claims: Readonly<Record<string, unknown>>, name: string): Seen | undefined =>
  claims[name] as Seen | undefined

export interface Nested {
  readonly verifier: string
  readonly nonce: string
  readonly parameters: Parameters
}

/** A nested request as the Action makes it, whose verifier stays here. */
export function nestedRequest(
  { scene, domain }: Stage,
  second: Person,
  more: Parameters = {},
): Nested {
  const verifier = randomBytes(32).toString('base64url')
  const nonce = randomBytes(16).toString('base64url')
  const parameters = {
    client_id: scene.companion.clientId,
    response_type: 'code',
    redirect_uri: `https://${domain}/continue`,
    scope: 'openid profile email',
    connection: second.connection,
    max_age: '0',
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  }
  return { verifier, nonce, parameters }
}

export interface ProbeOptions {
  readonly second?: Person
  /** Added to the nested request. */
  readonly nested?: Parameters
  /** `deny`: the way back ends in the probe's own denial. */
  readonly back?: 'deny'
  readonly metadata?: number
}

/** A browser at the page of the nested login, sent there by the probe. */
export interface Parked {
  readonly visitor: Visitor
  readonly nested: Nested
  readonly nestedUrl: URL
  readonly startedAtSeconds: number
  readonly complete: (callback: URL) => Promise<LoginResult>
}

export async function park(stage: Stage, options: ProbeOptions = {}): Promise<Parked> {
  const { application, scene } = stage
  const second = options.second ?? scene.secondary
  const nested = nestedRequest(stage, second, options.nested)
  const visitor = await stage.newVisitor()
  const app = await application()
  const ask = new URLSearchParams({
    nested: new URLSearchParams(nested.parameters).toString(),
    ...(options.back === undefined ? {} : { back: options.back }),
    ...(options.metadata === undefined ? {} : { metadata: String(options.metadata) }),
  })
  const attempt = await app.start({ connection: scene.primary.connection, [ASK]: ask.toString() })
  const startedAtSeconds = Math.floor(Date.now() / 1_000)
  let stop = await visitor.open(attempt.url)
  if (stop.type === 'page' && stop.kind !== 'other') stop = await visitor.logIn(scene.primary)
  const step = visitor.steps.find(({ url }) => isNested(url, scene.companion))
  if (step === undefined) {
    if (stop.type === 'page') return visitor.lose('the first login does not end')
    throw codes(stop, 'the probe sent nobody to a nested login')
  }
  const { complete } = attempt
  return { visitor, nested, nestedUrl: step.url, startedAtSeconds, complete }
}

const isNested = ({ pathname, searchParams }: URL, { clientId }: Client): boolean =>
  pathname === '/authorize' && searchParams.get('client_id') === clientId

/** The browser's own request for /continue; `undefined`: it never got there. */
export const wayBackOf = ({ steps }: Visitor) =>
  steps.findLast(({ url }) => url.pathname === '/continue')

export interface ProbeRun extends Parked {
  readonly stop: Stop
  readonly result: LoginResult | undefined
  readonly start: Seen | undefined
  readonly back: Seen | undefined
}

/** From the page of the nested login to its end. */
export async function goOn(parked: Parked, second: Person, code?: () => string): Promise<ProbeRun> {
  return finish(parked, await parked.visitor.logIn({ ...second, code }))
}

export async function finish(parked: Parked, stop: Stop): Promise<ProbeRun> {
  const result = stop.type === 'callback' ? await parked.complete(stop.url) : undefined
  const claims = result?.type === 'tokens' ? result.claims : {}
  const [start, back] = [seenIn(claims, START_CLAIM), seenIn(claims, BACK_CLAIM)]
  return { ...parked, stop, result, start, back }
}

export async function runProbe(stage: Stage, options: ProbeOptions = {}): Promise<ProbeRun> {
  const parked = await park(stage, options)
  return goOn(parked, options.second ?? stage.scene.secondary)
}

/** The claims of the nested ID token, for the code that came to /continue; nobody else redeems it. */
export async function redeemNested(
  { domain, scene }: Stage,
  { nested, visitor }: Parked,
): Promise<Readonly<Record<string, unknown>>> {
  const step = wayBackOf(visitor)
  const code = step?.url.searchParams.get('code') ?? step?.body.get('code')
  if (!code) throw new NoAnswer('no code of the nested login came to /continue')
  const response = await fetch(`https://${domain}/oauth/token`, {
    method: 'POST',
    redirect: 'error',
    signal: AbortSignal.timeout(20_000),
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: scene.companion.clientId,
      client_secret: scene.companion.clientSecret,
      redirect_uri: `https://${domain}/continue`,
      code_verifier: nested.verifier,
      code,
    }),
  })
  const answer = (await response.json().catch(() => ({}))) as { readonly id_token?: unknown }
  if (typeof answer.id_token !== 'string')
    throw new NoAnswer(`the code of the nested login gives no ID token (${response.status})`)
  const [, payload = ''] = answer.id_token.split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}
