/** Several identities of one connection in Chromium: each linked, consented and unlinked by itself. */

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { GITHUB, GOOGLE } from '../../scripts/tenant/connections.ts'
import { ALEX, createUser, linkUser } from '../e2e/scenario.ts'
import {
  choose,
  type Desk,
  isLinked,
  link,
  logIn,
  noteOf,
  openDesk,
  outcomeIs,
  type Person,
  set,
} from './desk.ts'

const SAM_AT_GOOGLE = '108204268033311374519'
const WHICH = 'You have several accounts there. Which one do you mean?'

const idsOf = ({ lab }: Pick<Desk, 'lab'>): readonly string[] =>
  (lab.tenant.users.get(ALEX.userId)?.identities ?? []).map(({ user_id }) => user_id).slice(1)

const talkOf = (app: Page): Promise<string[]> => app.locator('.talk li').allTextContents()

async function linkAnother(app: Page, person: Person): Promise<void> {
  await app.bringToFront()
  await app.getByRole('button', { name: 'Link another Google' }).click()
  await choose(app, person)
}

/** Up to the login at the provider, where that very account is offered. */
async function askAbout(app: Page, email: string): Promise<void> {
  await app.bringToFront()
  await app.getByRole('button', { name: 'What is on my calendar today?' }).click()
  await app.getByRole('form', { name: WHICH }).getByRole('button', { name: email }).click()
  await app.getByRole('heading', { name: 'Log in with google-oauth2' }).waitFor()
  expect(await app.getByLabel('E-mail address').inputValue()).toBe(email)
}

async function openWithTwo(): Promise<Desk> {
  const desk = await openDesk()
  await set(desk.inspector, 'IDENTITIES_PER_CONNECTION', '2')
  linkUser(desk.lab.tenant, ALEX.userId, GOOGLE, 'alex@example.com')
  linkUser(desk.lab.tenant, ALEX.userId, GOOGLE, 'sam@example.net')
  await logIn(desk.app)
  return desk
}

test('two Google accounts are linked, consented and unlinked one by one', async () => {
  const desk = await openDesk()
  const { app, inspector, lab } = desk
  await set(inspector, 'IDENTITIES_PER_CONNECTION', '2')
  await logIn(app)

  await link(app)
  await isLinked(app)
  await linkAnother(app, 'Sam')
  await noteOf(app).getByText('Google is linked.').waitFor()
  expect(idsOf(desk)).toEqual([ALEX.googleId, SAM_AT_GOOGLE])
  expect(await app.getByRole('button', { name: 'Link another Google' }).count()).toBe(0)
  const shown = await app.locator('.logins li:has-text("Google") small').allTextContents()
  expect(shown).toEqual([
    `alex@example.com google-oauth2|${ALEX.googleId}`,
    `sam@example.net google-oauth2|${SAM_AT_GOOGLE}`,
  ])

  await askAbout(app, 'sam@example.net')
  await choose(app, 'Sam')
  await app.getByText('I have a token of sam@example.net, and 3 events:').waitFor()
  await noteOf(app).getByText('Google was linked already, and grants what was asked for.').waitFor()
  expect((await talkOf(app)).slice(0, 3)).toEqual([
    'What is on the calendar of sam@example.net today?',
    'No token for google-oauth2: federated_connection_refresh_token_not_found.',
    'I ask for google-oauth2 with the scope https://www.googleapis.com/auth/calendar.readonly.',
  ])
  await outcomeIs(inspector, 'consented')
  // One account's token is not the other's.
  await askAbout(app, 'alex@example.com')
  await choose(app, 'Alex')
  await app.getByText('I have a token of alex@example.com, and 3 events:').waitFor()
  const hints = lab.tenant
    .requests()
    .flatMap(({ form, path, status }) =>
      path === '/oauth/token' && form.login_hint !== undefined && status === 200
        ? [form.login_hint]
        : [],
    )
  expect(hints).toEqual([SAM_AT_GOOGLE, ALEX.googleId])
  expect(lab.tenant.requests().filter(({ path }) => path.endsWith('/identities'))).toHaveLength(2)

  for (const [email, left] of [
    ['sam@example.net', [ALEX.googleId]],
    ['', []],
  ] as const) {
    await app.bringToFront()
    const name = email === '' ? 'Unlink Google' : `Unlink Google, ${email}`
    await app.getByRole('button', { name }).click()
    await choose(app, 'Alex')
    await noteOf(app).getByText('Google is unlinked.').waitFor()
    expect(idsOf(desk)).toEqual(left)
  }
  const named = lab.tenant.requests().flatMap(({ query }) => query.requested_identity ?? [])
  expect(named).toEqual([`google-oauth2|${SAM_AT_GOOGLE}`, `google-oauth2|${ALEX.googleId}`])
})

test('the same account once more is told as linked already', async () => {
  const { app, inspector } = await openDesk()
  await set(inspector, 'IDENTITIES_PER_CONNECTION', '3')
  await logIn(app)
  await link(app)
  await isLinked(app)

  await linkAnother(app, 'Alex')

  await noteOf(app).getByText('Google is linked already: nothing has changed.').waitFor()
  await outcomeIs(inspector, 'already_linked')
})

test('a further login that the tenant left out is not taken for one', async () => {
  const { app, inspector } = await openDesk()
  await set(inspector, 'IDENTITIES_PER_CONNECTION', '2')
  await logIn(app)
  await link(app)
  await isLinked(app)
  await set(inspector, 'ALLOWED_CLIENT_IDS', 'exampleOtherApplication')
  await app.bringToFront()

  await app.getByRole('button', { name: 'Link another Google' }).click()

  const told = 'Google has no further login here: the login went on without it.'
  await noteOf(app).getByText(told).waitFor()
})

test('the agent that is given the other account says that it has no token', async () => {
  const { app } = await openWithTwo()
  await askAbout(app, 'sam@example.net')

  await choose(app, 'Alex')

  await app.getByText('There is still no token. I stop here.').waitFor()
})

test('an identity without an e-mail address is told apart by its nickname', async () => {
  const { app, lab } = await openDesk()
  const id = createUser(lab.tenant, GITHUB, 'sam@example.net')
  lab.tenant.users.update(id, { email: '', nickname: 'sam-at-work' })
  const [provider = '', identity = ''] = id.split('|')
  lab.tenant.users.link(ALEX.userId, provider, identity)

  await logIn(app)

  expect(await app.locator('.logins li:has-text("GitHub")').textContent()).toContain('sam-at-work')
})
