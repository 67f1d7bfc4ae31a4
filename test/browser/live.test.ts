/** What the inspector's page does while things happen: keeps up, keeps the focus, lets go of the line. */

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import {
  choose,
  HELD_MS,
  isLinked,
  link,
  logIn,
  openDesk,
  openStep,
  openTab,
  outcomeIs,
  startLink,
  stepsOf,
} from './desk.ts'

const isFocused = (page: Page, selector: string): Promise<boolean> =>
  page.locator(selector).evaluate((element) => element.matches(':focus'))

test('an older flow goes on being drawn, its arrows open and the focus where it was', async () => {
  const { app, context, inspector, lab } = await openDesk()
  await logIn(app)
  await startLink(app)
  await app.getByRole('heading', { name: 'Log in with google-oauth2' }).waitFor()
  const other = await context.browser()?.newContext()
  const newer = await other?.newPage()
  await newer?.goto(lab.url)
  await newer?.getByRole('button', { name: 'Log in' }).click()
  await inspector.getByRole('heading', { name: 'Log in' }).waitFor()
  await inspector.bringToFront()
  const older = inspector.locator('.flows button').nth(1)
  await older.click()
  await inspector.getByRole('heading', { name: 'Link google-oauth2' }).waitFor()
  await openStep(inspector, 'goes to the nested login')
  await older.focus()
  const before = (await stepsOf(inspector)).length

  await choose(app, 'Alex')
  await isLinked(app)
  await other?.close()

  await outcomeIs(inspector, 'linked')
  expect(await inspector.locator('#flow-head h2').textContent()).toBe('Link google-oauth2')
  expect((await stepsOf(inspector)).length).toBeGreaterThan(before + 5)
  expect(await inspector.locator('.step[open] b').allTextContents()).toEqual([
    'goes to the nested login',
  ])
  expect(await isFocused(inspector, '.flows li:nth-child(2) button')).toBe(true)
})

test('Replay keeps the focus while its flow is drawn', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await startLink(app)
  await app.getByRole('heading', { name: 'Log in with google-oauth2' }).waitFor()
  await outcomeIs(inspector, 'under way')
  await inspector.locator('#replay').focus()

  await choose(app, 'Alex')
  await isLinked(app)

  await outcomeIs(inspector, 'linked')
  expect(await isFocused(inspector, '#replay')).toBe(true)
})

test('on a narrow screen a replay is seen: the application comes to the front', async () => {
  const { app, inspector } = await openDesk({ browser: { viewport: { width: 360, height: 740 } } })
  await logIn(app)
  await startLink(app)
  await app.getByRole('button', { name: 'Cancel' }).click()
  await openTab(inspector, 'Flow')
  await outcomeIs(inspector, 'denied link_cancelled')

  await inspector.getByRole('button', { name: 'Replay' }).click()

  const frame = inspector.frameLocator('iframe')
  await frame.getByRole('heading', { name: 'Log in with google-oauth2' }).waitFor()
  expect(await isFocused(inspector, '#tab-application')).toBe(true)
  await frame.getByRole('button', { name: /^Alex / }).click()
  await frame.getByText('Google is linked.').waitFor()
})

test('on a wide screen a replay leaves the tab as it is', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await inspector.bringToFront()
  await outcomeIs(inspector, 'done')

  await inspector.getByRole('button', { name: 'Replay' }).click()

  await inspector.frameLocator('iframe').getByText('You are logged in.').waitFor()
  expect(await inspector.getByRole('tab', { selected: true }).textContent()).toBe('Flow')
})

test('on a narrow screen many flows take a small part of it, and none stands beside it', async () => {
  const { app, inspector } = await openDesk({ browser: { viewport: { width: 360, height: 740 } } })
  await logIn(app)
  for (let count = 0; count < 6; count += 1) {
    await startLink(app)
    await app.getByRole('button', { name: 'Cancel' }).click()
    await app.getByText('link_cancelled').waitFor()
  }
  await openTab(inspector, 'Flow')
  const flows = inspector.locator('.flows button')
  await expect.poll(() => flows.count()).toBe(7)

  const list = await inspector.locator('.flows').boundingBox()
  await flows.last().scrollIntoViewIfNeeded()
  const last = await flows.last().boundingBox()

  expect(list?.height).toBeLessThan(200)
  expect((last?.x ?? -1) + (last?.width ?? 0)).toBeLessThan(360)
  expect(last?.y).toBeLessThan((list?.y ?? 0) + (list?.height ?? 0))
})

test('an attack under way keeps the focus on its button, and is not begun twice', async () => {
  const { inspector, lab } = await openDesk()
  lab.tenant.setBackChannelDelay(HELD_MS)
  await openTab(inspector, 'Attacks')
  const button = inspector.getByRole('button', { name: 'Attack: Stolen hint' })
  await button.focus()
  let orders = 0
  inspector.on('request', (request) => {
    if (request.url().endsWith('/inspector/attacks')) orders += 1
  })

  await inspector.keyboard.press('Enter')
  await inspector.getByText('under way').waitFor()
  const isBusy = await button.getAttribute('aria-disabled')
  await inspector.keyboard.press('Enter')
  const isHere = await button.evaluate((element) => element.matches(':focus'))
  lab.tenant.setBackChannelDelay(0)
  await inspector.locator('#attacks .badge').waitFor()

  expect([isBusy, isHere]).toEqual(['true', true])
  expect(await button.getAttribute('aria-disabled')).toBe('false')
  expect(await button.evaluate((element) => element.matches(':focus'))).toBe(true)
  expect(orders).toBe(1)
})

test('a tab opens at its top, and again where it was left', async () => {
  const { inspector } = await openDesk()
  const scrolled = (): Promise<number> =>
    inspector.locator('#pane').evaluate((pane) => pane.scrollTop)
  await openTab(inspector, 'Settings')
  await inspector.getByRole('switch', { name: 'ACTION_SECRET' }).scrollIntoViewIfNeeded()
  const place = await scrolled()

  await openTab(inspector, 'Attacks')
  const top = await scrolled()
  await openTab(inspector, 'Settings')

  expect(place).toBeGreaterThan(200)
  expect([top, await scrolled()]).toEqual([0, place])
})

/** Chromium without a window takes every tab for visible: so it is told what a window would tell. */
const show = (page: Page, state: 'visible' | 'hidden'): Promise<void> =>
  page.evaluate(`(() => {
    Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  })()`)

test('inspectors that nobody looks at leave the connections to others, and catch up', async () => {
  const { app, context, inspector, lab } = await openDesk()
  await show(inspector, 'hidden')
  // A browser has six connections to a host.
  for (let count = 0; count < 7; count += 1) {
    const other = await context.newPage()
    await other.goto(lab.inspectorUrl)
    await other.getByRole('status').filter({ hasText: 'Version 1' }).waitFor()
    await show(other, 'hidden')
  }
  await logIn(app)
  await link(app)
  await isLinked(app)
  expect(await inspector.locator('.flows button').count()).toBe(0)

  await show(inspector, 'visible')

  await outcomeIs(inspector, 'linked')
  expect(await inspector.locator('.flows b').allTextContents()).toEqual([
    'Link google-oauth2',
    'Log in',
  ])
  expect(await inspector.locator('#problem').isVisible()).toBe(false)
})
