/**
 * What is wrong with how a page looks: everything that axe finds in it, controls whose edge cannot be
 * seen (WCAG 2.2, 1.4.11, which axe leaves out), and whatever is wider than its place: a pane that
 * scrolls sideways, or a text beyond its box. Runs in the page.
 *
 * @see https://www.w3.org/TR/WCAG22/#non-text-contrast
 */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'

/** What runs in the page is text: it knows a document, and nothing of this file. */
const SEEN = `const seen = (element) => {
    const box = element.getBoundingClientRect()
    return box.width > 1 && box.height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  }`

/** axe is there, as it has just run. */
const EDGES = `(() => {
  ${SEEN}
  const { Color, flattenColors, getContrast } = axe.commons.color
  const parse = (text) => {
    const color = new Color()
    color.parseString(text)
    return color
  }
  const behind = (element) =>
    flattenColors(
      parse(getComputedStyle(element).backgroundColor),
      element.parentElement ? behind(element.parentElement) : new Color(255, 255, 255, 1),
    )
  const edgeOf = (control) => {
    const around = behind(control.parentElement)
    const edge = flattenColors(parse(getComputedStyle(control).borderTopColor), around)
    return Math.max(getContrast(around, edge), getContrast(around, behind(control)))
  }
  return [...document.querySelectorAll('input:not([type=hidden]), select')]
    .filter((control) => seen(control) && edgeOf(control) < 3)
    .map((control) => edgeOf(control).toFixed(2) + ' edge of ' + (control.getAttribute('aria-label') ?? control.id))
})()`

const OVERFLOWS = `(() => {
  ${SEEN}
  // A text that ends in dots is meant to, and what is typed scrolls in its field.
  const mayBeCut = (element) =>
    element.closest('.sr, svg, input, select, meter') || getComputedStyle(element).textOverflow === 'ellipsis'
  return [...document.querySelectorAll('*')]
    .filter((element) => element.clientWidth > 0 && seen(element) && !mayBeCut(element))
    .map((element) => ({ by: element.scrollWidth - element.clientWidth, element }))
    .filter(({ by }) => by > 1)
    .sort((one, other) => other.by - one.by)
    .map(({ by, element }) => by + ' ' + element.tagName.toLowerCase() + ' ' + element.className)
})()`

export interface Looks {
  /** The rule of axe, and which element breaks it; a control's edge, and its contrast. */
  readonly failures: readonly string[]
  /** How many elements have a text whose contrast was measured. */
  readonly texts: number
}

/** axe leaves out what a pane would have to scroll to: nothing does at this height. */
const TALL = 8_000

async function runAxe(page: Page) {
  const { width = 0, height = 0 } = page.viewportSize() ?? {}
  await page.setViewportSize({ width, height: TALL })
  // The application in the inspector is a page of its own, and judged as one.
  const results = await new AxeBuilder({ page }).exclude('iframe').analyze()
  await page.setViewportSize({ width, height })
  return results
}

export async function judge(page: Page): Promise<Looks> {
  const { violations, incomplete, passes } = await runAxe(page)
  const edges = await page.evaluate<readonly string[]>(EDGES)
  const nodesOf = (results: typeof passes) =>
    results.flatMap(({ id, nodes }) => nodes.map((node) => ({ id, node })))
  const told = nodesOf([...violations, ...incomplete]).map(
    ({ id, node }) => `${id}: ${node.html} ${node.failureSummary ?? ''}`,
  )
  const texts = nodesOf(passes).filter(({ id }) => id === 'color-contrast').length
  return { failures: [...told, ...edges], texts }
}

/** By how many pixels, and which element, the worst first. */
export const findOverflows = (page: Page): Promise<readonly string[]> =>
  page.evaluate<readonly string[]>(OVERFLOWS)
