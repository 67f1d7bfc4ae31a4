/**
 * Builds the Action again while somebody edits its sources: quicker than `npm run build`, since it leaves
 * the second minifier out; writes nothing. Gives each new bundle, or what is wrong with the sources, to a
 * listener.
 */

import { bundleAction } from '../bundle.ts'
import { MAX_SOURCE_BYTES } from '../testing/load.ts'
import type { Rebuilder, Rebuilt } from './rebuilt.ts'
import { watchFiles } from './watch.ts'

async function rebuild(root: string, file: string, startedAtMs: number): Promise<Rebuilt> {
  try {
    const code = `${await bundleAction(root)}\n`
    const bytes = Buffer.byteLength(code)
    if (bytes > MAX_SOURCE_BYTES) throw new Error(`${bytes} bytes do not fit the platform`)
    return { type: 'built', code, durationMs: performance.now() - startedAtMs, file }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { type: 'failed', why, file }
  }
}

/** `root` holds `src`. */
export const watchSources = (
  root: string,
  listener: (rebuilt: Rebuilt) => void,
): Promise<Rebuilder> =>
  watchFiles(root, async ([file], startedAtMs) => listener(await rebuild(root, file, startedAtMs)))
