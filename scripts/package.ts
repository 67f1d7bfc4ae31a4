/**
 * `prepack` and `postpack` of npm: compiles what the package's entry points reach into `dist/lib`, as
 * JavaScript with its types, and puts beside it what they read. With `--remove` it takes that folder
 * away again. Writes nowhere else.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '#home'

const LIB = join(ROOT, 'dist/lib')
const TSC = join(ROOT, 'node_modules/.bin/tsc')
const PUBLIC = 'scripts/start/public'

/** dist/package.json says commonjs; and there are no sources, so that `#home` is what a package has. */
const MANIFEST = { type: 'module', imports: { '#home': './scripts/home/package.js' } }

function build(): number | null {
  const project = join(ROOT, 'scripts/tsconfig.package.json')
  const { status } = spawnSync(TSC, ['-p', project], { stdio: 'inherit' })
  if (status !== 0) return status
  nameTypes()
  cpSync(join(ROOT, PUBLIC), join(LIB, PUBLIC), { recursive: true })
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

rmSync(LIB, { recursive: true, force: true })
if (!process.argv.includes('--remove')) process.exitCode = build() ?? 1
