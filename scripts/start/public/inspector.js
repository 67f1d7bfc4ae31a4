/** The inspector's page: hears the server's events, draws them, and lets one choose what to see. */

import { draw } from './diagram.js'
import { byId, element, number, send, showProblem, time } from './dom.js'
import { drawAttacks, drawPeople, drawSettings, drawTroubles } from './panels.js'

/**
 * @import { Flow } from '../flow.ts'
 * @import { FlowSummary, State } from '../state.ts'
 */

const flowList = byId('flows')
const deployment = byId('deployment')
const pane = byId('pane')
/** @type {readonly HTMLElement[]} */
const tabs = [...byId('tabs').querySelectorAll('button')]

/**
 * `undefined`: always the newest.
 *
 * @type {string | undefined}
 */
let chosen
/** @type {Flow | undefined} */
let newest
/**
 * What was drawn last of the chosen one, without its steps.
 *
 * @type {string | undefined}
 */
let drawnSummary
let asked = 0

/** How far each tab is scrolled: they share one pane. */
const places = new Map()

/** @param {string | undefined} name */
function openTab(name = 'flow', focus = false) {
  places.set(document.body.dataset.tab, pane.scrollTop)
  document.body.dataset.tab = name
  for (const tab of tabs) {
    const isIt = tab.dataset.tab === name
    tab.setAttribute('aria-selected', String(isIt))
    tab.tabIndex = isIt ? 0 : -1
    if (isIt && focus) tab.focus()
  }
  pane.scrollTop = places.get(name) ?? 0
}

/** @param {HTMLElement} tab */
const isVisible = (tab) => tab.offsetParent !== null

/**
 * @param {KeyboardEvent} event
 * @see https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
 */
function moveTab(event) {
  const shown = tabs.filter(isVisible)
  const at = shown.indexOf(/** @type {HTMLElement} */ (event.currentTarget))
  /** @type {Readonly<Record<string, number>>} */
  const places = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 }
  const to = places[event.key]
  if (to === undefined) return
  event.preventDefault()
  openTab(shown.at(to % shown.length)?.dataset.tab, true)
}

for (const tab of tabs) {
  tab.addEventListener('click', () => openTab(tab.dataset.tab))
  tab.addEventListener('keydown', moveTab)
}

/** On a narrow screen it is behind the tabs, and what happens there would go on unseen. */
function openApplication(focus = false) {
  const [application] = tabs
  if (application !== undefined && isVisible(application)) openTab(application.dataset.tab, focus)
}

// What is replayed goes on there.
document.addEventListener('submit', () => openApplication(true))

/** @param {string} id */
async function choose(id) {
  if (id === newest?.id) {
    chosen = undefined
    return draw(newest)
  }
  chosen = id
  await drawChosen(id)
}

/** @param {string} id */
async function drawChosen(id) {
  asked += 1
  const own = asked
  const response = await fetch(`/inspector/flows/${id}`)
  /** @type {Flow | undefined} */
  const flow = response.ok ? await response.json() : undefined
  // Another one was chosen meanwhile, or this one asked for again.
  if (chosen !== id || asked !== own) return
  if (flow === undefined) {
    chosen = undefined
    draw(newest)
    return showProblem('This flow is forgotten already.')
  }
  const { steps: _steps, ...summary } = flow
  drawnSummary = JSON.stringify(summary)
  draw(flow)
}

/**
 * The stream brings the newest flow whole, and of the others what stands in the list.
 *
 * @param {readonly FlowSummary[]} flows
 */
function drawAgain(flows) {
  const summary = JSON.stringify(flows.find(({ id }) => id === chosen))
  if (chosen !== undefined && summary !== drawnSummary) drawChosen(chosen).then(mark)
}

/** @param {FlowSummary} flow */
function flowButton({ id, outcome, startedAtMs, title, tone }) {
  const at = new Date(startedAtMs).toLocaleTimeString('en-GB')
  const button = element('button', { type: 'button', onclick: () => choose(id).then(mark) }, [
    element('b', { text: title }),
    element('span', { class: `badge ${tone}`, text: outcome }),
    element('small', { text: at }),
  ])
  button.dataset.id = id
  return element('li', {}, [button])
}

function mark() {
  const shown = chosen ?? newest?.id
  for (const button of flowList.querySelectorAll('button')) {
    if (button.dataset.id === shown) button.setAttribute('aria-current', 'true')
    else button.removeAttribute('aria-current')
  }
}

/**
 * `undefined`: nothing was told yet.
 *
 * @type {string | undefined}
 */
let listed

/** @param {readonly FlowSummary[]} flows */
function drawList(flows) {
  const text = JSON.stringify(flows.map(({ id, outcome }) => [id, outcome]))
  if (text !== listed) {
    const buttons = () => [...flowList.querySelectorAll('button')]
    const focused = buttons().find((button) => button === document.activeElement)?.dataset.id
    flowList.replaceChildren(...flows.map(flowButton))
    if (focused !== undefined)
      buttons()
        .find(({ dataset }) => dataset.id === focused)
        ?.focus()
  }
  listed = text
  mark()
}

/** @param {State['deployment']} deployment */
function drawDeployment({ bytes, problem, reason, tookMs, version }) {
  const took = tookMs === undefined ? '' : `, deployed in ${time(tookMs)}`
  deployment.classList.toggle('bad', problem !== undefined)
  deployment.textContent =
    problem === undefined
      ? `Version ${version}, ${number(bytes)} bytes: ${reason}${took}`
      : `Version ${version} runs on, ${reason}: ${problem}`
}

/** @param {State} state */
function drawState({ attacks, deployment: deployed, flows, people, settings, troubles }) {
  drawDeployment(deployed)
  /** @param {{ readonly name: string }} item */
  const byName = ({ name }) => name
  drawSettings(settings, byName)
  drawTroubles(troubles, byName)
  drawAttacks(attacks, byName)
  drawPeople(people, ({ userId }) => userId)
  if (flows.length === 0) {
    chosen = undefined
    newest = undefined
    draw(undefined)
    if (listed === undefined) openApplication()
  }
  drawList(flows)
  drawAgain(flows)
}

/** @param {Flow} flow */
function drawFlow(flow) {
  const isNew = newest?.id !== flow.id
  newest = flow
  // Whoever looks at an older flow goes on to one that has just begun.
  if (isNew) chosen = undefined
  if (chosen === undefined) draw(flow)
  mark()
}

byId('clear').addEventListener('click', () => send('clear', {}))
byId('reset').addEventListener('click', () => send('settings', {}))

/** @type {EventSource | undefined} */
let events

function connect() {
  events = new EventSource('/inspector/events')
  events.addEventListener('state', ({ data }) => drawState(JSON.parse(data)))
  events.addEventListener('flow', ({ data }) => drawFlow(JSON.parse(data)))
  events.addEventListener('open', () => showProblem(undefined))
  events.addEventListener('error', () =>
    showProblem('The inspector is not connected; it tries again.'),
  )
}

/** A browser has six connections to a host: one that nobody looks at is given up. */
function follow() {
  events?.close()
  if (document.visibilityState === 'visible') connect()
}

document.addEventListener('visibilitychange', follow)
follow()
openTab('flow')
