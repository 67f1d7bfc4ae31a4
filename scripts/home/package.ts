/**
 * `#home` in the package: there are no sources, and the Action is the file that was packed. Offers what
 * `repository.ts` offers; reads that one file.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Rebuilder, Rebuilt } from '../start/rebuilt.ts'

// From dist/lib/scripts/home.
const TOP = new URL('../../../../', import.meta.url)

/** The folder of `package.json` and `dist`. */
export const ROOT = fileURLToPath(TOP)

export const HAS_SOURCES: boolean = false

/** How a person runs a command here, options behind it. */
export function commandLine(name: string, options = ''): string {
  return `npx --no client-initiated-account-linking ${name} ${options}`.trimEnd()
}

/** The Action's code. There is nothing to build, and nothing to write. */
export function actionCode(_options: { readonly write: boolean }): Promise<string> {
  return readFile(new URL('dist/action.js', TOP), 'utf8')
}

/** What was packed does not change. */
export async function watchSources(
  _root: string,
  _listener: (rebuilt: Rebuilt) => void,
): Promise<Rebuilder> {
  return { close: async () => {} }
}
