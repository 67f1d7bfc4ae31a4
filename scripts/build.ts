/**
 * Builds `dist/action.js`, the one file that is deployed, with its `package.json` and what lists the
 * packages in it. Writes into `dist` only, the same bytes on every machine. With `--check` it writes
 * nothing and fails when `dist` is not what the sources give.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { minify } from 'terser'
import { type Ending, tellFailure } from './as-process.ts'
import { bundleAction, MAX_BUNDLE_BYTES } from './bundle.ts'
import { readManifest, readPackages, writeNotices, writeSbom } from './bundled-packages.ts'
import { ROOT } from './home.ts'
import { readOptions } from './options.ts'

const ACTION = 'dist/action.js'

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
  const code = await minifyAgain(await bundleAction(ROOT, inputs))
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

export const main = (args: readonly string[]): Promise<Ending> => tellFailure('build', run(args))

async function run(args: readonly string[]): Promise<Ending> {
  const { check } = readOptions('build', args, process.env)
  if (check) {
    await checkDist()
    console.log('dist is what the sources give')
    return 0
  }
  const action = await build()
  console.log(`dist/action.js: ${Buffer.byteLength(action)} bytes`)
  return 0
}
