#!/usr/bin/env node
/**
 * The one command of the package: `client-initiated-account-linking <command> [options]`. Runs what the
 * first argument names, each loaded when it is asked for; without one, or with `--help`, it lists them.
 */
import { type Ending, endWith } from './as-process.ts'

const HELP = `Usage: client-initiated-account-linking <command> [options]

  deploy   Puts the Action into an Auth0 tenant, with all that it needs around it.
  doctor   Checks the account linking of an Auth0 tenant, reading only.
  demo     Links a second login to an account on a local tenant, step by step.
  start    Opens a local tenant, an application to link in, and an inspector.

<command> --help tells its options.
`

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<Ending>>> = {
  deploy: async (args) => (await import('./deploy.ts')).main(args, process.env, process),
  doctor: async (args) => (await import('./doctor.ts')).main(args, process.env, process),
  demo: async (args) => (await import('./demo.ts')).main(args),
  start: async (args) => (await import('./start.ts')).main(args),
}

async function main([name = '--help', ...args]: readonly string[]): Promise<Ending> {
  if (name === '--help' || name === '-h') {
    process.stdout.write(HELP)
    return 0
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command !== undefined) return command(args)
  console.error(`There is no command ${name}; there are ${Object.keys(COMMANDS).join(', ')}.`)
  return 1
}

await endWith(main(process.argv.slice(2)))
