/**
 * The README's pieces to copy: its code blocks, and those that need packages which are not installed
 * here but by whoever copies them. Reads one file.
 */
import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'

export const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** All blocks of this language in this text. */
export const codeBlocks = (language: string, text = README): readonly string[] =>
  [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, code = '']) =>
    found === language ? [code] : [],
  )

/** Those under this heading, up to the next heading. */
export function blocksOf(heading: string, language: string): readonly string[] {
  const [, section] = README.split(`\n### ${heading}\n`)
  if (section === undefined) throw new Error(`README.md has no heading "### ${heading}"`)
  const [text = ''] = section.split(/\n##+ /)
  return codeBlocks(language, text)
}

export function blockOf(heading: string, language: string): string {
  const [block, another] = blocksOf(heading, language)
  if (block === undefined || another !== undefined)
    throw new Error(`not one ${language} block under "${heading}"`)
  return block
}

/** Their packages are not installed here: `npm run test:package` compiles these and runs them. */
const ELSEWHERE = ['With Next.js', 'From a single-page application']
const elsewhere = new Set(ELSEWHERE.flatMap((heading) => blocksOf(heading, 'ts')))

export const needsMore = (code: string): boolean => elsewhere.has(code)

export const readYaml = (text: string): unknown => load(text)
