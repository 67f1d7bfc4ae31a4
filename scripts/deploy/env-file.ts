/**
 * Reads `--env-file`. The parser is Node's, which leaves out what it does not understand; beside it a
 * check accounts for every line, so that no setting is lost without a word. Reads that file; gives its
 * variables, or one sentence with the number of the line, which never repeats what stands there.
 *
 * @see https://nodejs.org/docs/latest-v22.x/api/environment_variables.html#env-files
 */
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'

type Read =
  | { readonly variables: Readonly<Record<string, string | undefined>> }
  | { readonly problem: string }

export function readEnvFile(file: string): Read {
  const text = readText(file)
  if (typeof text !== 'string') return text
  // Node reads on into the next line behind a blank at the end, and takes some indented comments for names.
  const lines = text.split('\n').map((line) => line.replace(/^[ \t]+|[ \t]*\r?$/g, ''))
  const variables = parseEnv(lines.join('\n'))
  const problem = checkLines(lines, variables)
  return problem === undefined ? { variables } : { problem: `--env-file ${file}, ${problem}` }
}

/** Without its byte-order mark, which Node would take for a part of the first name. */
function readText(file: string): string | { readonly problem: string } {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch {
    return { problem: `--env-file ${file} cannot be read: correct its path, or leave it out` }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { problem: `--env-file ${file} is not in UTF-8: save it so` }
  }
}

const ASSIGNMENT = /^(?:export )?[ \t]*([A-Za-z_][\w.-]*)[ \t]*=(.*)$/

/** Controls, direction marks, blanks of other widths: what nobody sees, and no parser here skips. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u

/** Names that a deployment or the doctor reads, however they may be spelled. */
const OURS = /^(LINK_|AUTH0_(DOMAIN|CLIENT_ID|CLIENT_SECRET|ACCESS_TOKEN)$)/

/** They end a line for the eye, not for the parser: even a comment may hide a setting behind one. */
const OTHER_BREAKS = /[\r\v\f\u0085\u2028\u2029]/

function checkLines(
  lines: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const found = new Map<string, { readonly number: number; readonly value: string }>()
  for (const [index, line] of lines.entries()) {
    const at = `line ${index + 1}`
    if (OTHER_BREAKS.test(line))
      return `${at}: it has a line break of another kind; save it with LF`
    if (line === '' || line.startsWith('#')) continue
    const read = readLine(line)
    if ('wrong' in read) return `${at}: ${read.wrong}`
    const before = found.get(read.name)
    if (before !== undefined)
      return `${at}: it sets again what line ${before.number} sets; remove one of them`
    found.set(read.name, { number: index + 1, value: read.value })
  }
  // The last word: whatever the rules above do not know, Node read otherwise than it stands there.
  for (const [name, { number, value }] of found)
    if (variables[name] !== value)
      return `line ${number}: it is not read as it stands there; quote its value, with nothing behind`
  const isWhole = Object.keys(variables).length === found.size
  return isWhole ? undefined : 'one line is read as another variable than it names'
}

type Line = { readonly name: string; readonly value: string } | { readonly wrong: string }

function readLine(line: string): Line {
  if (UNSEEN.test(line.replaceAll('\t', '')))
    return { wrong: 'it has a character that cannot be seen (a no-break space, say); type it anew' }
  const [, name = '', text = ''] = ASSIGNMENT.exec(line) ?? []
  if (name === '') return { wrong: `${whyNot(line)}; write NAME=value` }
  const spelled = name.toUpperCase().replaceAll(/[.-]/g, '_')
  if (OURS.test(spelled) && name !== spelled)
    return { wrong: 'names of variables are in capitals, with _ between words' }
  const value = readValue(text.replace(/^[ \t]+/, ''))
  return 'wrong' in value ? value : { name, ...value }
}

function whyNot(line: string): string {
  if (/^\$env:/i.test(line)) return '$env: is for PowerShell'
  if (/^setx?[ \t]/i.test(line)) return 'set is for a command line of Windows'
  if (/^[\w.-]+[ \t]*:/.test(line)) return 'a colon is no ='
  if (!line.includes('=')) return 'it has no ='
  if (/^export[ \t]/.test(line)) return 'behind export comes one blank, then a name'
  return 'no name stands before its ='
}

/** @see https://nodejs.org/docs/latest-v22.x/api/environment_variables.html#comments */
function readValue(text: string): { readonly value: string } | { readonly wrong: string } {
  const [quote = ''] = text
  if (!/["'`]/.test(quote)) return readPlain(text)
  const end = text.indexOf(quote, 1)
  if (end < 0)
    return { wrong: 'its quote is not closed in this line; close it, or write a value of one line' }
  if (!/^[ \t]*(#.*)?$/.test(text.slice(end + 1)))
    return {
      wrong: 'something stands behind the closing quote; quote the value with another of " \' `',
    }
  const value = text.slice(1, end)
  return { value: quote === '"' ? value.replaceAll('\\n', '\n') : value }
}

/** ` # so` is a comment, `a#b` a value that Node would cut. */
function readPlain(text: string): { readonly value: string } | { readonly wrong: string } {
  const at = text.indexOf('#')
  if (at < 0) return { value: text }
  if (!/(^|[ \t])#([ \t]|$)/.test(text.slice(Math.max(at - 1, 0), at + 2)))
    return { wrong: 'a # begins a comment; quote the value, or put blanks around the #' }
  return { value: text.slice(0, at).replace(/[ \t]+$/, '') }
}
