/** The sequence diagram: one row a step, drawn as it comes; behind each row what was said. */

import { byId, element, number, send, time } from './dom.js'

/** @import { Flow, Gauge, Lane, Section, Step } from '../flow.ts' */

/** @type {readonly Lane[]} */
const LANES = ['browser', 'application', 'tenant', 'action', 'management']
const LANE_NAMES = ['Browser', 'Application', 'Tenant', 'Action', 'Management API']
const LANE_SHORT = ['Browser', 'App', 'Tenant', 'Action', 'Mgmt API']

const lanes = byId('lanes')
const head = byId('flow-head')
const list = byId('steps')

lanes.append(
  ...LANE_NAMES.map((name, index) =>
    element('span', {}, [
      element('span', { class: 'long', text: name }),
      element('span', { class: 'short', text: LANE_SHORT[index] ?? name }),
    ]),
  ),
)

/** @param {Gauge} gauge */
function gaugeOf({ label, limit, unit, value }) {
  const said = `${number(value)} of ${number(limit)}${unit === '' ? '' : ` ${unit}`}`
  return element('div', { class: 'gauge' }, [
    element('span', { text: label }),
    element('meter', { min: 0, max: limit, high: limit * 0.9, value, 'aria-label': label }),
    element('span', { class: 'said', text: said }),
  ])
}

/** @param {Section} section */
function sectionOf({ gauges = [], json, lines = [], title }) {
  return element('section', {}, [
    element('h3', { text: title }),
    ...lines.map((line) => element('p', { class: 'line', text: line })),
    json === undefined ? undefined : element('pre', { text: JSON.stringify(json, null, 2) }),
    ...gauges.map(gaugeOf),
  ])
}

/**
 * Ten half columns: a lane's line is in the middle of its two.
 *
 * @param {number} lane
 */
const lineOf = (lane) => 2 * lane + 2

/**
 * @param {number} from
 * @param {number} to
 */
function arrowOf(from, to) {
  const [left, right] = [Math.min(from, to), Math.max(from, to)]
  const direction = from === to ? 'self' : to > from ? 'right' : 'left'
  const arrow = element('span', { class: `arrow ${direction}` })
  arrow.style.gridColumn =
    from === to ? `${lineOf(left) - 1} / ${lineOf(left) + 1}` : `${lineOf(left)} / ${lineOf(right)}`
  return arrow
}

/**
 * Words stand over their arrow: from its left end, to its right end, or in the middle.
 *
 * @param {number} from
 * @param {number} to
 */
function alignmentOf(from, to) {
  const middle = (from + to) / 2
  if (middle < 1.6) return 'start'
  return middle > 2.4 ? 'end' : 'center'
}

/** @param {Step} step */
function summaryOf(step) {
  const from = LANES.indexOf(step.from)
  const to = LANES.indexOf(step.to)
  const facts = [step.status, step.durationMs === undefined ? undefined : time(step.durationMs)]
  const words = element('span', { class: 'words' }, [
    element('span', { class: 'sr', text: `${LANE_NAMES[from]} to ${LANE_NAMES[to]}: ` }),
    element('b', { text: step.what }),
    step.request === undefined ? undefined : element('code', { text: step.request }),
    step.faulty ? element('span', { class: 'badge bad', text: 'fault' }) : undefined,
    element('span', {
      class: 'facts',
      text: facts.filter((fact) => fact !== undefined).join(' · '),
    }),
  ])
  words.dataset.align = alignmentOf(from, to)
  words.style.setProperty('--from', `${(2 * Math.min(from, to) + 1) * 10}%`)
  words.style.setProperty('--to', `${100 - (2 * Math.max(from, to) + 1) * 10}%`)
  return element('summary', {}, [words, arrowOf(from, to)])
}

/**
 * @param {Step} step
 * @param {boolean} open
 */
function rowOf(step, open) {
  const details = element('details', { class: `step ${step.tone}`, open }, [summaryOf(step)])
  const fill = () => {
    if (!details.open || details.childElementCount > 1) return
    details.append(element('div', { class: 'behind' }, step.sections.map(sectionOf)))
  }
  details.addEventListener('toggle', fill)
  const row = element('li', {}, [details])
  row.dataset.id = step.id
  row.dataset.text = JSON.stringify(step)
  fill()
  return row
}

/**
 * The rows that are drawn.
 *
 * @returns {HTMLElement[]}
 */
const rowsNow = () =>
  [...list.querySelectorAll(':scope > li')].filter((row) => row instanceof HTMLElement)

/**
 * What has the focus and is drawn anew has it again.
 *
 * @param {() => void} drawAnew
 */
function keepingFocus(drawAnew) {
  const row = rowsNow().find((one) => one.contains(document.activeElement))?.dataset.id
  const isReplay = document.activeElement?.id === 'replay'
  drawAnew()
  if (isReplay) document.getElementById('replay')?.focus({ preventScroll: true })
  const again = rowsNow().find(({ dataset }) => dataset.id === row)
  again?.querySelector('summary')?.focus({ preventScroll: true })
}

/**
 * Rows that have not changed stay as they are, open or focused.
 *
 * @param {readonly Step[]} steps
 * @param {boolean} isOther
 */
function drawSteps(steps, isOther) {
  const known = new Map(rowsNow().map((row) => [row.dataset.id, row]))
  const rows = steps.map((step) => {
    const row = isOther ? undefined : known.get(step.id)
    if (row?.dataset.text === JSON.stringify(step)) return row
    return rowOf(step, row?.querySelector('details')?.open ?? false)
  })
  const stays = new Set(rows)
  for (const row of rowsNow()) if (!stays.has(row)) row.remove()
  rows.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null)
  })
}

/** @param {Flow} flow */
function replayOf({ replay }) {
  /** @param {() => unknown} [onclick] */
  const button = (onclick) =>
    element('button', {
      type: onclick === undefined ? 'submit' : 'button',
      id: 'replay',
      text: 'Replay',
      onclick,
    })
  if (replay === undefined) return undefined
  if (replay.type === 'attack') return button(() => send('attacks', { name: replay.name }))
  const fields = Object.entries(replay.form).map(([name, value]) =>
    element('input', { type: 'hidden', name, value: String(value) }),
  )
  const form = { method: 'post', action: replay.path, target: 'application' }
  return element('form', form, [...fields, button()])
}

/** @param {Flow} flow */
function drawHead(flow) {
  const { action, durationMs, outcome, title, tone } = flow
  const { confirmationRoundTrips, runs, startRoundTrips, wayBackRoundTrips } = action
  const confirmed =
    confirmationRoundTrips === 0 ? '' : `, ${confirmationRoundTrips} at the confirmation`
  const cost = `The Action: ${runs} ${runs === 1 ? 'run' : 'runs'}, ${time(action.durationMs)}, round trips ${startRoundTrips} at the start, ${wayBackRoundTrips} on the way back${confirmed}. All: ${time(durationMs)}.`
  head.replaceChildren(
    element('div', { class: 'head' }, [
      element('h2', { text: title }),
      element('span', { class: `badge ${tone}`, id: 'outcome', text: outcome }),
      replayOf(flow),
    ]),
    element('p', { class: 'cost', text: cost }),
  )
}

function drawNothing() {
  head.replaceChildren(
    element('h2', { text: 'Nothing has happened yet' }),
    element('p', { text: 'Log in to the application, and link a second login.' }),
  )
  list.replaceChildren()
}

/** @type {string | undefined} */
let shown
let shownHead = ''

/** @param {Flow | undefined} flow */
export function draw(flow) {
  lanes.hidden = flow === undefined
  if (flow === undefined) {
    shown = undefined
    shownHead = ''
    return drawNothing()
  }
  const { steps, ...about } = flow
  const headText = JSON.stringify(about)
  keepingFocus(() => {
    if (shownHead !== headText) drawHead(flow)
    drawSteps(steps, shown !== flow.id)
  })
  shownHead = headText
  shown = flow.id
}
