/**
 * The examples for applications, run as they are shown: by an application of the local tenant, on
 * dist/action.js. The URL that the README shows is taken apart as well.
 */

import { ClientSecretPost, discovery } from 'openid-client'
import { describe, expect, it, test } from 'vitest'
import * as plain from '../../.github/application/openid-client.ts'
import { linkPushed } from '../../.github/application/pushed-request.ts'
import { complete, isOwn, link, unlink } from '../../.github/application/server-sdk.ts'
import { DATABASE, GOOGLE, PASSWORD } from '../../scripts/tenant/connections.ts'
import { codeBlocks } from '../readme/blocks.ts'
import { createSdkApplication } from '../support/sdk.ts'
import { ALEX, connectionsOf, startScenario } from './scenario.ts'

async function startApplication() {
  const { tenant, app, browser } = await startScenario()
  const { redirectUri } = app
  const application = createSdkApplication(tenant, { redirectUri })
  await application.logIn(browser, ALEX.email)
  /** Goes where the SDK says, and logs in there. */
  const through = async (url: URL) => {
    const page = await application.open(browser, url)
    const values = { email: ALEX.email, password: PASSWORD }
    return page.forms.length === 0 ? page : browser.submit(page, { values })
  }
  return { ...application, tenant, through }
}

test('links, tells the code of a denial, and unlinks, by the server SDK', async () => {
  const { sdk, tenant, through } = await startApplication()
  const store = {}

  const linked = await through(await link(sdk, store))
  expect(await complete(sdk, store, linked.url)).toBeUndefined()
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  expect(tenant.logins().at(-1)?.connectionScope).toBe(
    'https://www.googleapis.com/auth/calendar.readonly',
  )

  const wrong = await through(await unlink(sdk, store, ALEX.userId))
  const denial = await complete(sdk, store, wrong.url)
  expect(denial?.code).toBe('identity_not_found')
  expect(denial?.sentence).toMatch(/^[A-Z].*\.$/)
  const { identities = [] } = tenant.users.get(ALEX.userId) ?? {}
  const { provider, user_id } = identities[1] ?? {}
  const unlinked = await through(await unlink(sdk, store, `${provider}|${user_id}`))
  expect(await complete(sdk, store, unlinked.url)).toBeUndefined()
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
})

describe('whether the form is its own', () => {
  const ORIGIN = 'https://app.example.com'
  const SUBDOMAIN = 'https://other.app.example.com'

  it.each([
    ['of the same page', { 'sec-fetch-site': 'same-origin', origin: ORIGIN }, true],
    ['of a subdomain', { 'sec-fetch-site': 'same-site', origin: SUBDOMAIN }, false],
    ['of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://example.net' }, false],
    [
      'of another site that claims our origin',
      { 'sec-fetch-site': 'cross-site', origin: ORIGIN },
      false,
    ],
    ['typed by the person', { 'sec-fetch-site': 'none' }, false],
    ['of an older browser', { origin: ORIGIN }, true],
    ['of an older browser, from another site', { origin: 'https://example.net' }, false],
    ['of a page that hides its origin', { origin: 'null' }, false],
    ['that says nothing', {}, false],
  ])('a request %s', async (_, headers, expected) => {
    const asFetch = new Headers(headers as Record<string, string>)
    const asExpress = new Map(Object.entries(headers))

    expect(isOwn((name) => asFetch.get(name), ORIGIN)).toBe(expected)
    expect(isOwn((name) => asExpress.get(name), ORIGIN)).toBe(expected)
  })
})

test('links by a pushed request', async () => {
  const { sdk, tenant, through } = await startApplication()

  const url = await linkPushed(sdk)
  expect(url.searchParams.get('request_uri')).toBeTruthy()
  await sdk.completeInteractiveLogin((await through(url)).url)
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
})

describe('by plain OpenID Connect', () => {
  const RESULT_CLAIM = 'https://app.example.com/linking'

  async function startLinking(settings = {}) {
    const { tenant, app, browser, logIn } = await startScenario({ settings })
    const { clientId, clientSecret } = tenant.applications.web
    const issuer = new URL(`https://${tenant.canonicalDomain}/`)
    const config = await discovery(issuer, clientId, undefined, ClientSecretPost(clientSecret))
    const { url, attempt } = await plain.link(config, app.redirectUri, await logIn())
    const page = await browser.open(tenant.frontDoorOf(url))
    return { tenant, browser, config, attempt, page }
  }

  it('links', async () => {
    const { tenant, browser, config, attempt, page } = await startLinking()
    const back = await browser.submit(page, { values: { email: ALEX.email } })

    const { claims } = await plain.complete(config, attempt, back.url)
    expect(claims?.sub).toBe(ALEX.userId)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  it('confirms, where links are to be confirmed', async () => {
    const started = await startLinking({ CONFIRM_LINK: 'yes', RESULT_CLAIM })
    const { tenant, browser, config, attempt, page } = started
    const back = await browser.submit(page, { values: { email: ALEX.email } })

    const { claims, refreshToken = '' } = await plain.complete(config, attempt, back.url)
    const pending = claims?.[RESULT_CLAIM] as { readonly status: string; confirmation: string }
    expect(pending.status).toBe('pending')
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
    const confirmed = await plain.confirm(config, refreshToken, pending.confirmation)
    expect(confirmed.claims?.[RESULT_CLAIM]).toEqual({ status: 'linked', connection: GOOGLE })
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
  })

  it('tells the code of a denial, and takes nothing that another browser started', async () => {
    const { tenant, browser, config, attempt, page } = await startLinking()
    const back = await browser.submit(page, { button: 'cancel' })

    const others = { ...attempt, expectedState: 'of-another-browser' }
    await expect(plain.complete(config, others, back.url)).rejects.toThrow()
    const { denied, sentence } = await plain.complete(config, attempt, back.url)
    expect(denied).toBe('link_cancelled')
    expect(sentence).toMatch(/^[A-Z].*\.$/)
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE])
  })
})

test('the URL of the README is a request that links, with the values of a login put in', async () => {
  const block = codeBlocks('').find((code) => code.startsWith('https://YOUR_DOMAIN')) ?? ''
  const written = new URL(block.replaceAll(/\s+(\(optional\))?/g, ''))
  expect(written.pathname).toBe('/authorize')
  const { tenant, app, browser, logIn } = await startScenario()
  const idToken = await logIn()
  const { client_id, redirect_uri, response_type, ...parameters } = Object.fromEntries(
    written.searchParams,
  )
  expect([client_id, redirect_uri, response_type].every(Boolean)).toBe(true)
  expect(parameters.id_token_hint).toMatch(/^eyJ/)

  const request = await app.start({ ...parameters, id_token_hint: idToken })
  const page = await browser.open(tenant.frontDoorOf(request.url))
  await browser.submit(page, { values: { email: ALEX.email } })

  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
})
