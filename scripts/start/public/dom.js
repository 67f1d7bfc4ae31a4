/** Builds elements, and sends orders to the inspector's server. */

/** `text` and `on…` members are what they say; the rest are attributes; `undefined` is left out. */
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

/** Sends an order; what is wrong with it is shown. */
export async function send(what, order) {
  const response = await fetch(`/inspector/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
  })
  const { problem } = await response.json()
  showProblem(problem)
}

export function showProblem(problem) {
  const place = document.getElementById('problem')
  place.hidden = problem === undefined
  place.textContent = problem ?? ''
}

export const time = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`)

export const number = (value) => value.toLocaleString('en')
