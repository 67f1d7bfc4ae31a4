/**
 * `#home` in the repository: the sources are there, and the Action is built from them. The package has
 * `package.ts` in its place, so that nothing of it asks for esbuild. Reads and writes by what it calls.
 */
import { fileURLToPath } from 'node:url'
import type { Rebuilder, Rebuilt } from '../start/rebuilt.ts'

/** The folder of `package.json` and `dist`. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export const HAS_SOURCES: boolean = true

/** How a person runs a command here, options behind it. */
export function commandLine(name: string, options = ''): string {
  const command = name === 'start' ? 'npm start' : `npm run ${name}`
  return options === '' ? command : `${command} -- ${options}`
}

/** The Action's code, built now; `write` puts it into `dist` as well. */
export async function actionCode({ write }: { readonly write: boolean }): Promise<string> {
  const { build, buildFiles } = await import('../build/files.ts')
  if (write) return build()
  const files = await buildFiles()
  const action = files.find(({ path }) => path === 'dist/action.js')
  if (action === undefined) throw new Error('the build made no dist/action.js')
  return action.text
}

/** Gives the Action, built again, at every edit of the sources. */
export async function watchSources(
  root: string,
  listener: (rebuilt: Rebuilt) => void,
): Promise<Rebuilder> {
  const rebuild = await import('../start/rebuild.ts')
  return rebuild.watchSources(root, listener)
}
