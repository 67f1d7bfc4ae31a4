/**
 * The Nodes of this machine besides the one that runs the tests, oldest first. Starts each of them once
 * to ask for its version.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface MachineNode {
  readonly path: string
  readonly version: string
  readonly major: number
}

/** Before 22.19 there was no `tls.setDefaultCACertificates`; before 20 nothing runs here. */
export function olderNodes(): readonly MachineNode[] {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const paths = folders.map((folder) => join(folder, 'node')).filter((path) => existsSync(path))
  const unique = new Set(paths.map((path) => realpathSync(path)))
  return [...unique]
    .map((path) => {
      const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1)
      return { path, version, major: Number(version.split('.')[0]) }
    })
    .filter(({ major }) => major >= 20 && major < 22)
}
