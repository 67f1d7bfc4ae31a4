/**
 * What the person wants of a rehearsal, from arguments and environment. No I/O but the reading of a file
 * of variables that is named there. Gives a typed configuration, or one sentence that says what is wrong.
 */
import { isRefusal, type Refusal, readDoctorConfig, type Variables } from '../deploy/config.ts'
import type { Credentials } from '../deploy/management.ts'
import { type Given, readOptions } from '../options.ts'
import { isQuestionNumber, QUESTIONS, type QuestionNumber } from './verdict.ts'

export interface RehearsalConfig {
  /** `clean` finds and removes what earlier runs have left. */
  readonly mode: 'rehearse' | 'clean'
  readonly credentials: Credentials
  readonly secrets: readonly string[]
  readonly dryRun: boolean
  readonly yes: boolean
  readonly keep: boolean
  readonly show: boolean
  readonly only: readonly QuestionNumber[]
  readonly folder: string
  readonly chromium: string | undefined
  readonly file: string | undefined
}

export function readConfig(
  args: readonly string[],
  environment: Variables,
): RehearsalConfig | Refusal {
  const given = read(args, environment)
  if (isRefusal(given)) return given
  const { clean, keep, only: numbers, 'dry-run': dryRun, 'env-file': envFile } = given
  const only = readNumbers(numbers)
  if (only === undefined)
    return { problem: `--only takes numbers from 1 to ${QUESTIONS.length}, separated by commas` }
  if (clean && (keep || numbers !== undefined))
    return { problem: '--clean goes with --dry-run, --yes and --env-file only' }
  // The settings of an Action that is deployed already are none of the rehearsal's.
  const own = Object.entries(environment).filter(([name]) => !/^(LINK_|npm_config_)/.test(name))
  const file = envFile === undefined ? [] : ['--env-file', envFile]
  const who = readDoctorConfig(file, Object.fromEntries(own))
  if (isRefusal(who)) return who
  return {
    mode: clean ? 'clean' : 'rehearse',
    credentials: who.credentials,
    secrets: who.secrets,
    dryRun,
    yes: given.yes,
    keep,
    show: given.show,
    only,
    folder: given.folder,
    chromium: given.chromium ?? (environment.CHROMIUM_PATH?.trim() || undefined),
    file: given.file,
  }
}

function read(args: readonly string[], environment: Variables): Given<'rehearse'> | Refusal {
  try {
    return readOptions('rehearse', args, environment)
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

function readNumbers(text: string | undefined): readonly QuestionNumber[] | undefined {
  if (text === undefined) return QUESTIONS.map(({ number }) => number)
  const numbers = text.split(',').map((one) => Number(one.trim() || 'none'))
  return numbers.every(isQuestionNumber) ? [...new Set(numbers)].sort((a, b) => a - b) : undefined
}
