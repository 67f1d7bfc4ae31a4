/**
 * The README's pieces to copy: each code block under its heading, as text. Reads one file.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** The blocks of this language under this heading, up to the next heading. */
export function blocksOf(heading: string, language: string): readonly string[] {
  const [, section] = README.split(`\n### ${heading}\n`)
  if (section === undefined) throw new Error(`README.md has no heading "### ${heading}"`)
  const [text = ''] = section.split(/\n##+ /)
  return [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)].flatMap(([, found, block = '']) =>
    found === language ? [block] : [],
  )
}

export function blockOf(heading: string, language: string): string {
  const [block, another] = blocksOf(heading, language)
  if (block === undefined || another !== undefined)
    throw new Error(`not one ${language} block under "${heading}"`)
  return block
}

/** The parser that auth0-deploy-cli reads its own files with. */
const { load } = createRequire(createRequire(import.meta.url).resolve('auth0-deploy-cli'))(
  'js-yaml',
) as { readonly load: (text: string) => unknown }

export const readYaml = (text: string): unknown => load(text)
