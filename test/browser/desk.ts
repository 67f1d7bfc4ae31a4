/**
 * What the browser tests share: everything that `npm start` opens, a Chromium with the application and
 * the inspector in two tabs, and the steps that people take. Opens sockets on loopback; all is closed
 * after each test, which fails where a page asked another host, broke, or broke its policy.
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest'
import { type Lab, openLab } from '../../scripts/start/lab.ts'
import { watchSources } from '../../scripts/start/rebuild.ts'
import { launchChromium } from './chromium.ts'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const CODE = readFileSync(new URL('../../dist/action.js', import.meta.url), 'utf8')

export type Person = 'Alex' | 'Sam' | 'Kim'

/** For a state that has to come: the machine may be busy. `expect.poll` waits as long. */
export const WAIT_MS = 30_000

/** Longer than any test: held back until the tenant is told to go on. */
export const HELD_MS = 600_000

/** So much later, for everything of this process: tenant, Action and application. */
export function letTimePass(seconds: number): void {
  const now = Date.now()
  if (!vi.isFakeTimers()) vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true })
  vi.setSystemTime(now + seconds * 1_000)
}

export interface Desk {
  readonly lab: Lab
  readonly context: BrowserContext
  readonly app: Page
  readonly inspector: Page
}

let chromium: Browser | undefined
const open: { lab: Lab; context: BrowserContext; complaints: string[] }[] = []

beforeAll(async () => {
  chromium = await launchChromium()
})

afterEach(async () => {
  const closing = open.splice(0)
  for (const { context, lab } of closing) {
    await context.close()
    await lab.close()
  }
  expect(closing.flatMap(({ complaints }) => complaints)).toEqual([])
})

afterAll(async () => {
  await chromium?.close()
})

export interface DeskOptions {
  readonly browser?: BrowserContextOptions
  readonly root?: string
}

export async function openDesk({ browser = {}, root = ROOT }: DeskOptions = {}): Promise<Desk> {
  if (chromium === undefined) throw new Error('Chromium is not there')
  const lab = await openLab({
    code: CODE,
    root,
    watchSources,
    port: 0,
    httpsPort: 0,
    httpPort: 0,
  })
  const context = await chromium.newContext({ reducedMotion: 'reduce', ...browser })
  context.setDefaultTimeout(WAIT_MS)
  const complaints: string[] = []
  open.push({ lab, context, complaints })
  context.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url())
    if (protocol === 'data:' || hostname === 'localhost') return
    complaints.push(`asked another host: ${request.url()}`)
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('console', (message) => {
    const isPolicy = /Content.Security.Policy|Refused to/i.test(message.text())
    if (isPolicy) complaints.push(message.text())
  })
  const inspector = await context.newPage()
  await inspector.goto(lab.inspectorUrl)
  await inspector.getByRole('status').filter({ hasText: 'Version 1' }).waitFor()
  const app = await context.newPage()
  await app.goto(lab.url)
  return { lab, context, app, inspector }
}

/** Through the tenant's page of connections. */
export async function logIn(app: Page, person: Person = 'Alex'): Promise<void> {
  await app.bringToFront()
  await app.getByRole('button', { name: 'Log in' }).click()
  await app.getByRole('link', { name: /Username-Password/ }).click()
  await app.getByRole('button', { name: new RegExp(`^${person} `) }).click()
  await app.getByText('You are logged in.').waitFor()
}

/** Up to the second login's page, or back at the application where there was a denial. */
export async function startLink(app: Page, label = 'Google'): Promise<void> {
  await app.bringToFront()
  await app.getByRole('button', { name: `Link ${label}`, exact: true }).click()
}

export async function choose(app: Page, person: Person): Promise<void> {
  await app.getByRole('button', { name: new RegExp(`^${person} `) }).click()
}

export async function link(app: Page, label = 'Google', person: Person = 'Alex'): Promise<void> {
  await startLink(app, label)
  await choose(app, person)
}

/** What the application says at the top. */
export const noteOf = (app: Page) => app.locator('#note')

export const isDenied = async (app: Page, code: string): Promise<void> => {
  await expect.poll(() => noteOf(app).locator('code').textContent()).toBe(code)
}

export const isLinked = async (app: Page, label = 'Google'): Promise<void> => {
  await noteOf(app).getByText(`${label} is linked`).waitFor()
}

/** In front: Chromium draws other tabs now and then only. */
export async function openTab(inspector: Page, name: string): Promise<void> {
  await inspector.bringToFront()
  await inspector.getByRole('tab', { name }).click()
}

/** Does it, and waits until the server has taken what was switched by it. */
export async function switching(
  inspector: Page,
  what: 'settings' | 'troubles' | 'people',
  act: () => Promise<void>,
): Promise<void> {
  const path = `/inspector/${what}`
  await Promise.all([
    inspector.waitForResponse((response) => new URL(response.url()).pathname === path),
    act(),
  ])
}

/** Sets a setting as a person does; waits until it is deployed. */
export async function set(
  inspector: Page,
  name: string,
  to: boolean | string | { readonly choice: string },
): Promise<void> {
  await openTab(inspector, 'Settings')
  if (typeof to === 'object') {
    const choices = inspector.getByRole('combobox', { name })
    await switching(inspector, 'settings', async () => void (await choices.selectOption(to.choice)))
  } else {
    const box = inspector.getByRole('switch', { name, exact: true })
    const field = inspector.getByRole('textbox', { name: `${name}: value` })
    if (typeof to === 'string' && (await field.inputValue()) !== to) {
      await field.fill(to)
      await switching(inspector, 'settings', () => field.press('Enter'))
    }
    if ((await box.isChecked()) !== (to !== false)) {
      await switching(inspector, 'settings', () => box.setChecked(to !== false))
    }
  }
  await inspector
    .getByRole('status')
    .filter({ hasText: `${name} changed` })
    .waitFor()
  await openTab(inspector, 'Flow')
}

/** The steps that are drawn: `browser > tenant: asks to link google-oauth2`. */
export const stepsOf = (inspector: Page): Promise<string[]> =>
  inspector.locator('.step summary').evaluateAll((summaries) =>
    summaries.map((summary) => {
      const lanes = summary.querySelector('.sr')?.textContent ?? ''
      return `${lanes}${summary.querySelector('b')?.textContent ?? ''}`
    }),
  )

export const outcomeIs = async (inspector: Page, outcome: string): Promise<void> => {
  await expect.poll(() => inspector.locator('#outcome').textContent()).toBe(outcome)
}

/** Opens a step by its words; gives back what is behind it. */
export async function openStep(inspector: Page, words: string): Promise<string> {
  await inspector.bringToFront()
  const step = inspector.locator('.step').filter({ hasText: words }).first()
  if ((await step.getAttribute('open')) === null) await step.locator('summary').click()
  return (await step.locator('.behind').textContent()) ?? ''
}
