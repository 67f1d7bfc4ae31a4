/**
 * Every command and its options, in one table: what `parseArgs` of Node reads, what `--help` says, and
 * what npm must not keep to itself follow from it. No I/O; a fault of a command line is thrown with one
 * sentence.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { commandLine } from './home.ts'
import { tellSwallowed } from './npm-flags.ts'
import { wrap } from './wrap.ts'

interface Option {
  readonly type: 'boolean' | 'string'
  readonly short?: string
  readonly default?: boolean | string
  readonly multiple?: boolean
  /** Stands for the value in the help. */
  readonly takes?: string
  /** What it does, for the help. */
  readonly says: string
}

interface Command {
  /** One sentence. */
  readonly does: string
  readonly options: Readonly<Record<string, Option>>
  /** What the help says besides, in lines of at most 80 columns. */
  readonly more?: string
}

const flag = (says: string) => ({ type: 'boolean', default: false, says }) as const
const value = (takes: string, says: string) => ({ type: 'string', takes, says }) as const

const HELP = { ...flag('this text'), short: 'h' } as const
const PORTS = {
  'https-port': value('N', "port of the tenant's issuer (default: any free)"),
  'http-port': value('N', 'port of its front door for browsers (default: any free)'),
} as const

export const DEFAULT_ACTION_NAME = 'account-linking'
const TENANT = {
  name: {
    ...value('NAME', `name of the Action (default: ${DEFAULT_ACTION_NAME})`),
    default: DEFAULT_ACTION_NAME,
  },
  'env-file': value('FILE', 'read variables from a file; the environment wins'),
  json: flag('one JSON document on stdout'),
  help: HELP,
} as const

export const COMMANDS = {
  deploy: {
    does: 'Puts the Action into an Auth0 tenant, with all that it needs around it.',
    options: {
      provision: flag(
        'make and mend the companion application, its permission, its callbacks and its connections',
      ),
      'dry-run': flag('write nothing, show what would change'),
      position: value(
        'PLACE',
        'place in the post-login flow: last (default), first, or a number from 1',
      ),
      drop: {
        ...value(
          'NAMES',
          'settings that the Action has and shall lose, so that their defaults hold; a setting that nobody names ends the run before anything is written',
        ),
        multiple: true,
      },
      file: value('FILE', 'deploy this file as it is, and build nothing'),
      rollback: flag('return to the version before'),
      ...TENANT,
    },
    more: `Variables:
  AUTH0_DOMAIN                            the tenant's canonical domain
  AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET    the application that deploys,
  AUTH0_ACCESS_TOKEN                      or a Management API token
  LINK_…                                  settings of the Action, by their
                                          names: LINK_ENFORCE_MFA=yes

Scopes of the application that deploys:
  read:actions create:actions update:actions
  read:clients update:clients read:client_keys
  and with --provision: create:clients read:client_grants
  create:client_grants update:client_grants read:connections
  update:connections read:custom_domains`,
  },
  doctor: {
    does: 'Checks the account linking of an Auth0 tenant, reading only.',
    options: {
      file: value('FILE', 'compare with this file, and build nothing'),
      rehearsal: value('FILE', 'judge by what a rehearsal found: its rehearsal.json'),
      ...TENANT,
    },
    more: `Variables as for deploy. Scopes of the application that reads:
  read:actions read:clients read:client_grants read:connections
  read:custom_domains; it checks more with read:client_keys,
  read:connections_options, read:resource_servers, read:tenant_settings

Exit code: 0 fine, 1 something is broken, 2 the tenant could not be read`,
  },
  demo: {
    does: 'Links a second login to an account on a local tenant, step by step.',
    options: {
      verbose: flag("every parameter, the Action's log, decoded tokens"),
      json: flag('the timeline as data, on stdout alone'),
      ...PORTS,
      help: HELP,
    },
    more: `Exit code 0: the account held both logins, a request with a wrong hint was
denied, and the unlink undid the link.`,
  },
  start: {
    does: 'Opens a local tenant, an application to link in, and an inspector.',
    options: {
      port: value('N', 'port of the application and the inspector (default: 3000)'),
      ...PORTS,
      help: HELP,
    },
    more: 'The inspector shows every step. Ctrl+C ends it.',
  },
  bench: {
    does: 'Measures dist/action.js: loading it, ordinary logins, whole links, round trips.',
    options: {
      peer: value(
        'PATH',
        'another Action to measure in the same run: its file, or a folder whose package.json names it as "main", its packages installed',
      ),
      samples: {
        ...value('N', 'samples of each measurement, 1 to 1000 (default: 21)'),
        default: '21',
      },
      json: flag('the report as JSON'),
      help: HELP,
    },
    more: `Links go over HTTPS to a tenant on the loopback, whose domain has no port, as in
production: its port 443 is led to the one that the system gave. A missed budget
is told; only what cannot be measured makes this fail.`,
  },
  build: {
    does: 'Builds dist/action.js, and what lists the packages in it.',
    options: {
      check: flag('write nothing; fail when dist is not what the sources give'),
      help: HELP,
    },
  },
  mutate: {
    does: 'Breaks the sources one way at a time, and expects a red test.',
    options: { only: value('TEXT', 'only those with this text in their names'), help: HELP },
  },
  explore: {
    does: 'Searches for moves by which an identity enters or leaves an account unasked.',
    options: {
      only: value(
        'TEXT',
        'configurations with this in their group or name (groups: closed, gap, check, left)',
      ),
      depth: { ...value('N', 'no deeper than this many moves (default: its own)'), default: '99' },
      walks: {
        ...value('N', 'random walks in all (default: 10000; 0: none)'),
        default: '10000',
      },
      seed: { ...value('N', 'of the walks (default: 20260302)'), default: '20260302' },
      'with-checks': flag('leaves in the checks that "check" takes out: finds nothing then'),
      help: HELP,
    },
    more: `closed   with CONFIRM_LINK and a proper application: nothing may be found
gap      what is known to be open without it: it must be found
check    one check is taken out of the source: its attack must be found
left     what stays open, and what does not

On dist/action.js, without sockets, in up to two threads. Fails where it finds
anything else.`,
  },
  rehearse: {
    does: 'Asks an Auth0 tenant for development what no documentation says about it.',
    options: {
      'dry-run': flag('write nothing, show what would be made and asked'),
      yes: flag('do not ask before anything is made, for CI'),
      only: value('NUMBERS', 'only these questions: 1,3 (default: all twelve)'),
      keep: flag('leave what was made; --clean takes it away later'),
      clean: flag('remove what earlier runs have left, and ask nothing'),
      folder: {
        ...value('FOLDER', 'where rehearsal.json and rehearsal.md go (default: here)'),
        default: '.',
      },
      chromium: value('PATH', "the browser (default: CHROMIUM_PATH, or the system's)"),
      show: flag('with a window, to watch it'),
      file: value('FILE', 'rehearse this file as it is, and build nothing'),
      'env-file': TENANT['env-file'],
      help: HELP,
    },
    more: `It makes two database connections, three users, two applications and two
Actions, whose names begin with "cial-rehearsal-", binds the Actions last, and
takes all of it away again, also after a failure or Ctrl+C. Nothing else of the
tenant is changed. It refuses a tenant for production.

Variables: AUTH0_DOMAIN; AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, or
AUTH0_ACCESS_TOKEN. Scopes of that application:
  read:actions create:actions update:actions delete:actions
  read:clients create:clients update:clients delete:clients read:client_keys
  create:client_grants read:connections create:connections
  update:connections delete:connections read:users create:users update:users
  delete:users read:tenant_settings read:custom_domains
and for the second factor: create:authentication_methods

Exit code: 0 all was asked and taken away again, whatever the answers are;
1 something went wrong, or something is left; 130 it was stopped`,
  },
  release: {
    does: 'Checks whether this can be released, and makes the files of a release.',
    options: {
      tag: value('TAG', 'the tag that asks for it; it has to be "v" and the version'),
      into: value('FOLDER', 'where the files go (default: nowhere, only check)'),
      help: HELP,
    },
  },
  soak: {
    does: 'Runs many logins and links at once in one instance of dist/action.js.',
    options: {
      logins: { ...value('N', 'ordinary logins (default: 100000)'), default: '100000' },
      links: { ...value('N', 'whole links (default: 2000)'), default: '2000' },
      help: HELP,
    },
  },
} as const satisfies Readonly<Record<string, Command>>

export type CommandName = keyof typeof COMMANDS

type Config<Name extends CommandName> = { readonly options: (typeof COMMANDS)[Name]['options'] }

/** The options as they were given, or their defaults. */
export type Given<Name extends CommandName> = ReturnType<typeof parseArgs<Config<Name>>>['values']

type Variables = Readonly<Record<string, string | undefined>>

/** Throws one sentence: what is wrong, or what npm took and how to give it. */
export function readOptions<Name extends CommandName>(
  name: Name,
  args: readonly string[],
  environment: Variables = {},
): Given<Name> {
  const { options }: Command = COMMANDS[name]
  // Before anything else: half of what the person said may be missing.
  const swallowed = tellSwallowed(name, options, args, environment)
  if (swallowed !== undefined) throw new Error(swallowed)
  const config: ParseArgsConfig = { args: [...args], options }
  try {
    return parseArgs(config).values as Given<Name>
  } catch (error) {
    throw new Error(`${tellMisuse(error)}: see --help`)
  }
}

function tellMisuse(error: unknown): string | undefined {
  const { code, message } = error as { readonly code?: string; readonly message: string }
  // Whatever stands there by mistake may be a secret.
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') return 'This command takes options only'
  return message.split('. ', 1)[0]
}

/** A whole number within bounds, as the help says that the option takes it. */
export function readNumber(
  flag: string,
  text: string,
  [min, max]: readonly [number, number],
  takes = max === Number.POSITIVE_INFINITY
    ? `a number of ${min} or more`
    : `a number from ${min} to ${max}`,
): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return number
  throw new Error(`--${flag} takes ${takes}`)
}

/** A port; `byDefault` where none is given. */
export const readPort = (flag: string, text: string | undefined, byDefault = 0): number =>
  text === undefined ? byDefault : readNumber(flag, text, [1, 65_535], 'a port, 1 to 65535')

const WIDTH = 80

/** What a command does and takes, in lines of at most 80 columns. */
export function helpOf(name: CommandName): string {
  const { does, more, options }: Command = COMMANDS[name]
  const rows = Object.entries(options).map(([flag, { says, takes = '' }]) => ({
    left: `  --${flag} ${takes}`.trimEnd(),
    says,
  }))
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2
  const lines = rows.flatMap(({ left, says }) =>
    wrap(says, WIDTH - width).map((line, index) => (index === 0 ? left : '').padEnd(width) + line),
  )
  const usage = `Usage: ${commandLine(name, '[options]')}`
  return [usage, '', does, '', ...lines, ...(more === undefined ? [] : ['', more]), ''].join('\n')
}

/** The commands that there are, a sentence each. */
export function listOf(names: readonly CommandName[]): string {
  const width = Math.max(...names.map((name) => name.length)) + 2
  return names.map((name) => `  ${name.padEnd(width)} ${COMMANDS[name].does}`).join('\n')
}
