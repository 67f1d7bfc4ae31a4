/** Words to lines of so many columns, for a terminal. Pure. */

/** At blanks; a word that is longer than a line stays whole, so that it can be copied. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** The same, and a word that is longer than a line is broken. */
export const wrapAll = (text: string, columns: number): readonly string[] =>
  wrap(text.replaceAll(new RegExp(`\\S{${columns}}(?=\\S)`, 'g'), '$& '), columns)
