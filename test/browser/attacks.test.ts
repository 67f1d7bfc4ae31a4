/**
 * The attacks of the inspector in Chromium: each is carried out, and stopped by the check it names; or
 * it is told why nothing can be said.
 */

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { LocalTenantFault } from '../../scripts/tenant/faults.ts'
import {
  type Desk,
  HELD_MS,
  openDesk,
  openTab,
  outcomeIs,
  set,
  stepsOf,
  switching,
} from './desk.ts'

const resultOf = (inspector: Page, label: string) =>
  inspector.locator('#attacks li').filter({ hasText: label }).locator('.result')

async function start(inspector: Page, label: string): Promise<void> {
  await openTab(inspector, 'Attacks')
  await inspector.getByRole('button', { name: `Attack: ${label}` }).click()
}

async function attack(inspector: Page, label: string): Promise<string> {
  await start(inspector, label)
  await resultOf(inspector, label).locator('.badge').waitFor()
  return (await resultOf(inspector, label).textContent()) ?? ''
}

test.each([
  {
    label: 'No hint',
    result: 'stopped by the Action, at the start: hint_invalid, check: id_token_hint is missing',
    outcome: 'denied hint_invalid',
    step: 'Action to Tenant: denies hint_invalid',
  },
  {
    label: 'Stolen hint',
    result: 'stopped by the Action, at the start: hint_invalid, check: hint: sub',
    outcome: 'denied hint_invalid',
    step: 'Action to Tenant: denies hint_invalid',
  },
  {
    label: 'Planted account',
    result: expect.stringMatching(
      /^stopped by the Action, at the start: session_mismatch, check: .*\bsid\b/,
    ),
    outcome: 'denied session_mismatch',
    step: 'Browser to Tenant: is logged in without a page by example-partner',
  },
  {
    label: 'Swapped connection',
    result:
      'stopped by the Action, on the way back: connection_mismatch, check: the nested login used another connection',
    outcome: 'denied connection_mismatch',
    step: 'Browser to Tenant: sees the login page of github',
  },
  {
    label: 'Another browser',
    result: 'stopped by the Action, on the way back: binding_mismatch, check: another user_agent',
    outcome: 'denied binding_mismatch',
    step: 'Action to Tenant: denies binding_mismatch',
  },
  {
    label: 'Handed link',
    result:
      'stopped by the platform, the Action did not run: 400, check: the state of a way back is good once, in the browser that left',
    outcome: 'refused by the tenant',
    step: 'Browser to Tenant: comes back from the nested login',
  },
  {
    label: 'Replayed way back',
    result:
      'stopped by the platform, the Action did not run: 400, check: the state of a way back is good once, in the browser that left',
    outcome: 'refused by the tenant',
    step: 'Browser to Tenant: comes back from the nested login',
  },
  {
    label: 'Code of another attempt',
    result:
      'stopped by the Action, on the way back: callback_invalid, check: /oauth/token: invalid_grant',
    outcome: 'denied callback_invalid',
    step: 'Action to Tenant: redeems the code',
  },
])('$label', async ({ label, outcome, result, step }) => {
  const { inspector } = await openDesk()

  expect(await attack(inspector, label)).toEqual(result)

  await openTab(inspector, 'Flow')
  await outcomeIs(inspector, outcome)
  expect(await stepsOf(inspector)).toContain(step)
  const [newest] = await inspector.locator('.flows b').allTextContents()
  expect(newest).toBe(`Attack: ${label.toLowerCase()}`)
})

const NOT_STOPPED = 'not stopped: the identity is linked'
const NOT_CONFIRMED =
  'stopped by the application, at its callback: pending, check: the request is of another browser: nobody confirms the link (CONFIRM_LINK)'

/** The victim's way back ends at an application that has begun nothing in her browser. */
test.each([
  { label: 'Planted account', off: ['PIN_SESSION'] },
  { label: 'Handed link', off: ['PIN_SESSION', 'PIN_USER_AGENT'] },
])('$label is stopped by CONFIRM_LINK alone, and not without it', async ({ label, off }) => {
  const { inspector } = await openDesk()
  await openTab(inspector, 'Faults')
  const unbound = inspector.getByRole('switch', { name: 'Unbound way back' })
  await switching(inspector, 'troubles', () => unbound.check())
  for (const pin of off) await set(inspector, pin, false)
  expect(await attack(inspector, label)).toBe(NOT_CONFIRMED)
  await openTab(inspector, 'Flow')
  await outcomeIs(inspector, 'pending')

  await set(inspector, 'CONFIRM_LINK', false)

  expect(await attack(inspector, label)).toBe(NOT_STOPPED)
})

// The way back itself was stolen: the application in Mallory's browser confirms.
test('Another browser is told as not stopped where PIN_USER_AGENT is off', async () => {
  const { inspector } = await openDesk()
  await set(inspector, 'PIN_USER_AGENT', false)
  expect(await attack(inspector, 'Another browser')).toBe(NOT_STOPPED)

  await set(inspector, 'CONFIRM_LINK', false)

  expect(await attack(inspector, 'Another browser')).toBe(NOT_STOPPED)
})

const OTHER_CLIENT = { name: 'ALLOWED_CLIENT_IDS', to: 'other' } as const
const FACTORS = { name: 'ENFORCE_MFA', to: { choice: 'always' } } as const
const LEFT_ALONE =
  'did not take place: the login went on, and nothing was linked: client exampleWebApplicationClientId001 not in ALLOWED_CLIENT_IDS'
const DENIED_BEFORE =
  'did not take place: the request was denied before it: mfa_required, no MFA in this session (ENFORCE_MFA)'

test.each([
  { label: 'No hint', under: OTHER_CLIENT, result: LEFT_ALONE },
  { label: 'Stolen hint', under: OTHER_CLIENT, result: LEFT_ALONE },
  { label: 'Planted account', under: OTHER_CLIENT, result: LEFT_ALONE },
  { label: 'Swapped connection', under: OTHER_CLIENT, result: LEFT_ALONE },
  { label: 'Another browser', under: OTHER_CLIENT, result: LEFT_ALONE },
  { label: 'Swapped connection', under: FACTORS, result: DENIED_BEFORE },
  { label: 'Replayed way back', under: FACTORS, result: DENIED_BEFORE },
  { label: 'Code of another attempt', under: FACTORS, result: DENIED_BEFORE },
])('$label does not take place under $under.name', async ({ label, result, under }) => {
  const { inspector } = await openDesk()
  await set(inspector, under.name, under.to)

  expect(await attack(inspector, label)).toBe(result)
})

const broken = (route: LocalTenantFault['route'], status: number, after = 0): LocalTenantFault => ({
  route,
  status,
  after,
  times: 9,
  body: '{}',
})

test.each([
  {
    what: 'a page of the tenant that is broken',
    label: 'Swapped connection',
    fault: broken(/^GET \/upstream\/google/, 500),
    result: 'not judged: the browser is at /upstream, 500',
  },
  {
    what: 'a request that the platform refuses',
    label: 'No hint',
    fault: broken('GET /authorize', 400, 1),
    result: 'not judged: the browser is at /authorize, 400',
  },
  {
    what: 'a way back that breaks',
    label: 'Replayed way back',
    fault: broken('GET /continue', 500, 1),
    result: 'not judged: the browser is at /continue, 500',
  },
  {
    what: 'an Action that gets no answer',
    label: 'Another browser',
    fault: broken(/^POST \/api\/v2\/users\//, 400),
    before: ({ inspector }: Desk) => set(inspector, 'PIN_USER_AGENT', false),
    result: 'not judged: the Action had trouble: Management API: 400',
  },
])('$what stops no attack', async ({ before, fault, label, result }) => {
  const desk = await openDesk()
  await before?.(desk)
  desk.lab.tenant.fault(fault)

  expect(await attack(desk.inspector, label)).toBe(result)
})

test('a result is gone once the settings, the faults or another try make it old', async () => {
  const { inspector, lab } = await openDesk()
  const stopped = /^stopped by the Action/
  expect(await attack(inspector, 'No hint')).toMatch(stopped)

  await set(inspector, 'ALLOW_MERGE', true)
  await openTab(inspector, 'Attacks')
  await expect.poll(() => resultOf(inspector, 'No hint').textContent()).toBe('')

  expect(await attack(inspector, 'No hint')).toMatch(stopped)
  await openTab(inspector, 'Faults')
  await inspector.getByRole('switch', { name: 'Lost answer' }).check()
  await openTab(inspector, 'Attacks')
  await expect.poll(() => resultOf(inspector, 'No hint').textContent()).toBe('')

  expect(await attack(inspector, 'No hint')).toMatch(stopped)
  lab.tenant.fault({ route: 'GET /.well-known/openid-configuration', break: 'reset', times: 9 })
  await start(inspector, 'No hint')
  await inspector.getByRole('alert').getByText('the attack broke').waitFor()
  await expect.poll(() => resultOf(inspector, 'No hint').textContent()).toBe('')
})

test('a change during an attack makes its result worth nothing', async () => {
  const { inspector, lab } = await openDesk()
  lab.tenant.setBackChannelDelay(HELD_MS)
  await start(inspector, 'Stolen hint')
  await set(inspector, 'ALLOW_MERGE', true)
  lab.tenant.setBackChannelDelay(0)
  await openTab(inspector, 'Attacks')

  await inspector.getByRole('alert').getByText('changed during the attack').waitFor()

  await expect.poll(() => resultOf(inspector, 'Stolen hint').textContent()).toBe('')
})

test('an attack needs nothing of the log, which may be cleared at any time', async () => {
  const { inspector, lab } = await openDesk()
  const clearing = setInterval(lab.tenant.clearLog, 1)
  const result = await attack(inspector, 'Swapped connection').finally(() =>
    clearInterval(clearing),
  )

  expect(result).toMatch(/^stopped by the Action, on the way back: connection_mismatch, /)
})

test('the people of an attack are told apart by the whole of their id', async () => {
  const { inspector, lab } = await openDesk()
  await attack(inspector, 'No hint')

  const emails = lab.tenant.users.all().map(({ email }) => email)
  expect(emails.filter((email) => /^(victim|mallory)-[0-9a-f]{12}@/.test(email))).toHaveLength(2)
})

test('a link that was made is told as such, though the application is told of trouble', async () => {
  const { inspector, lab } = await openDesk()
  await set(inspector, 'PIN_USER_AGENT', false)
  const route = /^POST \/api\/v2\/users\/[^/]+\/identities$/
  lab.tenant.fault({ route, break: 'lose' })
  lab.tenant.fault({ route, status: 400, body: '{}' })

  expect(await attack(inspector, 'Another browser')).toBe('not stopped: the identity is linked')
  expect(lab.tenant.runs().at(-1)?.commands).toMatchObject([{ type: 'access.deny' }])
})

test('an attack can be replayed, and its people are nowhere else', async () => {
  const { app, inspector } = await openDesk()
  await attack(inspector, 'Stolen hint')
  await openTab(inspector, 'Flow')
  await inspector.getByRole('button', { name: 'Replay' }).click()

  await expect
    .poll(() => inspector.locator('.flows b').allTextContents())
    .toEqual(['Attack: stolen hint', 'Attack: stolen hint'])
  await openTab(inspector, 'People')
  expect(await inspector.locator('#people b').allTextContents()).toEqual([
    'Alex Example',
    'Sam Example',
    'Kim Example',
  ])
  await app.bringToFront()
  await app.getByRole('button', { name: 'Log in' }).click()
  await app.getByRole('link', { name: /Username-Password/ }).click()
  expect(await app.locator('.people button').count()).toBe(3)
})
