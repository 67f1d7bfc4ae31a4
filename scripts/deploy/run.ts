/**
 * A deployment from beginning to end: read, plan, tell, apply. All of its I/O goes to the tenant and to
 * the report that it is given, which it tells what runs then; rejects with a `Problem`.
 */

import { isVouchedFor } from './adopt.ts'
import { applyPlan, type Running, runningOf, TIMING, type Timing } from './apply.ts'
import { type Credentials, type Management, openManagement } from './management.ts'
import { makePlan } from './plan.ts'
import { CUSTOM_DOMAIN, lacksScopes, Problem } from './problems.ts'
import { readCustomDomains, readSnapshot, readSurroundings } from './read.ts'
import type { Report } from './report.ts'
import type { Snapshot } from './snapshot.ts'
import { isImpossible, type Plan, type Step, type Wanted } from './steps.ts'

export interface DeployRequest extends Wanted {
  readonly credentials: Credentials
  readonly dryRun: boolean
  readonly timing?: Timing
}

const READ_SCOPES = ['read:actions', 'read:clients']
const PROVISION_SCOPES = ['read:client_grants', 'read:connections', 'read:custom_domains']

export async function deploy(request: DeployRequest, report: Report): Promise<void> {
  const { actionName, credentials, dryRun, provision, settings, timing = TIMING } = request
  const management = openTenant(credentials, report)
  const scopes = await management.readScopes()
  requireScopes(scopes, [...READ_SCOPES, ...(provision ? PROVISION_SCOPES : [])])
  const reading = { actionName, clientId: settings.AUTH0_CLIENT_ID, surroundings: provision }
  if (!provision && scopes?.includes('read:custom_domains')) await refuseCustomDomain(management)
  const found = await readSnapshot(management, reading)
  report.hide(found.companion?.clientSecret ?? '')
  const snapshot = await setStrangerAside(management, request, found)
  const plan = makePlan(request, snapshot)
  if (isImpossible(plan)) {
    if (plan.notes !== undefined) report.plan({ steps: [], notes: plan.notes })
    throw new Problem(plan.problem)
  }
  report.plan(plan)
  const missing = missingScopes(scopes, writeScopes(plan, request))
  if (missing.length > 0 && dryRun) report.note(lacksScopes(missing).message)
  if (missing.length > 0 && !dryRun) throw lacksScopes(missing)
  if (dryRun || plan.steps.length === 0) {
    const running = runningOf(snapshot.action)
    report.end({ text: endOf(plan, request, running), changed: false, running })
    return
  }
  const running = await applyPlan(plan, snapshot, { management, wanted: request, report, timing })
  const text = `Version ${running?.version} of ${actionName} runs at ${management.domain}.`
  report.end({ text, changed: true, running })
}

/** What --provision sees by itself. The token has told most of it, where it tells its audience. */
async function refuseCustomDomain(management: Management): Promise<void> {
  const domains = await readCustomDomains(management)
  if (domains.some(({ domain }) => domain === management.domain)) throw new Problem(CUSTOM_DOMAIN)
}

/** What is around it is none of the companion's then. */
async function setStrangerAside(
  management: Management,
  request: DeployRequest,
  found: Snapshot,
): Promise<Snapshot> {
  if (isVouchedFor(request, found)) return found
  const surroundings = found.surroundings && (await readSurroundings(management, undefined))
  return { ...found, companion: undefined, stranger: found.companion, surroundings }
}

export const openTenant = (credentials: Credentials, report: Report): Management =>
  openManagement(credentials, { onWait: report.wait }, report.hide)

export function requireScopes(
  scopes: readonly string[] | undefined,
  needed: readonly string[],
): void {
  const missing = missingScopes(scopes, needed)
  if (missing.length > 0) throw lacksScopes(missing)
}

/** None, where the token does not say what it permits: then the tenant will. */
const missingScopes = (
  scopes: readonly string[] | undefined,
  needed: readonly string[],
): readonly string[] =>
  scopes === undefined ? [] : needed.filter((scope) => !scopes.includes(scope))

function writeScopes({ steps }: Plan, { settings }: Wanted): readonly string[] {
  return [...new Set(steps.flatMap((step) => scopesOf(step, settings.AUTH0_CLIENT_SECRET)))]
}

function scopesOf(step: Step, clientSecret: string | undefined): readonly string[] {
  switch (step.kind) {
    case 'application':
      return step.clientId === undefined ? ['create:clients'] : ['update:clients']
    case 'grant':
      return [step.grantId === undefined ? 'create:client_grants' : 'update:client_grants']
    case 'connection':
      return ['update:connections']
    case 'action':
      return [
        step.actionId === undefined ? 'create:actions' : 'update:actions',
        ...(step.secrets && clientSecret === undefined ? ['read:client_keys'] : []),
      ]
    // Each makes a version.
    case 'deploy':
    case 'restore':
      return ['create:actions']
    case 'flow':
      return ['update:actions']
    case 'memory':
      return ['update:clients']
    case 'build':
    case 'verify':
      return []
  }
}

function endOf({ steps }: Plan, { actionName }: Wanted, running: Running | undefined): string {
  if (steps.length > 0) return 'Nothing was written: this was a dry run.'
  return `Nothing changes: version ${running?.version} of ${actionName} runs what was built, with these settings.`
}
