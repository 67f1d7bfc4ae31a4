/** A link in two phases over real sockets: pending, and confirmed by either channel. */

import { describe, expect, test } from 'vitest'
import { DATABASE, GOOGLE } from '../../scripts/tenant/connections.ts'
import type { LoginResult, TokenResult } from '../../scripts/tenant/web-application.ts'
import { ALEX, connectionsOf, type Scenario, startScenario } from './scenario.ts'

const RESULT_CLAIM = 'https://app.example.com/linking'
const SETTINGS = { CONFIRM_LINK: 'yes', RESULT_CLAIM }
const OFFLINE = { scope: 'openid link_account offline_access' }

interface Result {
  readonly status: string
  readonly confirmation: string
}

const resultOf = ({ claims }: TokenResult) => claims[RESULT_CLAIM] as Result

function tokensOf(result: LoginResult): TokenResult {
  if (result.type === 'denied') throw new Error(`denied: ${result.description}`)
  return result
}

async function startPending(options: Parameters<typeof startScenario>[0] = {}) {
  const settings = { ...SETTINGS, ...options.settings }
  const scenario = await startScenario({ ...options, settings })
  const pending = tokensOf(await scenario.link(OFFLINE))
  return { scenario, pending, confirmation: resultOf(pending).confirmation }
}

/** A login for the confirmation alone, which shows no page. */
async function confirmInBrowser(
  { app, tenant, browser }: Scenario,
  parameters: Readonly<Record<string, string>>,
): Promise<LoginResult> {
  const login = await app.start({ scope: 'openid confirm_link', prompt: 'none', ...parameters })
  const page = await browser.open(tenant.frontDoorOf(login.url))
  return login.complete(page.url)
}

const linksAsked = ({ tenant }: Scenario) =>
  tenant.requests().filter(({ path }) => path.endsWith('/identities'))

describe('a link with CONFIRM_LINK', () => {
  test('changes nothing until it is confirmed', async () => {
    const { scenario, pending } = await startPending()
    expect(resultOf(pending).status).toBe('pending')
    expect(connectionsOf(scenario.tenant, ALEX.userId)).toEqual([DATABASE])
    expect(linksAsked(scenario)).toEqual([])
  })

  test('is confirmed by an exchange of the refresh token, without a browser', async () => {
    const { scenario, pending, confirmation } = await startPending()
    const { app, tenant } = scenario
    const confirmed = await app.refresh(pending.refreshToken ?? '', {
      link_confirmation: confirmation,
    })
    expect(resultOf(confirmed)).toEqual({ status: 'linked', connection: GOOGLE })
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
    expect(tenant.users.get(`${GOOGLE}|${ALEX.googleId}`)).toBeUndefined()
  })

  test('is confirmed by a login without a page, the pending ID token being its hint', async () => {
    const { scenario, pending } = await startPending()
    const confirmed = tokensOf(await confirmInBrowser(scenario, { id_token_hint: pending.idToken }))
    expect(resultOf(confirmed)).toEqual({ status: 'linked', connection: GOOGLE })
    expect(connectionsOf(scenario.tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  test('is confirmed beside a newer hint', async () => {
    const { scenario, confirmation } = await startPending()
    const parameters = { id_token_hint: await scenario.logIn(), link_confirmation: confirmation }
    tokensOf(await confirmInBrowser(scenario, parameters))
    expect(connectionsOf(scenario.tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  test('is linked once, however often it is confirmed', async () => {
    const { scenario, pending, confirmation } = await startPending()
    const { app } = scenario
    const first = await app.refresh(pending.refreshToken ?? '', {
      link_confirmation: confirmation,
    })
    const again = await app.refresh(first.refreshToken ?? pending.refreshToken ?? '', {
      link_confirmation: confirmation,
    })
    expect(resultOf(again).status).toBe('already_linked')
    const hinted = await confirmInBrowser(scenario, { id_token_hint: pending.idToken })
    expect(resultOf(tokensOf(hinted)).status).toBe('already_linked')
    expect(linksAsked(scenario)).toHaveLength(1)
  })

  test('tells a wrong confirmation by the token endpoint, and the refresh token is still good', async () => {
    const { scenario, pending } = await startPending()
    const { app } = scenario
    await expect(
      app.refresh(pending.refreshToken ?? '', { link_confirmation: 'made-up' }),
    ).rejects.toMatchObject({
      error: 'access_denied',
      error_description: expect.stringMatching(/^confirmation_invalid: /),
    })
    expect(linksAsked(scenario)).toEqual([])
  })

  test('in another browser of the same person is session_mismatch', async () => {
    const { scenario, pending } = await startPending()
    const elsewhere = scenario.newBrowser()
    await scenario.logIn(ALEX.email, elsewhere)
    const denied = await confirmInBrowser(
      { ...scenario, browser: elsewhere },
      { id_token_hint: pending.idToken },
    )
    expect(denied).toMatchObject({ description: expect.stringMatching(/^session_mismatch: /) })
    expect(linksAsked(scenario)).toEqual([])
  })

  // What no documentation tells: in whose session the browser is after the nested login.
  test('where the nested login replaces the session, the back channel works all the same', async () => {
    const { scenario, pending, confirmation } = await startPending({
      settings: { PIN_SESSION: 'no' },
      tenant: { nestedSession: 'replaced' },
    })
    const confirmed = await scenario.app.refresh(pending.refreshToken ?? '', {
      link_confirmation: confirmation,
    })
    expect(resultOf(confirmed).status).toBe('linked')
  })

  test('an application that never confirms has no link', async () => {
    const { scenario } = await startPending()
    await scenario.logIn()
    expect(connectionsOf(scenario.tenant, ALEX.userId)).toEqual([DATABASE])
    expect(linksAsked(scenario)).toEqual([])
  })
})
