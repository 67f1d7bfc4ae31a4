/**
 * The texts that people read: the README and the pages beside it, with their code blocks and headings.
 * Reads files.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

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

/** The parser that auth0-deploy-cli reads its own files with. */
const { load } = createRequire(createRequire(import.meta.url).resolve('auth0-deploy-cli'))(
  'js-yaml',
) as { readonly load: (text: string) => unknown }

export const readYaml = (text: string): unknown => load(text)
