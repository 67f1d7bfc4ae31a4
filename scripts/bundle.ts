/**
 * How the Action is bundled, for the build and for the rebuilding of `npm start` alike: one CommonJS
 * file, and modules behind a relative `import()` bundled beforehand as CommonJS, which esbuild
 * evaluates where they are first needed and which hold only what is imported from them. Reads sources
 * and packages, writes nothing.
 */
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import {
  type BuildFailure,
  type BuildOptions,
  build,
  type Message,
  type OnLoadResult,
  type Plugin,
} from 'esbuild'

/** The platform takes 100 kB of source; this leaves room for what an editor adds. */
export const MAX_BUNDLE_BYTES = 99_500

/**
 * The Action's code, once minified; the files that went into it are added to `inputs`. `plugins` come
 * before those of the build. Takes 0.2 s.
 */
export const bundleAction = (
  root: string,
  inputs = new Set<string>(),
  plugins: readonly Plugin[] = [],
): Promise<string> => bundleFile(root, join(root, 'src/action.ts'), inputs, plugins)

async function bundleFile(
  root: string,
  entry: string,
  inputs: Set<string>,
  plugins: readonly Plugin[],
): Promise<string> {
  async function loadLazy(path: string): Promise<OnLoadResult> {
    try {
      const contents = await bundleFile(root, path, inputs, plugins)
      return { contents, loader: 'js', resolveDir: dirname(path) }
    } catch (detail) {
      return { errors: [{ detail }] }
    }
  }
  const options = bundleOptions(root, entry, loadLazy)
  const all = { ...options, plugins: [...plugins, ...options.plugins] }
  const { metafile, outputFiles } = await build(all).catch((error: Partial<BuildFailure>) => {
    throw new Error(tellFirst(error.errors ?? []) ?? String(error))
  })
  for (const input of Object.keys(metafile.inputs)) inputs.add(input)
  return outputFiles[0]?.text ?? ''
}

/** The first error on one line: where, and what. The deepest, where one bundle holds another. */
function tellFirst([first]: readonly Message[]): string | undefined {
  if (first?.detail instanceof Error) return first.detail.message
  const { file, line, column } = first?.location ?? {}
  return first && `${file}:${line}:${column}: ${first.text}`
}

/** Options for one entry point; `loadLazy` gives the bundled text of a module behind `import()`. */
function bundleOptions(
  root: string,
  entry: string,
  loadLazy: (path: string) => Promise<OnLoadResult>,
) {
  return {
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    minify: true,
    legalComments: 'none',
    charset: 'ascii',
    supported: { 'dynamic-import': false },
    alias: { crypto: 'node:crypto' },
    define: {
      'process.env.NODE_ENV': '"production"',
      // Node 22 and 24 abort where this lazy global is first read from a second realm, as Auth0's harness
      // makes one. Every exception of this kind is an Error, and told apart by its name.
      DOMException: 'Error',
      // Asked only whether this is a browser.
      navigator: 'undefined',
    },
    plugins: [lazyModules(loadLazy), unusedModules, leanSdk],
    logLevel: 'silent',
  } as const satisfies BuildOptions
}

function lazyModules(loadLazy: (path: string) => Promise<OnLoadResult>): Plugin {
  return {
    name: 'lazy-modules',
    setup(setup) {
      setup.onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) =>
        kind === 'dynamic-import'
          ? { path: resolve(resolveDir, path), namespace: 'lazy' }
          : undefined,
      )
      setup.onLoad({ filter: /./, namespace: 'lazy' }, ({ path }) => loadLazy(path))
    },
  }
}

/** `debug` takes `ms` for a function that tells times, which nobody here calls. */
const unusedModules: Plugin = {
  name: 'unused-modules',
  setup(setup) {
    setup.onResolve({ filter: /^ms$/ }, ({ path }) => ({ path, namespace: 'unused' }))
    setup.onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: '' }))
  },
}

/** What TypeScript puts before async functions for runtimes that have none. */
const ASYNC_HELPER = /^var __awaiter = [\s\S]*?^};\n/m

/**
 * `auth0` is built for runtimes that are older than Node 22: each of its files has that helper for
 * itself, here they share one; and it brings a class for where there is no `Headers`.
 */
const leanSdk: Plugin = {
  name: 'lean-sdk',
  setup(setup) {
    let shared = ''
    setup.onLoad({ filter: /[\\/]auth0[\\/]dist[\\/]esm[\\/].*\.mjs$/ }, async ({ path }) => {
      if (/[\\/]Headers\.mjs$/.test(path))
        return { contents: 'export const { Headers } = globalThis' }
      const text = await readFile(path, 'utf8')
      const [helper] = ASYNC_HELPER.exec(text) ?? []
      if (helper === undefined) return { contents: text }
      shared = helper
      return { contents: text.replace(helper, "import { __awaiter } from 'async-helper'\n") }
    })
    setup.onResolve({ filter: /^async-helper$/ }, ({ path }) => ({ path, namespace: 'helper' }))
    setup.onLoad({ filter: /./, namespace: 'helper' }, () => ({ contents: `export ${shared}` }))
  },
}
