/**
 * What must hold whatever anybody does. Pure functions over what a run did; each gives back the sentences
 * that are broken.
 */
import { MESSAGES } from '../../src/outcome.ts'
import { type Accounts, ownedBy } from './cast.ts'
import type { Ran } from './runs.ts'
import type { Attempt, State, Token } from './state.ts'

/**
 * `theft`: an identity enters or leaves an account, and its owner, the account's and who started it are
 * not one person. `limit`: an account holds more identities of a connection than it may. `twice`: an
 * attempt makes a second change while its first one stands; `again`: after the first was undone.
 * `many`: a change moves more than one identity. `late`: an attempt of more than 15 minutes, or a
 * confirmation of more than 5, makes a change. `ending`: a run ends in a way that is none here.
 */
export type Kind = 'theft' | 'limit' | 'twice' | 'again' | 'many' | 'late' | 'ending'

export interface Violation {
  readonly kind: Kind
  readonly what: string
}

const MAX_ATTEMPT_SECONDS = 900
const MAX_CONFIRMATION_SECONDS = 300

/** They say that something is wrong with the tenant or the code, and nothing is. */
const NEVER = ['unexpected', 'misconfigured', 'service_unavailable']
const STATUSES = ['linked', 'already_linked', 'consented', 'unlinked', 'pending']

/** Every run ends as the contract says, and tells of a change what has happened. */
export function judgeEnding({ changes, denial, status, thrown }: Ran): readonly Violation[] {
  const found: string[] = []
  if (thrown !== undefined) found.push(`a handler throws: ${thrown}`)
  if (denial !== undefined && (!(denial in MESSAGES) || NEVER.includes(denial)))
    found.push(`a run ends in ${denial}`)
  if (status !== undefined && !STATUSES.includes(status)) found.push(`a run ends in ${status}`)
  if ((status === 'linked' || status === 'unlinked') !== changes.length > 0)
    found.push(`a run says ${status ?? denial}, and made ${changes.length} changes`)
  return found.map((what) => ({ kind: 'ending', what }))
}

export function judge(
  { accounts, changes }: Ran,
  { accounts: before, changes: earlier, seconds }: State,
  attempt: Attempt | undefined,
  confirmed: Token | undefined,
): readonly Violation[] {
  const [change, ...more] = changes
  if (change === undefined) return []
  const { account, identity, what } = change
  const found: Violation[] = []
  const owners = [ownedBy(identity).owner, ownedBy(account).owner, attempt?.by]
  if (new Set(owners).size > 1) {
    const by = attempt === undefined ? 'nobody’s attempt' : `what ${attempt.by} started`
    const moves = what === 'link' ? 'enters' : 'leaves'
    found.push({ kind: 'theft', what: `${identity} ${moves} ${account} by ${by}` })
  }
  const gained = held(accounts, account).filter((one) => !held(before, account).includes(one))
  if (more.length > 0 || gained.length > 1)
    found.push({ kind: 'many', what: `${gained.join(' and ')} enter ${account} at once` })
  const done = attempt && earlier[attempt.transaction]
  if (done !== undefined)
    found.push({
      kind: done === 'undone' ? 'again' : 'twice',
      what: `one attempt changes ${account} ${done === 'undone' ? 'again' : 'twice'}`,
    })
  if (attempt !== undefined && seconds - attempt.at > lateAfter(confirmed))
    found.push({
      kind: 'late',
      what: `an attempt of ${seconds - attempt.at} seconds makes a change`,
    })
  if (confirmed !== undefined && seconds - confirmed.at > MAX_CONFIRMATION_SECONDS)
    found.push({
      kind: 'late',
      what: `a confirmation of ${seconds - confirmed.at} seconds is good`,
    })
  return found
}

const lateAfter = (confirmed: Token | undefined): number =>
  MAX_ATTEMPT_SECONDS + (confirmed === undefined ? 0 : MAX_CONFIRMATION_SECONDS)

/** No account holds more identities of a connection than this. */
export function judgeLimit(accounts: Accounts, limit: number): readonly Violation[] {
  return Object.entries(accounts).flatMap(([account, identities]) => {
    const counts = new Map<string, number>()
    for (const identity of identities) {
      const { connection } = ownedBy(identity)
      counts.set(connection, (counts.get(connection) ?? 0) + 1)
    }
    return [...counts]
      .filter(([, count]) => count > limit)
      .map(([connection, count]) => ({
        kind: 'limit' as const,
        what: `${account} holds ${count} identities of ${connection}`,
      }))
  })
}

const held = (accounts: Accounts, account: string): readonly string[] => accounts[account] ?? []
