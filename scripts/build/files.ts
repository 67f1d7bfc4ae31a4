/**
 * The files of `dist`: the one that is deployed, `action.js`, its `package.json`, and what lists the
 * packages in it. The same bytes on every machine; writes into `dist` only, where it is asked to.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildFailure, build as bundle, type Message, type OnLoadResult } from 'esbuild'
import { minify } from 'terser'
import { bundleOptions } from '../bundle.ts'
import { readManifest, readPackages, writeNotices, writeSbom } from '../bundled-packages.ts'

const ACTION = 'dist/action.js'
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The platform takes 100 kB of source; this leaves room for what an editor adds. */
export const MAX_BUNDLE_BYTES = 99_500

export interface BuiltFile {
  readonly path: string
  readonly text: string
}

/** The files of `dist`, unwritten. */
export async function buildFiles(): Promise<readonly BuiltFile[]> {
  const manifest = await readManifest(ROOT)
  const { version, license, description } = manifest
  const inputs = new Set<string>()
  const banner = `/*! client-initiated-account-linking ${version} | ${license} | ${description}. Built from source: change that, not this. */`
  const code = await minifyAgain(await bundleFile(join(ROOT, 'src/action.ts'), inputs))
  const action = `${banner}\n${code}\n`
  const bytes = Buffer.byteLength(action)
  if (bytes > MAX_BUNDLE_BYTES)
    throw new Error(`dist/action.js would have ${bytes} bytes; at most ${MAX_BUNDLE_BYTES} fit`)
  const packages = await readPackages(ROOT, inputs)
  return [
    { path: ACTION, text: action },
    { path: 'dist/package.json', text: `${JSON.stringify({ type: 'commonjs' })}\n` },
    { path: 'dist/THIRD-PARTY.txt', text: writeNotices(packages) },
    { path: 'dist/action.cdx.json', text: writeSbom(manifest, action, packages) },
  ]
}

/** Builds and writes; resolves with the source of the Action. */
export async function build(): Promise<string> {
  const files = await buildFiles()
  await mkdir(join(ROOT, 'dist'), { recursive: true })
  // Renamed into place: whoever reads the file meanwhile reads it whole.
  for (const { path, text } of files) {
    const unfinished = join(ROOT, `${path}.${process.pid}`)
    await writeFile(unfinished, text)
    await rename(unfinished, join(ROOT, path))
  }
  const action = files.find(({ path }) => path === ACTION)
  if (action === undefined) throw new Error(`the build made no ${ACTION}`)
  return action.text
}

async function bundleFile(entry: string, inputs: Set<string>): Promise<string> {
  async function loadLazy(path: string): Promise<OnLoadResult> {
    try {
      const contents = await bundleFile(path, inputs)
      return { contents, loader: 'js', resolveDir: dirname(path) }
    } catch (detail) {
      return { errors: [{ detail }] }
    }
  }
  const { metafile, outputFiles } = await bundle(bundleOptions(ROOT, entry, loadLazy)).catch(
    (error: Partial<BuildFailure>) => {
      throw new Error(tellFirst(error.errors ?? []) ?? String(error))
    },
  )
  for (const input of Object.keys(metafile.inputs)) inputs.add(input)
  return outputFiles[0]?.text ?? ''
}

/** The first error on one line: where, and what. The deepest, where one bundle holds another. */
function tellFirst([first]: readonly Message[]): string | undefined {
  if (first?.detail instanceof Error) return first.detail.message
  const { file, line, column } = first?.location ?? {}
  return first && `${file}:${line}:${column}: ${first.text}`
}

/** A second minifier over the whole, for what the first leaves. */
async function minifyAgain(code: string): Promise<string> {
  const { code: minified } = await minify(code, {
    compress: { passes: 3 },
    mangle: true,
    toplevel: true,
    ecma: 2020,
    format: { ascii_only: true, comments: false },
  })
  return minified ?? code
}

/** Fails when `dist` is not what the sources give. */
export async function checkDist(): Promise<void> {
  for (const { path, text } of await buildFiles()) {
    const found = await readFile(join(ROOT, path), 'utf8').catch(() => undefined)
    if (found !== text) throw new Error(`${path} is stale: run "npm run build" and commit dist`)
  }
}
