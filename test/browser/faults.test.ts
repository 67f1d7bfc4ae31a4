/** The faults of the inspector, switched on in Chromium, and how the Action takes them. */

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
  stepsOf,
  switching,
} from './desk.ts'

async function switchOn(inspector: Page, label: string): Promise<void> {
  await openTab(inspector, 'Faults')
  const box = inspector.getByRole('switch', { name: label })
  await switching(inspector, 'troubles', () => box.check())
  await openTab(inspector, 'Flow')
}

async function switchOff(inspector: Page, label: string): Promise<void> {
  await openTab(inspector, 'Faults')
  const box = inspector.getByRole('switch', { name: label })
  await switching(inspector, 'troubles', () => box.uncheck())
  await openTab(inspector, 'Flow')
}

async function doOnce(inspector: Page, label: string): Promise<void> {
  await openTab(inspector, 'Faults')
  await inspector.getByRole('button', { name: label }).click()
  await inspector.getByText(/done at/).waitFor()
  await openTab(inspector, 'Flow')
}

const isOn = async (inspector: Page, label: string): Promise<boolean> => {
  await openTab(inspector, 'Faults')
  const on = await inspector.getByRole('switch', { name: label }).isChecked()
  await openTab(inspector, 'Flow')
  return on
}

const countOf = async (inspector: Page, step: string): Promise<number> =>
  (await stepsOf(inspector)).filter((one) => one === step).length

const LINKS = 'Action to Management API: links the identity'

test('a slow tenant: the link takes its time', async () => {
  const { app, inspector, lab } = await openDesk()
  await logIn(app)
  await switchOn(inspector, 'Slow tenant')

  await link(app)
  await isLinked(app)

  const runs = lab.tenant.runs()
  const wayBack = runs.findLast(({ handler }) => handler === 'onContinuePostLogin')
  const confirmation = runs.findLast(({ event }) => event.transaction === undefined)
  // The code; then the Management token and the link.
  expect(wayBack?.durationMs).toBeGreaterThan(1_400)
  expect(confirmation?.durationMs).toBeGreaterThan(2_900)
  expect(await isOn(inspector, 'Slow tenant')).toBe(true)
})

test('429 once: tried again when the tenant says so', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await switchOn(inspector, '429 at the change, once')

  await link(app)
  await isLinked(app)

  await outcomeIs(inspector, 'linked')
  expect(await countOf(inspector, LINKS)).toBe(2)
  const refused = await openStep(inspector, 'links the identity')
  expect(refused).toContain('status 429')
  expect(refused).toContain('an injected fault was applied')
  await expect.poll(() => isOn(inspector, '429 at the change, once')).toBe(false)
})

test('429 to the end: denied in time', async () => {
  const { app, inspector, lab } = await openDesk()
  await logIn(app)
  await switchOn(inspector, '429 at the change, always')

  await link(app)
  await isDenied(app, 'service_unavailable')

  const run = lab.tenant.runs().findLast(({ handler }) => handler === 'onContinuePostLogin')
  expect(run?.durationMs).toBeLessThan(15_500)
  expect(await isOn(inspector, '429 at the change, always')).toBe(true)
})

test('a lost answer: counted once, as success', async () => {
  const { app, inspector, lab } = await openDesk()
  await logIn(app)
  await switchOn(inspector, 'Lost answer')

  await link(app)
  await isLinked(app)

  await outcomeIs(inspector, 'linked')
  expect(await countOf(inspector, LINKS)).toBe(2)
  const statuses = lab.tenant
    .requests()
    .filter(({ path }) => path.endsWith('/identities'))
    .map(({ status }) => status)
  expect(statuses).toEqual([undefined, 409])
})

test("a hanging token endpoint: the login's code is redeemed, the Action's only when tried again", async () => {
  const { app, inspector, lab } = await openDesk()
  await switchOn(inspector, 'Hanging token endpoint')

  await logIn(app)
  expect(await isOn(inspector, 'Hanging token endpoint')).toBe(true)
  await link(app)
  await isLinked(app)

  await outcomeIs(inspector, 'linked')
  expect(await countOf(inspector, 'Action to Tenant: redeems the code')).toBe(2)
  await expect.poll(() => isOn(inspector, 'Hanging token endpoint')).toBe(false)
  const hit = lab.tenant.requests().filter(({ faulty }) => faulty)
  expect(hit.map(({ caller, path }) => `${caller} ${path}`)).toEqual(['action /oauth/token'])
})

test('a fault that waits is not used up, nor doubled, by switching another one', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await switchOn(inspector, '429 at the change, once')
  await switchOn(inspector, 'Lost answer')
  await switchOff(inspector, 'Lost answer')

  await link(app)
  await isLinked(app)

  await outcomeIs(inspector, 'linked')
  expect(await countOf(inspector, LINKS)).toBe(2)
  await expect.poll(() => isOn(inspector, '429 at the change, once')).toBe(false)
})

test('rotated keys: the old hint is refused, a new login cures it', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await doOnce(inspector, 'Rotated keys')

  await startLink(app)
  await isDenied(app, 'hint_invalid')
  await app.getByRole('button', { name: 'Log in again' }).click()
  await app.getByRole('link', { name: /Username-Password/ }).click()
  await app.getByRole('button', { name: /^Alex / }).click()
  await app.getByText('You are logged in.').waitFor()
  await link(app)

  await isLinked(app)
})

test('an empty cache: one round trip more', async () => {
  const { app, inspector, lab } = await openDesk()
  await logIn(app)
  await link(app)
  await isLinked(app)
  expect(lab.tenant.cache.entries().length).toBeGreaterThan(0)
  await doOnce(inspector, 'Empty cache')
  expect(lab.tenant.cache.entries()).toEqual([])

  await link(app, 'GitHub')
  await isLinked(app, 'GitHub')

  await outcomeIs(inspector, 'linked')
  expect(await stepsOf(inspector)).toContain('Action to Tenant: reads the keys')
})

test("a platform that repeats the first request's values: the way back looks as the start did", async () => {
  const { app, context, inspector } = await openDesk()
  await logIn(app)
  const network = await context.newCDPSession(app)
  const comeBackAsAnother = async () => {
    await startLink(app)
    const userAgent = `OtherBrowser/${Date.now()}`
    await network.send('Network.setUserAgentOverride', { userAgent })
    await app.getByRole('button', { name: /^Alex / }).click()
  }

  await comeBackAsAnother()
  await isDenied(app, 'binding_mismatch')
  await switchOn(inspector, 'First values again')
  await comeBackAsAnother()

  await isLinked(app)
})

test('a platform whose nested login replaces the session: denied, until it is switched off', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await switchOn(inspector, 'Session replaced')
  await link(app)
  await isDenied(app, 'binding_mismatch')

  await switchOff(inspector, 'Session replaced')
  await app.bringToFront()
  await app.getByRole('button', { name: 'Log out' }).click()
  await logIn(app)
  await link(app)
  await isLinked(app)
})
