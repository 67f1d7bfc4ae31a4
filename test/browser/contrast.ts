/**
 * What a page looks like, measured: the contrast of every visible text and of the edges of controls
 * (WCAG 2.2, 1.4.3 and 1.4.11, level AA), and whether anything in it is wider than its place: a pane
 * that scrolls sideways, or a text beyond its box. Runs in the page.
 *
 * @see https://www.w3.org/TR/WCAG22/#contrast-minimum
 */

import type { Frame, Page } from 'playwright-core'

/** In the page, so it is text: it knows a document, and nothing of this file. */
const MEASURE = `(() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number)
    return { r, g, b, a }
  }
  const over = (top, below) => {
    const mix = (name) => top[name] * top.a + below[name] * (1 - top.a)
    return { r: mix('r'), g: mix('g'), b: mix('b'), a: 1 }
  }
  const canvas = matchMedia('(prefers-color-scheme: dark)').matches
    ? { r: 18, g: 18, b: 18, a: 1 } : { r: 255, g: 255, b: 255, a: 1 }
  const backOf = (element) => {
    const layers = []
    for (let one = element; one; one = one.parentElement) layers.push(parse(getComputedStyle(one).backgroundColor))
    return layers.reduceRight((below, top) => over(top, below), canvas)
  }
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const ratio = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a)
    return (light + 0.05) / (dark + 0.05)
  }
  const seen = (element) => {
    const box = element.getBoundingClientRect()
    return box.width > 1 && box.height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  }
  let texts = 0
  const failures = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement
    if (!node.data.trim() || /^(SCRIPT|STYLE|OPTION)$/.test(element.tagName) || !seen(element)) continue
    if (element.closest('.sr, :disabled')) continue
    texts += 1
    const style = getComputedStyle(element)
    const size = parseFloat(style.fontSize)
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    const back = backOf(element)
    const found = ratio(over(parse(style.color), back), back)
    if (found < (isLarge ? 3 : 4.5)) failures.push(found.toFixed(2) + ' ' + node.data.trim().slice(0, 40))
  }
  for (const control of document.querySelectorAll('input:not([type=hidden]), select')) {
    if (!seen(control)) continue
    const style = getComputedStyle(control)
    const back = backOf(control.parentElement)
    const best = Math.max(ratio(over(parse(style.borderTopColor), back), back), ratio(backOf(control), back))
    if (best < 3) failures.push(best.toFixed(2) + ' edge of ' + (control.getAttribute('aria-label') ?? control.id))
  }
  // A text that ends in dots is meant to, and what is typed scrolls in its field.
  const mayBeCut = (element) =>
    element.closest('.sr, svg, input, select, meter') || getComputedStyle(element).textOverflow === 'ellipsis'
  const overflows = [...document.querySelectorAll('*')]
    .filter((element) => element.clientWidth > 0 && seen(element) && !mayBeCut(element))
    .map((element) => ({ by: element.scrollWidth - element.clientWidth, element }))
    .filter(({ by }) => by > 1)
    .sort((one, other) => other.by - one.by)
    .map(({ by, element }) => by + ' ' + element.tagName.toLowerCase() + ' ' + element.className)
  return { texts, failures, overflows }
})()`

export interface Measured {
  readonly texts: number
  /** The ratio, and what has it. */
  readonly failures: readonly string[]
  /** By how many pixels, and which element. */
  readonly overflows: readonly string[]
}

export const measure = (page: Page | Frame): Promise<Measured> => page.evaluate<Measured>(MEASURE)
