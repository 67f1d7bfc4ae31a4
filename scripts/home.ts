/**
 * Where the commands are: in the repository, or in the installed package, which is compiled and has no
 * sources. What a command needs of its place comes as an argument, from the entry that was started
 * (`cli.ts`, `bin.ts`). Types and words; no I/O.
 */
import { fileURLToPath } from 'node:url'
import type { Rebuilder, Rebuilt } from './start/rebuilt.ts'

export interface Home {
  /** The Action's code; `write`: where it is built, it goes into `dist` as well. */
  readonly actionCode: (options: { readonly write: boolean }) => Promise<string>
  /** Gives the Action, built again, at every edit. `undefined`: there are no sources. */
  readonly watchSources:
    | ((root: string, listener: (rebuilt: Rebuilt) => void) => Promise<Rebuilder>)
    | undefined
}

/** Only what is compiled for the package ends so: it lies in dist/lib/scripts. */
const IS_PACKAGE = import.meta.url.endsWith('.js')

/** The folder of `package.json` and `dist`. */
export const ROOT = fileURLToPath(new URL(IS_PACKAGE ? '../../../' : '../', import.meta.url))

/** How a person runs a command here, options behind it. */
export function commandLine(name: string, options = ''): string {
  if (IS_PACKAGE) return `npx --no client-initiated-account-linking ${name} ${options}`.trimEnd()
  const command = name === 'start' ? 'npm start' : `npm run ${name}`
  return options === '' ? command : `${command} -- ${options}`
}
