/**
 * Does the steps of a plan, one after the other, each of which may be done again. What is created on
 * the way (ids, the companion's secret) is handed on to the later steps. Ends in a `Problem` at the
 * first step that fails; what ran before still runs then, until the step `deploy` has been done.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sha256, shortDigest } from './digest.ts'
import type { Management } from './management.ts'
import { fingerprintsOf, type Metadata, readMemory, writeMemory } from './memory.ts'
import { type Bound, isOrdered, orderBindings } from './order.ts'
import { companionName } from './plan-companion.ts'
import { isLost, isNotBuilt, Problem, toProblem } from './problems.ts'
import { readActionById, readApplication, readBindings, TRIGGER } from './read.ts'
import type { Report } from './report.ts'
import type { Values } from './settings.ts'
import type { DeployedAction, Snapshot } from './snapshot.ts'
import {
  COMPANION_SCOPES,
  type Plan,
  RUNTIME,
  type Step,
  sameSet,
  TRIGGER_VERSION,
  type Wanted,
} from './steps.ts'

export interface Timing {
  readonly pollMs: number
  readonly buildTimeoutMs: number
  /** How long a deployed version may take to show. */
  readonly settleTimeoutMs: number
}

/** 30 to 45 seconds are normal for a build. */
export const TIMING: Timing = { pollMs: 2_000, buildTimeoutMs: 300_000, settleTimeoutMs: 60_000 }

/** What the steps know of each other. */
interface Progress {
  clientId: string | undefined
  clientSecret: string | undefined
  metadata: Metadata
  actionId: string | undefined
  /** The values that were sent, if any were. */
  sent: Values | undefined
  /** The draft's secrets as they were read before, or set by us. */
  secretStates: string | undefined
  readonly versionBefore: number | undefined
  /** The release was asked for, and its answer did not come. */
  lost: Problem | undefined
  version: number | undefined
}

interface Job {
  readonly management: Management
  readonly wanted: Wanted
  readonly report: Report
  readonly timing: Timing
  readonly progress: Progress
}

export interface Running {
  readonly version: number
  readonly sha256: string
}

export async function applyPlan(
  { steps }: Plan,
  snapshot: Snapshot,
  job: Omit<Job, 'progress'>,
): Promise<Running | undefined> {
  const { companion, action } = snapshot
  const progress: Progress = {
    clientId: companion?.clientId,
    clientSecret: job.wanted.settings.AUTH0_CLIENT_SECRET ?? companion?.clientSecret,
    metadata: companion?.metadata ?? {},
    actionId: action?.id,
    sent: undefined,
    secretStates: action?.secretStates,
    versionBefore: action?.running?.number,
    lost: undefined,
    version: undefined,
  }
  for (const step of steps) {
    job.report.begin(step)
    try {
      job.report.done(await applyStep(step, { ...job, progress }))
    } catch (error) {
      throw afterRelease(toProblem(error, `The step "${step.kind}" (${step.title})`), progress)
    }
  }
  const { version } = progress
  return version === undefined ? runningOf(action) : { version, sha256: sha256(job.wanted.code) }
}

/** What is left to do then is small, and whoever reads it must know what runs. */
function afterRelease(problem: Problem, { version }: Progress): Problem {
  if (version === undefined) return problem
  return new Problem(
    `Version ${version} runs already; run the same command again for the rest. ${problem.message}`,
  )
}

export const runningOf = (action: DeployedAction | undefined): Running | undefined =>
  action?.running && { version: action.running.number, sha256: sha256(action.running.code) }

function applyStep(step: Step, job: Job): Promise<string> {
  switch (step.kind) {
    case 'application':
      return applyApplication(step, job)
    case 'grant':
      return applyGrant(step, job)
    case 'connection':
      return applyConnection(step, job)
    case 'action':
      return applyAction(step, job)
    case 'build':
      return waitUntilBuilt(job)
    case 'deploy':
      return applyDeploy(job)
    case 'verify':
      return verifyRunning(job)
    case 'memory':
      return applyMemory(job)
    case 'flow':
      return applyFlow(job)
    case 'restore':
      throw new Problem('A rollback is no part of a deployment')
  }
}

type StepOf<Kind> = Extract<Step, { kind: Kind }>

async function applyApplication(
  { clientId, values, title }: StepOf<'application'>,
  { management, wanted, progress, report }: Job,
): Promise<string> {
  const { client } = management
  if (clientId !== undefined) {
    await client.clients.update(clientId, values)
    progress.metadata = { ...progress.metadata, ...values.client_metadata }
    return `${title} updated`
  }
  const made = await client.clients.create({ name: companionName(wanted.actionName), ...values })
  const { client_id: id = '', client_secret: secret } = made
  report.hide(secret ?? '')
  progress.clientId = id
  progress.clientSecret = secret ?? (await readApplication(management, id))?.clientSecret
  report.hide(progress.clientSecret ?? '')
  progress.metadata = values.client_metadata ?? {}
  return `${title} created: ${id}`
}

async function applyGrant(
  { grantId, allScopes, title }: StepOf<'grant'>,
  { management: { client, audience }, progress }: Job,
): Promise<string> {
  const scope = [...COMPANION_SCOPES]
  if (grantId === undefined)
    await client.clientGrants.create({ client_id: known(progress.clientId), audience, scope })
  else
    await client.clientGrants.update(grantId, {
      scope,
      ...(allScopes ? { allow_all_scopes: false } : {}),
    })
  return `${title}: ${scope.join(' ')}`
}

async function applyConnection(
  { id, title }: StepOf<'connection'>,
  { management: { client }, progress }: Job,
): Promise<string> {
  await client.connections.clients.update(id, [
    { client_id: known(progress.clientId), status: true },
  ])
  return `${title} enabled for the companion`
}

async function applyAction(
  { actionId, secrets, title }: StepOf<'action'>,
  { management: { client }, wanted, progress, report }: Job,
): Promise<string> {
  const [id, version] = TRIGGER_VERSION.split(' ')
  const values = {
    supported_triggers: [{ id: id as typeof TRIGGER, version: version ?? '' }],
    code: wanted.code,
    runtime: RUNTIME,
    dependencies: [],
    ...(secrets ? { secrets: toSecrets(await gatherValues({ wanted, progress, report })) } : {}),
  }
  // From here on they are ours; the first look at the build tells when they were set.
  if (secrets) progress.secretStates = undefined
  if (actionId !== undefined) {
    await client.actions.update(actionId, values)
    return `${title} updated${secrets ? ', with all its secrets' : ''}`
  }
  const made = await client.actions.create({ name: wanted.actionName, ...values })
  progress.actionId = made.id
  return `${title} created`
}

const ACTION_SECRET_BYTES = 32

/** Whole: a list that lacked one secret would delete it. */
async function gatherValues({
  wanted,
  progress,
  report,
}: Pick<Job, 'wanted' | 'progress' | 'report'>): Promise<Values> {
  const { clientSecret } = progress
  if (clientSecret === undefined)
    throw new Problem(
      "The companion's secret cannot be read: grant read:client_keys to the application that deploys, or set LINK_AUTH0_CLIENT_SECRET",
    )
  const actionSecret =
    wanted.settings.ACTION_SECRET ?? randomBytes(ACTION_SECRET_BYTES).toString('base64url')
  report.hide(clientSecret)
  report.hide(actionSecret)
  progress.sent = {
    ...wanted.settings,
    AUTH0_CLIENT_ID: known(progress.clientId),
    AUTH0_CLIENT_SECRET: clientSecret,
    ACTION_SECRET: actionSecret,
  }
  return progress.sent
}

const toSecrets = (values: Values) =>
  Object.entries(values).map(([name, value]) => ({ name, value }))

async function waitUntilBuilt({
  management,
  progress,
  report,
  timing,
  wanted,
}: Job): Promise<string> {
  const begun = performance.now()
  const elapsedMs = () => performance.now() - begun
  for (;;) {
    const { status, secretStates } = await readActionById(management, known(progress.actionId))
    progress.secretStates ??= secretStates
    const seconds = Math.round(elapsedMs() / 1_000)
    if (status === 'built') return `Action "${wanted.actionName}" built in ${seconds} s`
    if (status === 'failed')
      throw new Problem(
        `The build failed; what runs and the flow are as before. See Actions > Library > ${wanted.actionName}, then run the same command again`,
      )
    if (elapsedMs() > timing.buildTimeoutMs)
      throw new Problem(
        `The build is not done after ${seconds} s; what runs and the flow are as before. Run the same command again later, it goes on from there`,
      )
    report.progress(`${status}, ${seconds} s`)
    await sleep(timing.pollMs)
  }
}

async function applyDeploy(job: Job): Promise<string> {
  const { progress, wanted } = job
  const title = `Action "${wanted.actionName}"`
  try {
    const { number } = await release(job)
    return `${title} deployed${number === undefined ? '' : ` as version ${number}`}`
  } catch (error) {
    if (!isLost(error)) throw error
    // It may have been done all the same: what runs will tell.
    progress.lost = toProblem(error, 'The release')
    return `${title}: no answer to its release, what runs will tell`
  }
}

/** Refused just after the build was done, nothing was released: it is asked for again, for a while. */
async function release({ management: { client }, progress, report, timing }: Job) {
  const begun = performance.now()
  for (;;) {
    try {
      return await client.actions.deploy(known(progress.actionId))
    } catch (error) {
      if (!isNotBuilt(error) || performance.now() - begun > timing.settleTimeoutMs) throw error
    }
    report.progress('the tenant does not take it for built yet')
    await sleep(timing.pollMs)
  }
}

/** By its digest and the times of its secrets: what a person reads in the plan is what runs. */
async function verifyRunning(job: Job): Promise<string> {
  const { wanted, progress } = job
  const isAsBuilt = ({ running, allChangesDeployed }: DeployedAction): boolean =>
    running?.code === wanted.code && allChangesDeployed
  const action = await waitUntil(isAsBuilt, job, (action) => {
    const changed = action.running?.number !== progress.versionBefore
    if (!changed && progress.lost !== undefined) return progress.lost.message
    if (action.running?.code === wanted.code)
      return 'Somebody else changed the draft meanwhile: run the same command again'
    const found = action.running === undefined ? 'nothing' : shortDigest(action.running.code)
    return `What runs is not what was built: ${found} instead of ${shortDigest(wanted.code)}. Somebody else may be deploying: run the same command again${changed ? ', or --rollback' : ''}`
  })
  const { running } = action
  progress.version = running?.number
  if (!hasSecretsOf(action, progress))
    throw new Problem('Somebody else changed its secrets meanwhile, and those run')
  return `version ${running?.number} runs what was built: ${shortDigest(wanted.code)}`
}

/**
 * The draft and what runs are the same once all changes are deployed: the draft's times are compared,
 * which a version need not show, and the names of both.
 */
function hasSecretsOf(
  { secretStates, secretNames, running }: DeployedAction,
  progress: Progress,
): boolean {
  return (
    secretStates === progress.secretStates &&
    sameSet(running?.secretNames ?? secretNames, secretNames)
  )
}

/** A deployment may take a moment to show. */
export async function waitUntil(
  isReached: (action: DeployedAction) => boolean,
  {
    management,
    progress,
    report,
    timing,
  }: Pick<Job, 'management' | 'report' | 'timing'> & {
    readonly progress: { readonly actionId: string | undefined }
  },
  tell: (action: DeployedAction) => string,
): Promise<DeployedAction> {
  const begun = performance.now()
  for (;;) {
    const action = await readActionById(management, known(progress.actionId))
    if (isReached(action)) return action
    if (performance.now() - begun > timing.settleTimeoutMs) throw new Problem(tell(action))
    report.progress('not yet in place')
    await sleep(timing.pollMs)
  }
}

async function applyMemory({ management: { client }, wanted, progress }: Job): Promise<string> {
  const { metadata, sent, version = 0 } = progress
  const id = known(progress.clientId)
  const { fingerprints } = readMemory(metadata)
  const patch = writeMemory(
    metadata,
    wanted.actionName,
    sent ?? { ...wanted.settings, AUTH0_CLIENT_ID: id },
    { version, fingerprints: sent === undefined ? fingerprints : fingerprintsOf(sent, id) },
  )
  await client.clients.update(id, { client_metadata: patch })
  return 'settings that are no secret kept in the companion'
}

const MAX_FLOW_TRIES = 3

/** Read anew: somebody may have changed the flow since the plan was made. */
async function applyFlow({ management, wanted, progress, timing }: Job): Promise<string> {
  const actionId = known(progress.actionId)
  const { position, actionName } = wanted
  for (let tries = 1; ; tries += 1) {
    const present = await readBindings(management)
    const order = orderBindings(present, actionId, position)
    if (isOrdered(present, order)) {
      const place = present.findIndex((one) => one.actionId === actionId) + 1
      return `Action "${actionName}" is number ${place} of ${present.length} in the post-login flow`
    }
    if (tries > MAX_FLOW_TRIES)
      throw new Problem(
        'The post-login flow is not as it was written: look at Actions > Triggers > post-login, then run the same command again',
      )
    const bindings = order.map((one) =>
      one === undefined
        ? { ref: { type: 'action_id' as const, value: actionId }, display_name: actionName }
        : { ref: { type: 'binding_id' as const, value: one.id }, ...displayNameOf(one) },
    )
    try {
      await management.client.actions.triggers.bindings.updateMany(TRIGGER, { bindings })
    } catch (error) {
      // It may have been done; the next round looks.
      if (!isLost(error) || tries === MAX_FLOW_TRIES) throw error
      await sleep(timing.pollMs)
    }
  }
}

/** What has none is not given an empty one. */
const displayNameOf = ({ displayName }: Bound) =>
  displayName === '' ? {} : { display_name: displayName }

/** A step before has made it, or the plan would not have come here. */
function known(value: string | undefined): string {
  if (value === undefined) throw new Problem('A step before did not say what it made')
  return value
}
