/**
 * Which file imports which: arrows go one way, `test → scripts → src`, and never in a circle. Reads the
 * sources as text, so that imports of types count too.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** By file, from the root: the files of the project that it imports, types included. */
type Arrows = ReadonlyMap<string, readonly string[]>

/** `from '…'`, `import '…'` and `import('…')`, in code and in comments that give types. */
const IMPORTS = /(?:\bfrom\s|\bimport\s|\bimport\()\s*'([^']+)'/g

function importsOf(file: string, text: string): readonly string[] {
  const names = [...text.matchAll(IMPORTS)].map(([, name = '']) => name)
  const files = names
    .filter((name) => name.startsWith('.'))
    .map((name) => normalize(join(dirname(file), name)))
  return files.filter((one) => !one.startsWith('node_modules/'))
}

function readArrows(folder: string): Arrows {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => /\.[jt]s$/.test(name)).map((name) => join(folder, name))
  return new Map(
    files.map((file) => [file, importsOf(file, readFileSync(join(ROOT, file), 'utf8'))]),
  )
}

/** Each circle once, as the way round it. */
function circlesIn(arrows: Arrows): readonly string[] {
  const circles: string[] = []
  const done = new Set<string>()
  function follow(file: string, way: readonly string[]): void {
    const at = way.indexOf(file)
    if (at >= 0) circles.push([...way.slice(at), file].join(' → '))
    if (at >= 0 || done.has(file)) return
    for (const next of arrows.get(file) ?? []) follow(next, [...way, file])
    done.add(file)
  }
  for (const file of arrows.keys()) follow(file, [])
  return circles
}

const into = (arrows: Arrows, folder: string): readonly string[] =>
  [...arrows].flatMap(([file, imported]) =>
    imported.filter((one) => one.startsWith(`${folder}/`)).map((one) => `${file} → ${one}`),
  )

const SRC = readArrows('src')
const SCRIPTS = readArrows('scripts')

test.each([
  { from: 'src', arrows: SRC, to: 'test' },
  { from: 'src', arrows: SRC, to: 'scripts' },
  { from: 'scripts', arrows: SCRIPTS, to: 'test' },
])('no file of $from imports from $to', ({ arrows, to }) => {
  expect(into(arrows, to)).toEqual([])
})

test('no import goes round in a circle, in src or scripts', () => {
  expect(circlesIn(new Map([...SRC, ...SCRIPTS]))).toEqual([])
})

test('every import leads to a file that is there', () => {
  const all = new Map([...SRC, ...SCRIPTS])
  const lost = [...all].flatMap(([file, imported]) =>
    imported.filter((one) => !all.has(one)).map((one) => `${file} → ${one}`),
  )

  expect(lost).toEqual([])
  expect(into(SCRIPTS, 'src').length).toBeGreaterThan(10)
})

describe('the reading of the sources', () => {
  test('sees imports of values, of types, of nothing, later ones, and those in comments', () => {
    const text = `
      import { one } from './one.ts'
      import type {
        Two,
      } from '../two.ts'
      import './three.ts'
      const four = await import('./four.ts')
      /** @type {import('./five.ts').Five} */
      import { six } from 'six'
    `
    const found = importsOf('folder/any.ts', text)

    expect(found).toEqual([
      'folder/one.ts',
      'two.ts',
      'folder/three.ts',
      'folder/four.ts',
      'folder/five.ts',
    ])
  })

  test('finds a circle of two, and one behind other files', () => {
    const arrows: Arrows = new Map([
      ['a', ['b', 'c']],
      ['b', ['a']],
      ['c', ['d']],
      ['d', ['e']],
      ['e', ['c']],
    ])

    expect(circlesIn(arrows)).toEqual(['a → b → a', 'c → d → e → c'])
  })
})
