/**
 * Text of others as a terminal and a build log may show it: what would move the cursor, hide, turn or end
 * a line, or be a command to the runner of a workflow, is written as an escape. Pure.
 *
 * @see https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */

/** Controls (ESC, C1, line breaks), marks of direction and width, separators, halves of a pair. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** `::error::` at the beginning of a line, `##[error]` anywhere in it, `##vso[…]` elsewhere. */
const COMMANDS = /:(?=:)|#(?=#)/g

const hex = (text: string): string => (text.codePointAt(0) ?? 0).toString(16)

/** For people: one line, in which nothing but what is seen is there. */
export function printable(text: string): string {
  return text
    .replace(UNSEEN, (one) => {
      const code = hex(one)
      return code.length > 4
        ? `\\u{${code}}`
        : code.length > 2
          ? `\\u${code.padStart(4, '0')}`
          : `\\x${code.padStart(2, '0')}`
    })
    .replace(COMMANDS, (one) => `\\x${hex(one)}`)
}

/** For machines: a JSON document that reads as the same values. */
export function printableJson(document: string): string {
  return document
    .replace(UNSEEN, (one) => (one === '\n' ? one : inUnits(one)))
    .replace(COMMANDS, inUnits)
}

/** JSON escapes units of UTF-16, two for what lies beyond the first plane. */
const inUnits = (text: string): string =>
  Array.from(
    { length: text.length },
    (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')
