/**
 * Watches the TypeScript files of `src`, however they are written: in place, by a rename over them, or
 * with their whole folder moved away and put back. Folders are watched one by one, since Node's own
 * recursive watching loses a file that is replaced; what has changed is told by the files themselves.
 */

import { type FSWatcher, watch } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** Editors write a file in several steps. */
const SETTLE_MS = 40

export interface FilesWatcher {
  close(): Promise<void>
}

/** By path: what is another one when a file or a folder is written or replaced. */
type Stamps = ReadonlyMap<string, string>

interface Tree {
  readonly folders: Stamps
  readonly files: Stamps
}

/** Without what is gone before it is looked at. */
async function readTree(folder: string): Promise<Tree> {
  const folders = new Map<string, string>()
  const files = new Map<string, string>()
  const visit = async (path: string): Promise<void> => {
    const stats = await (path === folder ? stat : lstat)(path).catch(() => undefined)
    if (stats?.isDirectory()) {
      // The number alone may be given to the next one.
      folders.set(path, `${stats.ino} ${stats.birthtimeMs}`)
      for (const name of await readdir(path).catch(() => [])) await visit(join(path, name))
    } else if (stats !== undefined && path.endsWith('.ts')) {
      files.set(path, `${stats.ino} ${stats.mtimeMs} ${stats.size}`)
    }
  }
  await visit(folder)
  return { folders, files }
}

const differing = (before: Stamps, now: Stamps): readonly string[] =>
  [...new Set([...before.keys(), ...now.keys()])].filter(
    (path) => before.get(path) !== now.get(path),
  )

/** `listener` hears which files of `root`'s `src` changed, and when; one change after the other. */
export async function watchFiles(
  root: string,
  listener: (files: readonly [string, ...string[]], startedAtMs: number) => Promise<void>,
): Promise<FilesWatcher> {
  const source = join(root, 'src')
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | undefined
  let changedAtMs = 0
  let last = Promise.resolve()
  let isClosed = false
  let followed: Stamps = new Map()
  let files: Stamps = new Map()

  const touched = (): void => {
    if (isClosed) return
    if (timer === undefined) changedAtMs = performance.now()
    else clearTimeout(timer)
    timer = setTimeout(() => {
      timer = undefined
      const startedAtMs = changedAtMs
      // What could not be followed now is looked at again with the next change.
      last = last.then(() => look(startedAtMs)).catch(() => undefined)
    }, SETTLE_MS)
  }

  function follow(folder: string): void {
    watchers.get(folder)?.close()
    watchers.delete(folder)
    try {
      // A folder that goes away takes its watcher along.
      const watcher = watch(folder, touched).on('error', touched)
      watchers.set(folder, watcher)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }

  /** Folders are followed before their files are read: what is written meanwhile is seen next. */
  async function readFiles(): Promise<Stamps> {
    const tree = await readTree(source)
    const moved = differing(followed, tree.folders)
    if (moved.length === 0) return tree.files
    for (const folder of moved) follow(folder)
    followed = tree.folders
    return readFiles()
  }

  async function look(startedAtMs: number): Promise<void> {
    const before = files
    files = await readFiles()
    const [first, ...others] = differing(before, files).map((path) => relative(source, path))
    if (first !== undefined && !isClosed) await listener([first, ...others], startedAtMs)
  }

  // The folder above tells when `src` itself is moved away, and when it is back.
  follow(root)
  files = await readFiles()

  return {
    async close() {
      isClosed = true
      clearTimeout(timer)
      for (const watcher of watchers.values()) watcher.close()
      await last
      for (const watcher of watchers.values()) watcher.close()
    },
  }
}
