/** The application in Chromium: log in, link, unlink, the agent, and denials. */

import { expect, test, vi } from 'vitest'
import { NOTE } from '../../scripts/start/application/note.ts'
import { cookieHandler } from '../../scripts/start/application/sessions.ts'
import { createApplication } from '../../scripts/start/application.ts'
import { GOOGLE } from '../../scripts/tenant/connections.ts'
import { ALEX, linkUser } from '../e2e/scenario.ts'
import {
  choose,
  isDenied,
  isLinked,
  letTimePass,
  link,
  logIn,
  noteOf,
  openDesk,
  set,
  startLink,
} from './desk.ts'

const rowOf = (label: string) => `.logins li:has-text("${label}")`

test('links a second login, shows it with its icon, and unlinks it', async () => {
  const { app, lab } = await openDesk()
  await logIn(app)
  const main = await app.locator(rowOf('E-mail and password')).textContent()
  expect(main).toMatch(/main login\s+alex@example\.com auth0\|/)

  await link(app)
  await isLinked(app)

  const google = app.locator(rowOf('Google'))
  expect(await google.textContent()).toContain('google-oauth2|115015401343387192604')
  expect(await google.locator('svg path').count()).toBe(1)
  expect(lab.tenant.users.get(ALEX.userId)?.identities).toHaveLength(2)

  await app.getByRole('button', { name: 'Unlink Google' }).click()
  await choose(app, 'Alex')
  await noteOf(app).getByText('Google is unlinked.').waitFor()

  expect(await google.textContent()).toContain('not linked')
  expect(lab.tenant.users.get(ALEX.userId)?.identities).toHaveLength(1)
})

test('the login pages say which connection they stand for', async () => {
  const { app } = await openDesk()
  await logIn(app)

  await startLink(app, 'GitHub')

  await app.getByRole('heading', { name: 'Log in with github' }).waitFor()
  expect(await app.locator('.sign svg').count()).toBe(1)
  expect(await app.getByText('stands for the login at github').count()).toBe(1)
})

test('the agent is told that there is no token, asks with the scope, and goes on by itself', async () => {
  const { app, lab } = await openDesk()
  await logIn(app)

  await app.getByRole('button', { name: 'What is on my calendar today?' }).click()
  await choose(app, 'Alex')
  await app.getByText('15:30 Coffee').waitFor()

  expect(await app.locator('.talk li').allTextContents()).toEqual([
    'What is on my calendar today?',
    'No token for google-oauth2: federated_connection_refresh_token_not_found.',
    'I ask for google-oauth2 with the scope https://www.googleapis.com/auth/calendar.readonly.',
    'I have a token of alex@example.com, and 3 events:',
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

test('what the agent was asked, and why it asked, is still there after a denial', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  const question = 'What is on my calendar today?'
  const asked = [
    question,
    'No token for google-oauth2: federated_connection_refresh_token_not_found.',
    'I ask for google-oauth2 with the scope https://www.googleapis.com/auth/calendar.readonly.',
  ]
  await app.getByRole('button', { name: question }).click()
  await app.getByRole('button', { name: 'Cancel' }).click()
  await isDenied(app, 'link_cancelled')

  const talk = app.locator('.talk li')
  await expect
    .poll(() => talk.allTextContents())
    .toEqual([...asked, 'The request was given up. I stop here.'])

  await set(inspector, 'ALLOWED_CONNECTIONS', 'github')
  await app.bringToFront()
  await app.getByRole('button', { name: question }).click()
  await isDenied(app, 'connection_not_allowed')
  await expect
    .poll(() => talk.allTextContents())
    .toEqual([...asked, 'The request was denied. I stop here.'])

  await startLink(app)
  await isDenied(app, 'connection_not_allowed')
  await expect.poll(() => talk.count()).toBe(0)
})

test('a denial is told with its code and what to do', async () => {
  const { app } = await openDesk()
  await logIn(app)
  await startLink(app)

  await app.getByRole('button', { name: 'Cancel' }).click()
  await isDenied(app, 'link_cancelled')

  expect((await noteOf(app).textContent())?.trim()).toBe(
    'link_cancelled Nothing has changed. Try again whenever you like.',
  )
})

test.each([
  { description: 'link_failed: Call +1 555 0100 now', shown: /^link_failed That did not work\./ },
  {
    description: 'call_me: Call +1 555 0100 now',
    shown: /^That did not work, please start again\.$/,
  },
  { description: 'Call +1 555 0100 now', shown: /^That did not work, please start again\.$/ },
  { description: 'constructor: Call +1 555 0100 now', shown: /^That did not work, please start/ },
])('the words of "$description" are not shown', async ({ description, shown }) => {
  const { app, lab } = await openDesk()
  await logIn(app)
  await startLink(app)
  await app.getByRole('heading', { name: 'Log in with google-oauth2' }).waitFor()
  const query = new URLSearchParams({ error: 'access_denied', error_description: description })

  await app.goto(`${lab.url}/callback?${query}`)

  expect((await noteOf(app).textContent())?.trim()).toMatch(shown)
  expect(await app.content()).not.toContain('555')
})

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const GOOD = { tone: 'good', text: 'Something of theirs.' }

test("whatever another application keeps under the note's name is ignored, and taken away", async () => {
  const { lab } = await openDesk()
  const ask = async (cookie: string) => {
    const response = await fetch(lab.url, { headers: { cookie } })
    const isShown = (await response.text()).includes('id="note"')
    return { status: response.status, isShown, given: response.headers.getSetCookie() }
  }
  const given = [`${NOTE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`]
  expect(await ask(`note=${encode(GOOD)}`)).toEqual({ status: 200, isShown: false, given: [] })
  expect(await ask(`${NOTE}=${encode(GOOD)}`)).toEqual({ status: 200, isShown: true, given })

  const foreign: readonly unknown[] = [
    ...[{}, null, 123, 'text', [], [GOOD]],
    ...[{ tone: 'good' }, { text: 'theirs' }, { ...GOOD, tone: 'loud' }, { ...GOOD, text: 1 }],
    ...[
      { ...GOOD, agent: 'theirs' },
      { ...GOOD, agent: [1] },
      { ...GOOD, connection: 1 },
    ],
    ...[
      { ...GOOD, code: 1 },
      { ...GOOD, logIn: 'yes' },
      { ...GOOD, expects: 'more' },
    ],
    ...[
      { ...GOOD, held: 'one' },
      { ...GOOD, told: 'yes' },
      { ...GOOD, asks: 1 },
    ],
    ...[
      { ...GOOD, identity: 1 },
      { ...GOOD, toString: 1 },
    ],
  ]
  for (const value of ['123', 'no%20JSON', ...foreign.map(encode)]) {
    expect([value, await ask(`${NOTE}=${value}`)]).toEqual([
      value,
      { status: 200, isShown: false, given },
    ])
  }
})

test('what breaks a page once does not break the next one', async () => {
  const { app, lab } = await openDesk()
  await logIn(app)
  await link(app)
  await isLinked(app)
  lab.tenant.fault({
    route: 'GET /example-calendar/events',
    status: 200,
    body: 'no JSON',
    times: 100,
  })
  const told = vi.spyOn(console, 'error').mockImplementation(() => undefined)

  await app.getByRole('button', { name: /calendar/ }).click()
  await choose(app, 'Alex')
  await app.getByText('Something went wrong').waitFor()

  expect(told).toHaveBeenCalledOnce()
  told.mockRestore()
  expect((await app.reload())?.status()).toBe(200)
  await app.getByRole('heading', { name: 'Alex Example' }).waitFor()
})

const formTo = (url: string): string =>
  `<form method="post" action="${url}"><button>Win</button></form>`

test.each([
  { whose: "another site's", from: (html: string) => `data:text/html,${encodeURIComponent(html)}` },
  { whose: "another local port's", from: () => 'http://localhost:65001/' },
])('$whose form is refused, and nothing else happens', async ({ from }) => {
  const { app, context, lab } = await openDesk()
  await logIn(app)
  await link(app)
  await isLinked(app)
  const html = formTo(`${lab.url}/logout`)
  await context.route('http://localhost:65001/', (route) =>
    route.fulfill({ contentType: 'text/html', body: html }),
  )
  const requests = lab.tenant.requests().length
  await app.goto(from(html))

  const answered = app.waitForResponse(`${lab.url}/logout`)
  await app.getByRole('button', { name: 'Win' }).click()
  const response = await answered

  expect(response.status()).toBe(403)
  expect(await response.headerValue('set-cookie')).toBeNull()
  expect(lab.tenant.requests()).toHaveLength(requests)
  await app.goto(lab.url)
  await app.getByRole('heading', { name: 'Alex Example' }).waitFor()
})

test('every form is refused without the origin of the application', async () => {
  const { lab } = await openDesk()
  const origins = ['http://example.com', lab.tenant.canonicalFrontDoor, `${lab.url}0`, 'null', '']
  for (const path of [
    '/login',
    '/link',
    '/confirm',
    '/ask-first',
    '/unlink',
    '/agent',
    '/logout',
  ]) {
    for (const origin of origins) {
      const headers: Record<string, string> = origin === '' ? {} : { origin }
      const asked = { method: 'POST', headers, redirect: 'manual' } as const
      const { headers: given, status } = await fetch(`${lab.url}${path}`, asked)
      expect([path, origin, status, given.has('location'), given.getSetCookie()]).toEqual([
        path,
        origin,
        403,
        false,
        [],
      ])
    }
  }
})

test('a hint that is too old is cured by the login that the denial offers', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await set(inspector, 'HINT_MAX_AGE', '300')
  letTimePass(400)

  await startLink(app)
  await isDenied(app, 'hint_expired')
  await app.getByRole('button', { name: 'Log in again' }).click()
  await app.getByRole('link', { name: /Username-Password/ }).click()
  await choose(app, 'Alex')
  await app.getByText('You are logged in.').waitFor()
  await link(app)

  await isLinked(app)
})

test('a session that ended at the tenant, not here, is cured by the login that the denial offers', async () => {
  const { app, context } = await openDesk()
  await logIn(app)
  // The tenant's cookies alone: the application's session, with the hint in it, outlives them.
  await context.clearCookies({ name: /^tenant_/ })

  await startLink(app)
  await app.getByRole('link', { name: /Username-Password/ }).click()
  await choose(app, 'Alex')
  await isDenied(app, 'session_mismatch')
  await noteOf(app).getByText('Please log in again, and start from here once more.').waitFor()
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
  linkUser(lab.tenant, ALEX.userId, GOOGLE, 'alex@example.com')
  linkUser(lab.tenant, ALEX.userId, GOOGLE, 'sam@example.net')
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
  expect(lab.tenant.users.get(ALEX.userId)?.identities.map(({ user_id }) => user_id)).toEqual([
    '5f7c8ec7c33c6c004bbafe82',
    '115015401343387192604',
  ])
})

test('an identity that is still linked is told, whatever another one of its connection is', async () => {
  const { app, inspector, lab } = await openDesk()
  linkUser(lab.tenant, ALEX.userId, GOOGLE, 'alex@example.com')
  linkUser(lab.tenant, ALEX.userId, GOOGLE, 'sam@example.net')
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
  const { app, inspector, lab } = await openDesk()
  await logIn(app)
  await set(inspector, 'CONFIRM_LINK', false)
  await set(inspector, 'RESULT_CLAIM', false)
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
    resultClaim: 'https://app.example.com/linking',
    identitiesPerConnection: () => 1,
  })
  const exchangeOf = (path: string) => {
    const url = new URL(path, 'https://app.example.com')
    const request = new Request(url, { method: 'POST', headers: { origin: url.origin } })
    return { request, url, form: new URLSearchParams(), headers: new Headers() }
  }

  const login = await answer(exchangeOf('/login'))
  const denied = await answer(exchangeOf('/link'))
  const given = exchangeOf('/')
  cookieHandler.setCookie(
    'a',
    'b',
    { sameSite: 'strict', secure: false, maxAge: 60, path: '/a' },
    given,
  )

  const secure = expect.stringMatching(
    /^\S+(; Max-Age=\d+)?; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  expect(login.headers.getSetCookie()).toEqual([secure])
  expect(denied.headers.getSetCookie()).toEqual([secure])
  expect(given.headers.getSetCookie()).toEqual([
    'a=b; Max-Age=60; Path=/a; HttpOnly; SameSite=Strict',
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

  await app.getByRole('heading', { name: 'Log in', exact: true }).waitFor()
})
