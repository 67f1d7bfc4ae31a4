/**
 * Back to the version before: plans, tells and does it, and notes in the companion that the settings
 * which run are now those of that version. Leaves bindings and companion as they are.
 */
import { commandLine } from '../home.ts'
import { type Running, runningOf, TIMING, type Timing, waitUntil } from './apply.ts'
import { sha256, shortDigest } from './digest.ts'
import type { Credentials, Management } from './management.ts'
import { isCurrent, readMemory, writeRollback } from './memory.ts'
import { isLost, noApplication, Problem, toProblem } from './problems.ts'
import { readAction, readCompanion, readVersions } from './read.ts'
import type { Report } from './report.ts'
import { openTenant, requireScopes } from './run.ts'
import type { Application, DeployedAction, DeployedVersion } from './snapshot.ts'
import type { Step } from './steps.ts'

export interface RollbackRequest {
  readonly credentials: Credentials
  readonly actionName: string
  readonly clientId: string | undefined
  readonly dryRun: boolean
  /** What is wrong with settings that were given, of which a rollback sends none. */
  readonly doubt?: string | undefined
  readonly timing?: Timing
}

type Restore = Extract<Step, { kind: 'restore' }>

/**
 * Pure: the newest complete version before the one that runs. A rollback makes a new version that
 * repeats an old one, so that the one before a rollback's is the one before what it repeats.
 */
export function versionBefore(
  versions: readonly DeployedVersion[],
  running: number,
  repeats: number | undefined,
): DeployedVersion | undefined {
  const from = repeats ?? running
  return versions
    .filter(({ number, built }) => number < from && built)
    .toSorted((one, other) => other.number - one.number)[0]
}

export async function rollBack(request: RollbackRequest, report: Report): Promise<void> {
  const { actionName, credentials, dryRun, timing = TIMING } = request
  const management = openTenant(credentials, report)
  const scopes = await management.readScopes()
  requireScopes(scopes, ['read:actions', ...(dryRun ? [] : ['create:actions'])])
  const action = await readAction(management, actionName)
  const { running } = action ?? {}
  if (action === undefined || running === undefined)
    throw new Problem(`No version of ${actionName} runs: there is nothing to go back from`)
  const { companion, doubts } = await lookUp(management, request)
  const memory = readMemory(companion?.metadata ?? {})
  const repeats = isCurrent(memory, actionName, running) ? memory.repeats : undefined
  const before = versionBefore(await readVersions(management, action.id), running.number, repeats)
  if (before === undefined)
    throw new Problem(`There is no version of ${actionName} before ${repeats ?? running.number}`)
  const step: Restore = {
    kind: 'restore',
    title: `Action "${actionName}"`,
    versionId: before.id,
    number: before.number,
    changes: [
      {
        what: 'version',
        before: `${running.number}, ${shortDigest(running.code)}`,
        after: `${before.number} again, ${shortDigest(before.code)}`,
      },
    ],
  }
  const notes = [
    'The settings go back with the code: the next deployment sends all of them.',
    ...doubts,
  ]
  report.plan({ steps: [step], notes })
  if (dryRun) {
    report.end({
      text: 'Nothing was written: this was a dry run.',
      changed: false,
      running: runningOf(action),
    })
    return
  }
  report.begin(step)
  const restored = await restore(management, action.id, { running, before }, { report, timing })
  report.done(`version ${before.number} runs again, as version ${restored.version}`)
  await note(
    management,
    companion,
    request,
    { version: restored.version, repeats: before.number },
    report,
  )
  const text = `Version ${restored.version} of ${actionName} runs at ${management.domain}: version ${before.number} again. Now run ${commandLine('doctor')}: it tells what no longer fits around it.`
  report.end({ text, changed: true, running: restored })
}

interface LookedUp {
  readonly companion: Application | undefined
  readonly doubts: readonly string[]
}

/** The way back is for trouble: neither the companion nor the settings may bar it. */
async function lookUp(
  management: Management,
  { actionName, clientId, doubt }: RollbackRequest,
): Promise<LookedUp> {
  const doubts =
    doubt === undefined
      ? []
      : [`A rollback sends no settings; the next deployment will say: ${doubt}`]
  try {
    const companion = await readCompanion(management, actionName, clientId)
    if (companion === undefined && clientId !== undefined)
      throw new Problem(noApplication(clientId))
    return { companion, doubts }
  } catch (error) {
    const { message } = toProblem(error, 'Reading the companion')
    const unread = `Without the companion nobody knows whether what runs is a rollback already. ${message}`
    return { companion: undefined, doubts: [...doubts, unread] }
  }
}

async function restore(
  management: Management,
  actionId: string,
  { running, before }: { readonly running: DeployedVersion; readonly before: DeployedVersion },
  { report, timing }: { readonly report: Report; readonly timing: Timing },
): Promise<Running> {
  const { client } = management
  let lost: Problem | undefined
  try {
    await client.actions.versions.deploy(actionId, before.id, { update_draft: true })
  } catch (error) {
    const problem = toProblem(error, 'The rollback')
    if (!isLost(error)) throw problem
    // It may have been done all the same, and done twice it would be undone.
    lost = problem
  }
  const isRestored = (action: DeployedAction): boolean =>
    action.running?.number !== running.number && action.running?.code === before.code
  const { running: restored } = await waitUntil(
    isRestored,
    { management, report, timing, progress: { actionId } },
    () =>
      lost?.message ??
      `The tenant took the rollback and does not show it: run ${commandLine('doctor')}`,
  )
  return { version: restored?.number ?? 0, sha256: sha256(before.code) }
}

/** Only a second rollback needs it: its absence is no reason to fail. */
async function note(
  { client }: Management,
  companion: Application | undefined,
  { actionName }: RollbackRequest,
  versions: { readonly version: number; readonly repeats: number },
  report: Report,
): Promise<void> {
  if (companion === undefined) return
  const { clientId, metadata } = companion
  const patch = writeRollback(metadata, actionName, versions)
  try {
    await client.clients.update(clientId, { client_metadata: patch })
  } catch (error) {
    const { message } = toProblem(error, 'Noting the rollback')
    report.note(`${message}. Until the next deployment a second --rollback would undo this one.`)
  }
}
