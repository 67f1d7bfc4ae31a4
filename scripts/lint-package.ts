/**
 * `npm run lint:package`: packs the package into a temporary folder, and lets publint and attw judge its
 * entries and their types as every kind of importer sees them. Exit code 1 where one of them complains.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './home.ts'

/**
 * `node10` knows no `exports`. What is a module of ECMAScript may be required from Node 20.19 on. The
 * names in the minified bundle are not seen from such a module, and no type can say so: `action.d.cts`.
 */
const ATTW = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm', 'named-exports']

function run(command: string, ...args: readonly string[]): void {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} is not content with the package`)
}

const folder = mkdtempSync(join(tmpdir(), 'lint-package-'))
try {
  run('npm', 'pack', '--silent', '--pack-destination', folder)
  const tarball = readdirSync(folder).map((name) => join(folder, name))
  run('publint', '--strict', ...tarball)
  run('attw', ...tarball, ...ATTW)
} catch (error) {
  console.error(`lint:package: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}
