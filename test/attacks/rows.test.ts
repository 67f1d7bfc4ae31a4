/** Every attack of the list has tests: reads the sources of this folder. */

import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ROWS } from './rows.ts'

const FOLDER = new URL('.', import.meta.url)

/** What stands in the files between the beginning of one attack and the next. */
const groups = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.test.ts') && name !== 'rows.test.ts')
  .flatMap((name) =>
    readFileSync(new URL(name, FOLDER), 'utf8')
      .split(/\battack\(/)
      .slice(1),
  )

test.each(Object.entries(ROWS))('%s is attacked: %s', (row) => {
  const own = groups.filter((group) => group.startsWith(`'${row}',`))
  expect(own.join('')).toMatch(/\btest(\.each)?\(/)
  expect(own.join('')).toMatch(/\bexpect\(/)
})
