/** The inspector in Chromium: the diagram drawn as the flow runs, what opens behind it, past flows. */

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Lab } from '../../scripts/start/lab.ts'
import { TOO_DEEP } from '../../scripts/steps/decode.ts'
import { ALEX } from '../e2e/scenario.ts'
import {
  choose,
  HELD_MS,
  isDenied,
  isLinked,
  link,
  logIn,
  openDesk,
  openStep,
  openTab,
  outcomeIs,
  set,
  startLink,
  stepsOf,
} from './desk.ts'

test('draws a link as it runs, from lane to lane', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)

  await startLink(app)

  const start = [
    'Browser to Application: asks to link google-oauth2',
    'Browser to Tenant: asks to link google-oauth2',
    'Tenant to Action: onExecutePostLogin',
    'Action to Tenant: reads the keys',
    'Action to Tenant: sends the user to the nested login',
    'Browser to Tenant: goes to the nested login',
    'Browser to Tenant: sees the login page of google-oauth2',
  ]
  await expect.poll(() => stepsOf(inspector)).toEqual(start)
  await outcomeIs(inspector, 'under way')

  await choose(app, 'Alex')
  await isLinked(app)

  await outcomeIs(inspector, 'linked')
  await expect
    .poll(() => stepsOf(inspector))
    .toEqual([
      ...start,
      'Browser to Tenant: logs in as alex@example.com',
      'Tenant to Tenant: google-oauth2|115015401343387192604 is logged in, a new user',
      'Browser to Tenant: leaves the nested login',
      'Tenant to Action: onExecutePostLogin, nested login',
      'Action to Tenant: sets a claim of the ID token',
      'Browser to Tenant: comes back from the nested login',
      'Tenant to Action: onContinuePostLogin',
      'Action to Tenant: redeems the code',
      'Action to Tenant: tells the application: pending',
      'Browser to Tenant: goes back to the application',
      'Browser to Application: comes back to the application',
      'Application to Tenant: redeems the code',
      'Application to Tenant: confirms the link',
      'Tenant to Action: onExecutePostLogin',
      'Action to Tenant: gets a Management token',
      'Action to Management API: links the identity',
      'Action to Tenant: tells the application: linked',
      'Browser to Application: looks at the account',
      'Application to Management API: reads the account',
    ])
  expect(await inspector.locator('.cost').textContent()).toMatch(
    /^The Action: 4 runs, .* round trips 1 at the start, 1 on the way back, 2 at the confirmation\. All: \d+ ms\.$/,
  )
})

test('opens an arrow to its decoded request, response and input', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await link(app)
  await isLinked(app)
  await outcomeIs(inspector, 'linked')

  const request = await openStep(inspector, 'GET /authorize')
  const input = await openStep(inspector, 'onExecutePostLogin')
  const token = await openStep(inspector, 'redeems the code')
  const redirect = await openStep(inspector, 'sends the user to the nested login')
  const end = await openStep(inspector, 'tells the application: linked')

  expect(request).toContain('"alg": "RS256"')
  expect(request).toContain('"sub": "auth0|5f7c8ec7c33c6c004bbafe82"')
  expect(request).toMatch(/status 303/)
  expect(input).toMatch(/event: the input of version 1/)
  expect(input).toContain('"ACTION_SECRET": "(hidden)"')
  expect(input).toContain('"AUTH0_CLIENT_ID": "exampleCompanionClientId00000001"')
  expect(token).toContain('"client_secret": "(hidden)"')
  expect(token).toMatch(/"code_verifier": ".{8}…"/)
  expect(token).toContain('"claims"')
  expect(redirect).toContain('transaction.setMetadata')
  expect(redirect).toContain('"mode": "link"')
  expect(redirect).toMatch(/client-initiated-account-linking:attempt\d+ of 8,192 bytes/)
  expect(redirect).toMatch(/all metadata\d+ of 16,384 bytes/)
  expect(redirect).toMatch(/written to the log, \d+ kept\d+ of 256 characters/)
  expect(end).toMatch(/account-linking:outcome linked client=exampleWebApplicationClientId001/)
  expect(end).toMatch(/2 round trips/)
  expect(end).toMatch(/\(10 min left\)[\d,]+ of 4,096 bytes/)
  expect(end).toMatch(/the whole cache[\d,]+ of 8,192 bytes/)
  expect(end).toMatch(/entries\d of 20/)
})

test('draws the calls of a run that is still under way', async () => {
  const { app, inspector, lab } = await openDesk()
  await logIn(app)
  await startLink(app)
  lab.tenant.fault({ route: /^POST .*\/identities$/, delayMs: HELD_MS })

  const back = choose(app, 'Alex')
  await expect.poll(() => stepsOf(inspector)).toContain('Action to Tenant: gets a Management token')
  const early = await stepsOf(inspector)
  lab.tenant.clearFaults()
  await back
  await isLinked(app)

  expect(early).not.toContain('Application to Tenant: confirms the link')
  await outcomeIs(inspector, 'linked')
  expect(await stepsOf(inspector)).toContain('Application to Tenant: confirms the link')
})

test('keeps past flows in a list, and an open step open', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await startLink(app)
  await app.getByRole('button', { name: 'Cancel' }).click()
  await isDenied(app, 'link_cancelled')
  const flows = inspector.locator('.flows button')
  await expect
    .poll(() => flows.locator('b').allTextContents())
    .toEqual(['Link google-oauth2', 'Log in'])
  expect(await flows.first().getAttribute('aria-current')).toBe('true')

  await inspector.bringToFront()
  await flows.last().click()
  await inspector.getByRole('heading', { name: 'Log in' }).waitFor()
  await openStep(inspector, 'goes to log in')
  await set(inspector, 'ALLOW_MERGE', true)

  expect(await stepsOf(inspector)).toContain('Browser to Tenant: logs in as alex@example.com')
  expect(await inspector.locator('.step[open]').count()).toBe(1)

  await inspector.getByRole('button', { name: 'Clear' }).click()
  await inspector.getByText('Nothing has happened yet').waitFor()
  expect(await flows.count()).toBe(0)
})

test('replays the last request, in the application beside it', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await startLink(app)
  await app.getByRole('button', { name: 'Cancel' }).click()
  await isDenied(app, 'link_cancelled')
  await inspector.bringToFront()
  await outcomeIs(inspector, 'denied link_cancelled')

  await inspector.getByRole('button', { name: 'Replay' }).click()

  const frame = inspector.frameLocator('iframe')
  await frame.getByRole('heading', { name: 'Log in with google-oauth2' }).waitFor()
  await frame.getByRole('button', { name: /^Alex / }).click()
  await frame.getByText('Google is linked.').waitFor()
  await outcomeIs(inspector, 'linked')
  expect(await inspector.locator('.flows b').allTextContents()).toEqual([
    'Link google-oauth2',
    'Link google-oauth2',
    'Log in',
  ])
})

test('a connection that is linked twice is told as linked already, without a redirect', async () => {
  const { app, inspector, lab } = await openDesk()
  await logIn(app)
  await link(app)
  await isLinked(app)
  await inspector.bringToFront()
  await outcomeIs(inspector, 'linked')

  await inspector.getByRole('button', { name: 'Replay' }).click()

  await outcomeIs(inspector, 'already_linked')
  await inspector.frameLocator('iframe').getByText('Google is linked').waitFor()
  const steps = [
    'Browser to Application: asks to link google-oauth2',
    'Browser to Tenant: asks to link google-oauth2',
    'Tenant to Action: onExecutePostLogin',
    'Action to Tenant: tells the application: already_linked',
    'Browser to Application: comes back to the application',
    'Application to Tenant: redeems the code',
    'Browser to Application: looks at the account',
    'Application to Management API: reads the account',
  ]
  await expect.poll(() => stepsOf(inspector)).toEqual(steps)
  expect(lab.tenant.users.get(ALEX.userId)?.identities).toHaveLength(2)
})

test('flows of two browsers at once stay apart', async () => {
  const { app, context, inspector, lab } = await openDesk()
  await logIn(app)
  const browser = context.browser()
  const other = await (await browser?.newContext())?.newPage()
  if (other === undefined) throw new Error('there is no second browser')
  await other.goto(lab.url)
  await logIn(other, 'Sam')

  await startLink(app, 'GitHub')
  await app.getByRole('heading', { name: 'Log in with github' }).waitFor()
  await startLink(other, 'Google')
  await choose(app, 'Alex')
  await isLinked(app, 'GitHub')
  await choose(other, 'Sam')
  await isLinked(other, 'Google')
  await other.context().close()

  await outcomeIs(inspector, 'linked')
  const of = (steps: string[]) => steps.filter((step) => /logs in as|is logged in/.test(step))
  expect(of(await stepsOf(inspector))).toEqual([
    'Browser to Tenant: logs in as sam@example.net',
    'Tenant to Tenant: google-oauth2|108204268033311374519 is logged in, a new user',
  ])
  await inspector.bringToFront()
  await inspector.locator('.flows button').nth(1).click()
  await expect
    .poll(async () => of(await stepsOf(inspector)))
    .toEqual([
      'Browser to Tenant: logs in as alex@example.com',
      'Tenant to Tenant: github|100001 is logged in, a new user',
    ])
})

/** Everything that the server tells of its flows and its state. */
async function sentBy(inspector: Page, lab: Lab): Promise<readonly string[]> {
  const ids = await inspector
    .locator('.flows button')
    .evaluateAll((buttons) => buttons.map((button) => button.getAttribute('data-id')))
  const flows = await Promise.all(
    ids.map(async (id) => (await fetch(`${lab.inspectorUrl}/flows/${id}`)).text()),
  )
  const reader = (await fetch(`${lab.inspectorUrl}/events`)).body?.getReader()
  const first = await reader?.read()
  await reader?.cancel()
  return [...flows, new TextDecoder().decode(first?.value)]
}

/** What could be used by whoever sees it. */
function usableIn({ tenant }: Lab): readonly string[] {
  const secrets = tenant.applications.all.map(({ clientSecret }) => clientSecret)
  const action = tenant.actions.all()[0]?.deployed?.secrets ?? []
  const actionSecret = action.find(({ name }) => name === 'ACTION_SECRET')?.value ?? 'none'
  const answers = tenant.requests().flatMap(({ answer, location }) => {
    const { access_token, id_token, refresh_token } = (answer ?? {}) as Record<string, unknown>
    const code = location === undefined ? null : URL.parse(location)?.searchParams.get('code')
    return [access_token, id_token, refresh_token, code]
  })
  const asked = tenant.requests().flatMap(({ form, query }) => {
    const { code_challenge, nonce, state } = query
    return [form.code_verifier, code_challenge, nonce, state]
  })
  const usable = [...secrets, actionSecret, 'correct horse battery staple', ...answers, ...asked]
  return usable.filter((text): text is string => typeof text === 'string' && text !== '')
}

test('nothing that it sends holds a secret, a password, or a token that could be used', async () => {
  const { app, inspector, lab } = await openDesk()
  await set(inspector, 'DEBUG', 'account-linking:*')
  await logIn(app)
  await app.getByRole('button', { name: 'What is on my calendar today?' }).click()
  await choose(app, 'Alex')
  await app.getByText('11:00 Review').waitFor()
  await app.getByRole('button', { name: 'Unlink Google' }).click()
  await app.getByLabel('E-mail address').fill('alex@example.com')
  await app.getByLabel('Password').fill('correct horse battery staple')
  await app.getByRole('button', { name: 'Continue' }).click()
  await app.getByText('Google is unlinked.').waitFor()
  await app.getByRole('button', { name: 'Log out' }).click()
  await outcomeIs(inspector, 'done')

  const flows = await sentBy(inspector, lab)
  const sent = flows.join('\n')

  const usable = usableIn(lab)
  expect(usable.length).toBeGreaterThan(25)
  expect(flows).toHaveLength(5)
  expect(sent.length).toBeGreaterThan(10_000)
  expect(usable.filter((text) => sent.includes(text))).toEqual([])
  // Signatures: a token is shown by its header and claims alone.
  expect(sent).not.toMatch(/eyJ[\w-]+\.eyJ[\w-]+/)
  // And nothing that people do nests too deep.
  expect(sent).not.toContain(TOO_DEEP)
})

test('nor do the flows and results of attacks, or what it says when one breaks', async () => {
  const { inspector, lab } = await openDesk()
  await set(inspector, 'DEBUG', 'account-linking:*')
  await openTab(inspector, 'Attacks')
  for (const button of await inspector.getByRole('button', { name: 'Attack: ' }).all()) {
    const known = await inspector.locator('#attacks .badge').count()
    await button.click()
    await expect.poll(() => inspector.locator('#attacks .badge').count()).toBe(known + 1)
  }
  // The browser goes round and round, and gives up with the URL.
  const location = { location: '' }
  lab.tenant.fault({ route: 'GET /authorize', times: 99, after: 1, status: 302, headers: location })
  await inspector.getByRole('button', { name: 'Attack: No hint' }).click()
  const problem = inspector.locator('#problem')
  await problem.getByText('the attack broke: more than 20 redirects').waitFor()

  const flows = await sentBy(inspector, lab)
  const sent = [...flows, await inspector.content()].join('\n')

  const usable = usableIn(lab)
  expect(usable.length).toBeGreaterThan(80)
  expect(flows.length).toBeGreaterThan(7)
  expect(await problem.textContent()).toMatch(/the last to http:\/\/localhost:\d+\/authorize\?…$/)
  expect(usable.filter((text) => sent.includes(text))).toEqual([])
  expect(sent).not.toMatch(/eyJ[\w-]+\.eyJ[\w-]+/)
})

test('another site cannot switch anything, nor another name of the machine read it', async () => {
  const { lab } = await openDesk()
  const order = { method: 'POST', body: '{"name":"ALLOW_MERGE","on":true}' }
  const url = `${lab.url}/inspector/settings`

  const foreign = await fetch(url, { ...order, headers: { origin: 'http://example.com' } })
  const none = await fetch(url, order)
  const own = await fetch(url, { ...order, headers: { origin: lab.url } })

  expect([foreign.status, none.status, own.status]).toEqual([403, 403, 200])
  const moved = await fetch(lab.inspectorUrl.replace('localhost', '127.0.0.1'), {
    redirect: 'manual',
  })
  expect([moved.status, moved.headers.get('location')]).toEqual([308, lab.inspectorUrl])
})
