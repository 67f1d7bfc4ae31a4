/**
 * Two accounts at one provider, by Auth0's server SDK, unmodified, with the example as it is shown:
 * linked, consented and unlinked one by one. On dist/action.js in the local tenant.
 */

import { describe, expect, test } from 'vitest'
import { readResult } from '../../.github/application/confirm.ts'
import { complete, link, unlink } from '../../.github/application/server-sdk.ts'
import { DATABASE, GOOGLE, PASSWORD } from '../../scripts/tenant/connections.ts'
import { createSdkApplication, linkWithoutScope } from '../support/sdk.ts'
import { ALEX, SAM, startScenario } from './scenario.ts'

/** Both are Alex's here: one at home, one at work. */
const [HOME, WORK] = [ALEX.email, SAM.email]
const HOME_ID = `google-oauth2|${ALEX.googleId}`

async function startTwo(IDENTITIES_PER_CONNECTION = '2') {
  const RESULT_CLAIM = 'https://app.example.com/linking'
  const scenario = await startScenario({ settings: { RESULT_CLAIM, IDENTITIES_PER_CONNECTION } })
  const { tenant, app, browser } = scenario
  const application = createSdkApplication(tenant, { redirectUri: app.redirectUri })
  const { sdk, logIn, open, session } = application
  await logIn(browser, ALEX.email)

  /** Goes where the SDK says, logs in there if there is a page, and reads what became of it. */
  async function through(url: URL, email: string) {
    const page = await open(browser, url)
    const values = { email, password: PASSWORD }
    const back = page.forms.length === 0 ? page : await browser.submit(page, { values })
    const denied = await complete(sdk, {}, back.url)
    return denied?.code ?? readResult((await session()).idToken)?.status
  }
  const identities = () =>
    (tenant.users.get(ALEX.userId)?.identities ?? []).map(
      ({ provider, user_id }) => `${provider}|${user_id}`,
    )
  return {
    ...application,
    tenant,
    browser,
    through,
    identities,
    link: async (email: string) => through(await link(sdk, {}, email), email),
    unlink: async (identity: string) => through(await unlink(sdk, {}, identity), ALEX.email),
  }
}

/** With both linked; gives the id of the second beside. */
async function startLinked() {
  const started = await startTwo()
  expect(await started.link(HOME)).toBe('linked')
  expect(await started.link(WORK)).toBe('linked')
  const workId = started.identities().at(-1) ?? ''
  expect(started.identities()).toEqual([ALEX.userId, HOME_ID, workId])
  return { ...started, workId }
}

describe('two Google accounts, by auth0-server-js', () => {
  test('are linked one after the other, by one and the same call', async () => {
    const { tenant, workId } = await startLinked()
    const held = tenant.users.get(ALEX.userId)?.identities ?? []
    expect(held.map(({ connection }) => connection)).toEqual([DATABASE, GOOGLE, GOOGLE])
    expect(workId).not.toBe(HOME_ID)
    expect(tenant.users.get(workId)).toBeUndefined()
  })

  test('are offered by the hint, which nothing trusts', async () => {
    const { sdk, open, browser, through, identities } = await startTwo()
    const page = await open(browser, await link(sdk, {}, WORK))
    expect(page.html).toContain(`value="${WORK}"`)
    expect(await through(await link(sdk, {}, WORK), HOME)).toBe('linked')
    expect(identities()).toEqual([ALEX.userId, HOME_ID])
  })

  test.each([HOME, WORK])(
    'consent one by one, here %s, and nothing is linked twice',
    async (who) => {
      const { tenant, link, identities } = await startLinked()
      const before = identities()
      expect(await link(who)).toBe('consented')
      expect(identities()).toEqual(before)
      expect(tenant.logins().at(-1)).toMatchObject({
        connection: GOOGLE,
        connectionScope: 'https://www.googleapis.com/auth/calendar.readonly',
      })
    },
  )

  test('say already_linked where the first comes back, and no scope was asked', async () => {
    const { sdk, through, link } = await startTwo()
    await link(HOME)
    const url = await sdk.startLinkUser(linkWithoutScope(GOOGLE))
    expect(await through(url, HOME)).toBe('already_linked')
  })

  test('are as many as may be: a third can only be a consent, and is refused', async () => {
    const { link, identities } = await startLinked()
    const before = identities()
    expect(await link('kim@example.org')).toBe('connection_mismatch')
    expect(identities()).toEqual(before)
  })

  test('are one by default', async () => {
    const { link, identities } = await startTwo('1')
    await link(HOME)
    expect(await link(WORK)).toBe('connection_mismatch')
    expect(identities()).toEqual([ALEX.userId, HOME_ID])
  })

  test('are unlinked one by one, each by its name', async () => {
    const { tenant, unlink, identities, workId } = await startLinked()
    expect(await unlink('')).toBe('invalid_request')

    expect(await unlink(HOME_ID)).toBe('unlinked')
    expect(identities()).toEqual([ALEX.userId, workId])
    expect(tenant.users.get(HOME_ID)?.identities).toHaveLength(1)

    expect(await unlink(workId)).toBe('unlinked')
    expect(identities()).toEqual([ALEX.userId])
    expect(await unlink(workId)).toBe('identity_not_found')
  })
})
