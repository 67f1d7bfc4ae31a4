/**
 * What an attack came to: stopped by which check, not stopped, or why nothing can be said. Looks at the
 * tenant's users and the Action's runs; sends no request but the one that is judged.
 */

import type { Code } from '../../../src/outcome.ts'
import type { ActionEntry } from '../../tenant/log.ts'
import type { LoginAttempt } from '../../tenant/web-application.ts'
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
  const where = run.handler === 'onContinuePostLogin' ? 'on the way back' : 'at the start'
  return { verdict: 'stopped', told: `by the Action, ${where}`, code, check }
}

/** A request to attack with, as it ended at the application of whoever made it. */
export async function judge(
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
export async function judgeWayBack(
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
