/**
 * Which name was meant: the nearest of those that there are, a slip or two away. Pure.
 */

/** Two letters swapped or left out, `LINK_` in front, or another case. */
const MAX_SLIPS = 2

export function findNear(name: string, names: readonly string[]): string | undefined {
  const written = name.toUpperCase().replace(/^LINK_/, '')
  const [nearest] = names
    .map((one) => ({ one, slips: countSlips(written, one) }))
    .filter(({ slips }) => slips <= MAX_SLIPS)
    .toSorted((one, other) => one.slips - other.slips)
  return nearest?.one
}

/** Letters to change, add or leave out (Levenshtein, by rows of his table). */
function countSlips(written: string, meant: string): number {
  let row = Array.from({ length: meant.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...written].entries()) {
    const above = row
    row = [index + 1]
    for (const [place, other] of [...meant].entries()) {
      const changed = (above[place] ?? 0) + (letter === other ? 0 : 1)
      row.push(Math.min(changed, (above[place + 1] ?? 0) + 1, (row[place] ?? 0) + 1))
    }
  }
  return row.at(-1) ?? 0
}
