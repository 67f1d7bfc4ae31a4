/**
 * The browser of a rehearsal: the system's Chromium or another one, found and started. Starts a process;
 * rejects with what to do where there is none.
 */
import { existsSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { Problem } from '../deploy/problems.ts'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** The callback's address is never asked of anybody, whatever a resolver would make of it. */
const FLAGS = [
  '--host-resolver-rules=MAP *.invalid ~NOTFOUND',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function launch(path: string | undefined, show: boolean): Promise<Browser> {
  const executablePath = path ?? PLACES.find((place) => existsSync(place))
  if (executablePath === undefined || !existsSync(executablePath))
    throw new Problem('There is no Chromium: install one, or name it by --chromium')
  const { chromium } = await import('playwright-core').catch(() => {
    throw new Problem('playwright-core is not installed: run npm ci')
  })
  // Root can have no sandbox.
  const isRoot = process.getuid?.() === 0
  return chromium.launch({
    executablePath,
    headless: !show,
    args: [...FLAGS, ...(isRoot ? ['--no-sandbox'] : [])],
    // Whoever started it closes it, when all is taken away.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  })
}
