/** The second phase of a link in Chromium: confirmed at once, or by the person; declined, too late, denied. */

import { expect, test } from 'vitest'
import { GOOGLE } from '../../scripts/tenant/connections.ts'
import { createWebApplication } from '../../scripts/tenant/web-application.ts'
import { ALEX } from '../e2e/scenario.ts'
import {
  choose,
  type Desk,
  isDenied,
  isLinked,
  letTimePass,
  link,
  logIn,
  noteOf,
  openDesk,
  openStep,
  outcomeIs,
  stepsOf,
} from './desk.ts'

const QUESTION = 'Link this login to your account?'

const identitiesOf = ({ lab }: Pick<Desk, 'lab'>): number =>
  lab.tenant.users.get(ALEX.userId)?.identities.length ?? 0

const confirmationsOf = ({ lab }: Pick<Desk, 'lab'>) =>
  lab.tenant
    .requests()
    .filter(({ form, path }) => path === '/oauth/token' && form.link_confirmation !== undefined)

/** The person is to be asked; a second login is done, and the question is there. */
async function openQuestion(): Promise<Desk> {
  const desk = await openDesk()
  const { app } = desk
  await logIn(app)
  await app.getByRole('switch', { name: 'Ask me before a login is linked: off' }).click()
  await app.getByRole('switch', { name: 'Ask me before a login is linked: on' }).waitFor()
  await link(app)
  await app.getByRole('heading', { name: QUESTION }).waitFor()
  return desk
}

test('without asking: the refresh token of the session confirms, once', async () => {
  const desk = await openDesk()
  const { app, inspector } = desk
  await logIn(app)
  await link(app)
  await isLinked(app)

  expect(identitiesOf(desk)).toBe(2)
  expect(confirmationsOf(desk)).toMatchObject([
    { caller: 'application', form: { grant_type: 'refresh_token' }, status: 200 },
  ])
  await outcomeIs(inspector, 'linked')
  const confirmed = await openStep(inspector, 'confirms the link')
  expect(confirmed).toMatch(/"link_confirmation": ".{8}…"/)
  expect(confirmed).toMatch(/"status": "linked"/)
  expect(await inspector.content()).not.toContain(
    String(confirmationsOf(desk)[0]?.form.link_confirmation),
  )
})

test('the person is asked, with the login and the account named, and says yes', async () => {
  const desk = await openQuestion()
  const { app, inspector } = desk
  const question = (await app.locator('main').textContent()) ?? ''
  for (const words of ['Google', 'Alex Example', ALEX.email, ALEX.userId])
    expect(question).toContain(words)
  expect(identitiesOf(desk)).toBe(1)
  await outcomeIs(inspector, 'pending')
  await app.bringToFront()
  await app.reload()

  await app.getByRole('button', { name: 'Yes, link it' }).click()
  await isLinked(app)

  expect(identitiesOf(desk)).toBe(2)
  await outcomeIs(inspector, 'linked')
  const steps = await stepsOf(inspector)
  expect(
    steps.slice(steps.indexOf('Browser to Application: comes back to the application')),
  ).toEqual([
    'Browser to Application: comes back to the application',
    'Application to Tenant: redeems the code',
    'Browser to Application: is asked whether to link it',
    'Browser to Application: is asked whether to link it',
    'Browser to Application: says yes',
    'Application to Tenant: confirms the link',
    'Tenant to Action: onExecutePostLogin',
    'Action to Tenant: gets a Management token',
    'Action to Management API: links the identity',
    'Action to Tenant: tells the application: linked',
    'Browser to Application: looks at the account',
    'Application to Management API: reads the account',
  ])
  expect(await inspector.locator('.flows b').allTextContents()).toEqual([
    'Link google-oauth2',
    'Log in',
  ])
})

test('no drops it, for every page that still asks', async () => {
  const desk = await openQuestion()
  const { app, context, inspector, lab } = desk
  const other = await context.newPage()
  await other.goto(`${lab.url}/confirm`)
  await other.getByRole('heading', { name: QUESTION }).waitFor()

  await app.bringToFront()
  await app.getByRole('button', { name: 'No', exact: true }).click()
  await isDenied(app, 'link_cancelled')
  await noteOf(app).getByText('You said no: nothing was linked.').waitFor()
  await outcomeIs(inspector, 'declined')

  await other.bringToFront()
  await other.getByRole('button', { name: 'Yes, link it' }).click()
  await noteOf(other).getByText('There is nothing to confirm any more.').waitFor()
  await other.goto(`${lab.url}/confirm`)
  await other.getByRole('button', { name: 'Link Google', exact: true }).waitFor()
  expect(confirmationsOf(desk)).toEqual([])
  expect(identitiesOf(desk)).toBe(1)
})

test('a yes that comes too late is told, and links nothing', async () => {
  const desk = await openQuestion()
  const { app, inspector } = desk
  letTimePass(301)

  await app.getByRole('button', { name: 'Yes, link it' }).click()
  await isDenied(app, 'confirmation_invalid')

  await noteOf(app).getByText('That took too long, or it is another account’s.').waitFor()
  expect(identitiesOf(desk)).toBe(1)
  await outcomeIs(inspector, 'denied confirmation_invalid')
  expect(await stepsOf(inspector)).toContain('Action to Tenant: denies confirmation_invalid')
})

test('what the tenant refuses at the exchange is told as any denial', async () => {
  const desk = await openDesk()
  const { app, lab } = desk
  await logIn(app)
  lab.tenant.fault({ route: /^POST .*\/identities$/, caller: 'action', status: 400, body: '{}' })

  await link(app)

  await isDenied(app, 'link_failed')
  expect(identitiesOf(desk)).toBe(1)
})

test('the agent goes on after a yes, and stops after a no', async () => {
  const { app } = await openDesk()
  await logIn(app)
  await app.getByRole('switch', { name: /^Ask me/ }).click()
  const ask = async (answer: string): Promise<void> => {
    await app.getByRole('button', { name: 'What is on my calendar today?' }).click()
    await choose(app, 'Alex')
    await app.getByRole('button', { name: answer, exact: true }).click()
  }

  await ask('No')
  await app.getByText('The request was given up. I stop here.').waitFor()

  await ask('Yes, link it')
  await app.getByText('I have a token of alex@example.com, and 3 events:').waitFor()
})

/** A login of the same client that the application has not begun ends at its callback; gives back its URL. */
async function comeBack(
  { app, lab }: Desk,
  parameters: Readonly<Record<string, string>>,
  meanwhile?: () => Promise<void>,
) {
  const web = await createWebApplication(lab.tenant, { redirectUri: `${lab.url}/callback` })
  const attempt = await web.start(parameters)
  const callback = app.waitForRequest((request) => new URL(request.url()).pathname === '/callback')
  await app.goto(String(lab.tenant.frontDoorOf(attempt.url)))
  await meanwhile?.()
  const url = new URL((await callback).url())
  await noteOf(app).getByText('That did not work, please start again.').waitFor()
  return { attempt, url }
}

test('a pending link that this application did not begin is not confirmed', async () => {
  const desk = await openDesk()
  const { app, lab } = desk
  await logIn(app)
  const { attempt, url } = await comeBack(desk, {})
  const login = await attempt.complete(url)
  const hint = login.type === 'tokens' ? login.idToken : ''

  const linking = { scope: 'openid link_account offline_access', requested_connection: GOOGLE }
  await comeBack(desk, { ...linking, id_token_hint: hint }, () => choose(app, 'Alex'))

  expect(lab.tenant.runs().at(-1)?.lines.join()).toContain('outcome pending')
  expect(confirmationsOf(desk)).toEqual([])
  expect(identitiesOf(desk)).toBe(1)
})

test('whoever is not logged in is asked nothing', async () => {
  const { app, lab } = await openDesk()
  await app.goto(`${lab.url}/confirm`)
  await app.getByRole('button', { name: 'Log in' }).waitFor()
  expect(new URL(app.url()).pathname).toBe('/')
})
