/**
 * `prepack` and `postpack` of npm: compiles what the package's entry points reach into `dist/lib`, as
 * JavaScript, with the types of the testing entry, and puts beside it what they read. With `--remove` it takes that folder
 * away again. Writes nowhere else.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from './home.ts'

const LIB = join(ROOT, 'dist/lib')
const TSC = join(ROOT, 'node_modules/.bin/tsc')
/** The pages, and the types of the bundle, which is compiled elsewhere. */
const COPIED = ['scripts/start/public', 'scripts/action.d.cts']

/** dist/package.json says commonjs. */
const MANIFEST = { type: 'module' }

function build(): number | null {
  const project = join(ROOT, 'scripts/tsconfig.package.json')
  const { status } = spawnSync(TSC, ['-p', project], { stdio: 'inherit' })
  if (status !== 0) return status
  nameTypes()
  removeUnreachedTypes()
  for (const path of COPIED) cpSync(join(ROOT, path), join(LIB, path), { recursive: true })
  writeFileSync(join(LIB, 'package.json'), `${JSON.stringify(MANIFEST)}\n`)
  return 0
}

/** The compiler names the files of the package in its code, and those of the sources in its types. */
function nameTypes(): void {
  for (const file of readdirSync(LIB, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue
    const types = readFileSync(join(LIB, file), 'utf8')
    writeFileSync(join(LIB, file), types.replaceAll(/(['"])(\.{1,2}\/[^'"]+)\.ts\1/g, '$1$2.js$1'))
  }
}

/** Types are for who imports the testing entry; those of the commands help nobody. */
function removeUnreachedTypes(): void {
  const reached = new Set<string>()
  const open = [join(LIB, 'scripts/testing/index.d.ts')]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue
    reached.add(file)
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(
      /['"](\.{1,2}\/[^'"]+)\.js['"]/g,
    ))
      open.push(join(dirname(file), `${path}.d.ts`))
  }
  for (const name of readdirSync(LIB, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts') || reached.has(join(LIB, name))) continue
    rmSync(join(LIB, name))
    // A module of types alone has nothing left.
    const module = join(LIB, name.replace(/\.d\.ts$/, '.js'))
    const code = readFileSync(module, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    if (code.trim() === 'export {};') rmSync(module)
  }
}

rmSync(LIB, { recursive: true, force: true })
if (!process.argv.includes('--remove')) process.exitCode = build() ?? 1
