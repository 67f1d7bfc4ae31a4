/**
 * Takes the pictures of the README: `npm run pictures` writes `.github/pictures`. Opens the
 * application and the inspector as `npm start` does, in a Chromium without a window.
 */

import { mkdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { openLab } from '../../scripts/start/lab.ts'
import { launchChromium } from './chromium.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FOLDER = `${ROOT}.github/pictures/`
const WIDE = { width: 1440, height: 900 }
const NARROW = { width: 360, height: 740 }

async function take(page: Page, name: string): Promise<void> {
  // The pointer would leave something marked.
  await page.mouse.move(0, 0)
  await page.waitForTimeout(400)
  await page.screenshot({ path: `${FOLDER}${name}.png` })
  console.log(`${name}.png`)
}

await mkdir(FOLDER, { recursive: true })
const code = await readFile(`${ROOT}dist/action.js`, 'utf8')
const lab = await openLab({ code, root: ROOT, port: 0, httpsPort: 0, httpPort: 0 })
const browser = await launchChromium()
try {
  const context = await browser.newContext({ viewport: WIDE, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(lab.inspectorUrl)
  const app = page.frameLocator('iframe')
  const step = (words: string) => page.locator('.step').filter({ hasText: words }).first()
  const choose = () => app.getByRole('button', { name: /^Alex / }).click()
  await app.getByRole('button', { name: 'Log in' }).click()
  await app.getByRole('link', { name: /Username-Password/ }).click()
  await choose()
  await app.getByText('You are logged in.').waitFor()

  await app.getByRole('button', { name: 'Link Google' }).click()
  await app.getByRole('heading', { name: 'Log in with google-oauth2' }).waitFor()
  await take(page, 'login')
  await choose()
  await app.getByText('Google is linked.').waitFor()
  await page.locator('#outcome', { hasText: 'linked' }).waitFor()
  await take(page, 'link')

  await step('tells the application: linked').locator('summary').click()
  await step('tells the application: linked').scrollIntoViewIfNeeded()
  await take(page, 'step')

  await app.getByRole('button', { name: 'Link GitHub' }).click()
  await app.getByRole('button', { name: 'Cancel' }).click()
  await app.getByText('link_cancelled').waitFor()
  await page.locator('#outcome', { hasText: 'link_cancelled' }).waitFor()
  await take(page, 'denial')

  await app.getByRole('button', { name: /calendar/ }).click()
  await choose()
  await app.getByText('11:00 Review').scrollIntoViewIfNeeded()
  await page.locator('#outcome', { hasText: 'consented' }).waitFor()
  await page.emulateMedia({ colorScheme: 'dark' })
  await take(page, 'agent-dark')

  await page.emulateMedia({ colorScheme: 'light' })
  await page.getByRole('tab', { name: 'Settings' }).click()
  await take(page, 'settings')
  await page.getByRole('tab', { name: 'Attacks' }).click()
  const attacks = page.getByRole('button', { name: /^Attack: / })
  for (let index = 0; index < (await attacks.count()); index += 1) {
    await attacks.nth(index).click()
    await page.locator('#attacks li').nth(index).locator('.badge').waitFor()
  }
  await take(page, 'attacks')

  await page.setViewportSize(NARROW)
  await page.getByRole('tab', { name: 'Flow' }).click()
  await take(page, 'narrow')
} finally {
  await browser.close()
  await lab.close()
}
