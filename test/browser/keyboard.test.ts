/** Everything by keyboard alone: no test here touches the mouse. */

import type { Locator, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { ALEX } from '../e2e/scenario.ts'
import { isLinked, logIn, openDesk, outcomeIs, switching } from './desk.ts'

const MAX_PRESSES = 80

/** Presses Tab until it has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor()
  for (let presses = 0; presses < MAX_PRESSES; presses += 1) {
    const has = await target.evaluate((element) => element.matches(':focus'))
    if (has) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not reach ${target}`)
}

async function press(page: Page, target: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, target)
  await page.keyboard.press(key)
}

test('logs in, links and unlinks', async () => {
  const { app } = await openDesk()
  await app.bringToFront()
  await press(app, app.getByRole('button', { name: 'Log in' }))
  await press(app, app.getByRole('link', { name: /Username-Password/ }))
  await tabTo(app, app.getByLabel('E-mail address'))
  await app.keyboard.type('alex@example.com')
  await tabTo(app, app.getByLabel('Password'))
  await app.keyboard.type('correct horse battery staple')
  await app.keyboard.press('Enter')
  await app.getByText('You are logged in.').waitFor()

  await press(app, app.getByRole('button', { name: 'Link Google' }))
  await press(app, app.getByRole('button', { name: /^Alex / }), 'Space')
  await isLinked(app)

  await press(app, app.getByRole('button', { name: 'Unlink Google' }))
  await press(app, app.getByRole('button', { name: /^Alex / }))
  await app.getByText('Google is unlinked.').waitFor()
})

test('goes through the tabs by arrows, opens a step, switches a setting, attacks', async () => {
  const { app, inspector } = await openDesk({ browser: { viewport: { width: 1440, height: 900 } } })
  await logIn(app)
  await inspector.bringToFront()
  await outcomeIs(inspector, 'done')
  const tab = (name: string) => inspector.getByRole('tab', { name })
  const selected = () => inspector.getByRole('tab', { selected: true }).textContent()

  const step = inspector.locator('.step').filter({ hasText: 'goes to log in' })
  await press(inspector, step.locator('summary'))
  await step.locator('.behind').waitFor()
  await press(inspector, step.locator('summary'))
  await step.locator('.behind').waitFor({ state: 'hidden' })

  await inspector.reload()
  await tabTo(inspector, tab('Flow'))
  await inspector.keyboard.press('ArrowRight')
  await expect.poll(selected).toBe('Settings')
  await press(inspector, inspector.getByRole('switch', { name: 'ALLOW_MERGE' }), 'Space')
  await inspector.getByRole('status').filter({ hasText: 'ALLOW_MERGE changed' }).waitFor()

  await inspector.reload()
  await tabTo(inspector, tab('Flow'))
  await inspector.keyboard.press('End')
  await expect.poll(selected).toBe('People')
  await inspector.keyboard.press('ArrowLeft')
  await expect.poll(selected).toBe('Attacks')
  await press(inspector, inspector.getByRole('button', { name: 'Attack: No hint' }))
  await inspector.locator('#attacks .badge').waitFor()
})

test('asks the agent, chooses a flow of the list, replays it, and clears the list', async () => {
  const { app, inspector } = await openDesk({ browser: { viewport: { width: 1440, height: 900 } } })
  await logIn(app)
  await press(app, app.getByRole('button', { name: 'What is on my calendar today?' }))
  await press(app, app.getByRole('button', { name: /^Alex / }))
  await app.getByText('11:00 Review of the linking flow').waitFor()

  await inspector.bringToFront()
  await outcomeIs(inspector, 'linked')
  const flows = inspector.locator('.flows button')
  await press(inspector, flows.filter({ hasText: 'Log in' }), 'Space')
  await inspector.getByRole('heading', { name: 'Log in', exact: true }).waitFor()
  await expect.poll(() => flows.last().getAttribute('aria-current')).toBe('true')
  await press(inspector, flows.filter({ hasText: 'Agent: calendar' }))
  await inspector.getByRole('heading', { name: 'Agent: calendar' }).waitFor()

  await press(inspector, inspector.getByRole('button', { name: 'Replay' }))
  const frame = inspector.frameLocator('iframe')
  await frame.getByText('The agent has a token already.').waitFor()
  await expect.poll(() => flows.count()).toBe(3)

  await press(inspector, inspector.getByRole('button', { name: 'Clear' }))
  await inspector.getByText('Nothing has happened yet').waitFor()
  expect(await flows.count()).toBe(0)
})

test('switches a fault, carries one out, and changes a person', async () => {
  const { inspector, lab } = await openDesk()
  await inspector.bringToFront()
  await tabTo(inspector, inspector.getByRole('tab', { name: 'Flow' }))
  await inspector.keyboard.press('ArrowRight')
  await inspector.keyboard.press('ArrowRight')
  const slow = inspector.getByRole('switch', { name: 'Slow tenant' })
  await switching(inspector, 'troubles', () => press(inspector, slow, 'Space'))
  await expect.poll(() => slow.isChecked()).toBe(true)
  await switching(inspector, 'troubles', () => press(inspector, slow, 'Space'))
  await expect.poll(() => slow.isChecked()).toBe(false)
  await press(inspector, inspector.getByRole('button', { name: 'Do it: Empty cache' }))
  await inspector.getByText(/done at/).waitFor()

  await inspector.reload()
  await tabTo(inspector, inspector.getByRole('tab', { name: 'Flow' }))
  await inspector.keyboard.press('End')
  await press(
    inspector,
    inspector.getByRole('switch', { name: /^Kim .* e-mail verified/ }),
    'Space',
  )
  const isVerified = () =>
    lab.tenant.users.all().find(({ name }) => name === 'Kim Example')?.email_verified
  await expect.poll(isVerified).toBe(true)
  await press(
    inspector,
    inspector.getByRole('switch', { name: /^Alex .* factor enrolled/ }),
    'Space',
  )
  await expect
    .poll(() => lab.tenant.users.get(ALEX.userId)?.enrolledFactors)
    .toEqual([{ type: 'otp' }])
})

test('what has the focus is seen', async () => {
  const { app } = await openDesk()
  await app.bringToFront()
  await tabTo(app, app.getByRole('button', { name: 'Log in' }))

  const outline = await app
    .getByRole('button', { name: 'Log in' })
    .evaluate((element) => element.computedStyleMap().get('outline-width')?.toString())

  expect(outline).toBe('3px')
})
