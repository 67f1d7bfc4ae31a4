/** What the tarball holds, by rule, and what `npm pack` says and leaves behind. */

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { expect, inject, test } from 'vitest'
import { ROOT } from './npm.ts'
import { importsOf, isRelative, NAME, openPacked, packageOf, reachedFrom } from './packed.ts'

const { dist, folder, packing } = inject('installed')
const packed = openPacked(folder)
const manifest = JSON.parse(packed.read('package.json'))

const TOP = ['LICENSE', 'README.md', 'package.json']

/** The pages that the README links to, and the examples beside them. */
const EXAMPLES = ['application', 'deploy', 'testing']
const PAGES = [...EXAMPLES, 'review', 'CHANGELOG', 'CONTRIBUTING', 'SECURITY']
const exampleFiles = EXAMPLES.flatMap((name) =>
  readdirSync(join(ROOT, '.github', name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length)),
)
const texts = [...exampleFiles, ...PAGES.map((name) => `.github/${name}.md`)]

const DIST = [
  'dist/THIRD-PARTY.txt',
  'dist/action.cdx.json',
  'dist/action.js',
  'dist/lib/package.json',
  'dist/lib/scripts/action.d.cts',
  'dist/package.json',
]
const TESTING = 'dist/lib/scripts/testing/index.js'
const ENTRIES = ['dist/lib/scripts/bin.js', TESTING]
const PUBLIC = 'scripts/start/public'

const publicFiles = readdirSync(join(ROOT, PUBLIC)).map((name) => `dist/lib/${PUBLIC}/${name}`)
const typesOf = (module: string): string => module.replace(/\.js$/, '.d.ts')

const code = reachedFrom(packed, ENTRIES)

test('it holds what the entries reach, with the types of the testing entry, the pages, and the Action', () => {
  const types = reachedFrom(packed, [TESTING], (module) => [typesOf(module)]).map(typesOf)
  const modules = new Set([...code, ...types.map((file) => file.replace(/\.d\.ts$/, '.js'))])
  const expected = [...TOP, ...texts, ...DIST, ...publicFiles, ...modules, ...types]
  expect(packed.files).toEqual(expected.sort())
})

test('it holds no sources, tests or maps, and nothing that builds the Action', () => {
  const wrong = packed.files.filter(
    (file) =>
      !exampleFiles.includes(file) &&
      (/(?<!\.d)\.[cm]?ts$|\.test\.|\.map$/.test(file) ||
        /(build|bundle|mutate|bench|soak)\./.test(file)),
  )
  expect(wrong).toEqual([])
})

test('every link of its texts works there; the picture is in the repository alone', () => {
  const links = packed.files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      // Not `![…](…)`: what a picture shows stands in its text.
      [...packed.read(file).matchAll(/(?<!!\[[^\]]*)\]\((?!https:|#)([^)#]+)/g)].map(
        ([, to = '']) => posix.join(posix.dirname(file), to),
      ),
    )
  expect(links.length).toBeGreaterThan(20)
  expect(links.filter((to) => !packed.files.includes(to))).toEqual([])
})

test('no file of it is over 100 kB, and all together are under 1 MB', () => {
  const sizes = packed.files.map((file) => packed.bytesOf(file))
  expect(Math.max(...sizes)).toBeLessThanOrEqual(100_000)
  expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(1_000_000)
})

test('the Action is that of the repository, and its banner says the version of the package', () => {
  const action = packed.read('dist/action.js')
  expect(action === readFileSync(join(ROOT, 'dist/action.js'), 'utf8')).toBe(true)
  expect(action).toMatch(new RegExp(`^/\\*! ${NAME} ${manifest.version.replaceAll('.', '\\.')} `))
})

test('its code and its types name only files that are there', () => {
  const lost = packed.files
    .filter((file) => file.startsWith('dist/lib/') && /\.(js|d\.c?ts)$/.test(file))
    .filter((file) => !publicFiles.includes(file))
    .flatMap((file) =>
      importsOf(packed.read(file))
        .filter(isRelative)
        .map((name) => join(file, '..', name))
        .filter((target) => !packed.files.includes(target))
        .map((target) => `${file} names ${target}`),
    )
  expect(lost).toEqual([])
})

test('its code asks for its dependencies only, and for every optional one', () => {
  const names = code
    .flatMap((file) => importsOf(packed.read(file)))
    .filter((name) => !isRelative(name) && !name.startsWith('node:'))
  const asked = new Set(names.map(packageOf))
  const optional = Object.keys(manifest.optionalDependencies)
  const known = [...Object.keys(manifest.dependencies), ...optional]
  expect([...asked].filter((name) => !known.includes(name))).toEqual([])
  expect(optional.filter((name) => !asked.has(name))).toEqual([])
})

test('the notices name every dependency, which is what is bundled', () => {
  const notices = packed.read('dist/THIRD-PARTY.txt')
  for (const [name, version] of Object.entries(manifest.dependencies))
    expect(notices).toContain(`\n${name} ${version} (`)
})

test('what it names as its entries is there, and its command is one', () => {
  const { bin, exports } = manifest
  const targets = [...Object.values(bin), ...Object.values(exports)].flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target as Record<string, string>),
  )
  expect(targets.length).toBeGreaterThanOrEqual(6)
  for (const target of targets) expect(packed.files).toContain(target.replace(/^\.\//, ''))
  expect(packed.read(bin[NAME])).toMatch(/^#!\/usr\/bin\/env node\n/)
})

test('nobody publishes it by mistake', () => {
  expect(manifest.private).toBe(true)
})

test('npm pack warns of nothing, and leaves dist as it was', () => {
  expect(packing.stderr).not.toMatch(/npm (warn|error)/i)
  expect(dist).not.toContain('lib')
})
