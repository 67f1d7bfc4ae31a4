/**
 * Before the tests: packs the project, and installs the tarball in two empty folders, with the optional
 * dependencies and without. Everything is in one temporary folder, which is removed at the end.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { type Ended, ROOT, run } from './npm.ts'

export interface Installed {
  readonly packing: Ended
  /** What the packing left in `dist`. */
  readonly dist: readonly string[]
  /** The empty folder with the package in it. */
  readonly folder: string
  /** The same with `--omit=optional`. */
  readonly lean: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly installed: Installed
  }
}

export default async function install(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'package-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    project.provide('installed', await packAndInstall(folder))
  } catch (error) {
    await remove()
    throw error
  }
  return remove
}

async function packAndInstall(folder: string): Promise<Installed> {
  const packing = await run('npm', ['pack', '--pack-destination', folder], { cwd: ROOT })
  const [name] = await readdir(folder)
  if (name === undefined || packing.code !== 0)
    throw new Error(`npm pack: ${packing.stdout}${packing.stderr}`)
  const tarball = join(folder, name)
  const dist = await readdir(join(ROOT, 'dist'))
  return {
    packing,
    dist,
    folder: await installInto(join(folder, 'user'), tarball),
    lean: await installInto(join(folder, 'lean'), tarball, '--omit=optional'),
  }
}

async function installInto(cwd: string, tarball: string, ...options: string[]): Promise<string> {
  await mkdir(cwd)
  // So that npm does not look for a project further up.
  await writeFile(join(cwd, 'package.json'), '{}\n')
  const { code, stderr } = await run('npm', ['install', tarball, ...options], { cwd })
  if (code !== 0) throw new Error(`npm install: ${stderr}`)
  return cwd
}
