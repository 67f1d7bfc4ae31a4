/**
 * The README against what it speaks of: settings, codes, files, commands, and its TypeScript, which is
 * compiled as an application would. Reads files; runs the compiler.
 */

import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { MESSAGES } from '../../src/outcome.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string) => readFile(join(ROOT, path), 'utf8')

const README = await read('README.md')

/** What stands between backticks in the first column of the table under this heading. */
function firstColumn(heading: string): readonly string[] {
  const [, after = ''] = README.split(`${heading}\n`)
  const [section = ''] = after.split(/\n#{2,} /, 1)
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  )
}

function codeBlocks(language: string): readonly string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, code = '']) => code,
  )
}

test('its table of settings names every setting that is read, and no other', async () => {
  const source = await read('src/settings.ts')
  const names = [...source.matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|DEBUG)'/g)]
  const settings = new Set(names.map(([, name]) => name))
  expect(new Set(firstColumn('### Settings'))).toEqual(settings)
})

test('its table of denials names every code, and no other', () => {
  expect([...firstColumn('### What comes back')].sort()).toEqual(Object.keys(MESSAGES).sort())
})

test('it says of every source file what it holds', async () => {
  const files = (await readdir(join(ROOT, 'src'))).filter((name) => !name.endsWith('.d.ts'))
  expect([...firstColumn('## How it is built')].sort()).toEqual(files.sort())
})

test('every command that it names exists', async () => {
  const { scripts } = JSON.parse(await read('package.json'))
  const commands = [...README.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name)
  expect(commands.length).toBeGreaterThan(0)
  for (const command of commands) expect(scripts).toHaveProperty(`${command}`)
})

test('every file that it links to is there', async () => {
  const links = [...README.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(
    ([, path = '']) => path,
  )
  expect(links.length).toBeGreaterThan(0)
  for (const path of links) await expect(read(path)).resolves.toBeTruthy()
})

test('its TypeScript compiles', async () => {
  const snippets = codeBlocks('ts')
  expect(snippets.length).toBeGreaterThan(0)
  const folder = await mkdtemp(join(ROOT, 'node_modules/.readme-'))
  try {
    const files = snippets.map((_, index) => join(folder, `snippet-${index}.ts`))
    await Promise.all(snippets.map((code, index) => writeFile(files[index] ?? '', code)))
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig']
    const modern = ['--module', 'nodenext', '--target', 'es2024', '--types', 'node']
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    const { stdout } = await promisify(execFile)(tsc, [...options, ...modern, ...files]).catch(
      (error: { readonly stdout: string }) => error,
    )
    expect(stdout).toBe('')
  } finally {
    await rm(folder, { recursive: true })
  }
})
