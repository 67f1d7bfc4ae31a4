/**
 * A real Chromium without a window, the system's own. Starts a process; where there is no Chromium it
 * rejects, and the tests fail.
 */

import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser']

/** No request of the browser's own, and no sandbox, which root cannot have. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function launchChromium(places = PLACES): Promise<Browser> {
  const executablePath = places.find((path) => path !== undefined && existsSync(path))
  if (executablePath === undefined) {
    throw new Error('There is no Chromium: install it (Debian: chromium) or set CHROMIUM_PATH')
  }
  return chromium.launch({ executablePath, args: FLAGS })
}
