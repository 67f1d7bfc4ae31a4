/**
 * What the person wants, from arguments, environment and `--env-file`. No I/O but the reading of files
 * that are named there. Gives a typed configuration, or one sentence that says what is wrong.
 */
import { type Given, readOptions } from '../options.ts'
import { readEnvFile } from './env-file.ts'
import type { Credentials } from './management.ts'
import type { Position } from './order.ts'
import { PREFIX, readWantedSettings, SECRET_SETTINGS, type Values } from './settings.ts'

export type Variables = Readonly<Record<string, string | undefined>>

interface Who {
  readonly credentials: Credentials
  readonly settings: Values
  /** Whatever must not be shown, wherever it may turn up. */
  readonly secrets: readonly string[]
  /** What is wrong with the settings, where that is no reason to refuse. */
  readonly doubt: string | undefined
}

export interface DoctorConfig extends Who {
  /** The file of a rehearsal to judge by. */
  readonly rehearsal?: string | undefined
  readonly actionName: string
  /** The Action's file, as it is; `undefined`: what the sources give. */
  readonly file: string | undefined
  readonly json: boolean
}

export interface Config extends DoctorConfig {
  readonly mode: 'deploy' | 'rollback'
  readonly provision: boolean
  readonly dryRun: boolean
  readonly position: Position
  readonly drop: readonly string[]
}

/** A sentence for the person: what is wrong, and what to do about it. */
export interface Refusal {
  readonly problem: string
}

export const isRefusal = (value: object): value is Refusal => 'problem' in value

export function readConfig(args: readonly string[], environment: Variables): Config | Refusal {
  const given = read('deploy', args, environment)
  if (isRefusal(given)) return given
  const { rollback, provision, 'dry-run': dryRun, json, file, name, position: place } = given
  const names = (given.drop ?? []).flatMap((list) => list.split(',').map((one) => one.trim()))
  const drop = [...new Set(names)]
  const position = readPosition(place ?? 'last')
  if (position === undefined)
    return { problem: '--position takes "first", "last" or a number from 1' }
  if (!drop.every((one) => /^\w+$/.test(one)))
    return { problem: '--drop takes names of settings, separated by commas' }
  const others = [place, file, ...drop].filter((one) => one !== undefined)
  if (rollback && (provision || others.length > 0))
    return { problem: '--rollback goes with --dry-run, --json, --name and --env-file only' }
  const who = readWho(environment, given['env-file'], rollback)
  if (isRefusal(who)) return who
  const both = drop.find((one) => one in who.settings)
  if (both !== undefined)
    return { problem: `--drop ${both} is set as well, by ${PREFIX}${both}: leave one of them out` }
  const mode = rollback ? 'rollback' : 'deploy'
  return { ...who, mode, actionName: name, file, provision, dryRun, json, position, drop }
}

export function readDoctorConfig(
  args: readonly string[],
  environment: Variables,
): DoctorConfig | Refusal {
  const given = read('doctor', args, environment)
  if (isRefusal(given)) return given
  const { file, json, name, rehearsal } = given
  const who = readWho(environment, given['env-file'])
  return isRefusal(who) ? who : { ...who, json, actionName: name, file, rehearsal }
}

function read<Name extends 'deploy' | 'doctor'>(
  name: Name,
  args: readonly string[],
  environment: Variables,
): Given<Name> | Refusal {
  try {
    return readOptions(name, args, environment)
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

/** Who asks, and for which settings; a rollback sends none, and goes on without. */
function readWho(
  environment: Variables,
  file: string | undefined,
  rollback = false,
): Who | Refusal {
  const variables = readVariables(environment, file)
  if (isRefusal(variables)) return variables
  const credentials = readCredentials(variables)
  if (isRefusal(credentials)) return credentials
  const settings = readWantedSettings(variables, credentials.domain)
  if (!isRefusal(settings))
    return { credentials, settings, secrets: secretsOf(credentials, settings), doubt: undefined }
  if (!rollback) return settings
  const secrets = secretsOf(credentials, Object.fromEntries(rawSecrets(variables)))
  return { credentials, settings: {}, secrets, doubt: settings.problem }
}

const rawSecrets = (variables: Variables): readonly (readonly [string, string])[] =>
  SECRET_SETTINGS.flatMap((name) => {
    const value = variables[PREFIX + name]?.trim()
    return value ? [[name, value] as const] : []
  })

function readPosition(text: string): Position | undefined {
  if (text === 'first' || text === 'last') return text
  return /^[1-9]\d?$/.test(text) ? Number(text) : undefined
}

/**
 * As with Node's own `--env-file`, the environment wins over the file: as a whole where it says who
 * deploys, since a token, from wherever it comes, goes before client credentials.
 */
function readVariables(environment: Variables, file: string | undefined): Variables | Refusal {
  if (file === undefined) return environment
  const read = readEnvFile(file)
  if ('problem' in read) return read
  const { AUTH0_ACCESS_TOKEN, ...others } = read.variables
  const { AUTH0_CLIENT_ID: id, AUTH0_CLIENT_SECRET: secret } = environment
  const ofFile = id?.trim() && secret?.trim() ? others : { ...others, AUTH0_ACCESS_TOKEN }
  return { ...ofFile, ...environment }
}

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/

/** The variables of auth0-deploy-cli. */
function readCredentials(variables: Variables): Credentials | Refusal {
  const read = (name: string): string | undefined => variables[name]?.trim() || undefined
  const domain = read('AUTH0_DOMAIN')?.toLowerCase()
  const token = read('AUTH0_ACCESS_TOKEN')
  const clientId = read('AUTH0_CLIENT_ID')
  const clientSecret = read('AUTH0_CLIENT_SECRET')
  if (domain === undefined)
    return { problem: 'AUTH0_DOMAIN is missing: set it to the canonical domain of the tenant' }
  if (!HOST.test(domain))
    return { problem: 'AUTH0_DOMAIN takes a host without scheme or path: tenant.example.auth0.com' }
  if (token !== undefined) return { domain, token }
  if (clientId !== undefined && clientSecret !== undefined)
    return { domain, clientId, clientSecret }
  return {
    problem: 'No credentials: set AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, or AUTH0_ACCESS_TOKEN',
  }
}

function secretsOf(credentials: Credentials, settings: Values): readonly string[] {
  const own = 'token' in credentials ? credentials.token : credentials.clientSecret
  return [own, ...SECRET_SETTINGS.flatMap((name) => settings[name] ?? [])]
}
