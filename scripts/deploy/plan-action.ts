/**
 * What the Action needs: its code, its settings, a build and a release. Secrets go whole or not at all,
 * since a list that lacks one would delete it. Pure.
 */
import { shortDigest } from './digest.ts'
import { digestOf, fingerprint, holdsSettings, type Memory, readMemory } from './memory.ts'
import { PREFIX, SECRET_SETTINGS, SETTING_NAMES, type Values, withoutSecrets } from './settings.ts'
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
  wanted: Wanted,
  action: DeployedAction | undefined,
  companion: Application | undefined,
): SecretPlan | Impossible {
  const { settings } = wanted
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
  const loss = findLoss(known, wanted, action, companion)
  if (loss !== undefined) return loss
  const changes = secretChanges(known, wanted, action, companion)
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

/**
 * What the Action has and nobody names would vanish with the whole list, without a word: nothing goes
 * but what is dropped by its name.
 */
function findLoss(
  known: Values,
  { actionName, drop = [] }: Wanted,
  action: DeployedAction | undefined,
  companion: Application | undefined,
): Impossible | undefined {
  const memory = readMemory(companion?.metadata ?? {})
  const kept = (memory.action === actionName ? memory.settings : undefined) ?? {}
  const supplied = [
    ...Object.keys(known),
    ...SECRET_SETTINGS,
    // Whose id it is nobody knows where the companion was made by other means.
    ...(companion === undefined ? [] : ['AUTH0_CLIENT_ID']),
  ]
  const unnamed = (names: readonly string[]) => names.filter((name) => !supplied.includes(name))
  const held = new Set([...(action?.secretNames ?? []), ...(action?.running?.secretNames ?? [])])
  const strays = unnamed([...held])
  // What is only remembered was dropped by a deployment that did not come to its end.
  const droppable = [...strays, ...unnamed(Object.keys(kept))]
  const vain = drop.filter((name) => !droppable.includes(name))
  if (vain.length > 0)
    return {
      problem: `--drop ${vain.join()}: nothing of that name is there to be dropped, leave it out`,
    }
  const lost = strays.filter((name) => !drop.includes(name)).toSorted()
  if (action === undefined || lost.length === 0) return undefined
  const runs = isKnown(action, memory, actionName)
  const settable = lost.filter((name) => SETTING_NAMES.includes(name))
  const set = settable.length > 0 ? `set ${list(settable.map((name) => PREFIX + name))}, or ` : ''
  // Not all of them in one line to be copied: each is let go on purpose.
  const one = lost.length === 1 ? lost[0] : 'NAME'
  return {
    problem: `The Action has ${list(lost)}, which no ${PREFIX} variable names: ${set}--drop ${one} to let it go`,
    notes: lost.map((name) => tellLoss(name, kept[name], runs)),
  }
}

function tellLoss(name: string, value: string | undefined, runs: boolean): string {
  const variable = PREFIX + name
  if (!SETTING_NAMES.includes(name))
    return `${name} is the name of no setting: --drop ${name} deletes it.`
  if (name === 'AUTH0_CLIENT_ID')
    return `To adopt the companion that is there, set ${variable}; --drop ${name} has another one made.`
  const drop = `--drop ${name} takes it back to its default.`
  if (value === undefined)
    return `${name} has a value that cannot be read: set ${variable} to it; ${drop}`
  return runs
    ? `${name} is ${value}: ${variable} keeps it; ${drop}`
    : `${name} was ${value} when it was last deployed, and may be another now: set ${variable}; ${drop}`
}

/** What is remembered is of one version; the draft may hold what was never deployed. */
const isKnown = (action: DeployedAction, memory: Memory, actionName: string): boolean =>
  action.secretsDeployed &&
  holdsSettings(memory, actionName, action.running) &&
  (memory.settings ?? memory.digest) !== undefined

/** What a change starts from. */
interface Before {
  readonly action: DeployedAction | undefined
  readonly memory: Memory
  /** The settings that run are those of the memory. */
  readonly known: boolean
}

const NOT_KNOWN = 'not known'

function secretChanges(
  known: Values,
  { actionName, drop = [] }: Wanted,
  action: DeployedAction | undefined,
  companion: Application | undefined,
): readonly Change[] {
  const { clientId } = companion ?? {}
  const id: Values = clientId === undefined ? {} : { AUTH0_CLIENT_ID: clientId }
  const wanted: Values = { ...known, ...id }
  const memory = readMemory(companion?.metadata ?? {})
  const expected = [...new Set([...Object.keys(wanted), 'AUTH0_CLIENT_ID', ...SECRET_SETTINGS])]
  const before: Before = {
    action,
    memory,
    known: action !== undefined && isKnown(action, memory, actionName),
  }
  const changes = [
    ...settingChanges(withoutSecrets(wanted), drop, before),
    ...SECRET_SETTINGS.flatMap((what) => secretChange(what, wanted[what], before, clientId) ?? []),
  ]
  if (changes.length > 0 || action === undefined) return changes
  // Somebody added or removed a secret elsewhere.
  if (sameSet(action.secretNames, expected)) return []
  return [{ what: 'names of secrets', before: list(action.secretNames), after: list(expected) }]
}

function settingChanges(wanted: Values, drop: readonly string[], before: Before) {
  const { action, memory, known } = before
  if (action === undefined) return diff({}, wanted)
  if (known && memory.settings !== undefined) return diff(memory.settings, wanted)
  if (known && memory.digest === digestOf(wanted)) return []
  // Whether one differs nobody can tell: all are sent.
  const names = [...Object.keys(wanted), ...drop]
  return names.map((what) => ({ what, before: NOT_KNOWN, after: wanted[what] }))
}

const diff = (before: Values, after: Values): readonly Change[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((what) => before[what] !== after[what])
    .map((what) => ({ what, before: before[what], after: after[what] }))

const list = (names: readonly string[]): string => names.toSorted().join(', ')

function secretChange(
  what: string,
  value: string | undefined,
  { action, memory, known }: Before,
  clientId = '',
): Change | undefined {
  if (action === undefined) return { what, before: undefined, after: '(secret)' }
  const sent = memory.fingerprints[what]
  if (sent === undefined && !known) return { what, before: NOT_KNOWN, after: '(secret)' }
  if (value === undefined || sent === undefined) return undefined
  if (fingerprint(what, clientId, value) === sent) return undefined
  return { what, before: '(secret)', after: '(another secret)' }
}
