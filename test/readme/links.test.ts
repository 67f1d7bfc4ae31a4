/** Every link of the README and its pages: the file is there, and so is the heading. Reads files. */

import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, readText, TEXTS } from './blocks.ts'

/** As GitHub makes an anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')

const withoutBlocks = (text: string): string => text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')

const anchorsOf = (text: string): readonly string[] =>
  [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))

const links = [...TEXTS].flatMap(([from, text]) =>
  [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => ({ from, to })),
)
const relative = links.filter(({ to }) => !/^[a-z]+:/.test(to))

test('there are links to look at, in every page', () => {
  const pages = ['README', '.github/application', '.github/deploy', '.github/review']
  for (const page of pages) expect(links.map(({ from }) => from)).toContain(`${page}.md`)
})

test.each(relative)('$from links to $to, which is there', ({ from, to }) => {
  const [path = '', anchor] = to.split('#')
  const file = path === '' ? from : posix.join(posix.dirname(from), path)
  expect(existsSync(join(ROOT, file)), file).toBe(true)
  if (anchor !== undefined) expect(anchorsOf(readText(file))).toContain(anchor)
})

test('every other link goes by TLS', () => {
  const others = links.filter((link) => !relative.includes(link))
  expect(others.length).toBeGreaterThan(10)
  for (const { to } of others) expect(URL.parse(to)?.protocol, to).toBe('https:')
})

test('no heading of a page stands twice, so that every anchor is one', () => {
  for (const [path, text] of TEXTS) {
    // The sections of a changelog are the same in every version.
    if (path.endsWith('CHANGELOG.md')) continue
    const anchors = anchorsOf(text)
    expect([path, anchors]).toEqual([path, [...new Set(anchors)]])
  }
})
