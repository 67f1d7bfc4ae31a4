/**
 * The examples for Next.js and for single-page applications, in a Next.js application of a user's own:
 * built, which compiles all of them, and served. Auth0's SDK is the real one, its tenant is only the
 * document that it discovers. Takes the package registry; listens on loopback.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { environment, ROOT, run } from './npm.ts'

const PACKAGES = [
  '@auth0/nextjs-auth0@4.30.0',
  '@auth0/auth0-spa-js@2.26.0',
  'next@16.4.6',
  'react@19.3.1',
  'react-dom@19.3.1',
  'typescript@7.0.2',
  '@types/node@22.20.5',
  '@types/react@19.3.0',
]

const PROXY = `import { auth0 } from './lib/auth0'

export const proxy = (request: Request) => auth0.middleware(request)
`

/** Puts the tenant's discovery document in the place of the tenant. */
const TENANT = `const issuer = 'https://tenant.example.com/'
const real = globalThis.fetch
globalThis.fetch = async (input, init) =>
  String(input.url ?? input).startsWith(issuer)
    ? Response.json({
        issuer,
        authorization_endpoint: issuer + 'authorize',
        token_endpoint: issuer + 'oauth/token',
        jwks_uri: issuer + '.well-known/jwks.json',
      })
    : real(input, init)
`

/** A session of the SDK's, made by its own helper for tests. */
const SESSION = `import { generateSessionCookie } from '@auth0/nextjs-auth0/testing'

const tokenSet = { accessToken: 'example', idToken: 'example.id.token', expiresAt: 9999999999 }
const session = { user: { sub: 'auth0|example' }, tokenSet }
console.log(await generateSessionCookie(session, { secret: process.env.AUTH0_SECRET }))
`

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const EXAMPLES = join(ROOT, '.github/application')

async function writeApplication(folder: string): Promise<void> {
  const files = {
    'package.json': '{ "type": "module" }\n',
    'tsconfig.json': '{ "compilerOptions": { "strict": true } }\n',
    'proxy.ts': PROXY,
    'tenant.mjs': TENANT,
    'session.mjs': SESSION,
  }
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text)
  await cp(join(EXAMPLES, 'nextjs'), folder, { recursive: true })
  await cp(join(EXAMPLES, 'single-page'), join(folder, 'lib'), { recursive: true })
}

describe('the examples, in a Next.js application', { timeout: 240_000 }, () => {
  let folder = ''
  let base = ''
  let env: Record<string, string> = {}
  let served: ChildProcess | undefined
  let cookie = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'next-'))
    base = `http://localhost:${await freePort()}`
    env = {
      AUTH0_DOMAIN: 'tenant.example.com',
      AUTH0_CLIENT_ID: 'example-client',
      AUTH0_CLIENT_SECRET: 'example-secret',
      AUTH0_SECRET: 'example!'.repeat(8),
      APP_BASE_URL: base,
      NEXT_TELEMETRY_DISABLED: '1',
    }
    await writeApplication(folder)
    const installed = await run('npm', ['install', '--fetch-timeout=20000', ...PACKAGES], {
      cwd: folder,
    })
    if (installed.code !== 0) throw new Error(installed.stderr)
  }, 240_000)

  afterAll(async () => {
    served?.kill()
    await rm(folder, { recursive: true, force: true })
  })

  /** `fetch` of a browser that has a session and follows no redirect. */
  const open = (url: URL | string, init: RequestInit = {}, ...cookies: string[]) =>
    fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, cookie: [`__session=${cookie}`, ...cookies].join('; ') },
    })

  /** The form of a page, with what a browser says of it. */
  const post = (headers: Readonly<Record<string, string>>, path = '/link') =>
    open(base + path, { method: 'POST', body: new URLSearchParams(), headers })

  async function serve(): Promise<void> {
    const next = join(folder, 'node_modules/next/dist/bin/next')
    served = spawn(process.execPath, [next, 'start', '--port', new URL(base).port], {
      cwd: folder,
      env: environment({
        cwd: folder,
        env: { ...env, NODE_OPTIONS: `--import=${join(folder, 'tenant.mjs')}` },
      }),
      stdio: 'ignore',
    })
    for (let tries = 0; tries < 100; tries += 1) {
      const answer = await fetch(base).catch(() => undefined)
      if (answer !== undefined) return
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    throw new Error('next start does not answer')
  }

  it('compiles, and is built', async () => {
    const built = await run('npx', ['next', 'build'], { cwd: folder, env })
    for (const route of ['/link', '/confirm']) expect(built.stdout + built.stderr).toContain(route)
    expect(built.code).toBe(0)
  })

  it('asks for a link with the hint of its session, and tells the code of a denial', async () => {
    cookie = (await run('node', ['session.mjs'], { cwd: folder, env })).stdout.trim()
    await serve()

    const started = await post({ 'sec-fetch-site': 'same-origin', origin: base })
    expect(started.status).toBe(303)
    const request = new URL(started.headers.get('location') ?? '')
    expect(request.origin + request.pathname).toBe('https://tenant.example.com/authorize')
    const asked = Object.fromEntries(request.searchParams)
    expect(asked).toMatchObject({
      requested_connection: 'google-oauth2',
      id_token_hint: 'example.id.token',
      redirect_uri: `${base}/auth/callback`,
      code_challenge_method: 'S256',
    })
    expect(asked.scope?.split(' ')).toContain('link_account')

    const callback = new URL('/auth/callback', base)
    callback.searchParams.set('state', asked.state ?? '')
    callback.searchParams.set('error', 'access_denied')
    callback.searchParams.set('error_description', 'link_cancelled: The second login was given up.')
    const kept = started.headers.getSetCookie().map((one) => one.split(';', 1)[0] ?? '')
    const back = await open(callback, {}, ...kept.filter((one) => one.startsWith('__txn_')))
    const page = new URL(back.headers.get('location') ?? '', base)
    expect(page.pathname + page.search).toBe('/account?denied=link_cancelled')
    expect(back.headers.getSetCookie().join()).not.toMatch(/__session=;/)
  })

  it('confirms by a login without a page, with the ID token of its session', async () => {
    const started = await post({ 'sec-fetch-site': 'same-origin', origin: base }, '/confirm')
    expect(started.status).toBe(303)
    const asked = new URL(started.headers.get('location') ?? '').searchParams
    expect(asked.get('scope')?.split(' ')).toContain('confirm_link')
    expect(asked.get('id_token_hint')).toBe('example.id.token')
    expect(asked.get('prompt')).toBe('none')
    expect(asked.get('state')).toBeTruthy()
  })

  it('confirms nothing for another site', async () => {
    const refused = await post({ 'sec-fetch-site': 'cross-site' }, '/confirm')
    expect(refused.status).toBe(403)
    expect(refused.headers.get('location')).toBeNull()
  })

  it.each([
    ['from another site', { 'sec-fetch-site': 'cross-site', origin: 'https://example.net' }],
    ['from a subdomain or another port', { 'sec-fetch-site': 'same-site' }],
    ['from nowhere', { 'sec-fetch-site': 'none' }],
    ['from another site, in an older browser', { origin: 'https://example.net' }],
    ['from a page that hides its origin', { origin: 'null' }],
    ['that says nothing of where it is from', {}],
  ])('refuses a form %s, and gives away nothing of the session', async (_, headers) => {
    const refused = await post(headers)

    expect(refused.status).toBe(403)
    expect(refused.headers.get('location')).toBeNull()
    // Its proxy rolls the session at every request; what would begin a login is not there.
    expect(refused.headers.getSetCookie().join()).not.toContain('__txn_')
    expect(await refused.text()).toBe('Not from here')
  })

  it('takes a form of its own from a browser that says its origin alone', async () => {
    expect((await post({ origin: base })).status).toBe(303)
  })

  it.each(['cross-site', 'same-origin'])('has no page to navigate to, %s or not', async (site) => {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' }
    const answer = await open(`${base}/link`, { headers })

    expect(answer.status).toBe(405)
    expect(answer.headers.get('location')).toBeNull()
  })
})
