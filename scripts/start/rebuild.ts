/**
 * Builds the Action again while somebody edits its sources: quicker than `npm run build`, since it keeps
 * esbuild's state and leaves the second minifier out; writes nothing. Gives each
 * new bundle, or what is wrong with the sources, to a listener.
 */

import { dirname, join } from 'node:path'
import {
  type BuildContext,
  type BuildFailure,
  context,
  type OnLoadResult,
  type Plugin,
} from 'esbuild'
import { bundleOptions } from '../bundle.ts'
import { MAX_SOURCE_BYTES } from '../testing/load.ts'
import type { Rebuilder, Rebuilt } from './rebuilt.ts'
import { watchFiles } from './watch.ts'

/** A module behind `import()`, as it was bundled last. */
interface LazyModule {
  readonly builder: Promise<BuildContext>
  contents: string
  /** Its files; `undefined` where it has to be bundled anew. */
  inputs: readonly string[] | undefined
}

/** The files that have changed since the last good build, from the root. */
type Changed = Set<string>

/** Keeps what was bundled of each module behind `import()`, and how to bundle it again. */
function openContext(entry: string, root: string, changed: Changed): Promise<BuildContext> {
  const modules = new Map<string, LazyModule>()

  function moduleAt(path: string): LazyModule {
    const builder = modules.get(path)?.builder ?? openContext(path, root, changed)
    const known = modules.get(path) ?? { builder, contents: '', inputs: undefined }
    modules.set(path, known)
    return known
  }

  async function loadLazy(path: string): Promise<OnLoadResult> {
    const known = moduleAt(path)
    // The packages, which are most of it, hardly ever change.
    const isSame = known.inputs?.every((input) => !changed.has(input)) === true
    if (isSame) return { contents: known.contents, loader: 'js', resolveDir: dirname(path) }
    known.inputs = undefined
    try {
      const { metafile, outputFiles } = await (await known.builder).rebuild()
      const inputs = Object.keys(metafile?.inputs ?? {})
      // One that holds another such module asks that one each time.
      known.inputs = inputs.some((input) => input.startsWith('lazy:')) ? undefined : inputs
      known.contents = outputFiles?.[0]?.text ?? ''
      return { contents: known.contents, loader: 'js', resolveDir: dirname(path) }
    } catch (error) {
      return { errors: (error as BuildFailure).errors }
    }
  }

  const disposal: Plugin = {
    name: 'disposal',
    setup(setup) {
      setup.onDispose(() => {
        for (const { builder } of modules.values()) void builder.then((one) => one.dispose())
      })
    },
  }
  const options = bundleOptions(root, entry, loadLazy)
  return context({ ...options, plugins: [...options.plugins, disposal] })
}

/** The first thing that is wrong, and where. */
function describeFailure(error: unknown): string {
  const [first] = (error as Partial<BuildFailure>).errors ?? []
  if (first === undefined) return error instanceof Error ? error.message : String(error)
  const { location, text } = first
  return location === null ? text : `${location.file}:${location.line}: ${text}`
}

/** `root` holds `src`; a first build at once makes the next ones quick. */
export async function watchSources(
  root: string,
  listener: (rebuilt: Rebuilt) => void,
): Promise<Rebuilder> {
  const changed: Changed = new Set()
  const builder = await openContext(join(root, 'src/action.ts'), root, changed)
  await builder.rebuild().catch((error: unknown) => {
    listener({ type: 'failed', why: describeFailure(error), file: 'action.ts' })
  })

  async function rebuild(file: string, startedAtMs: number): Promise<void> {
    try {
      const { outputFiles } = await builder.rebuild()
      const code = `${outputFiles?.[0]?.text ?? ''}\n`
      changed.clear()
      const bytes = Buffer.byteLength(code)
      if (bytes > MAX_SOURCE_BYTES) throw new Error(`${bytes} bytes do not fit the platform`)
      listener({ type: 'built', code, durationMs: performance.now() - startedAtMs, file })
    } catch (error) {
      const why = describeFailure(error)
      listener({ type: 'failed', why, file })
    }
  }

  const watcher = await watchFiles(root, async (files, startedAtMs) => {
    for (const file of files) changed.add(`src/${file}`)
    await rebuild(files[0], startedAtMs)
  })

  return {
    async close() {
      await watcher.close()
      await builder.dispose()
    },
  }
}
