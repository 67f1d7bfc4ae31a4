/** The application in Chromium: log in, link, unlink, the agent, and denials. */

import { expect, test } from 'vitest'
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

const rowOf = (label: string) => `.logins li:has-text("${label}")`

test('links a second login, shows it with its icon, and unlinks it', async () => {
  const { app, lab } = await openDesk()
  await logIn(app)
  const userId = 'auth0|5f7c8ec7c33c6c004bbafe82'
  expect(await app.locator(rowOf('E-mail and password')).textContent()).toContain('main login')

  await link(app)
  await isLinked(app)

  const google = app.locator(rowOf('Google'))
  expect(await google.textContent()).toContain('google-oauth2|115015401343387192604')
  expect(await google.locator('svg path').count()).toBe(1)
  expect(lab.tenant.users.get(userId)?.identities).toHaveLength(2)

  await app.getByRole('button', { name: 'Unlink Google' }).click()
  await choose(app, 'Alex')
  await noteOf(app).getByText('Google is unlinked.').waitFor()

  expect(await google.textContent()).toContain('not linked')
  expect(lab.tenant.users.get(userId)?.identities).toHaveLength(1)
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

test('logging out ends both sessions', async () => {
  const { app } = await openDesk()
  await logIn(app)

  await app.getByRole('button', { name: 'Log out' }).click()
  await app.getByRole('button', { name: 'Log in' }).click()

  expect(await app.getByRole('heading').textContent()).toBe('Log in')
})
