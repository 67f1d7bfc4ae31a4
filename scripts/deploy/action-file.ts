/**
 * The Action as a file that somebody has made, compared and attested before: read as it is. Rejects with
 * one sentence where it is none.
 */
import { readFile } from 'node:fs/promises'
import { Problem } from './problems.ts'

export async function readActionFile(file: string): Promise<string> {
  const code = await readFile(file, 'utf8').catch(() => {
    throw new Problem(`--file ${file} cannot be read`)
  })
  for (const handler of ['onExecutePostLogin', 'onContinuePostLogin'])
    if (!code.includes(handler))
      throw new Problem(`--file ${file} is not this Action: it has no ${handler}`)
  return code
}
