/**
 * The README's pieces for Auth0's server SDK, run as they stand there: by an application of the local
 * tenant, on dist/action.js. The URL that it shows is taken apart as well.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ServerClient } from '@auth0/auth0-server-js'
import { describe, expect, it, test } from 'vitest'
import { DATABASE, GOOGLE, PASSWORD } from '../../scripts/tenant/connections.ts'
import { blockOf, README } from '../readme/blocks.ts'
import { createSdkApplication } from '../support/sdk.ts'
import { ALEX, connectionsOf, startScenario } from './scenario.ts'

async function load<Module>(heading: string): Promise<Module> {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'))
  try {
    const file = join(folder, 'snippet.ts')
    await writeFile(file, blockOf(heading, 'ts'))
    return (await import(pathToFileURL(file).href)) as Module
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface WithSdk {
  isOwn(get: (name: string) => string | null | undefined, origin: string): boolean
  link(auth0: ServerClient, store: unknown): Promise<URL>
  unlink(auth0: ServerClient, store: unknown, identity: string): Promise<URL>
  complete(
    auth0: ServerClient,
    store: unknown,
    callback: URL,
  ): Promise<{ readonly code?: string; readonly sentence?: string } | undefined>
}

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

test('links, tells the code of a denial, and unlinks, as the README has it', async () => {
  const { link, unlink, complete } = await load<WithSdk>('With the server SDK')
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

describe('whether the form is its own, as the README has it', () => {
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
    ['of whoever says nothing', {}, false],
  ])('a request %s', async (_, headers, expected) => {
    const { isOwn } = await load<WithSdk>('With the server SDK')
    const asFetch = new Headers(headers as Record<string, string>)
    const asExpress = new Map(Object.entries(headers))

    expect(isOwn((name) => asFetch.get(name), ORIGIN)).toBe(expected)
    expect(isOwn((name) => asExpress.get(name), ORIGIN)).toBe(expected)
  })
})

test('links by a pushed request, as the README has it', async () => {
  const { linkPushed } = await load<{ linkPushed(auth0: ServerClient): Promise<URL> }>(
    'With a pushed request',
  )
  const { sdk, tenant, through } = await startApplication()

  const url = await linkPushed(sdk)
  expect(url.searchParams.get('request_uri')).toBeTruthy()
  await sdk.completeInteractiveLogin((await through(url)).url)
  expect(connectionsOf(tenant, ALEX.userId)).toEqual([DATABASE, GOOGLE])
})

test('its URL is a request that links, with the values of a login put in', async () => {
  const [, block = ''] = /```\n(https:\/\/YOUR_DOMAIN[\s\S]*?)```/.exec(README) ?? []
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
