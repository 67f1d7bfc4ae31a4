/**
 * The server of `npm start`, asked as no browser would ask, and its parts one by one. Opens sockets on
 * loopback; no browser, and no sources to watch but copies.
 */

import { readFileSync } from 'node:fs'
import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Lab, openLab } from '../../scripts/start/lab.ts'
import { createSettings, SETTINGS } from '../../scripts/start/settings.ts'
import { createBoundedMap } from '../../scripts/tenant/bounded.ts'
import { startTenant } from '../../scripts/tenant/index.ts'
import { createProviderStorage } from '../../scripts/tenant/provider-storage.ts'
import { launchChromium } from './chromium.ts'

const CODE = readFileSync(new URL('../../dist/action.js', import.meta.url), 'utf8')
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

let lab: Lab | undefined
let complain = vi.spyOn(console, 'error')

const ending: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ending.splice(0)) await end()
})

beforeAll(async () => {
  lab = await openLab({ code: CODE, root: ROOT, port: 0, httpsPort: 0, httpPort: 0 })
})

beforeEach(() => {
  complain = vi.spyOn(console, 'error')
})

afterAll(async () => {
  await lab?.close()
})

function here(): Lab {
  if (lab === undefined) throw new Error('nothing is open')
  return lab
}

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** As it is said: `fetch` would not send such a target, method or host. */
function ask(options: RequestOptions, to = here().url): Promise<Answer> {
  const { hostname, port } = new URL(to)
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, ...options }, (response) => {
      let text = ''
      response.on('data', (part) => {
        text += part
      })
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, text })
      })
    })
    asked.on('error', reject).end()
  })
}

/** Fails where the stream never says it. */
async function readUntil({ body }: Response, words: string): Promise<void> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const part of body ?? []) {
    text += decoder.decode(part, { stream: true })
    if (text.includes(words)) return
  }
  throw new Error(`the stream ended without ${words}`)
}

describe('a request', () => {
  test.each([
    { method: 'HEAD', path: '/', status: 200 },
    { method: 'HEAD', path: '/inspector', status: 200 },
    { method: 'HEAD', path: '/inspector/events', status: 200 },
    { method: 'TRACE', path: '/', status: 405 },
    { method: 'PUT', path: '/link', status: 405 },
    { method: 'OPTIONS', path: '/', status: 405 },
    { method: 'GET', path: 'http://localhost:1/', status: 400 },
    { method: 'GET', path: 'example.com:443', status: 400 },
    { method: 'GET', path: '/', status: 421, host: 'example.com' },
    { method: 'GET', path: '/inspector/events', status: 421, host: 'example.com:3000' },
  ])('$method $path of $host is answered with $status', async ({ host, method, path, status }) => {
    const headers = host === undefined ? {} : { host }
    const answer = await ask({ method, path, headers })

    expect(answer.status).toBe(status)
    if (method === 'HEAD') expect(answer.text).toBe('')
    if (status === 405) expect(answer.headers.allow).toBe('GET, HEAD, POST')
    expect(complain.mock.calls).toEqual([])
  })

  test('for /inspector/ is one for /inspector', async () => {
    const [with_, without] = await Promise.all(
      ['/inspector/', '/inspector'].map((path) => ask({ path })),
    )

    expect(with_?.status).toBe(200)
    expect(with_?.text).toBe(without?.text)
  })

  test.each([
    { what: 'a URL in a URL', value: 'https://a?x='.repeat(5_000) },
    { what: 'deep JSON', value: '['.repeat(200_000) },
  ])('with $what does not end the process, and is shown', async ({ value }) => {
    const { inspectorUrl, url } = here()
    const stream = await fetch(`${inspectorUrl}/events`)
    const body = new URLSearchParams({ connection: 'github', value })
    await fetch(`${url}/link`, {
      method: 'POST',
      body,
      headers: { origin: url },
      redirect: 'manual',
    })
    await readUntil(stream, 'Link github')

    const again = await fetch(`${inspectorUrl}/events`)
    await readUntil(again, 'Link github')
    expect(complain.mock.calls).toEqual([])
  })

  test("of another site's form is refused, and no flow", async () => {
    const { inspectorUrl, url } = here()
    await fetch(`${inspectorUrl}/clear`, { method: 'POST', headers: { origin: url }, body: '{}' })
    const foreign = { origin: 'http://example.com' }
    const refused = await fetch(`${url}/login`, { method: 'POST', headers: foreign })
    const { canonicalFrontDoor } = here().tenant
    await fetch(`${canonicalFrontDoor}/authorize?client_id=unknown&state=none`)

    const stream = await fetch(`${inspectorUrl}/events`)
    const first = await stream.body?.getReader().read()
    expect(refused.status).toBe(403)
    expect(new TextDecoder().decode(first?.value)).toContain('"flows":[]')
  })
})

describe("the tenant's pages", () => {
  test('stand in a frame of the application and the inspector, and of nobody else', async () => {
    const { tenant, url } = here()
    const { clientId } = tenant.applications.web
    const query = new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      redirect_uri: `${url}/callback`,
      scope: 'openid',
    })
    const door = tenant.canonicalFrontDoor
    const login = await fetch(`${door}/authorize?${query}`)
    const error = await fetch(`${door}/authorize?client_id=unknown`)
    const over = await fetch(`${door}/continue?state=none`)

    expect(await login.text()).toContain('Continue with')
    for (const page of [login, error, over]) {
      const policy = page.headers.get('content-security-policy')
      expect(policy?.split('; ')).toContain(`frame-ancestors ${url}`)
    }
    expect(login.headers.get('content-security-policy')).toContain("default-src 'none'")
  })
})

describe('the settings', () => {
  test('at first values are no secrets, but for what is required or recommended', () => {
    const settings = createSettings(here().tenant)
    const required = ['ACTION_SECRET', 'AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET', 'AUTH0_DOMAIN']
    const { CONFIRM_LINK, RESULT_CLAIM, ...others } = settings.secrets()

    // What is recommended.
    expect([CONFIRM_LINK, RESULT_CLAIM]).toEqual(['yes', 'https://app.example.com/linking'])
    expect(Object.keys(others).toSorted()).toEqual(required)
  })

  test('each control gives the Action what it shows, and takes it back', () => {
    const settings = createSettings(here().tenant)
    const atFirst = settings.secrets()
    for (const { kind, name } of SETTINGS) {
      const isOn = settings.shown().find((one) => one.name === name)?.on
      const on = kind.type === 'switch' ? !isOn : !(name in atFirst)
      const value = kind.type === 'choice' ? (kind.choices[1] ?? '') : 'a value'
      settings.change(kind.type === 'choice' ? { name, on: true, value } : { name, on, value })
      const given = kind.type === 'switch' ? (on ? 'yes' : 'no') : value
      expect(settings.secrets()[name]).toBe(name in atFirst ? undefined : given)
      settings.reset()
      expect(settings.secrets()).toEqual(atFirst)
    }
  })

  test('a choice is set, and again not set, as a switch is', () => {
    const settings = createSettings(here().tenant)
    const choices = SETTINGS.filter(({ kind }) => kind.type === 'choice')
    expect(choices.map(({ name }) => name)).toEqual(['ENFORCE_MFA'])

    settings.change({ name: 'ENFORCE_MFA', on: true, value: 'always' })
    expect(settings.secrets()).toHaveProperty('ENFORCE_MFA', 'always')
    settings.change({ name: 'ENFORCE_MFA', on: true, value: 'no' })
    expect(settings.secrets()).not.toHaveProperty('ENFORCE_MFA')
  })
})

describe('what is remembered', () => {
  test('is so much and no more, and what was used last stays', () => {
    const map = createBoundedMap<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.set('a', 3)
    map.set('c', 4)

    expect([...map.entries()]).toEqual([
      ['a', 3],
      ['c', 4],
    ])
    map.delete('a')
    expect(map.get('a')).toBeUndefined()
  })

  test('of logins under way are the last 500: what is older cannot go on', async () => {
    const tenant = await startTenant()
    ending.push(tenant.close)
    const { clientId } = tenant.applications.web
    const redirectUri = 'http://localhost:3000/callback'
    const parameters = { response_type: 'code', redirect_uri: redirectUri, scope: 'openid' }
    const query = new URLSearchParams({ client_id: clientId, ...parameters })
    const begin = async (): Promise<string> => {
      const url = `${tenant.canonicalFrontDoor}/authorize?${query}`
      const { headers } = await fetch(url, { redirect: 'manual' })
      return `${tenant.canonicalFrontDoor}${headers.get('location')}`
    }
    const statusOf = async (url: string): Promise<number> => (await fetch(url)).status
    const oldest = await begin()
    const next = await begin()
    expect(await statusOf(oldest)).toBe(200)
    for (let n = 0; n < 499; n += 1) await begin()

    expect(await statusOf(oldest)).toBe(400)
    expect(await statusOf(next)).toBe(200)
  })

  test('by the authorization server is bounded', async () => {
    const adapter = createProviderStorage(() => undefined)('Session')
    for (let n = 0; n <= 20_000; n += 1) await adapter.upsert(`s${n}`, { uid: `u${n}` })

    expect(await adapter.find('s0')).toBeUndefined()
    expect(await adapter.findByUid('u1')).toEqual({ uid: 'u1' })
  })
})

test('without Chromium its tests fail, and say what to install', async () => {
  await expect(launchChromium([undefined, '/nonsense/chromium'])).rejects.toThrow(
    'There is no Chromium: install it (Debian: chromium) or set CHROMIUM_PATH',
  )
})
