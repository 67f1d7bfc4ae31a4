/** The switches: settings, faults, attacks, people. Rows are built once and then kept up to date. */

import { byId, element, send } from './dom.js'

/** @import { ShownAttack, State } from '../state.ts' */

/**
 * @param {string} label
 * @param {() => unknown} onchange
 */
function toggle(label, onchange) {
  return element('input', { type: 'checkbox', role: 'switch', 'aria-label': label, onchange })
}

/**
 * A list whose rows are made by name once; `update` brings each up to date.
 *
 * @template Item
 * @param {string} id
 * @param {(item: Item) => { readonly node: HTMLElement, update(item: Item): void }} make
 * @returns {(items: readonly Item[], nameOf: (item: Item) => string) => void}
 */
function createRows(id, make) {
  const list = byId(id)
  /** @type {Map<string, ReturnType<typeof make>>} */
  const rows = new Map()
  return (items, nameOf) => {
    for (const item of items) {
      const name = nameOf(item)
      const row = rows.get(name) ?? make(item)
      if (!rows.has(name)) {
        row.node.dataset.name = name
        rows.set(name, row)
        list.append(row.node)
      }
      row.update(item)
    }
    for (const [name, { node }] of rows) {
      if (items.some((item) => nameOf(item) === name)) continue
      node.remove()
      rows.delete(name)
    }
  }
}

/**
 * @param {string} name
 * @param {string} meaning
 */
const describe = (name, meaning) =>
  element('div', { class: 'what' }, [
    element('b', { text: name }),
    element('small', { text: meaning }),
  ])

/**
 * @typedef {State['settings'][number]} Setting
 * @typedef {{ readonly nodes: readonly HTMLElement[], update(setting: Setting): void }} Control
 */

/**
 * @param {Setting} setting
 * @returns {Control}
 */
function choiceControl({ kind, name }) {
  const choices = kind.type === 'choice' ? kind.choices : []
  /** @type {HTMLSelectElement} */
  const select = element(
    'select',
    {
      'aria-label': name,
      onchange: () => send('settings', { name, on: true, value: select.value }),
    },
    choices.map((choice) => element('option', { value: choice, text: choice })),
  )
  return {
    nodes: [select],
    update: ({ value }) => {
      select.value = value
    },
  }
}

/**
 * @param {Setting} setting
 * @returns {Control}
 */
function textControl({ name }) {
  /** @type {HTMLInputElement} */
  const field = element('input', {
    type: 'text',
    'aria-label': `${name}: value`,
    spellcheck: 'false',
    onchange: () => send('settings', { name, on: box.checked, value: field.value }),
  })
  const box = toggle(name, () => send('settings', { name, on: box.checked, value: field.value }))
  return {
    nodes: [field, box],
    update: ({ on, value }) => {
      box.checked = on
      if (document.activeElement !== field) field.value = value
    },
  }
}

/**
 * @param {Setting} setting
 * @returns {Control}
 */
function switchControl({ name }) {
  const box = toggle(name, () => send('settings', { name, on: box.checked }))
  return {
    nodes: [box],
    update: ({ on }) => {
      box.checked = on
    },
  }
}

const CONTROLS = {
  choice: choiceControl,
  text: textControl,
  secret: switchControl,
  switch: switchControl,
}

/** @type {ReturnType<typeof createRows<Setting>>} */
export const drawSettings = createRows('settings', (setting) => {
  const control = CONTROLS[setting.kind.type](setting)
  const node = element('li', { class: setting.kind.type }, [
    describe(setting.name, setting.meaning),
    element('div', { class: 'control' }, control.nodes),
  ])
  return { node, update: control.update }
})

/** @typedef {State['troubles'][number]} Trouble */

/** @type {ReturnType<typeof createRows<Trouble>>} */
export const drawTroubles = createRows('troubles', ({ label, lasting, meaning, name }) => {
  if (!lasting) {
    const done = element('small', { role: 'status' })
    const order = async () => {
      done.textContent = ''
      await send('troubles', { name, on: true })
      done.textContent = `done at ${new Date().toLocaleTimeString('en-GB')}`
    }
    const button = element('button', {
      type: 'button',
      text: 'Do it',
      'aria-label': `Do it: ${label}`,
      onclick: order,
    })
    const control = element('div', { class: 'control' }, [done, button])
    return { node: element('li', {}, [describe(label, meaning), control]), update: () => {} }
  }
  const box = toggle(label, () => send('troubles', { name, on: box.checked }))
  const node = element('li', {}, [
    describe(label, meaning),
    element('div', { class: 'control' }, [box]),
  ])
  return {
    node,
    update: ({ on }) => {
      box.checked = on
    },
  }
})

/** @type {Readonly<Record<string, string>>} */
const TONES = { stopped: 'good', 'not stopped': 'bad' }

/** @type {ReturnType<typeof createRows<ShownAttack>>} */
export const drawAttacks = createRows('attacks', ({ label, meaning, name }) => {
  // Not `disabled` while it runs: that would take the focus away.
  const isUnderWay = () => button.getAttribute('aria-disabled') === 'true'
  /** @type {HTMLButtonElement} */
  const button = element('button', {
    type: 'button',
    text: 'Attack',
    'aria-label': `Attack: ${label}`,
    onclick: () => isUnderWay() || send('attacks', { name }),
  })
  const result = element('div', { class: 'result', role: 'status' })
  const node = element('li', {}, [
    describe(label, meaning),
    element('div', { class: 'control' }, [button]),
    result,
  ])
  let shown = ''
  return {
    node,
    update({ result: found, running }) {
      button.setAttribute('aria-disabled', String(running))
      const text = JSON.stringify([found, running])
      if (text === shown) return
      shown = text
      if (running) return result.replaceChildren(element('span', { text: 'under way …' }))
      if (found === undefined) return result.replaceChildren()
      const { check, code, told, verdict } = found
      result.replaceChildren(
        element('span', { class: `badge ${TONES[verdict] ?? 'running'}`, text: verdict }),
        element('span', { text: code === undefined ? `: ${told}` : ` ${told}: ` }),
        ...(code === undefined ? [] : [element('code', { text: code })]),
        element('span', { text: check === undefined ? '' : `, check: ${check}` }),
      )
    },
  }
})

/** @typedef {State['people'][number]} Person */

/** @type {ReturnType<typeof createRows<Person>>} */
export const drawPeople = createRows('people', ({ connections, email, name, userId }) => {
  const where = connections.join(' + ')
  const verified = toggle(`${name}, ${where}: e-mail verified`, () =>
    send('people', { userId, emailVerified: verified.checked }),
  )
  const enrolled = toggle(`${name}, ${where}: factor enrolled`, () =>
    send('people', { userId, enrolled: enrolled.checked }),
  )
  const place = element('small')
  /**
   * @param {string} text
   * @param {HTMLElement} box
   */
  const labelled = (text, box) => element('label', {}, [element('span', { text }), box])
  const node = element('li', {}, [
    element('div', { class: 'what' }, [element('b', { text: name }), place]),
    element('div', { class: 'control' }, [
      labelled('e-mail verified', verified),
      labelled('factor enrolled', enrolled),
    ]),
  ])
  return {
    node,
    update(person) {
      place.textContent = `${email} · ${person.connections.join(' + ')}`
      verified.checked = person.emailVerified
      enrolled.checked = person.enrolled
    },
  }
})
