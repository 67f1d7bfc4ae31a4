/**
 * What the Action needs: its code, its settings, a build and a release. Secrets go whole or not at all,
 * since a list that lacks one would delete it. Pure.
 */
import { shortDigest } from './digest.ts'
import { digestOf, fingerprint, isCurrent, type Memory, readMemory } from './memory.ts'
import {
  PREFIX,
  readSettingNames,
  SECRET_SETTINGS,
  type Values,
  withoutSecrets,
} from './settings.ts'
import type { Application, DeployedAction, Snapshot } from './snapshot.ts'
import {
  type Change,
  type Impossible,
  isImpossible,
  NOTHING_TO_DO,
  type Plan,
  RUNTIME,
  type Step,
  sameSet,
  show,
  TRIGGER_VERSION,
  type Wanted,
} from './steps.ts'

export function planAction(wanted: Wanted, { action, companion }: Snapshot): Plan | Impossible {
  const { actionName, code } = wanted
  if (action !== undefined && !action.trigger.startsWith('post-login'))
    return { problem: `The Action ${actionName} is for ${action.trigger}: choose another --name` }
  const secrets = planSecrets(wanted, action, companion)
  if (isImpossible(secrets)) return secrets
  const changes = [...codeChanges(action, code), ...secrets.changes]
  // A failed build is tried again by writing the same once more.
  if (changes.length === 0 && action?.status === 'failed')
    changes.push({ what: 'build', before: 'failed', after: 'once more' })
  const patch = changes.length > 0
  const running = action?.running?.code === code && action.allChangesDeployed
  if (!patch && running) return NOTHING_TO_DO
  const title = `Action "${actionName}"`
  const release: readonly Step[] = [
    { kind: 'build', title, changes: [] },
    { kind: 'deploy', title, changes: patch ? [] : codeChange(action?.running?.code, code) },
    { kind: 'verify', title, changes: [] },
    { kind: 'memory', title: 'settings kept in the companion', changes: [] },
  ]
  return {
    steps: [
      ...(patch
        ? [
            {
              kind: 'action',
              title,
              actionId: action?.id,
              secrets: secrets.changes.length > 0,
              changes,
            } as const,
          ]
        : []),
      ...release,
    ],
    notes: secrets.notes,
  }
}

const digest = (code: string): string => `${shortDigest(code)}, ${Buffer.byteLength(code)} bytes`

function codeChange(before: string | undefined, after: string): readonly Change[] {
  if (before === after) return []
  return [
    {
      what: 'code',
      before: before === undefined ? undefined : digest(before),
      after: digest(after),
    },
  ]
}

function codeChanges(action: DeployedAction | undefined, code: string): readonly Change[] {
  const changes: readonly Change[] = [
    { what: 'runtime', before: action?.runtime, after: RUNTIME },
    { what: 'trigger', before: action?.trigger, after: TRIGGER_VERSION },
    { what: 'npm dependencies', before: show(action?.dependencies ?? 0), after: '0' },
  ]
  return [
    ...codeChange(action?.code, code),
    ...changes.filter(({ before, after }) => before !== after),
  ]
}

interface SecretPlan {
  /** None: the Action keeps the secrets that it has. */
  readonly changes: readonly Change[]
  readonly notes: readonly string[]
}

function planSecrets(
  { actionName, settings }: Wanted,
  action: DeployedAction | undefined,
  companion: Application | undefined,
): SecretPlan | Impossible {
  const given = settings.AUTH0_CLIENT_SECRET
  const readable = companion?.clientSecret
  if (given !== undefined && readable !== undefined && given !== readable)
    return {
      problem: `LINK_AUTH0_CLIENT_SECRET is not the secret of ${companion?.clientId}: leave it out, it can be read`,
    }
  const known: Values = {
    ...settings,
    ...(readable === undefined ? {} : { AUTH0_CLIENT_SECRET: readable }),
  }
  const stray = strayProblem(known, action, companion, actionName)
  if (stray !== undefined) return { problem: stray }
  const changes = secretChanges(known, action, companion, actionName)
  if (changes.length === 0) return { changes, notes: [] }
  if (companion !== undefined && known.AUTH0_CLIENT_SECRET === undefined)
    return {
      problem: `The settings change, so that all secrets have to be sent: grant read:client_keys to the application that deploys, or set LINK_AUTH0_CLIENT_SECRET`,
    }
  const anew = action !== undefined && settings.ACTION_SECRET === undefined
  return {
    changes,
    notes: anew
      ? [
          'ACTION_SECRET is made anew with the settings: attempts in flight end with binding_mismatch, nothing else does.',
        ]
      : [],
  }
}

/** Set by hand, it would vanish with the whole list and without a word. */
function strayProblem(
  known: Values,
  action: DeployedAction | undefined,
  companion: Application | undefined,
  actionName: string,
): string | undefined {
  const memory = readMemory(companion?.metadata ?? {})
  if (action === undefined || isKnown(action, memory, actionName)) return undefined
  const supplied = ['AUTH0_CLIENT_ID', ...SECRET_SETTINGS, ...Object.keys(known)]
  const strays = action.secretNames.filter((name) => !supplied.includes(name))
  const foreign = strays.filter((name) => !readSettingNames().includes(name))
  if (foreign.length > 0)
    return `The Action has ${list(foreign)}, which no setting is called: delete it at Actions > Library > Secrets`
  if (strays.length === 0) return undefined
  const variables = list(strays.map((name) => PREFIX + name))
  return `The Action has ${list(strays)}, which no ${PREFIX} variable names: set ${variables} as it is there (or to its default to drop it)`
}

/** What is remembered is of one version; the draft may hold what was never deployed. */
const isKnown = (action: DeployedAction, memory: Memory, actionName: string): boolean =>
  action.secretsDeployed &&
  isCurrent(memory, actionName, action.running) &&
  (memory.settings ?? memory.digest) !== undefined

function secretChanges(
  known: Values,
  action: DeployedAction | undefined,
  companion: Application | undefined,
  actionName: string,
): readonly Change[] {
  const { clientId } = companion ?? {}
  const id: Values = clientId === undefined ? {} : { AUTH0_CLIENT_ID: clientId }
  const wanted: Values = { ...known, ...id }
  const memory = readMemory(companion?.metadata ?? {})
  const expected = [...new Set([...Object.keys(wanted), 'AUTH0_CLIENT_ID', ...SECRET_SETTINGS])]
  const changes = [
    ...settingChanges(withoutSecrets(wanted), action, memory, actionName),
    ...SECRET_SETTINGS.flatMap((what) => {
      const change = secretChange(what, wanted[what], action, memory.fingerprints, clientId)
      return change ?? []
    }),
  ]
  if (changes.length > 0 || action === undefined) return changes
  // Somebody added or removed a secret elsewhere.
  if (sameSet(action.secretNames, expected)) return []
  return [{ what: 'names of secrets', before: list(action.secretNames), after: list(expected) }]
}

function settingChanges(
  wanted: Values,
  action: DeployedAction | undefined,
  memory: Memory,
  actionName: string,
): readonly Change[] {
  if (action === undefined) return diff({}, wanted)
  const known = isKnown(action, memory, actionName)
  if (known && memory.settings !== undefined) return diff(memory.settings, wanted)
  if (known && memory.digest === digestOf(wanted)) return []
  return [{ what: 'settings', before: 'not known', after: list(Object.keys(wanted)) }]
}

const diff = (before: Values, after: Values): readonly Change[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((what) => before[what] !== after[what])
    .map((what) => ({ what, before: before[what], after: after[what] }))

const list = (names: readonly string[]): string => names.toSorted().join(', ')

function secretChange(
  what: string,
  value: string | undefined,
  action: DeployedAction | undefined,
  fingerprints: Values,
  clientId = '',
): Change | undefined {
  if (action === undefined) return { what, before: undefined, after: '(secret)' }
  const known = fingerprints[what]
  if (value === undefined || known === undefined) return undefined
  if (fingerprint(what, clientId, value) === known) return undefined
  return { what, before: '(secret)', after: '(another secret)' }
}
