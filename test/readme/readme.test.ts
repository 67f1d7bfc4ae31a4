/**
 * The README and its pages against what they speak of: settings, codes, files, commands, the version,
 * and the examples that they show. Reads files; runs one command.
 */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join, posix } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, test } from 'vitest'
import { type LinkingOutcome, MESSAGES } from '../../src/outcome.ts'
import { SETTINGS } from '../../src/settings.ts'
import { codeBlocks, README, ROOT, readText, sectionOf, TEXTS } from './blocks.ts'

const { version, scripts } = JSON.parse(readText('package.json'))

/** The cells of the table under this heading, without its head. */
const rowsOf = (path: string, heading: string): readonly (readonly string[])[] =>
  sectionOf(path, heading)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()))

/** What stands between backticks in the first column. */
const firstColumn = (path: string, heading: string): readonly string[] =>
  rowsOf(path, heading).flatMap(([, first = '']) =>
    [...first.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  )

test('the README is short', () => {
  expect(README.split('\n').length).toBeLessThanOrEqual(300)
})

test('it names the version of the package', () => {
  expect(README).toContain(`This is version ${version}.`)
})

test('its table of settings has a row for each, and says something in it', () => {
  const rows = rowsOf('README.md', 'Settings')
  expect(rows).toHaveLength(Object.keys(SETTINGS).length)
  expect(rows.map(([, , , meaning]) => meaning)).not.toContain('')
})

/** What a login that went well can say; the compiler wants them all. */
const STATUSES: Readonly<Record<Extract<LinkingOutcome, { claims: unknown }>['kind'], true>> = {
  linked: true,
  already_linked: true,
  consented: true,
  unlinked: true,
  pending: true,
}

test('its tables of what comes back name every status and every code, and no other', () => {
  const named = firstColumn('README.md', 'What comes back')
  const expected = [STATUSES, MESSAGES].flatMap((one) => Object.keys(one))
  expect(named.toSorted()).toEqual(expected.sort())
})

test('the review says of every source file what it holds', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?<!\.d)\.ts$/.test(name))
    .sort()
  expect(firstColumn('.github/review.md', 'Read the source').toSorted()).toEqual(files)
})

/** `npm run NAME`, with an option or without, and what goes without `run`. */
const NPM_COMMAND = /npm (?:run (?:--silent )?([a-z:]+)|(start|test)\b)/g

test.each([...TEXTS].filter(([, text]) => text.match(NPM_COMMAND)))(
  'every command that %s names exists',
  (_, text) => {
    for (const [, script, short] of text.matchAll(NPM_COMMAND))
      expect(scripts).toHaveProperty(`${script ?? short}`)
  },
)

test('the README names the commands to begin with', () => {
  const named = [...README.matchAll(NPM_COMMAND)].map(([, script, short]) => script ?? short)
  expect(named).toEqual(expect.arrayContaining(['demo', 'test', 'start', 'deploy', 'doctor']))
})

test('its claim is what RESULT_CLAIM gives', () => {
  const [claim, ...others] = codeBlocks('json')
  expect(others).toEqual([])
  expect(JSON.parse(claim ?? '')).toEqual({ status: 'linked', connection: 'google-oauth2' })
})

test('the digest is read as the review says', async () => {
  const blocks = codeBlocks('sh', TEXTS.get('.github/review.md'))
  const command = /^sha256sum .*$/m.exec(blocks.join(''))?.[0] ?? ''
  const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: ROOT })
  const digest = createHash('sha256').update(readText('dist/action.js')).digest('hex')
  expect(stdout).toBe(`${digest}  dist/action.js\n`)
})

describe('the examples', () => {
  /** A link to a file, and the block below it that shows the file. */
  const SHOWN = /\]\(([^)]+)\):\n\n```(\w+)\n([\s\S]*?)^```$/gm
  const shown = [...TEXTS].flatMap(([path, text]) =>
    [...text.matchAll(SHOWN)].map(([, link = '', language = '', code = '']) => ({
      path,
      file: posix.join(posix.dirname(path), link),
      language,
      code,
    })),
  )

  it.each(shown)('$file is what $path shows', ({ file, code }) => {
    expect(code).toBe(readText(file))
  })

  it('are files, all but commands, the URL and the claim', () => {
    const count = new Map<string, number>()
    for (const text of TEXTS.values())
      for (const [, language = ''] of text.matchAll(/^ *```(\w+)$/gm))
        count.set(language, (count.get(language) ?? 0) + 1)
    const files = Map.groupBy(shown, ({ language }) => language)
    const { sh, json, ...others } = Object.fromEntries(count)
    expect(sh).toBeGreaterThan(0)
    expect(json).toBe(1)
    expect(others).toEqual(
      Object.fromEntries([...files].map(([language, all]) => [language, all.length])),
    )
  })

  it('are all linked from their page', () => {
    for (const page of ['application', 'deploy', 'testing']) {
      const text = TEXTS.get(`.github/${page}.md`) ?? ''
      const folder = readdirSync(join(ROOT, '.github', page), {
        recursive: true,
        withFileTypes: true,
      })
      const files = folder
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(join(ROOT, '.github/').length))
      expect(files.length).toBeGreaterThan(0)
      for (const file of files) expect(text).toContain(`](${file})`)
    }
  })

  it('are compiled, here or where their packages are installed', () => {
    const { include } = JSON.parse(readText('tsconfig.json'))
    expect(include).toContain('.github/application/*.ts')
    const elsewhere = readdirSync(join(ROOT, '.github/application'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
    // test/package/next.test.ts compiles both.
    expect(elsewhere.sort()).toEqual(['nextjs', 'single-page'])
  })
})
