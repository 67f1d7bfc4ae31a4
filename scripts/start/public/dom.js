/** Finds and builds elements, and sends orders to the inspector's server. */

/** @import { Order } from '../state.ts' */

/** @typedef {string | number | boolean | undefined | ((event: Event) => unknown)} Member */

/**
 * What stands in the page from the beginning.
 *
 * @param {string} id
 */
export function byId(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no #${id}`)
  return found
}

/**
 * `text` and `on…` members are what they say; the rest are attributes; `undefined` is left out.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {{ readonly text?: string } & Readonly<Record<string, Member>>} [members]
 * @param {readonly (Node | undefined)[]} [children]
 */
export function element(name, { text, ...members } = {}, children = []) {
  const node = document.createElement(name)
  for (const [key, value] of Object.entries(members)) {
    if (value === undefined || value === false) continue
    if (typeof value === 'function') node.addEventListener(key.slice(2), value)
    else node.setAttribute(key, value === true ? '' : String(value))
  }
  if (text !== undefined) node.textContent = text
  node.append(...children.filter((child) => child !== undefined))
  return node
}

/**
 * Sends an order; what is wrong with it is shown.
 *
 * @param {'attacks' | 'clear' | 'people' | 'settings' | 'troubles'} what
 * @param {Order} order
 */
export async function send(what, order) {
  const response = await fetch(`/inspector/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
  })
  const { problem } = await response.json()
  showProblem(problem)
}

/** @param {string | undefined} problem */
export function showProblem(problem) {
  const place = byId('problem')
  place.hidden = problem === undefined
  place.textContent = problem ?? ''
}

/** @param {number} ms */
export const time = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`)

/** @param {number} value */
export const number = (value) => value.toLocaleString('en')
