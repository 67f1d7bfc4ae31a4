/**
 * What npm kept to itself: `npm run deploy --dry-run`, without `--`, gives the command no argument, and leaves the
 * flag in the environment as npm_config_dry_run. Reads the .npmrc files that npm names; gives one
 * sentence with the line that works, or nothing.
 *
 * @see https://docs.npmjs.com/cli/v11/using-npm/config
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine } from './home.ts'

/** As the table of options has them. */
type Options = Readonly<Record<string, { readonly type: 'boolean' | 'string' }>>

type Variables = Readonly<Record<string, string | undefined>>

const PREFIX = /^npm_config_/i

/** npm takes its own options by their first letters, and gives any other as it came. */
const MIN_LETTERS = 3

/** npm has them too: in an .npmrc they are meant for npm. A dry run is never taken for that. */
const ALSO_NPMS = ['json', 'link', 'loglevel', 'name', 'only', 'tag']

interface Taken {
  readonly flag: string
  readonly variable: string
  readonly text: string
}

export function tellSwallowed(
  command: string,
  options: Options,
  args: readonly string[],
  environment: Variables,
): string | undefined {
  const given = (flag: string) => args.some((one) => one.split('=', 1)[0] === `--${flag}`)
  const taken = Object.entries(environment).flatMap(([variable, value = '']) => {
    const flag = PREFIX.test(variable) ? flagOf(variable, value, options) : undefined
    if (flag === undefined || given(flag)) return []
    if (isOfNpmrc(variable, value, environment)) return []
    return [{ flag, variable, text: textOf(flag, value, options) }]
  })
  if (taken.length === 0) return undefined
  return sentence(command, taken, args)
}

const lettersOf = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '')

function flagOf(variable: string, value: string, options: Options): string | undefined {
  // Empty: npm's way to say no.
  if (value === '' || value === 'false') return undefined
  const name = variable.replace(PREFIX, '').toLowerCase()
  // To npm `--verbose` is a level of its own log.
  if (name === 'loglevel') return value === 'verbose' && 'verbose' in options ? value : undefined
  const letters = lettersOf(name)
  const isShort = letters.length >= MIN_LETTERS && !ALSO_NPMS.includes(name)
  return Object.keys(options).find((flag) => {
    const all = lettersOf(flag)
    return all === letters || (isShort && all.startsWith(letters))
  })
}

/** npm splits at its own options only: behind any other the value has become an argument. */
function textOf(flag: string, value: string, options: Options): string {
  if (options[flag]?.type === 'boolean') return `--${flag}`
  return value
    .split('\n\n')
    .map((one) => `--${flag} ${/^[\w./:,@-]+$/.test(one) && one !== 'true' ? one : '…'}`)
    .join(' ')
}

function isOfNpmrc(variable: string, value: string, environment: Variables): boolean {
  const name = variable.replace(PREFIX, '').toLowerCase()
  if (!ALSO_NPMS.includes(name)) return false
  const project = environment.npm_config_local_prefix
  const files = [
    environment.npm_config_userconfig,
    environment.npm_config_globalconfig,
    project && join(project, '.npmrc'),
  ]
  const lines = files.flatMap((file) => (file ? readText(file).split('\n') : []))
  return lines.some((line) => line.replaceAll(/[\s"']/g, '') === `${name}=${value}`)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function sentence(command: string, taken: readonly Taken[], args: readonly string[]): string {
  const flags = [...new Set(taken.map(({ flag }) => `--${flag}`))].join(', ')
  const variables = [...new Set(taken.map(({ variable }) => variable))].join(', ')
  // What is no option may be a value that has lost its option, or a secret.
  const others = args.filter((one) => /^--[a-z-]+$/.test(one))
  const line = commandLine(command, [...taken.map(({ text }) => text), ...others].join(' '))
  return `npm kept ${flags} to itself (${variables}), and nothing was done: run ${line}`
}
