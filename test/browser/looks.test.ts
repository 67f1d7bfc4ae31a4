/** Every page at 360 and 1440 pixels, light and dark: nothing that axe complains of, and nothing cut off. */

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import {
  isDenied,
  isLinked,
  link,
  logIn,
  openDesk,
  openStep,
  openTab,
  outcomeIs,
  startLink,
} from './desk.ts'
import { findOverflows, judge, type Looks } from './looks.ts'

async function isFine(page: Page, atLeastTexts: number): Promise<void> {
  let looks: Looks | undefined
  // Judged again for as long as the page may still be painting itself in its colours.
  const failures = async () => {
    looks = await judge(page)
    return looks.failures
  }
  await expect.poll(failures).toEqual([])
  expect(await findOverflows(page)).toEqual([])
  expect(looks?.texts).toBeGreaterThanOrEqual(atLeastTexts)
}

test.each([
  { width: 360, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' },
  { width: 1440, colorScheme: 'light' },
  { width: 1440, colorScheme: 'dark' },
] as const)(
  'at $width pixels, $colorScheme',
  { timeout: 120_000 },
  async ({ colorScheme, width }) => {
    const viewport = { width, height: 800 }
    const { app, inspector } = await openDesk({ browser: { viewport, colorScheme } })
    await app.bringToFront()
    await isFine(app, 4)
    await isFine(inspector, 8)

    await app.getByRole('button', { name: 'Log in' }).click()
    await app.getByRole('link', { name: /Username-Password/ }).waitFor()
    await isFine(app, 5)
    await app.getByRole('link', { name: /Username-Password/ }).click()
    await app.getByLabel('E-mail address').fill('nobody@example.com')
    await app.getByRole('button', { name: 'Continue' }).click()
    await app.getByRole('alert').waitFor()
    await isFine(app, 10)
    await app.getByRole('button', { name: /^Alex / }).click()
    await app.getByText('You are logged in.').waitFor()

    await app.getByRole('button', { name: /calendar/ }).click()
    await app.getByRole('button', { name: /^Alex / }).click()
    await app.getByText('11:00 Review').waitFor()
    await isFine(app, 25)
    await startLink(app, 'GitHub')
    await app.getByRole('button', { name: 'Cancel' }).click()
    await isDenied(app, 'link_cancelled')
    await isFine(app, 20)
    await link(app, 'GitHub')
    await isLinked(app, 'GitHub')

    await openTab(inspector, 'Flow')
    await openStep(inspector, 'tells the application: linked')
    await openStep(inspector, 'GET /authorize')
    await isFine(inspector, 80)
    for (const [name, texts] of [
      ['Settings', 50],
      ['Faults', 14],
      ['People', 15],
    ] as const) {
      await openTab(inspector, name)
      await isFine(inspector, texts)
    }
    await openTab(inspector, 'Attacks')
    await inspector.getByRole('button', { name: 'Attack: Stolen hint' }).click()
    await inspector.locator('#attacks .badge').waitFor()
    await isFine(inspector, 20)
  },
)

test.each([
  {
    what: 'what cannot be read',
    html: '<p>hardly to be read</p>',
    style: 'color: #bbb; background: #fff',
    failure: /^color-contrast: .*hardly to be read/,
  },
  {
    what: 'a field without an edge',
    html: '<input aria-label="hardly to be seen">',
    style: 'border-color: #ddd; background: #fff; color: #000',
    failure: /^1\.\d+ edge of hardly to be seen$/,
  },
  {
    what: 'a picture without words',
    html: '<img src="data:," width="9" height="9">',
    style: '',
    failure: /^image-alt: /,
  },
])('the judge finds $what', async ({ failure, html, style }) => {
  const { app } = await openDesk()
  await logIn(app)
  await app.evaluate(`(() => {
    const main = document.querySelector('main')
    main.insertAdjacentHTML('beforeend', '${html}')
    main.lastElementChild.style.cssText = '${style}'
  })()`)

  const { failures } = await judge(app)

  expect(failures).toEqual([expect.stringMatching(failure)])
})

test.each([
  { page: 'app', pane: 'main' },
  { page: 'inspector', pane: '.panels' },
  { page: 'inspector', pane: '#panel-flow' },
  { page: 'inspector', pane: 'nav' },
  { page: 'inspector', pane: '#flows button' },
  { page: 'inspector', pane: '.behind' },
  { page: 'inspector', pane: '.behind pre' },
] as const)('what is too wide is found in $pane of the $page', async ({ page, pane }) => {
  const desk = await openDesk({ browser: { viewport: { width: 360, height: 800 } } })
  await logIn(desk.app)
  await openTab(desk.inspector, 'Flow')
  await outcomeIs(desk.inspector, 'done')
  await openStep(desk.inspector, 'GET /authorize')
  expect(await findOverflows(desk[page])).toEqual([])

  await desk[page].evaluate(`(() => {
    const wrong = document.createElement('div')
    wrong.style.width = '5000px'
    wrong.style.height = '2px'
    document.querySelector('${pane}').append(wrong)
  })()`)

  const [most] = await findOverflows(desk[page])
  expect(Number.parseInt(most ?? '', 10)).toBeGreaterThan(4_000)
})

test('on a narrow screen the application is a tab, the first to be seen while there is no flow', async () => {
  const { app, inspector } = await openDesk({ browser: { viewport: { width: 360, height: 800 } } })
  const selected = inspector.getByRole('tab', { selected: true })
  await inspector.bringToFront()
  await inspector.frameLocator('iframe').getByRole('button', { name: 'Log in' }).waitFor()
  await expect.poll(() => selected.textContent()).toBe('App')

  await openTab(inspector, 'Flow')
  await inspector.locator('iframe').waitFor({ state: 'hidden' })
  await logIn(app)
  await openTab(inspector, 'App')
  await outcomeIs(inspector, 'done')
  expect(await selected.textContent()).toBe('App')

  await inspector.reload()
  await outcomeIs(inspector, 'done')
  expect(await selected.textContent()).toBe('Flow')
})

test('on a wide screen the flow is seen first', async () => {
  const { inspector } = await openDesk()

  await inspector.getByText('Nothing has happened yet').waitFor()

  expect(await inspector.getByRole('tab', { selected: true }).textContent()).toBe('Flow')
})
