/**
 * The texts that people read: the README and the pages beside it, with their code blocks and headings.
 * Reads files.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'

export const ROOT = join(import.meta.dirname, '../..')

export const readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** Every text in Markdown, by its path. */
export const TEXTS: ReadonlyMap<string, string> = new Map(
  ['README.md', ...readdirSync(join(ROOT, '.github')).map((name) => `.github/${name}`)]
    .filter((path) => path.endsWith('.md'))
    .map((path) => [path, readText(path)]),
)

export const README = readText('README.md')

/** All blocks of this language in this text. */
export const codeBlocks = (language: string, text = README): readonly string[] =>
  [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm)].flatMap(
    ([, indent = '', found, code = '']) =>
      found === language ? [code.replaceAll(new RegExp(`^${indent}`, 'gm'), '')] : [],
  )

/** What stands under this heading, up to the next one of any level. */
export function sectionOf(path: string, heading: string): string {
  const [, after] = (TEXTS.get(path) ?? '').split(new RegExp(`^#+ ${heading}\\n`, 'm'))
  if (after === undefined) throw new Error(`${path} has no heading "${heading}"`)
  return after.split(/^#+ /m)[0] ?? ''
}

export const readYaml = (text: string): unknown => load(text)
