/**
 * What the doctor finds: how bad it is, why, and the command or page that mends it. And what it looks
 * at to find it. Types and small helpers; no I/O.
 */

import type { Settings } from '../../../src/settings.ts'
import { commandLine } from '../../home.ts'
import type { Memory } from '../memory.ts'
import type { Values } from '../settings.ts'
import type { Application, Snapshot, Surroundings } from '../snapshot.ts'

/**
 * `broken`: somebody's link fails for it. `warning`: it works, and should be otherwise. `note`: worth
 * knowing. `fine`: checked, and good.
 */
export type Level = 'broken' | 'warning' | 'note' | 'fine'

export interface Finding {
  readonly level: Level
  /** What was checked, in a few words. */
  readonly check: string
  /** What is so, and why it matters. */
  readonly reason: string
  /** The command or page that mends it. */
  readonly mend?: string | undefined
}

export interface Patient {
  readonly domain: string
  readonly actionName: string
  /** `dist` as it is here. */
  readonly code: string
  readonly action: Snapshot['action']
  readonly bindings: Snapshot['bindings']
  readonly companion: Application | undefined
  readonly surroundings: Surroundings
  readonly applications: readonly Application[]
  /** `undefined`: it could not be read. */
  readonly tokenLifetimeSeconds: number | undefined
  /** The switch "Customize MFA Factors using Actions"; `undefined`: not seen, or not needed. */
  readonly mfaByActions: boolean | undefined
  /** By the id of a connection with developer keys: the applications that have it. */
  readonly developerKeyClients: Readonly<Record<string, readonly string[]>>
  readonly memory: Memory
  /** What the variables say of the settings; AUTH0_DOMAIN is among them. */
  readonly given: Values
  /** As far as they are known: from the last deployment, else from the variables. */
  readonly values: Values | undefined
  readonly valuesFrom: 'deployment' | 'variables' | 'nowhere'
  /** What the Action makes of them; the defaults where they are not known. */
  readonly settings: Settings
}

export const broken = (check: string, reason: string, mend: string): Finding => ({
  level: 'broken',
  check,
  reason,
  mend,
})

export const warning = (check: string, reason: string, mend: string): Finding => ({
  level: 'warning',
  check,
  reason,
  mend,
})

export const note = (check: string, reason: string, mend?: string): Finding => ({
  level: 'note',
  check,
  reason,
  mend,
})

export const fine = (check: string, reason: string): Finding => ({ level: 'fine', check, reason })

export const DEPLOY = commandLine('deploy')
export const PROVISION = commandLine('deploy', '--provision')

/** What was found, or that all is well. */
export const orFine = (
  findings: readonly (Finding | undefined)[],
  check: string,
  reason: string,
): readonly Finding[] => {
  const found = findings.filter((one) => one !== undefined)
  return found.length > 0 ? found : [fine(check, reason)]
}
