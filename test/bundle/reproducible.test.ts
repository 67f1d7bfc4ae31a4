/**
 * The same sources give the same bytes: here, in another folder, and from another working directory. Builds
 * in temporary folders, with the packages that are installed here; `dist` itself is only read.
 */

import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { buildFiles } from '../../scripts/build.ts'
import { DIST_FILES, ROOT, readProject } from './dist.ts'

const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function makeFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), name))
  folders.push(folder)
  return folder
}

const COPIED = ['package.json', 'package-lock.json', 'src', 'scripts', 'tsconfig.json']

/** Sources, scripts and packages, without `dist`. */
function copyProject(): string {
  const copy = makeFolder('a copy of the project-')
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

const distOf = (root: string): Record<string, string> =>
  Object.fromEntries(
    DIST_FILES.map((name) => [name, readFileSync(join(root, 'dist', name), 'utf8')]),
  )

/** A build takes a second or two, on a busy machine many. */
describe('dist', { timeout: 60_000 }, () => {
  it('is what the sources give', async () => {
    const files = await buildFiles()
    expect(files.map(({ path }) => path).sort()).toEqual(
      DIST_FILES.map((name) => `dist/${name}`).sort(),
    )
    for (const { path, text } of files) expect(text === readProject(path), path).toBe(true)
  })

  it('has the same bytes when another folder is built from another working directory', async () => {
    const copy = copyProject()
    const cwd = makeFolder('elsewhere-')
    await promisify(execFile)(process.execPath, [join(copy, 'scripts/run.js'), 'build'], { cwd })
    const [here, there] = [distOf(ROOT), distOf(copy)]
    for (const name of DIST_FILES) expect(there[name] === here[name], name).toBe(true)
  })

  it('is called stale when the sources have changed, and is left as it is', async () => {
    const copy = copyProject()
    cpSync(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true })
    const before = distOf(copy)
    const check = () =>
      promisify(execFile)(process.execPath, [join(copy, 'scripts/run.js'), 'build', '--check'])
    const outcome = join(copy, 'src/outcome.ts')
    const changed = readFileSync(outcome, 'utf8').replace('The change was refused.', 'Refused.')
    writeFileSync(outcome, changed)
    await expect(check()).rejects.toThrow(/dist\/action\.js is stale/)
    expect(distOf(copy)).toEqual(before)
  })
})
