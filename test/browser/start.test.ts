/** `npm start` itself: what it prints is there, and it ends when it is told to. */

import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { launchChromium } from './chromium.ts'
import { isLinked, link, logIn, outcomeIs, ROOT, set } from './desk.ts'

/** It builds the Action and makes a tenant: seconds, on a busy machine many. */
const STARTS_WITHIN_MS = 60_000

const ending: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ending.splice(0)) await end()
})

/** Nobody's right now, and below those that a system gives to outgoing connections. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers: Server[] = []
  while (servers.length < count) {
    const server = createServer().listen(randomInt(20_000, 32_000), '127.0.0.1')
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (isFree) servers.push(server)
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) {
    server.close()
    await once(server, 'close')
  }
  return ports
}

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/cli.ts'), 'start', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  const text = { out: '', err: '' }
  child.stdout.on('data', (part) => {
    text.out += part
  })
  child.stderr.on('data', (part) => {
    text.err += part
  })
  ending.push(async () => {
    child.kill('SIGKILL')
    await closed
  })
  return { child, closed, text }
}

test('opens the application and the inspector, and links at once', async () => {
  const [port] = await freePorts(1)
  const { child, closed, text } = start('--port', String(port))
  await expect.poll(() => text.out, { timeout: STARTS_WITHIN_MS }).toContain('Ctrl+C ends it.')
  const browser = await launchChromium()
  ending.push(() => browser.close())
  const page = await browser.newPage()

  expect(text.out).toContain(`http://localhost:${port}/inspector`)
  await page.goto(`http://localhost:${port}/`)
  await logIn(page)
  await link(page)
  await isLinked(page)
  child.kill('SIGINT')

  expect((await closed)[0]).toBe(0)
  expect(text.err).toBe('')
}, 120_000)

// Two starts of the whole.
test('a page that is open while it is started anew says so, and then goes on', async () => {
  const [port, https, http] = await freePorts(3)
  const ports = ['--port', `${port}`, '--https-port', `${https}`, '--http-port', `${http}`]
  const first = start(...ports)
  await expect
    .poll(() => first.text.out, { timeout: STARTS_WITHIN_MS })
    .toContain('Ctrl+C ends it.')
  const browser = await launchChromium()
  ending.push(() => browser.close())
  const inspector = await browser.newPage()
  await inspector.goto(`http://localhost:${port}/inspector`)
  const status = inspector.locator('#deployment')
  const flows = inspector.locator('.flows b')
  await set(inspector, 'ALLOW_MERGE', true)
  const app = await browser.newPage()
  await app.goto(`http://localhost:${port}/`)
  await logIn(app)
  await link(app)
  await isLinked(app)
  await outcomeIs(inspector, 'linked')

  first.child.kill('SIGINT')
  await first.closed
  await inspector.getByRole('alert').getByText('not connected; it tries again').waitFor()
  const second = start(...ports)
  await expect
    .poll(() => second.text.out, { timeout: STARTS_WITHIN_MS })
    .toContain('Ctrl+C ends it.')

  await inspector.getByRole('alert').waitFor({ state: 'hidden' })
  await status.getByText(/^Version 1, .*: built$/).waitFor()
  await inspector.getByText('Nothing has happened yet').waitFor()
  expect(await flows.count()).toBe(0)
  // The page of before belongs to nobody now: a new login, and all is as it was.
  await app.bringToFront()
  await app.getByRole('button', { name: 'Unlink Google' }).click()
  await app.locator('#note').waitFor()
  await logIn(app)
  await link(app)
  await isLinked(app)
  await outcomeIs(inspector, 'linked')
  expect(await flows.allTextContents()).toContain('Link google-oauth2')
}, 200_000)

test('says in one line that its port is in use', async () => {
  const [port] = await freePorts(1)
  const first = start('--port', String(port))
  await expect
    .poll(() => first.text.out, { timeout: STARTS_WITHIN_MS })
    .toContain('Ctrl+C ends it.')

  const second = start('--port', String(port))

  expect((await second.closed)[0]).toBe(1)
  expect(second.text.err).toBe(`start: Port ${port} is in use; give another one by --port\n`)
}, 120_000)

test.each([
  { args: ['--help'], code: 0, out: /^Usage: npm start -- \[options\]\n/, err: /^$/ },
  {
    args: ['--port', '70000'],
    code: 1,
    out: /^$/,
    err: /^start: --port takes a port, 1 to 65535\n$/,
  },
  { args: ['--nonsense'], code: 1, out: /^$/, err: /^start: Unknown option '--nonsense'/ },
])('answers $args in words', async ({ args, code, err, out }) => {
  const { closed, text } = start(...args)

  expect((await closed)[0]).toBe(code)
  expect(text.out).toMatch(out)
  expect(text.err).toMatch(err)
})
