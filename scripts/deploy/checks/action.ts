/**
 * Is the Action there, built, deployed, up to date, with its secrets, and in its place? Pure.
 */
import { commandLine } from '../../home.ts'
import { shortDigest } from '../digest.ts'
import { isCurrent } from '../memory.ts'
import { REQUIRED_SETTINGS, SETTING_NAMES } from '../settings.ts'
import type { DeployedAction } from '../snapshot.ts'
import { RUNTIME, TRIGGER_VERSION } from '../steps.ts'
import {
  broken,
  DEPLOY,
  type Finding,
  fine,
  note,
  orFine,
  type Patient,
  PROVISION,
  warning,
} from './finding.ts'
import { findNear } from './near.ts'

export function checkAction(patient: Patient): readonly Finding[] {
  const { action, actionName } = patient
  if (action === undefined)
    return [broken('Action', `There is no Action ${actionName}.`, PROVISION)]
  return [
    ...checkRelease(patient, action),
    ...checkSecretNames(patient, action),
    ...checkFlow(patient, action),
  ]
}

function checkRelease({ actionName, code, memory, companion }: Patient, action: DeployedAction) {
  const { running, status, allChangesDeployed, trigger } = action
  if (running === undefined)
    return [broken('version', `The Action was never deployed (build: ${status}).`, DEPLOY)]
  const current = isCurrent(memory, actionName, running)
  const before = memory.action === actionName ? memory.version : undefined
  const found = [
    status === 'failed'
      ? warning('build', `The last build failed; version ${running.number} runs on.`, DEPLOY)
      : undefined,
    allChangesDeployed
      ? undefined
      : warning('draft', 'The draft has changes that do not run yet.', DEPLOY),
    running.code === code
      ? fine('version', `Version ${running.number} runs what dist holds: ${shortDigest(code)}.`)
      : warning(
          'version',
          `Version ${running.number} runs ${shortDigest(running.code)}, dist is ${shortDigest(code)}: what runs is behind, or another one.`,
          DEPLOY,
        ),
    companion === undefined || current
      ? undefined
      : note(
          'version',
          `Version ${running.number} was not deployed by ${DEPLOY}${before === undefined ? '' : ` (that was ${before})`}: it has the settings that somebody gave it.`,
          // Who never deploys so needs no such advice.
          before === undefined ? undefined : DEPLOY,
        ),
    memory.repeats !== undefined && current
      ? note(
          'version',
          `Version ${running.number} is version ${memory.repeats} again, after a rollback.`,
          DEPLOY,
        )
      : undefined,
    running.runtime === RUNTIME
      ? undefined
      : warning('runtime', `It runs on ${running.runtime}, and is made for ${RUNTIME}.`, DEPLOY),
    trigger === TRIGGER_VERSION
      ? undefined
      : broken(
          'trigger',
          `It is for ${trigger}, not ${TRIGGER_VERSION}.`,
          `Rename it, then ${DEPLOY}`,
        ),
    running.dependencies === 0
      ? undefined
      : note(
          'npm dependencies',
          'It needs none, and has some: each makes its start slower.',
          DEPLOY,
        ),
  ]
  return found.filter((one) => one !== undefined)
}

/** Of what runs, where it shows them. */
const secretNamesOf = ({ running, secretNames }: DeployedAction): readonly string[] =>
  running?.secretNames ?? secretNames

/** Settings that it should have and does not. */
export function lostSettings({ values = {}, action }: Patient): readonly string[] {
  if (action === undefined) return []
  const present = [...secretNamesOf(action), ...REQUIRED_SETTINGS]
  return Object.keys(values).filter((name) => !present.includes(name))
}

function checkSecretNames(patient: Patient, action: DeployedAction) {
  const { actionName } = patient
  const page = `Actions > Library > ${actionName} > Secrets, or ${DEPLOY}`
  const missing = REQUIRED_SETTINGS.filter((name) => !secretNamesOf(action).includes(name))
  const lost = lostSettings(patient)
  return orFine(
    [
      missing.length > 0
        ? broken(
            'secrets',
            `${missing.join(', ')} missing: every link is refused as misconfigured.`,
            page,
          )
        : undefined,
      lost.length > 0
        ? warning(
            'secrets',
            `${lost.join(', ')} should be there and ${lost.length === 1 ? 'is not: its default holds' : 'are not: their defaults hold'}.`,
            page,
          )
        : undefined,
      ...checkStrays(patient, action),
    ],
    'secrets',
    'All secrets that it cannot do without are there.',
  )
}

/** Nothing reads them: a slip of the pen, and the setting that was meant is at its default. */
function checkStrays({ actionName }: Patient, action: DeployedAction): readonly Finding[] {
  const present = secretNamesOf(action)
  const strays = present.filter((name) => !SETTING_NAMES.includes(name))
  return strays.map((name) => {
    const near = findNear(name, SETTING_NAMES)
    const page = `Actions > Library > ${actionName} > Secrets`
    // Whoever made it may have named it like a command.
    const drop = /^\w+$/.test(name)
      ? commandLine('deploy', `--drop ${name}`)
      : `remove it at ${page}`
    const what = `${name} is the name of no setting, and nothing reads it`
    if (near === undefined) return warning('secrets', `${what}.`, drop)
    if (present.includes(near)) return warning('secrets', `${what}; ${near} is there too.`, drop)
    return warning(
      'secrets',
      `${what}: is ${near} meant? That is at its default.`,
      `set LINK_${near}, then ${drop}`,
    )
  })
}

function checkFlow({ bindings, actionName }: Patient, { id }: DeployedAction) {
  const places = bindings.flatMap(({ actionId }, index) => (actionId === id ? [index] : []))
  const [place] = places
  if (place === undefined)
    return [broken('flow', `${actionName} is not in the post-login flow: it never runs.`, DEPLOY)]
  const behind = bindings.slice(place + 1).filter(({ actionId }) => actionId !== id)
  return orFine(
    [
      places.length > 1
        ? broken(
            'flow',
            `${actionName} is in the flow ${places.length} times.`,
            'Actions > Triggers > post-login',
          )
        : undefined,
      behind.length > 0
        ? warning(
            'flow',
            `${behind.map(({ displayName }) => displayName).join(', ')} runs behind it: what that denies or challenges comes after the link.`,
            `${DEPLOY} (moves it to the end), unless it is meant so`,
          )
        : undefined,
    ],
    'flow',
    `It is the last of ${bindings.length} in the post-login flow.`,
  )
}
