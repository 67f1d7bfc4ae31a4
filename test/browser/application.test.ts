/** The application in Chromium: log in, link, unlink, the agent, and denials. */

import { expect, test } from 'vitest'
import { cookies } from '../../scripts/start/application/sessions.ts'
import { createApplication } from '../../scripts/start/application.ts'
import { linkUser } from '../e2e/scenario.ts'
import { GOOGLE } from '../tenant/connections.ts'
import {
  choose,
  isDenied,
  isLinked,
  link,
  logIn,
  noteOf,
  openDesk,
  set,
  startLink,
} from './desk.ts'

const ALEX = 'auth0|5f7c8ec7c33c6c004bbafe82'

const rowOf = (label: string) => `.logins li:has-text("${label}")`

test('links a second login, shows it with its icon, and unlinks it', async () => {
  const { app, lab } = await openDesk()
  await logIn(app)
  expect(await app.locator(rowOf('E-mail and password')).textContent()).toContain('main login')

  await link(app)
  await isLinked(app)

  const google = app.locator(rowOf('Google'))
  expect(await google.textContent()).toContain('google-oauth2|115015401343387192604')
  expect(await google.locator('svg path').count()).toBe(1)
  expect(lab.tenant.users.get(ALEX)?.identities).toHaveLength(2)

  await app.getByRole('button', { name: 'Unlink Google' }).click()
  await choose(app, 'Alex')
  await noteOf(app).getByText('Google is unlinked.').waitFor()

  expect(await google.textContent()).toContain('not linked')
  expect(lab.tenant.users.get(ALEX)?.identities).toHaveLength(1)
})

test('the login pages say which connection they stand for', async () => {
  const { app } = await openDesk()
  await logIn(app)

  await startLink(app, 'GitHub')

  expect(await app.getByRole('heading').textContent()).toBe('Log in with github')
  expect(await app.locator('.sign svg').count()).toBe(1)
  expect(await app.getByText('stands for the login at github').count()).toBe(1)
})

test('the agent is told that there is no token, asks with the scope, and goes on by itself', async () => {
  const { app, lab } = await openDesk()
  await logIn(app)

  await app.getByRole('button', { name: 'What is on my calendar today?' }).click()
  await choose(app, 'Alex')
  await app.getByText('11:00 Review of the linking flow').waitFor()

  expect(await app.locator('.talk li').allTextContents()).toEqual([
    'What is on my calendar today?',
    'No token for google-oauth2: federated_connection_refresh_token_not_found.',
    'I ask for google-oauth2 with the scope https://www.googleapis.com/auth/calendar.readonly.',
    'I have a token, and 3 events:',
    '09:30 Stand-up',
    '11:00 Review of the linking flow',
    '15:30 Coffee with Sam Example',
  ])
  expect(lab.tenant.logins().at(-1)?.connectionScope).toBe(
    'https://www.googleapis.com/auth/calendar.readonly',
  )
  const logins = lab.tenant.logins().length

  await app.getByRole('button', { name: 'What is on my calendar today?' }).click()
  await app.getByText('The agent has a token already.').waitFor()

  expect(lab.tenant.logins()).toHaveLength(logins)
})

test('the agent asks a linked login for more, and links nothing twice', async () => {
  const { app, lab } = await openDesk()
  await logIn(app)
  await link(app)
  await isLinked(app)

  await app.getByRole('button', { name: 'What is on my calendar today?' }).click()
  await choose(app, 'Alex')
  await app.getByText('11:00 Review of the linking flow').waitFor()

  const links = lab.tenant.requests().filter(({ path }) => path.endsWith('/identities'))
  expect(links).toHaveLength(1)
})

test('a denial is told with its code and what to do', async () => {
  const { app } = await openDesk()
  await logIn(app)
  await startLink(app)

  await app.getByRole('button', { name: 'Cancel' }).click()
  await isDenied(app, 'link_cancelled')

  const note = app.getByRole('alert')
  expect(await note.textContent()).toContain('The second login was cancelled or refused.')
  expect(await note.textContent()).toContain('What to do: Nothing has changed.')
})

test('a hint that is too old is cured by the login that the denial offers', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await set(inspector, 'HINT_MAX_AGE', '3')
  await app.waitForTimeout(4_100)

  await startLink(app)
  await isDenied(app, 'hint_expired')
  await app.getByRole('button', { name: 'Log in again' }).click()
  await app.getByRole('link', { name: /Username-Password/ }).click()
  await choose(app, 'Alex')
  await app.getByText('You are logged in.').waitFor()
  await link(app)

  await isLinked(app)
})

test('a login that went on without the link is not taken for one', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await set(inspector, 'ALLOWED_CLIENT_IDS', 'exampleOtherApplication')

  await startLink(app)

  await noteOf(app).getByText('Google is not linked: the login went on without it.').waitFor()
})

test('of two identities of one connection the right one is unlinked, and looked for', async () => {
  const { app, lab } = await openDesk()
  linkUser(lab.tenant, ALEX, GOOGLE, 'alex@example.com')
  linkUser(lab.tenant, ALEX, GOOGLE, 'sam@example.net')
  await logIn(app)
  const names = await app
    .getByRole('button', { name: 'Unlink' })
    .evaluateAll((buttons) => buttons.map((button) => button.getAttribute('aria-label')))
  expect(names).toEqual([
    'Unlink Google, alex@example.com google-oauth2|115015401343387192604',
    'Unlink Google, sam@example.net google-oauth2|108204268033311374519',
  ])

  await app.getByRole('button', { name: 'Unlink Google, sam@example.net' }).click()
  await choose(app, 'Alex')

  await noteOf(app).getByText('Google is unlinked.').waitFor()
  expect(lab.tenant.users.get(ALEX)?.identities.map(({ user_id }) => user_id)).toEqual([
    '5f7c8ec7c33c6c004bbafe82',
    '115015401343387192604',
  ])
})

test('an identity that is still linked is told, whatever another one of its connection is', async () => {
  const { app, inspector, lab } = await openDesk()
  linkUser(lab.tenant, ALEX, GOOGLE, 'alex@example.com')
  linkUser(lab.tenant, ALEX, GOOGLE, 'sam@example.net')
  await logIn(app)
  await set(inspector, 'ALLOWED_CLIENT_IDS', 'exampleOtherApplication')
  await app.bringToFront()

  await app.getByRole('button', { name: 'Unlink Google, sam@example.net' }).click()

  await noteOf(app).getByText('Google is still linked.').waitFor()
})

test('an account that cannot be read is told, and the person stays logged in', async () => {
  const { app, lab } = await openDesk()
  await logIn(app)
  lab.tenant.fault({ route: /^GET \/api\/v2\/users\//, status: 500, times: 100 })

  const response = await app.reload()

  expect(response?.status()).toBe(503)
  await app.getByRole('alert').getByText('They cannot be read right now.').waitFor()
  expect(await app.getByRole('heading', { name: 'Alex Example' }).count()).toBe(1)
  lab.tenant.clearFaults()
  await app.getByRole('link', { name: 'try again' }).click()
  await app.getByRole('button', { name: 'Link Google' }).waitFor()
})

test('a link is not told as made while the account cannot be read', async () => {
  const { app, lab } = await openDesk()
  await logIn(app)
  await startLink(app)
  lab.tenant.fault({ route: /^GET \/api\/v2\/users\//, status: 500, times: 100 })

  await choose(app, 'Alex')

  await noteOf(app).getByText('Google may have changed').waitFor()
})

test('a calendar that does not answer is told by the agent', async () => {
  const { app, lab } = await openDesk()
  await logIn(app)
  lab.tenant.fault({ route: 'GET /example-calendar/events', status: 500, times: 100 })

  await app.getByRole('button', { name: /calendar/ }).click()
  await choose(app, 'Alex')

  await app.getByText('The calendar does not answer.').waitFor()
  expect(await app.getByText("sample of the local tenant's").count()).toBe(1)
})

test('whoever is not logged in any more is told so', async () => {
  const { app, context } = await openDesk()
  await logIn(app)
  await context.clearCookies({ name: '__a0_session' })

  await startLink(app)

  await noteOf(app).getByText('You are not logged in any more.').waitFor()
  await app.getByRole('button', { name: 'Log in' }).waitFor()
})

test('after a denial the next login is a new one, and its ID token a hint for later', async () => {
  const { app, inspector, lab } = await openDesk()
  await logIn(app)
  await set(inspector, 'ENFORCE_MFA', { choice: 'always' })
  await startLink(app)
  await isDenied(app, 'mfa_required')
  await app.getByRole('button', { name: 'Log in again' }).click()
  await app.getByRole('link', { name: /Username-Password/ }).waitFor()

  const request = lab.tenant.requests().findLast(({ path }) => path === '/authorize')

  expect(request?.query).toMatchObject({ prompt: 'login', max_age: '86400' })
})

test('cookies are what the SDK wants them to be, and secure over https', async () => {
  const { app, context, lab } = await openDesk()
  const { clientId, clientSecret } = lab.tenant.applications.web
  const answer = createApplication({
    domain: lab.tenant.canonicalDomain,
    clientId,
    clientSecret,
    baseUrl: 'https://app.example.com',
    sessionSecret: 'example-session-secret-with-more-than-32-characters',
    management: { clientId, clientSecret },
    connections: [GOOGLE],
    calendarUrl: 'https://app.example.com/calendar',
  })
  const exchangeOf = (path: string) => {
    const url = new URL(path, 'https://app.example.com')
    const request = new Request(url, { method: 'POST' })
    return { request, url, form: new URLSearchParams(), headers: new Headers() }
  }

  const login = await answer(exchangeOf('/login'))
  const denied = await answer(exchangeOf('/link'))
  const given = exchangeOf('/')
  cookies.setCookie('a', 'b', { sameSite: 'strict', secure: false, maxAge: 60, path: '/a' }, given)

  const secure = expect.stringMatching(/; Path=\/; SameSite=lax; HttpOnly; Secure(; Max-Age=\d+)?$/)
  expect(login.headers.getSetCookie()).toEqual([secure])
  expect(denied.headers.getSetCookie()).toEqual([secure])
  expect(given.headers.getSetCookie()).toEqual([
    'a=b; Path=/a; SameSite=strict; HttpOnly; Max-Age=60',
  ])
  // The web server of `npm start` has no TLS: not every browser would take them.
  await logIn(app)
  const kept = await context.cookies(lab.url)
  expect(kept.filter(({ name }) => name === '__a0_session')).toMatchObject([
    { secure: false, httpOnly: true, sameSite: 'Lax' },
  ])
})

test('logging out ends both sessions', async () => {
  const { app } = await openDesk()
  await logIn(app)

  await app.getByRole('button', { name: 'Log out' }).click()
  await app.getByRole('button', { name: 'Log in' }).click()

  expect(await app.getByRole('heading').textContent()).toBe('Log in')
})
