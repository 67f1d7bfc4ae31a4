/** Every page at 360 and 1440 pixels, light and dark: contrast of level AA, and nothing cut off. */

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { measure } from './contrast.ts'
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

async function isFine(page: Page, atLeastTexts: number): Promise<void> {
  // Measured again for as long as the page may still be painting itself in its colours.
  await expect.poll(async () => (await measure(page)).failures, { timeout: 5_000 }).toEqual([])
  const { overflows, texts } = await measure(page)
  expect(overflows).toEqual([])
  expect(texts).toBeGreaterThanOrEqual(atLeastTexts)
}

test.each([
  { width: 360, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' },
  { width: 1440, colorScheme: 'light' },
  { width: 1440, colorScheme: 'dark' },
] as const)('at $width pixels, $colorScheme', async ({ colorScheme, width }) => {
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
  await openStep(inspector, 'lets the login go on')
  await openStep(inspector, 'GET /authorize')
  await isFine(inspector, 80)
  for (const [name, texts] of [
    ['Settings', 40],
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
})

test('the measure finds what cannot be read', async () => {
  const { app } = await openDesk()
  await logIn(app)
  await app.evaluate(`(() => {
    const wrong = document.createElement('p')
    wrong.textContent = 'hardly to be read'
    wrong.style.color = '#bbb'
    document.querySelector('main').append(wrong)
  })()`)

  const { failures } = await measure(app)

  expect(failures).toEqual([expect.stringMatching(/^1\.\d+ hardly to be read$/)])
})

test.each([
  { page: 'app', pane: 'main' },
  { page: 'inspector', pane: '.bench > main' },
  { page: 'inspector', pane: '#panel-flow' },
  { page: 'inspector', pane: 'nav' },
  { page: 'inspector', pane: '#flows button' },
  { page: 'inspector', pane: '.behind' },
  { page: 'inspector', pane: '.behind pre' },
] as const)('the measure finds what is too wide in $pane of the $page', async ({ page, pane }) => {
  const desk = await openDesk({ browser: { viewport: { width: 360, height: 800 } } })
  await logIn(desk.app)
  await openTab(desk.inspector, 'Flow')
  await outcomeIs(desk.inspector, 'done')
  await openStep(desk.inspector, 'GET /authorize')
  expect((await measure(desk[page])).overflows).toEqual([])

  await desk[page].evaluate(`(() => {
    const wrong = document.createElement('div')
    wrong.style.width = '5000px'
    wrong.style.height = '2px'
    document.querySelector('${pane}').append(wrong)
  })()`)

  const [most] = (await measure(desk[page])).overflows
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
