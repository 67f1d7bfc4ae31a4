/**
 * What becomes a flow of the inspector and what does not, and that nothing of it grows for ever: in
 * Chromium, and by the parts themselves. Opens sockets on loopback.
 */

import { afterEach, expect, test } from 'vitest'
import { createFlows } from '../../scripts/start/flows.ts'
import { createTokenVault } from '../../scripts/start/token-vault.ts'
import { DATABASE } from '../../scripts/tenant/connections.ts'
import { startTenant, type Tenant } from '../../scripts/tenant/index.ts'
import type { HttpEntry, LoginEntry, Parameters } from '../../scripts/tenant/log.ts'
import { ALEX } from '../e2e/scenario.ts'
import { isLinked, link, logIn, openDesk, openStep, openTab, outcomeIs, stepsOf } from './desk.ts'

const tenants: Tenant[] = []

afterEach(async () => {
  for (const tenant of tenants.splice(0)) await tenant.close()
})

test.each([
  { method: 'GET', path: '/%ZZ' },
  { method: 'POST', path: '/%ZZ' },
  { method: 'GET', path: '/favicon.ico' },
  { method: 'POST', path: '/favicon.ico' },
  { method: 'POST', path: '/nonsense?state=none' },
])('$method $path begins no flow, at the application nor at the tenant', async (asked) => {
  const { method, path } = asked
  const { app, inspector, lab } = await openDesk()
  await fetch(`${lab.url}${path}`, { method })
  await fetch(`${lab.tenant.canonicalFrontDoor}${path}`, { method })

  await logIn(app)
  await outcomeIs(inspector, 'done')

  expect(await inspector.locator('.flows b').allTextContents()).toEqual(['Log in'])
})

test('a path that cannot be decoded is shown as it came, and all goes on', async () => {
  const { app, inspector, lab } = await openDesk()
  await app.getByRole('button', { name: 'Log in' }).click()
  await app.getByRole('link', { name: /Username-Password/ }).waitFor()
  const state = new URL(app.url()).searchParams.get('state')

  await fetch(`${lab.tenant.canonicalFrontDoor}/upstream/%ZZ/authorize?state=${state}`)

  await openTab(inspector, 'Flow')
  await expect
    .poll(() => stepsOf(inspector))
    .toContain('Browser to Tenant: sees the login page of %ZZ')
  expect(await openStep(inspector, 'page of %ZZ')).toContain('GET /upstream/%ZZ/authorize')
  await app.goto(lab.url)
  await logIn(app)
  await link(app)
  await isLinked(app)
  await outcomeIs(inspector, 'linked')
})

test('a log-out is drawn to its end', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await app.getByRole('button', { name: 'Log out' }).click()
  await app.getByRole('button', { name: 'Log in' }).waitFor()

  await expect
    .poll(() => stepsOf(inspector))
    .toEqual([
      'Browser to Application: logs out',
      'Application to Tenant: revokes the refresh token',
      'Browser to Tenant: ends the session',
    ])
  await outcomeIs(inspector, 'done')
  expect(await inspector.locator('.flows b').allTextContents()).toEqual(['Log out', 'Log in'])
})

const authorizeUrl = (state: string): URL => new URL(`https://example.com/authorize?state=${state}`)

const entry = { sequence: 1, atMs: 0, durationMs: 0 } as const

const request = (path: string, more: Partial<HttpEntry>): HttpEntry => ({
  ...entry,
  kind: 'http',
  channel: 'front',
  caller: 'browser',
  method: 'GET',
  domain: 'example.com',
  path,
  query: {},
  form: {},
  status: 200,
  faulty: false,
  ...more,
})

const authorization = (query: Parameters) => request('/authorize', { query })

test('labels are forgotten with the flows, and when there are too many', () => {
  const flows = createFlows({ isClient: () => true })
  const titleOf = (state: string): string | undefined => {
    flows.add(authorization({ state }))
    return flows.all()[0]?.title
  }
  flows.label(authorizeUrl('cleared'), { title: 'Labelled' })
  flows.clear()
  expect(titleOf('cleared')).toBe('Authorization request')

  flows.label(authorizeUrl('oldest'), { title: 'Labelled' })
  for (let n = 0; n < 200; n += 1) flows.label(authorizeUrl(`s${n}`), { title: 'Labelled' })

  expect(titleOf('s199')).toBe('Labelled')
  expect(titleOf('oldest')).toBe('Authorization request')
})

/** Enough of an ID token to be read. */
const idTokenOf = (sub: string): string =>
  `e30.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.e30`

test('the token vault remembers a thousand refresh tokens, and forgets the oldest', async () => {
  const vault = createTokenVault()
  const tenant: Tenant = await startTenant({ answerFirst: (asked) => vault.answer(asked, tenant) })
  tenants.push(tenant)
  const login: LoginEntry = {
    ...entry,
    kind: 'login',
    transactionId: 'txn',
    clientId: 'client',
    connection: DATABASE,
    connectionScope: 'calendar',
    parameters: {},
    result: 'success',
    userId: ALEX.userId,
    identity: ALEX.userId,
    created: false,
  }
  vault.hear(login)
  for (let n = 0; n <= 1_000; n += 1) {
    const answer = { id_token: idTokenOf(ALEX.userId), refresh_token: `refresh-${n}` }
    vault.hear(request('/oauth/token', { answer }))
  }
  const { clientId, clientSecret } = tenant.applications.web
  const exchange = async (subjectToken: string): Promise<number> => {
    const body = new URLSearchParams({
      grant_type:
        'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token',
      client_id: clientId,
      client_secret: clientSecret,
      subject_token: subjectToken,
      connection: DATABASE,
    })
    const url = `https://${tenant.canonicalDomain}/oauth/token`
    return (await fetch(url, { method: 'POST', body })).status
  }

  expect(await exchange('refresh-1000')).toBe(200)
  expect(await exchange('refresh-1')).toBe(200)
  expect(await exchange('refresh-0')).toBe(401)
})
