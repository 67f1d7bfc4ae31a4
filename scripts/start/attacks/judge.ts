/**
 * What an attack came to: stopped by which check, not stopped, or why nothing can be said. Looks at the
 * tenant's users and the Action's runs; sends no request but the one that is judged.
 */

import type { Code } from '../../../src/outcome.ts'
import { outcomeOf } from '../../steps/words.ts'
import type { ActionEntry } from '../../tenant/log.ts'
import type { LoginAttempt, TokenResult } from '../../tenant/web-application.ts'
import type { Page } from '../../testing/browser.ts'
import { type Actor, type Asked, type Stage, whereIs } from './stage.ts'

export interface AttackResult {
  readonly verdict: 'stopped' | 'not stopped' | 'did not take place' | 'not judged'
  /** Who stopped it: the Action or the platform; or what the attacker has now; or the reason. */
  readonly told: string
  /** The denial's code, or the answer's status. */
  readonly code?: string
  /** The check, in the Action's own words where it has any. */
  readonly check?: string
}

const runsOf = ({ runs }: Stage, { userId }: Actor): readonly ActionEntry[] =>
  runs.filter(({ event, nested }) => !nested && event.user.user_id === userId)

/** The cause that the Action wrote for the tenant's admin. */
function causeOf({ lines }: ActionEntry): string {
  const line = lines.find((one) => one.includes('account-linking:error '))
  return line?.replace('account-linking:error ', '') ?? 'it says no more'
}

export const notJudged = (told: string): AttackResult => ({ verdict: 'not judged', told })
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
  return { verdict: 'stopped', told: `by the Action, ${whereOf(run)}`, code, check }
}

function whereOf({ event, handler }: ActionEntry): string {
  if (handler === 'onContinuePostLogin') return 'on the way back'
  return event.transaction === undefined ? 'at the confirmation' : 'at the start'
}

/** A request to attack with, as it ended at the application of whoever made it. */
export async function judge(
  stage: Stage,
  actor: Actor,
  { attempt, by, page }: Asked,
  identitiesBefore = 1,
): Promise<AttackResult> {
  const isLinked = () => identitiesOf(stage, actor) > identitiesBefore
  // Whatever the browser is told: a link is a link.
  if (isLinked()) return LINKED
  if (page.status !== undefined) return notJudged(`the browser is at ${whereIs(page)}`)
  if (by !== undefined && by.browser !== actor.browser) return judgeForeign(stage, actor, page)
  const result = await attempt.complete(page.url)
  if (result.type === 'denied') return judgeDenial(stage, actor, result.description)
  const denied = await confirmPending(stage, result)
  if (isLinked()) return LINKED
  if (denied !== undefined) return judgeDenial(stage, actor, denied)
  return leftAlone(stage, actor)
}

function leftAlone(stage: Stage, actor: Actor): AttackResult {
  const cause = runsOf(stage, actor).map(causeOf).at(-1)
  return noAttack(`the login went on, and nothing was linked: ${cause}`)
}

const LINKED: AttackResult = { verdict: 'not stopped', told: 'the identity is linked' }

/** The application knows nothing of a request that began in another browser: its `state` is not there. */
function judgeForeign(stage: Stage, actor: Actor, { url }: Page): AttackResult {
  const denial = url.searchParams.get('error_description')
  if (denial !== null) return judgeDenial(stage, actor, denial)
  const isPending = runsOf(stage, actor).map(outcomeOf).at(-1) === 'pending'
  if (!isPending) return leftAlone(stage, actor)
  const check = 'the request is of another browser: nobody confirms the link (CONFIRM_LINK)'
  return { verdict: 'stopped', told: 'by the application, at its callback', code: 'pending', check }
}

/** As any application does in whose own browser a link is pending; gives back a denial. */
async function confirmPending({ app }: Stage, tokens: TokenResult): Promise<string | undefined> {
  const results = Object.values(tokens.claims).filter(isPendingResult)
  for (const { confirmation } of results) {
    const parameters = { link_confirmation: confirmation }
    const denial = await app
      .refresh(tokens.refreshToken ?? '', parameters)
      .then(() => undefined)
      .catch((error: { readonly error_description?: string }) => {
        if (error.error_description === undefined) throw error
        return error.error_description
      })
    if (denial !== undefined) return denial
  }
  return undefined
}

/** Whatever RESULT_CLAIM is called here. */
const isPendingResult = (value: unknown): value is { readonly confirmation: string } =>
  typeof value === 'object' &&
  value !== null &&
  'confirmation' in value &&
  typeof value.confirmation === 'string'

const identitiesOf = ({ tenant }: Stage, { userId }: Actor): number =>
  tenant.users.get(userId)?.identities.length ?? 0

/** A way back that the attacker opens: the platform may refuse it before the Action runs. */
export async function judgeWayBack(
  stage: Stage,
  actor: Actor,
  attempt: LoginAttempt,
  wayBack: URL,
): Promise<AttackResult> {
  const before = runsOf(stage, actor).length
  const identitiesBefore = identitiesOf(stage, actor)
  const page = await actor.browser.open(wayBack)
  const refused = runsOf(stage, actor).length === before && refusedByPlatform(page)
  return refused || judge(stage, actor, { attempt, page }, identitiesBefore)
}

export function refusedByPlatform({ status, url }: Page): AttackResult | undefined {
  if (url.pathname !== '/continue' || status !== 400) return undefined
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
export async function attackNested(
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
