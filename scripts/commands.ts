/**
 * The commands, by their names. Runs what the first argument names, each loaded when it is asked for;
 * without one, or with `--help`, it lists them. Gives back the exit code.
 */
import type { Ending } from './as-process.ts'
import type { Home } from './home.ts'
import { type CommandName, helpOf, listOf } from './options.ts'

type Run = (args: readonly string[], home: Home) => Promise<Ending>
export type Runs = Readonly<Partial<Record<CommandName, Run>>>

/** What users have; the repository has more. */
const OF_THE_PACKAGE: Runs = {
  deploy: async (args, { actionCode: build }) =>
    (await import('./deploy.ts')).main(args, process.env, process, { build }),
  doctor: async (args, { actionCode: build }) =>
    (await import('./doctor.ts')).main(args, process.env, process, { build }),
  demo: async (args, home) => (await import('./demo.ts')).main(args, home),
  start: async (args, home) => (await import('./start.ts')).main(args, home),
}

const isHelp = (word: string): boolean => word === '--help' || word === '-h'

export async function runCommand(
  [name = '--help', ...args]: readonly string[],
  home: Home,
  more: Runs = {},
): Promise<Ending> {
  const runs: Runs = { ...OF_THE_PACKAGE, ...more }
  const names = Object.keys(runs) as readonly CommandName[]
  const found = names.find((one) => one === name)
  const run = found && runs[found]
  if (run !== undefined && args.some(isHelp)) process.stdout.write(helpOf(found as CommandName))
  else if (run !== undefined) return run(args, home)
  else if (isHelp(name)) process.stdout.write(usage(names))
  else {
    console.error(`There is no command ${name}; there are ${names.join(', ')}.`)
    return 1
  }
  return 0
}

const usage = (names: readonly CommandName[]): string =>
  `Usage: client-initiated-account-linking <command> [options]

${listOf(names)}

<command> --help tells its options.
`
