/**
 * Decides what to do to a tenant, from what it holds and what is wanted. Pure: no I/O, no clock, no
 * chance. Gives the steps in the order in which they are done, each with what changes; none where the
 * tenant is as wanted. Secrets are named, never shown.
 */
import { countOthers, MAX_OTHERS } from './memory.ts'
import { isOrdered, orderBindings } from './order.ts'
import { planAction } from './plan-action.ts'
import { noteConnections, planCompanion, planConnections, planGrant } from './plan-companion.ts'
import { readAsAction } from './settings.ts'
import type { Snapshot } from './snapshot.ts'
import {
  type Impossible,
  isImpossible,
  NOTHING_TO_DO,
  type Plan,
  type Step,
  type Wanted,
} from './steps.ts'

const MAX_BINDINGS = 20

export function makePlan(wanted: Wanted, tenant: Snapshot): Plan | Impossible {
  const settings = readAsAction(wanted.settings)
  if (typeof settings === 'string') return { problem: settings }
  const { surroundings } = tenant
  const companion = planCompanion(wanted, settings, tenant)
  if (isImpossible(companion)) return companion
  const action = planAction(wanted, tenant)
  if (isImpossible(action)) return action
  const flow = planFlow(wanted, tenant)
  if (isImpossible(flow)) return flow
  const room = checkRoom(tenant, [...companion.steps, ...action.steps])
  if (room !== undefined) return room
  const provision = wanted.provision && surroundings !== undefined
  return {
    steps: [
      ...companion.steps,
      ...(provision ? planGrant(wanted, surroundings) : []),
      ...(provision ? planConnections(settings, surroundings) : []),
      ...action.steps,
      ...flow.steps,
    ],
    notes: [
      ...companion.notes,
      ...(provision ? noteConnections(settings, surroundings) : []),
      ...action.notes,
      ...flow.notes,
    ],
  }
}

/** Asked before anything is written: the memory comes after the release. */
function checkRoom({ companion }: Snapshot, steps: readonly Step[]): Impossible | undefined {
  if (companion === undefined) return undefined
  const writes = steps.some(
    (step) =>
      step.kind === 'memory' ||
      (step.kind === 'application' && step.values.client_metadata !== undefined),
  )
  const others = countOthers(companion.metadata)
  if (!writes || others <= MAX_OTHERS) return undefined
  return {
    problem: `${companion.clientId} has ${others} properties of metadata of its own, and no more than ${MAX_OTHERS} fit beside what a deployment keeps: remove some at Applications > Advanced Settings > Application Metadata`,
  }
}

function planFlow(
  { actionName, position }: Wanted,
  { action, bindings }: Snapshot,
): Plan | Impossible {
  const wanted = orderBindings(bindings, action?.id, position)
  if (isOrdered(bindings, wanted)) return NOTHING_TO_DO
  if (wanted.length > MAX_BINDINGS)
    return {
      problem: `The post-login flow holds ${bindings.length} Actions, and no more than ${MAX_BINDINGS} fit: remove one at Actions > Triggers > post-login`,
    }
  const ours = wanted.findIndex((one) => one === undefined || one.actionId === action?.id)
  const present = bindings.findIndex(({ actionId }) => actionId === action?.id)
  const behind = wanted.slice(ours + 1)
  return {
    steps: [
      {
        kind: 'flow',
        title: `place of "${actionName}" in the post-login flow`,
        changes: [
          {
            what: 'place',
            before: present < 0 ? 'not bound' : `${present + 1} of ${bindings.length}`,
            after: `${ours + 1} of ${wanted.length}`,
          },
        ],
      },
    ],
    notes:
      behind.length === 0
        ? []
        : [
            `Behind it run ${behind.map((one) => one?.displayName || one?.id).join(', ')}: what they deny comes after the link.`,
          ],
  }
}
