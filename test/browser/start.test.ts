/** `npm start` itself: what it prints is there, and it ends when it is told to. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { launchChromium } from './chromium.ts'
import { isLinked, link, logIn, ROOT } from './desk.ts'

const ending: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ending.splice(0)) await end()
})

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/start.ts'), ...args], {
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
  const { child, closed, text } = start('--port', '38317')
  await expect.poll(() => text.out, { timeout: 30_000 }).toContain('Ctrl+C ends it.')
  const browser = await launchChromium()
  ending.push(() => browser.close())
  const page = await browser.newPage()

  expect(text.out).toContain('http://localhost:38317/inspector')
  await page.goto('http://localhost:38317/')
  await logIn(page)
  await link(page)
  await isLinked(page)
  child.kill('SIGINT')

  expect((await closed)[0]).toBe(0)
  expect(text.err).toBe('')
})

test('says in one line that its port is in use', async () => {
  const first = start('--port', '38318')
  await expect.poll(() => first.text.out, { timeout: 30_000 }).toContain('Ctrl+C ends it.')

  const second = start('--port', '38318')

  expect((await second.closed)[0]).toBe(1)
  expect(second.text.err).toBe('start: Port 38318 is in use; give another one by --port\n')
})

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
