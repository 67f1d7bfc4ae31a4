/**
 * How the Action is bundled, for the build and for the rebuilding of `npm start` alike: one CommonJS
 * file, and modules behind a relative `import()` bundled beforehand as CommonJS, which esbuild
 * evaluates where they are first needed and which hold only what is imported from them. No I/O.
 */
import { resolve } from 'node:path'
import type { BuildOptions, OnLoadResult, Plugin } from 'esbuild'

/** Options for one entry point; `loadLazy` gives the bundled text of a module behind `import()`. */
export function bundleOptions(
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
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [lazyModules(loadLazy), unusedModules],
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
