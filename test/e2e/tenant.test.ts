/**
 * The local tenant itself: what it promises of the platform, tried with small Actions and plain
 * requests over its sockets.
 */

import { describe, expect, test } from 'vitest'
import {
  DATABASE,
  GOOGLE,
  PARTNER,
  PARTNER_CONNECTION,
  PASSWORD,
} from '../../scripts/tenant/connections.ts'
import { startTenant, type Tenant, type TenantOptions } from '../../scripts/tenant/index.ts'
import { createWebApplication } from '../../scripts/tenant/web-application.ts'
import { createBrowser } from '../../scripts/testing/browser.ts'
import { ALEX, SAM, startTestTenant } from './scenario.ts'

const execute = (body: string): string =>
  `exports.onExecutePostLogin = async (event, api) => { ${body} }`

const resume = (body: string): string =>
  `exports.onContinuePostLogin = async (event, api) => { ${body} }`

async function startWith(codes: readonly string[], options: TenantOptions = {}) {
  const tenant = await startTestTenant(options)
  tenant.install(...codes.map((code, index) => ({ name: `action-${index + 1}`, code })))
  const app = await createWebApplication(tenant)
  const browser = createBrowser({ stopAt: ({ origin }) => origin !== tenant.canonicalFrontDoor })
  async function logIn(parameters: Readonly<Record<string, string>> = {}) {
    const attempt = await app.start({ connection: DATABASE, ...parameters })
    const page = await browser.open(tenant.frontDoorOf(attempt.url))
    if (page.forms.length === 0) return { attempt, page }
    const values = { email: ALEX.email, password: PASSWORD }
    return { attempt, page: await browser.submit(page, { values }) }
  }
  return { tenant, app, browser, logIn }
}

describe('the Actions host', () => {
  test('runs Actions in order, and hands their metadata on', async () => {
    const { tenant, logIn } = await startWith([
      execute("api.transaction.setMetadata('seen', 'first')"),
      execute(
        "api.idToken.setCustomClaim('https://example.com/seen', event.transaction.metadata.seen)",
      ),
    ])

    const { attempt, page } = await logIn()

    expect(await attempt.complete(page.url)).toMatchObject({
      claims: { 'https://example.com/seen': 'first' },
    })
    expect(tenant.runs().map(({ action }) => action)).toEqual(['action-1', 'action-2'])
  })

  test.each([
    { options: {}, parameters: {}, kept: false },
    { options: {}, parameters: { audience: 'https://api.example.com/' }, kept: true },
    { options: { urnClaims: 'kept' }, parameters: {}, kept: true },
  ] as const)(
    'a claim with an urn: name needs an API: $parameters, $options',
    async ({ kept, options, parameters }) => {
      const set = (name: string) => `api.idToken.setCustomClaim('${name}', 1);`
      const { logIn } = await startWith(
        [execute(set('urn:example:claim') + set('https://example.com/claim'))],
        options,
      )

      const { attempt, page } = await logIn(parameters)

      const result = await attempt.complete(page.url)
      const claims = result.type === 'tokens' ? Object.keys(result.claims) : []
      expect(claims).toContain('https://example.com/claim')
      expect(claims.includes('urn:example:claim')).toBe(kept)
    },
  )

  test('a denial stops the Actions behind and reaches the application', async () => {
    const { tenant, logIn } = await startWith([
      execute("api.access.deny('not today')"),
      execute("throw new Error('never run')"),
    ])

    const { attempt, page } = await logIn()

    expect(await attempt.complete(page.url)).toEqual({
      type: 'denied',
      error: 'access_denied',
      description: 'not today',
    })
    expect(tenant.runs()).toHaveLength(1)
  })

  test.each([
    { what: 'throws', code: execute("throw new Error('broken')"), expected: /broken/ },
    { what: 'throws at load', code: "throw new Error('broken')", expected: /broken/ },
    {
      what: 'breaks a limit',
      code: execute("api.redirect.sendUserTo('/x')"),
      expected: /absolute/,
    },
    { what: 'hangs', code: execute('await new Promise(() => {})'), expected: /too long/ },
  ])('an Action that $what fails every login', async ({ code, expected }) => {
    const { tenant, logIn } = await startWith([code], { actionTimeoutMs: 50 })

    for (const parameters of [{}, { max_age: '0' }]) {
      const { attempt, page } = await logIn(parameters)

      const result = await attempt.complete(page.url)

      expect(result).toMatchObject({ type: 'denied', error: 'server_error' })
    }
    expect(tenant.runs().map(({ error }) => error)).toEqual([
      expect.stringMatching(expected),
      expect.stringMatching(expected),
    ])
  })

  test('the way back from a redirect is a new request of the same transaction', async () => {
    const say = 'JSON.stringify([event.request.query, event.transaction.metadata])'
    const { tenant, browser, logIn } = await startWith([
      `${execute("api.transaction.setMetadata('key', 'kept'); api.redirect.sendUserTo('https://example.com/away')")}
       ${resume(`console.log(${say})`)}`,
      execute("api.idToken.setCustomClaim('https://example.com/second', true)"),
    ])
    const { attempt, page: away } = await logIn()
    const state = away.url.searchParams.get('state') ?? ''
    const query = new URLSearchParams({ state, answer: 'yes' })

    const page = await browser.open(`${tenant.canonicalFrontDoor}/continue?${query}`)

    expect(away.url.hostname).toBe('example.com')
    expect(await attempt.complete(page.url)).toMatchObject({
      claims: { 'https://example.com/second': true },
    })
    const runs = tenant.runs()
    expect(runs[1]?.lines).toEqual([JSON.stringify([{ state, answer: 'yes' }, { key: 'kept' }])])
    expect(new Set(runs.map(({ transactionId }) => transactionId)).size).toBe(1)
    expect(runs.map(({ action, handler }) => `${action} ${handler}`)).toEqual([
      'action-1 onExecutePostLogin',
      'action-1 onContinuePostLogin',
      'action-2 onExecutePostLogin',
    ])
  })

  test('a redirect where no page can be shown is interaction_required', async () => {
    const send = execute(
      "if (!event.request.query.first) api.redirect.sendUserTo('https://example.com')",
    )
    const { logIn } = await startWith([send], { canRedirectExists: false })
    await logIn({ first: 'yes' })

    const { attempt, page } = await logIn({ prompt: 'none' })

    expect(await attempt.complete(page.url)).toMatchObject({ error: 'interaction_required' })
  })

  test('a challenge comes before the next Action, which sees its result', async () => {
    const { tenant, browser, logIn } = await startWith([
      execute("api.authentication.challengeWithAny([{ type: 'otp' }])"),
      execute("console.log(event.authentication.methods.map(({ name }) => name).join(' '))"),
    ])
    const { attempt, page } = await logIn()

    const back = await browser.submit(page, { values: { code: tenant.challengeCode } })

    expect(await attempt.complete(back.url)).toMatchObject({ type: 'tokens' })
    expect(tenant.runs()[1]?.lines).toEqual(['pwd mfa'])
  })

  test('what the platform would keep of the log ends after 256 characters', async () => {
    const { tenant, logIn } = await startWith([execute("console.log('x'.repeat(300))")])

    await logIn()

    expect(tenant.runs()[0]?.kept).toBe('x'.repeat(256))
  })

  test('an event cannot be changed, but for what api changes', async () => {
    const { tenant, logIn } = await startWith([
      `'use strict'; ${execute("event.user.email = 'other'")}`,
    ])

    await logIn()

    expect(tenant.runs()[0]?.error).toMatch(/read only/)
  })

  test.each([
    { realm: 'host', expected: 'true' },
    { realm: 'own', expected: 'false' },
  ] as const)(
    "in the realm '$realm' [] instanceof Array is $expected",
    async ({ realm, expected }) => {
      const { tenant, logIn } = await startWith([execute('console.log([] instanceof Array)')], {
        realm,
      })

      await logIn()

      expect(tenant.runs()[0]?.lines).toEqual([expected])
    },
  )

  test.each([
    { responseType: 'code', protocol: 'oidc-basic-profile' },
    { responseType: 'code id_token', protocol: 'oidc-hybrid-profile' },
    { responseType: 'id_token', protocol: 'oidc-implicit-profile' },
  ])('response_type=$responseType is $protocol', async ({ responseType, protocol }) => {
    const { tenant, logIn } = await startWith([execute('')])

    const { page } = await logIn({ response_type: responseType })

    expect(tenant.runs()[0]?.event.transaction).toMatchObject({ protocol })
    const answer = responseType === 'code' ? page.url.searchParams : fragmentOf(page.url)
    expect([...answer.keys()].filter((name) => name !== 'state').sort()).toEqual(
      responseType.split(' '),
    )
  })

  test('offline_access gives a refresh token', async () => {
    const { logIn } = await startWith([])

    const { attempt, page } = await logIn({ scope: 'openid offline_access' })

    expect(await attempt.complete(page.url)).toMatchObject({
      refreshToken: expect.stringMatching(/.+/),
    })
  })

  test('after a logout there is no session', async () => {
    const { tenant, browser, logIn } = await startWith([])
    await logIn()

    await browser.open(`${tenant.canonicalFrontDoor}/v2/logout`)

    const { attempt, page } = await logIn({ prompt: 'none' })
    expect(await attempt.complete(page.url)).toMatchObject({ error: 'login_required' })
  })
})

const fragmentOf = ({ hash }: URL): URLSearchParams => new URLSearchParams(hash.slice(1))

describe('connections that ask nobody', () => {
  const loginPageOf = ({ canonicalFrontDoor }: Tenant): string =>
    `${canonicalFrontDoor}/upstream/${GOOGLE}/login`

  test('a browser with a session at a provider is asked there only if the request says so', async () => {
    const { app, tenant, browser, logIn } = await startWith([])
    const page = await browser.open(loginPageOf(tenant))
    await browser.submit(page, { button: ALEX.email })

    const login = await app.start({ connection: GOOGLE, prompt: 'login' })
    const asked = await browser.open(tenant.frontDoorOf(login.url))
    const silent = await logIn({ connection: GOOGLE })

    expect(asked.url.pathname).toBe(`/upstream/${GOOGLE}/authorize`)
    expect(await silent.attempt.complete(silent.page.url)).toMatchObject({
      claims: { sub: `google-oauth2|${ALEX.googleId}` },
    })
  })

  test.each([
    { what: 'nobody it knows', connection: GOOGLE, status: 400 },
    { what: 'the database, which is no provider', connection: DATABASE, status: 404 },
    { what: 'a connection that is not there', connection: 'nowhere', status: 404 },
  ])('there is no session at a provider for $what', async ({ connection, status }) => {
    const { tenant } = await startWith([])
    const { status: got, headers } = await fetch(
      `${tenant.canonicalFrontDoor}/upstream/${connection}/login`,
      { method: 'POST', body: new URLSearchParams({ person: 'nobody@example.com' }) },
    )

    expect(got).toBe(status)
    expect(headers.get('set-cookie')).toBeNull()
  })

  test("a partner's own provider decides who comes in, and no login page names it", async () => {
    const { app, tenant, browser } = await startWith([], { moreConnections: [PARTNER_CONNECTION] })
    const people = ['first', 'second'].map((id) => ({
      id,
      email: `${id}@example.com`,
      emailVerified: true,
      name: 'Mallory Example',
    }))
    for (const person of people) tenant.addPerson(PARTNER, person)
    const comeBy = async (parameters: Readonly<Record<string, string>>) => {
      const attempt = await app.start({ prompt: 'login', ...parameters })
      const page = await browser.open(tenant.frontDoorOf(attempt.url))
      return { attempt, page }
    }

    const choices = await comeBy({})
    const usual = await comeBy({ connection: PARTNER })
    const named = await comeBy({ connection: PARTNER, login_hint: 'second@example.com' })

    expect(choices.page.html).not.toContain(PARTNER)
    expect(await usual.attempt.complete(usual.page.url)).toMatchObject({
      claims: { sub: `oidc|${PARTNER}|first` },
    })
    expect(await named.attempt.complete(named.page.url)).toMatchObject({
      claims: { sub: `oidc|${PARTNER}|second` },
    })
    expect(tenant.connections.map(({ name }) => name)).toContain(PARTNER)
  })
})

test('the key set is as large as that of Auth0', async () => {
  const { canonicalDomain } = await startTestTenant()

  const response = await fetch(`https://${canonicalDomain}/.well-known/jwks.json`)
  const text = await response.text()

  expect(text.length).toBeGreaterThan(3_000)
  expect(text.length).toBeLessThan(3_400)
  expect(JSON.parse(text).keys).toHaveLength(2)
})

test('a port that is in use is told in one line', async () => {
  const { canonicalDomain } = await startTestTenant()
  const httpsPort = Number(canonicalDomain.split(':')[1])

  await expect(startTenant({ httpsPort })).rejects.toThrow(
    `Port ${httpsPort} is in use; give another one`,
  )
})

describe('the Management API', () => {
  interface Call {
    readonly method?: string
    readonly json?: unknown
    readonly domain?: string
  }

  /** Of any answer, what these tests read. */
  interface Body {
    readonly id: string
    readonly status: string
    readonly total: number
    readonly secrets: readonly { readonly name: string }[]
    readonly deployed_version?: { readonly code: string }
  }

  async function startApi(who: 'deployer' | 'companion' = 'deployer', tenant?: Tenant) {
    const at = tenant ?? (await startTestTenant({ buildDelayMs: 30 }))
    const { clientId, clientSecret } = at.applications[who]
    const response = await fetch(`https://${at.canonicalDomain}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        audience: `https://${at.canonicalDomain}/api/v2/`,
      }),
    })
    const token = (await response.json()) as Readonly<Record<string, unknown>>
    async function call(path: string, { method = 'GET', json, domain }: Call = {}) {
      const answer = await fetch(`https://${domain ?? at.canonicalDomain}/api/v2/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token.access_token}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: json === undefined ? null : JSON.stringify(json),
      })
      return { status: answer.status, body: (await answer.json()) as Body }
    }
    return { tenant: at, token, call }
  }

  const draft = {
    name: 'example',
    supported_triggers: [{ id: 'post-login', version: 'v3' }],
    code: execute(''),
    runtime: 'node22',
    secrets: [{ name: 'KEY', value: 'a value that nobody sees again' }],
  }

  async function built(call: Awaited<ReturnType<typeof startApi>>['call'], id: string) {
    const seen = new Set<string>()
    for (;;) {
      const { body } = await call(`actions/actions/${id}`)
      seen.add(body.status)
      if (body.status === 'built' || body.status === 'failed') return [...seen]
    }
  }

  test('an Action is created, built, deployed and bound, and then it runs', async () => {
    // Long enough that a busy machine still sees it being built.
    const tenant = await startTestTenant({ buildDelayMs: 1_000 })
    const { call } = await startApi('deployer', tenant)
    const created = await call('actions/actions', { method: 'POST', json: draft })
    const path = `actions/actions/${created.body.id}`
    const early = await call(`${path}/deploy`, { method: 'POST' })
    const statuses = await built(call, created.body.id)
    const deployed = await call(`${path}/deploy`, { method: 'POST' })
    const ref = { type: 'action_id', value: created.body.id }
    const bound = await call('actions/triggers/post-login/bindings', {
      method: 'PATCH',
      json: { bindings: [{ ref, display_name: 'Example' }] },
    })

    expect([created.status, early.status, deployed.status, bound.status]).toEqual([
      201, 400, 202, 200,
    ])
    expect(statuses).toContain('building')
    expect(statuses.at(-1)).toBe('built')
    expect((await call(path)).body).toMatchObject({ all_changes_deployed: true })
    expect(JSON.stringify(await call(path))).not.toContain('nobody sees')
    const app = await createWebApplication(tenant)
    const browser = createBrowser({ stopAt: ({ href }) => href.startsWith(app.redirectUri) })
    const login = await app.start({ connection: DATABASE })
    const page = await browser.open(tenant.frontDoorOf(login.url))
    await browser.submit(page, { values: { email: ALEX.email, password: PASSWORD } })
    expect(tenant.runs()).toMatchObject([
      { action: 'example', event: { secrets: { KEY: 'a value that nobody sees again' } } },
    ])
  })

  test('code that does not compile fails to build', async () => {
    const { call } = await startApi()
    const json = { ...draft, code: 'exports.onExecutePostLogin = async (' }
    const { body } = await call('actions/actions', { method: 'POST', json })

    expect((await built(call, body.id)).at(-1)).toBe('failed')
  })

  test('a PATCH without secrets keeps them, with secrets replaces them all', async () => {
    const { call } = await startApi()
    const { body } = await call('actions/actions', { method: 'POST', json: draft })
    const patch = async (json: unknown) => {
      const changed = await call(`actions/actions/${body.id}`, { method: 'PATCH', json })
      return changed.body.secrets.map(({ name }) => name)
    }

    expect(await patch({ code: execute('1') })).toEqual(['KEY'])
    expect(await patch({ secrets: [{ name: 'OTHER', value: 'x' }] })).toEqual(['OTHER'])
  })

  test('an older version can be deployed again, as a new one', async () => {
    const { call } = await startApi()
    const { body } = await call('actions/actions', { method: 'POST', json: draft })
    const path = `actions/actions/${body.id}`
    await built(call, body.id)
    const first = await call(`${path}/deploy`, { method: 'POST' })
    await call(path, { method: 'PATCH', json: { code: execute('2') } })
    await built(call, body.id)
    await call(`${path}/deploy`, { method: 'POST' })

    const again = await call(`${path}/versions/${first.body.id}/deploy`, { method: 'POST' })

    expect(again.status).toBe(202)
    expect((await call(path)).body.deployed_version?.code).toBe(draft.code)
    expect((await call(`${path}/versions`)).body).toMatchObject({
      total: 3,
      versions: [
        { number: 3, deployed: true, code: draft.code },
        { number: 2, deployed: false },
        { number: 1, deployed: false },
      ],
    })
  })

  test('the bindings are paged, and a PATCH replaces them all', async () => {
    const { call, tenant } = await startApi()
    const code = execute('')
    tenant.install({ name: 'one', code }, { name: 'two', code }, { name: 'three', code })
    const path = 'actions/triggers/post-login/bindings'

    const { body } = await call(`${path}?per_page=2&page=1`)
    const names = { type: 'action_name', value: 'two' }
    await call(path, { method: 'PATCH', json: { bindings: [{ ref: names, display_name: 'two' }] } })

    expect(body).toMatchObject({ total: 3, page: 1, bindings: [{ display_name: 'three' }] })
    expect((await call(path)).body.total).toBe(1)
  })

  test.each([
    { what: 'no token', authorization: '', status: 401 },
    { what: 'no token of this tenant', authorization: 'Bearer x.y.z', status: 401 },
  ])('refuses $what', async ({ authorization, status }) => {
    const { canonicalDomain } = await startTestTenant()
    const headers = { authorization }

    const response = await fetch(`https://${canonicalDomain}/api/v2/users`, { headers })

    expect(response.status).toBe(status)
  })

  test('a token is good at the domain that issued it, for its scopes', async () => {
    const { tenant, token, call } = await startApi('companion')

    expect(token).toMatchObject({ expires_in: 86_400, scope: 'update:users' })
    expect((await call('users', { domain: tenant.customDomain })).status).toBe(401)
    expect((await call('users')).body).toMatchObject({ errorCode: 'insufficient_scope' })
  })

  test.each([
    { what: 'a wrong secret', change: { client_secret: 'wrong' }, status: 401 },
    { what: 'another audience', change: { audience: 'https://example.com/' }, status: 403 },
  ])('$what gets no token', async ({ change, status }) => {
    const { applications, canonicalDomain } = await startTestTenant()
    const { clientId, clientSecret } = applications.companion
    const response = await fetch(`https://${canonicalDomain}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        audience: `https://${canonicalDomain}/api/v2/`,
        ...change,
      }),
    })

    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: 'access_denied' })
  })

  test('a field with a scope of its own is left out without it, and may not be named', async () => {
    const tenant = await startTestTenant()
    const { deployer, companion } = tenant.applications
    const managementScopes = ['read:clients', 'read:connections']
    tenant.applications.put({ ...deployer, managementScopes })
    const { call } = await startApi('deployer', tenant)
    for (const [path, field] of [
      [`clients/${companion.clientId}`, 'client_secret'],
      ['clients', 'client_secret'],
      ['connections', 'options'],
    ] as const) {
      expect(await call(`${path}?fields=name,${field}`)).toMatchObject({
        status: 403,
        body: { message: `You cannot read the following fields: ${field}` },
      })
      expect((await call(`${path}?fields=name`)).status).toBe(200)
      expect((await call(`${path}?fields=${field}&include_fields=false`)).status).toBe(200)
      expect(JSON.stringify((await call(path)).body)).not.toContain(`"${field}"`)
    }
  })

  test('links and unlinks with the statuses of the platform', async () => {
    const { call } = await startApi('companion')
    const samId = SAM.userId.slice('auth0|'.length)
    const path = `users/${encodeURIComponent(ALEX.userId)}/identities`
    const link = async (provider: string, userId: string) => {
      const json = { provider, user_id: userId }
      return (await call(path, { method: 'POST', json })).status
    }
    const unlink = async (provider: string, userId: string) =>
      (await call(`${path}/${provider}/${userId}`, { method: 'DELETE' })).status

    expect(await link('auth0', ALEX.userId.slice('auth0|'.length))).toBe(400)
    expect(await link('github', 'nobody')).toBe(400)
    expect(await link('auth0', samId)).toBe(201)
    expect(await link('auth0', samId)).toBe(409)
    expect(await unlink('auth0', ALEX.userId.slice('auth0|'.length))).toBe(400)
    expect(await unlink('auth0', samId)).toBe(200)
    expect(await unlink('auth0', samId)).toBe(400)
  })
})
