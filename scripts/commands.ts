/**
 * The commands, by their names. Runs what the first argument names, each loaded when it is asked for;
 * without one, or with `--help`, it lists them. Gives back the exit code.
 */
import type { Ending } from './as-process.ts'
import type { Home } from './home.ts'

const HELP = `Usage: client-initiated-account-linking <command> [options]

  deploy   Puts the Action into an Auth0 tenant, with all that it needs around it.
  doctor   Checks the account linking of an Auth0 tenant, reading only.
  demo     Links a second login to an account on a local tenant, step by step.
  start    Opens a local tenant, an application to link in, and an inspector.

<command> --help tells its options.
`

type Command = (args: readonly string[], home: Home) => Promise<Ending>

const COMMANDS: Readonly<Record<string, Command>> = {
  deploy: async (args, { actionCode: build }) =>
    (await import('./deploy.ts')).main(args, process.env, process, { build }),
  doctor: async (args, { actionCode: build }) =>
    (await import('./doctor.ts')).main(args, process.env, process, { build }),
  demo: async (args, home) => (await import('./demo.ts')).main(args, home),
  start: async (args, home) => (await import('./start.ts')).main(args, home),
}

export async function runCommand(
  [name = '--help', ...args]: readonly string[],
  home: Home,
): Promise<Ending> {
  if (name === '--help' || name === '-h') {
    process.stdout.write(HELP)
    return 0
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command !== undefined) return command(args, home)
  console.error(`There is no command ${name}; there are ${Object.keys(COMMANDS).join(', ')}.`)
  return 1
}
