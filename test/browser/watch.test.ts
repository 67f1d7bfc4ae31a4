/**
 * Edits of a copy of the sources, written as editors and git write them: every one is seen. Writes into
 * folders of its own; no browser.
 */

import {
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { watchSources } from '../../scripts/start/rebuild.ts'
import type { Rebuilt } from '../../scripts/start/rebuilt.ts'
import { watchFiles } from '../../scripts/start/watch.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const ending: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end()
})

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'account-linking-'))
  ending.push(() => rm(folder, { recursive: true }))
  return folder
}

/** As `sed -i`, most editors and git do it. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text)
  await rename(`${path}.tmp`, path)
}

/** Away, and written anew. */
async function moveAside(path: string, text: string): Promise<void> {
  await rename(path, `${path}~`)
  await writeFile(path, text)
}

async function removeAndWrite(path: string, text: string): Promise<void> {
  await unlink(path)
  await writeFile(path, text)
}

/** The folder goes, and another one comes in its place. */
async function swapFolder(path: string, text: string): Promise<void> {
  const folder = join(path, '..')
  await rename(folder, `${folder}-aside`)
  await mkdir(folder)
  await writeFile(path, text)
  await rm(`${folder}-aside`, { recursive: true })
}

const OFTEN = { interval: 20 }

test.each([
  { how: 'in place', write: writeFile, file: 'one.ts' },
  { how: 'by a rename', write: replace, file: 'one.ts' },
  { how: 'by a rename, in a folder below', write: replace, file: 'below/two.ts' },
  { how: 'behind a copy moved aside', write: moveAside, file: 'one.ts' },
  { how: 'after it was removed', write: removeAndWrite, file: 'one.ts' },
  { how: 'with the folder it is in', write: swapFolder, file: 'below/two.ts' },
  { how: 'with src itself', write: swapFolder, file: 'one.ts' },
])('a file that is written $how is seen each time, within a second', async ({ file, write }) => {
  const root = await makeFolder()
  await mkdir(join(root, 'src/below'), { recursive: true })
  await writeFile(join(root, 'src/one.ts'), '0')
  await writeFile(join(root, 'src/below/two.ts'), '0')
  const heard: string[] = []
  const watcher = await watchFiles(root, async (files) => {
    heard.push(...files)
  })
  ending.push(watcher.close)

  const tookMs: number[] = []
  for (const text of ['first', 'second', 'third']) {
    heard.length = 0
    const writtenAtMs = performance.now()
    await write(join(root, 'src', file), text)
    await expect.poll(() => heard, OFTEN).toContain(file)
    tookMs.push(performance.now() - writtenAtMs)
  }

  // A busy machine may be late once: the quickest of them says how long it takes.
  expect(Math.min(...tookMs)).toBeLessThan(1_000)
})

test.each([
  { what: 'src', folder: 'src', file: 'below/two.ts' },
  { what: 'a folder below it', folder: 'src/below', file: 'below/two.ts' },
])('$what that is away for a while is seen when it is back, and then followed', async (asked) => {
  const root = await makeFolder()
  const folder = join(root, asked.folder)
  const path = join(root, 'src', asked.file)
  await mkdir(join(root, 'src/below'), { recursive: true })
  await writeFile(path, '0')
  const heard: string[] = []
  const watcher = await watchFiles(root, async (files) => {
    heard.push(...files)
  })
  ending.push(watcher.close)

  await rename(folder, join(root, 'aside'))
  await expect.poll(() => heard, OFTEN).toEqual([asked.file])
  await rename(join(root, 'aside'), folder)
  await expect.poll(() => heard, OFTEN).toHaveLength(2)
  await replace(path, 'second')

  await expect.poll(() => heard, OFTEN).toHaveLength(3)
})

test('a file of a new folder is seen, and what is not TypeScript is not told', async () => {
  const root = await makeFolder()
  await mkdir(join(root, 'src'))
  const heard: string[] = []
  const watcher = await watchFiles(root, async (files) => {
    heard.push(...files)
  })
  ending.push(watcher.close)

  await mkdir(join(root, 'src/new/deep'), { recursive: true })
  await writeFile(join(root, 'src/new/deep/notes.txt'), 'first')
  await writeFile(join(root, 'src/new/deep/three.ts'), 'first')
  await expect.poll(() => heard, OFTEN).toEqual(['new/deep/three.ts'])
  await replace(join(root, 'src/new/deep/three.ts'), 'second')

  await expect.poll(() => heard, OFTEN).toHaveLength(2)
})

test('every save by a rename is built', async () => {
  const root = await makeFolder()
  await cp(join(ROOT, 'src'), join(root, 'src'), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  const built: Rebuilt[] = []
  const rebuilder = await watchSources(root, (rebuilt) => built.push(rebuilt))
  ending.push(rebuilder.close)
  const path = join(root, 'src/outcome.ts')
  const text = await readFile(path, 'utf8')

  for (const sentence of ['It was given up.', 'It was given up again.']) {
    built.length = 0
    await replace(path, text.replace('The second login was cancelled or refused.', sentence))
    await expect.poll(() => built, OFTEN).toHaveLength(1)
    expect(built).toMatchObject([{ type: 'built', file: 'outcome.ts' }])
    expect(JSON.stringify(built)).toContain(sentence)
  }
})
