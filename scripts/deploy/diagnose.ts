/**
 * The doctor: reads all that account linking depends on in a tenant, and says what is wrong with it.
 * Writes nothing. `diagnose` is pure; `examine` reads for it.
 */
import { checkAction, lostSettings } from './checks/action.ts'
import { checkCompanion } from './checks/companion.ts'
import type { Finding, Patient } from './checks/finding.ts'
import { checkSettings } from './checks/settings.ts'
import { checkApplications, checkConnections, checkTokenLifetime } from './checks/surroundings.ts'
import type { Management } from './management.ts'
import { holdsSettings, readMemory } from './memory.ts'
import { Problem } from './problems.ts'
import {
  readApplications,
  readDeveloperKeyClients,
  readMfaByActions,
  readSnapshot,
  readSurroundings,
  readTokenLifetime,
} from './read.ts'
import { namesSettings, readAsAction, type Values } from './settings.ts'

export interface Examination {
  readonly actionName: string
  readonly code: string
  /** What the variables say of the settings; AUTH0_DOMAIN is among them. */
  readonly settings: Values
}

export const DOCTOR_SCOPES = [
  'read:actions',
  'read:clients',
  'read:client_grants',
  'read:connections',
  'read:custom_domains',
]

export function diagnose(patient: Patient): readonly Finding[] {
  const running = asItRuns(patient)
  return [
    ...checkAction(patient),
    ...checkCompanion(running),
    ...checkSettings(running),
    ...checkConnections(running),
    ...checkApplications(running),
    ...checkTokenLifetime(running),
  ]
}

/** A setting whose secret is not there is at its default, and is judged so. */
function asItRuns(patient: Patient): Patient {
  const { values } = patient
  const lost = lostSettings(patient)
  if (values === undefined || lost.length === 0) return patient
  const held = Object.fromEntries(Object.entries(values).filter(([name]) => !lost.includes(name)))
  const settings = readAsAction(held)
  return {
    ...patient,
    values: held,
    settings: typeof settings === 'string' ? patient.settings : settings,
  }
}

export async function examine(
  management: Management,
  { actionName, code, settings: given }: Examination,
  scopes: readonly string[] | undefined,
): Promise<Patient> {
  const clientId = given.AUTH0_CLIENT_ID
  const reading = { actionName, clientId, surroundings: false }
  const { action, bindings, companion } = await readSnapshot(management, reading)
  const memory = readMemory(companion?.metadata ?? {})
  const remembered = holdsSettings(memory, actionName, action?.running)
    ? memory.settings
    : undefined
  const named = namesSettings(given) ? given : undefined
  const values = remembered ?? named
  const settings = readAsAction(values ?? given)
  const usable = typeof settings === 'string' ? readAsAction(onlyDomain(given)) : settings
  if (typeof usable === 'string') throw new Problem(usable)
  const may = (scope: string): boolean => scopes === undefined || scopes.includes(scope)
  const asksMfa = usable.enforceMfa !== 'no' && may('read:tenant_settings')
  const surroundings = await readSurroundings(management, companion)
  return {
    domain: management.domain,
    actionName,
    code,
    action,
    bindings,
    companion,
    surroundings,
    applications: await readApplications(management),
    tokenLifetimeSeconds: may('read:resource_servers')
      ? await readTokenLifetime(management)
      : undefined,
    mfaByActions: asksMfa ? await readMfaByActions(management) : undefined,
    developerKeyClients: await readDeveloperKeyClients(management, surroundings.connections),
    memory,
    given,
    values,
    valuesFrom:
      remembered !== undefined ? 'deployment' : named !== undefined ? 'variables' : 'nowhere',
    settings: usable,
  }
}

const onlyDomain = ({ AUTH0_DOMAIN = '' }: Values): Values => ({ AUTH0_DOMAIN })
