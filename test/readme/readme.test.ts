/**
 * The README against what it speaks of: settings, codes, files, commands, links, and its TypeScript,
 * which is compiled as an application would. Reads files; runs the compiler.
 */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { MESSAGES } from '../../src/outcome.ts'
import { codeBlocks, needsMore, README } from './blocks.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string) => readFile(join(ROOT, path), 'utf8')

/** What stands between backticks in the first column of the table under this heading. */
function firstColumn(heading: string): readonly string[] {
  const [, after = ''] = README.split(`${heading}\n`)
  const [section = ''] = after.split(/\n#{2,} /, 1)
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  )
}

test('its table of denials names every code, and no other', () => {
  expect([...firstColumn('### What comes back')].sort()).toEqual(Object.keys(MESSAGES).sort())
})

test('it says of every source file what it holds', async () => {
  const all = await readdir(join(ROOT, 'src'), { recursive: true })
  const files = all.filter((name) => /(?<!\.d)\.ts$/.test(name))
  expect([...firstColumn('### Read the source')].sort()).toEqual(files.sort())
})

/** `npm run NAME`, with an option or without, and what goes without `run`. */
const NPM_COMMAND = /npm (?:run (?:--silent )?([a-z:]+)|(start|test)\b)/g

test('every command that it names exists', async () => {
  const { scripts } = JSON.parse(await read('package.json'))
  const commands = [...README.matchAll(NPM_COMMAND)].map(([, script, short]) => script ?? short)
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

/** As GitHub makes an anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')

test('every heading that it links to is there, here and in other files', async () => {
  const links = [...README.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)]
  expect(links.length).toBeGreaterThan(5)
  for (const [, path, anchor] of links) {
    const text = path ? await read(path) : README
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))
    expect(headings).toContain(anchor)
  }
})

test('it has blocks of no language but those that a test reads', () => {
  const languages = [...README.matchAll(/^```(\w+)$/gm)].map(([, language]) => language)
  expect([...new Set(languages)].sort()).toEqual(['hcl', 'js', 'json', 'sh', 'ts', 'yaml'])
})

test('its claim is what RESULT_CLAIM gives', () => {
  const [claim, ...others] = codeBlocks('json')
  expect(others).toEqual([])
  expect(JSON.parse(claim ?? '')).toEqual({ status: 'linked', connection: 'google-oauth2' })
})

test('its digest is read as it says', async () => {
  const block = codeBlocks('sh').find((code) => code.includes('sha256sum')) ?? ''
  const command = /^sha256sum .*$/m.exec(block)?.[0] ?? ''
  const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: ROOT })
  const digest = createHash('sha256')
    .update(await read('dist/action.js'))
    .digest('hex')
  expect(stdout).toBe(`${digest}  dist/action.js\n`)
})

test('its TypeScript compiles', async () => {
  const snippets = codeBlocks('ts').filter((code) => !needsMore(code))
  expect(snippets.length).toBeGreaterThan(0)
  const folder = await mkdtemp(join(ROOT, 'node_modules/.readme-'))
  try {
    const files = snippets.map((_, index) => join(folder, `snippet-${index}.ts`))
    await Promise.all(snippets.map((code, index) => writeFile(files[index] ?? '', code)))
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig']
    const modern = ['--module', 'nodenext', '--target', 'es2024', '--types', 'node']
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    const compiled = promisify(execFile)(tsc, [...options, ...modern, ...files])
    await expect(compiled).resolves.toMatchObject({ stdout: '' })
  } finally {
    await rm(folder, { recursive: true })
  }
})
