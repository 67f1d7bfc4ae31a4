/**
 * Which application may be taken for the companion, and so be given its permission. Pure. A mark is
 * metadata, which whoever may make applications can write, and whoever made one knows its secret:
 * somebody else has to vouch for what was found by its mark alone.
 */
import { readMemory } from './memory.ts'
import type { Application, DeployedAction, Grant, Snapshot } from './snapshot.ts'
import { COMPANION_SCOPES, type Wanted } from './steps.ts'

/**
 * The person, by its id; the Action, which was deployed with it; or the permission itself, which is there
 * already where a first deployment did not come to its end: what has it is given nothing.
 */
export function isVouchedFor(
  { actionName, settings }: Wanted,
  { companion, action, surroundings }: Snapshot,
): boolean {
  return (
    companion === undefined ||
    settings.AUTH0_CLIENT_ID !== undefined ||
    wasDeployed(companion, actionName, action) ||
    isPermitted(surroundings?.grant)
  )
}

/** It remembers a version that the Action of this name has had. */
export function wasDeployed(
  { metadata }: Application,
  actionName: string,
  deployed: DeployedAction | undefined,
): boolean {
  const { action, version } = readMemory(metadata)
  const { running } = deployed ?? {}
  if (action !== actionName || version === undefined || running === undefined) return false
  return version <= running.number
}

export function isPermitted(grant: Grant | undefined): boolean {
  if (grant === undefined) return false
  return grant.allScopes || COMPANION_SCOPES.every((scope) => grant.scopes.includes(scope))
}

/** Addresses that no companion has: callbacks other than these, and those of people. */
export const foreignTo = (
  { callbacks, otherAddresses }: Application,
  ours: readonly string[],
): readonly string[] => [...callbacks.filter((one) => !ours.includes(one)), ...otherAddresses]
