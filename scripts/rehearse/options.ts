/**
 * What the person wants of a rehearsal, from arguments and environment. No I/O but the reading of a file
 * of variables that is named there. Gives a typed configuration, or one sentence that says what is wrong.
 */
import { parseArgs } from 'node:util'
import { commandLine } from '#home'
import {
  isHelp,
  isRefusal,
  readDoctorConfig,
  type Refusal,
  type Variables,
} from '../deploy/config.ts'
import type { Credentials } from '../deploy/management.ts'
import { codeOf } from '../deploy/problems.ts'
import { tellSwallowed } from '../npm-flags.ts'
import { isQuestionNumber, QUESTIONS, type QuestionNumber } from './verdict.ts'

export interface RehearsalConfig {
  /** `clean` finds and removes what earlier runs left. */
  readonly mode: 'rehearse' | 'clean'
  readonly credentials: Credentials
  readonly secrets: readonly string[]
  readonly dryRun: boolean
  readonly yes: boolean
  readonly keep: boolean
  readonly show: boolean
  readonly only: readonly QuestionNumber[]
  /** Where `rehearsal.json` and `rehearsal.md` are written. */
  readonly folder: string
  readonly chromium: string | undefined
  /** The Action's file, as it is; `undefined`: what the sources give. */
  readonly file: string | undefined
}

const OPTIONS = {
  help: { type: 'boolean', short: 'h', default: false },
  'dry-run': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  clean: { type: 'boolean', default: false },
  show: { type: 'boolean', default: false },
  only: { type: 'string' },
  folder: { type: 'string', default: '.' },
  chromium: { type: 'string' },
  file: { type: 'string' },
  'env-file': { type: 'string' },
} as const

export const HELP = `Asks an Auth0 tenant for development what no documentation says about it.

  ${commandLine('rehearse', '[options]')}

  --dry-run         write nothing, show what would be made and asked
  --yes             do not ask before anything is made, for CI
  --only NUMBERS    only these questions: --only 1,3 (numbers as below)
  --keep            leave what was made; --clean takes it away later
  --clean           remove what earlier runs have left, and ask nothing
  --folder FOLDER   where rehearsal.json and rehearsal.md go (default: here)
  --chromium PATH   the browser (default: CHROMIUM_PATH, or the system's)
  --show            with a window, to watch it
  --file FILE       rehearse this file as it is, and build nothing
  --env-file FILE   read variables from a file; the environment wins

Questions:
${QUESTIONS.map(({ number, question }) => `  ${String(number).padStart(2)}  ${question}`).join('\n')}

It makes two database connections, three users, two applications and two
Actions, all with names that begin with "cial-rehearsal-", binds the Actions
last, and takes all of it away again, also after a failure or Ctrl+C. Nothing
else of the tenant is changed. It refuses a tenant for production.

Variables: AUTH0_DOMAIN; AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, or
AUTH0_ACCESS_TOKEN. Scopes of that application:
  read:actions create:actions update:actions delete:actions
  read:clients create:clients update:clients delete:clients read:client_keys
  create:client_grants read:connections create:connections
  update:connections delete:connections read:users create:users update:users
  delete:users read:tenant_settings read:custom_domains
and for question 12: create:authentication_methods

Exit code: 0 all was asked and taken away again, whatever the answers are;
1 something went wrong, or something is left; 130 it was stopped
`

export function readOptions(
  args: readonly string[],
  environment: Variables,
): RehearsalConfig | { readonly help: true } | Refusal {
  const swallowed = tellSwallowed('rehearse', OPTIONS, args, environment)
  if (swallowed !== undefined) return { problem: swallowed }
  const parsed = parse(args)
  if (isRefusal(parsed)) return parsed
  const { clean, keep, only: numbers, 'dry-run': dryRun, 'env-file': envFile } = parsed
  if (parsed.help) return { help: true }
  const only = readNumbers(numbers)
  if (only === undefined)
    return { problem: `--only takes numbers from 1 to ${QUESTIONS.length}, separated by commas` }
  if (clean && (keep || numbers !== undefined))
    return { problem: '--clean goes with --dry-run, --yes and --env-file only' }
  // The settings of an Action that is deployed already are none of the rehearsal's.
  const own = Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith('LINK_')),
  )
  const who = readDoctorConfig(envFile === undefined ? [] : ['--env-file', envFile], own)
  if (isRefusal(who)) return who
  if (isHelp(who)) return { help: true }
  return {
    mode: clean ? 'clean' : 'rehearse',
    credentials: who.credentials,
    secrets: who.secrets,
    dryRun,
    yes: parsed.yes,
    keep,
    show: parsed.show,
    only,
    folder: parsed.folder,
    chromium: parsed.chromium ?? (environment.CHROMIUM_PATH?.trim() || undefined),
    file: parsed.file,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values
  } catch (error) {
    // Whatever stands there by mistake may be a secret.
    if (codeOf(error) === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL')
      return { problem: 'This command takes options only: see --help' }
    const [sentence] = String(error instanceof Error ? error.message : error).split('. ')
    return { problem: `${sentence}: see --help` }
  }
}

function readNumbers(text: string | undefined): readonly QuestionNumber[] | undefined {
  if (text === undefined) return QUESTIONS.map(({ number }) => number)
  const numbers = text.split(',').map((one) => Number(one.trim() || 'none'))
  return numbers.every(isQuestionNumber) ? [...new Set(numbers)].sort((a, b) => a - b) : undefined
}
