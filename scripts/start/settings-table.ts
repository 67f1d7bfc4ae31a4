/**
 * The README's table of settings, the one place that tells what a setting means; the package has it
 * too. Reads that file once; gives its rows as plain text, in its order.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../home.ts'

export interface TableRow {
  readonly name: string
  /** As it stands there: `600`, `none`, `required`. */
  readonly byDefault: string
  readonly meaning: string
}

const HEAD = '\n| setting | default | meaning |\n'

/** Links are their words, code is its text. */
const plain = (cell: string): string =>
  cell
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '')
    .trim()

/** A row may name several settings. */
function readRow(line: string): readonly TableRow[] {
  const [, names = '', byDefault = '', meaning = ''] = line.split(/(?<!\\)\|/)
  return [...names.matchAll(/`([A-Z0-9_]+)`/g)].map(([, name = '']) => ({
    name,
    byDefault: plain(byDefault),
    meaning: plain(meaning),
  }))
}

export function readTable(readme: string): readonly TableRow[] {
  const [, after = ''] = readme.split(HEAD)
  const [table = ''] = after.split(/\n(?!\|)/, 1)
  return table.split('\n').flatMap(readRow)
}

export const SETTINGS_TABLE = readTable(readFileSync(join(ROOT, 'README.md'), 'utf8'))
