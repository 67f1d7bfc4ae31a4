/** The attacks of the inspector in Chromium: each is carried out, and stopped by the check it names. */

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openDesk, openTab, outcomeIs, set, stepsOf } from './desk.ts'

async function attack(inspector: Page, label: string): Promise<string> {
  await openTab(inspector, 'Attacks')
  await inspector.getByRole('button', { name: `Attack: ${label}` }).click()
  const row = inspector.locator('#attacks li').filter({ hasText: label })
  await row.locator('.badge').waitFor()
  return (await row.locator('.result').textContent()) ?? ''
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

  expect(await attack(inspector, label)).toBe(result)

  await openTab(inspector, 'Flow')
  await outcomeIs(inspector, outcome)
  expect(await stepsOf(inspector)).toContain(step)
  const [newest] = await inspector.locator('.flows b').allTextContents()
  expect(newest).toBe(`Attack: ${label.toLowerCase()}`)
})

test('an attack whose check is switched off is told as not stopped', async () => {
  const { inspector } = await openDesk()
  await set(inspector, 'PIN_USER_AGENT', false)

  const result = await attack(inspector, 'Another browser')

  expect(result).toBe('not stopped by nothing: the identity is linked: linked, check: no check')
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
