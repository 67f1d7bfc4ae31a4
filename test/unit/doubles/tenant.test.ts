/** The tenant double checks what a tenant checks, and fails as it is told. */

import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Fault } from '../../../scripts/testing/faults.ts'
import {
  CANONICAL_DOMAIN,
  COMPANION_ID,
  COMPANION_SECRET,
  CUSTOM_DOMAIN,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from '../../../scripts/testing/people.ts'
import { readClaims } from '../../../scripts/testing/sign.ts'
import { createTenantDouble, type TenantDouble } from '../../../scripts/testing/tenant-double.ts'

const ORIGIN = `https://${CANONICAL_DOMAIN}`
const VERIFIER = 'v'.repeat(43)
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')
const CLIENT = { client_id: COMPANION_ID, client_secret: COMPANION_SECRET }

const AUTHORIZE = {
  client_id: COMPANION_ID,
  response_type: 'code',
  redirect_uri: `${ORIGIN}/continue`,
  scope: 'openid profile email',
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
  nonce: 'example-nonce',
  max_age: '0',
}

let tenant: TenantDouble = createTenantDouble()

beforeEach(() => {
  tenant = createTenantDouble()
})

type Form = Readonly<Record<string, string>>

const authorize = (changes: Form = {}, user = SECONDARY) =>
  tenant.authorize(`${ORIGIN}/authorize?${new URLSearchParams({ ...AUTHORIZE, ...changes })}`, {
    user,
  })

async function post(form: Form, origin = ORIGIN) {
  const response = await tenant.fetch(`${origin}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const exchange = (code: string, changes: Form = {}, origin = ORIGIN) =>
  post(
    {
      grant_type: 'authorization_code',
      code,
      redirect_uri: `${ORIGIN}/continue`,
      code_verifier: VERIFIER,
      ...CLIENT,
      ...changes,
    },
    origin,
  )

const credentials = (changes: Form = {}) =>
  post({ grant_type: 'client_credentials', audience: `${ORIGIN}/api/v2/`, ...CLIENT, ...changes })

async function manage(method: string, path: string, body?: unknown, token?: string) {
  const bearer = token ?? String((await credentials()).body.access_token)
  const response = await tenant.fetch(`${ORIGIN}/api/v2/users/${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: await response.json() }
}

const identities = (userId: string) => `${encodeURIComponent(userId)}/identities`
const GOOGLE = { provider: 'google-oauth2', user_id: '115015401343387192604' }

describe('the authorization endpoint', () => {
  test.each([
    ['client_id', 'other'],
    ['response_type', 'token'],
    ['redirect_uri', 'https://app.example.com/callback'],
    ['code_challenge_method', 'plain'],
    ['code_challenge', 'short'],
  ])('refuses another %s', (name, value) => {
    expect(() => authorize({ [name]: value })).toThrow(name)
  })

  test('refuses a parameter that is given twice', () => {
    const query = `${new URLSearchParams(AUTHORIZE)}&scope=openid`
    expect(() => tenant.authorize(`${ORIGIN}/authorize?${query}`, { user: SECONDARY })).toThrow(
      'twice',
    )
  })
})

describe('the token endpoint', () => {
  test('gives an ID token for a good code, once', async () => {
    const code = authorize()
    const { status, body } = await exchange(code)
    expect(status).toBe(200)
    expect(readClaims(String(body.id_token))).toMatchObject({
      iss: `${ORIGIN}/`,
      aud: COMPANION_ID,
      sub: SECONDARY.user_id,
      nonce: 'example-nonce',
      email: SECONDARY.email,
      auth_time: expect.any(Number),
    })
    expect(await exchange(code)).toMatchObject({ status: 403, body: { error: 'invalid_grant' } })
  })

  test.each([
    ['verifier', { code_verifier: 'w'.repeat(43) }],
    ['short verifier', { code_verifier: 'v' }],
    ['redirect URI', { redirect_uri: `${ORIGIN}/other` }],
    ['code', { code: 'other' }],
  ])('refuses another %s', async (_what, changes) => {
    expect((await exchange(authorize(), changes)).body.error).toBe('invalid_grant')
  })

  test('refuses a code at another domain', async () => {
    const { body } = await exchange(authorize(), {}, `https://${CUSTOM_DOMAIN}`)
    expect(body.error).toBe('invalid_grant')
  })

  test.each([{ client_secret: 'other' }, { client_id: 'other' }])(
    'refuses the client %j',
    async (changes) => {
      expect((await exchange(authorize(), changes)).status).toBe(401)
      expect((await credentials(changes)).status).toBe(401)
    },
  )

  test('gives a Management token for the audience of the canonical domain only', async () => {
    expect((await credentials()).body).toMatchObject({ token_type: 'Bearer', expires_in: 86_400 })
    const { body } = await credentials({ audience: `https://${CUSTOM_DOMAIN}/api/v2/` })
    expect(body.error).toBe('access_denied')
  })
})

describe('the Management API', () => {
  test('links a stand-alone user, who is gone then', async () => {
    expect(await manage('POST', identities(PRIMARY.user_id), GOOGLE)).toMatchObject({ status: 201 })
    expect(tenant.user(PRIMARY.user_id)?.identities).toHaveLength(2)
    expect(tenant.user(SECONDARY.user_id)).toBeUndefined()
    expect(tenant.links).toHaveLength(1)
  })

  test('answers a second link with 409', async () => {
    await manage('POST', identities(PRIMARY.user_id), GOOGLE)
    expect((await manage('POST', identities(PRIMARY.user_id), GOOGLE)).status).toBe(409)
    expect((await manage('POST', identities(STRANGER.user_id), GOOGLE)).status).toBe(409)
    expect(tenant.links).toHaveLength(1)
  })

  test.each([
    [400, PRIMARY.user_id, { provider: 'auth0', user_id: PRIMARY.identities[0]?.user_id }],
    [400, PRIMARY.user_id, { provider: 'auth0' }],
    [404, PRIMARY.user_id, { provider: 'github', user_id: 'nobody' }],
    [404, 'auth0|nobody', GOOGLE],
  ])('answers %s for %s and %j', async (status, userId, body) => {
    expect((await manage('POST', identities(userId), body)).status).toBe(status)
    expect(tenant.links).toEqual([])
  })

  test('unlinks, and leaves a stand-alone user behind', async () => {
    await manage('POST', identities(PRIMARY.user_id), GOOGLE)
    const path = `${identities(PRIMARY.user_id)}/google-oauth2/${GOOGLE.user_id}`
    expect((await manage('DELETE', path)).status).toBe(200)
    expect(tenant.user(SECONDARY.user_id)?.identities).toHaveLength(1)
    expect((await manage('DELETE', path)).status).toBe(404)
    expect(tenant.unlinks).toHaveLength(1)
  })

  test('never removes the main identity', async () => {
    const id = PRIMARY.identities[0]?.user_id
    const { status } = await manage('DELETE', `${identities(PRIMARY.user_id)}/auth0/${id}`)
    expect(status).toBe(400)
  })

  test('refuses tokens that it did not issue, or that were revoked', async () => {
    const token = String((await credentials()).body.access_token)
    expect((await manage('POST', identities(PRIMARY.user_id), GOOGLE, 'other')).status).toBe(401)
    tenant.revokeTokens()
    expect((await manage('POST', identities(PRIMARY.user_id), GOOGLE, token)).status).toBe(401)
  })

  test('refuses a token at another domain', async () => {
    const { access_token } = (await credentials()).body
    const url = `https://${CUSTOM_DOMAIN}/api/v2/users/${identities(PRIMARY.user_id)}`
    const headers = { authorization: `Bearer ${access_token}` }
    const response = await tenant.fetch(url, { method: 'POST', headers, body: '{}' })
    expect(response.status).toBe(401)
  })
})

describe('faults', () => {
  const keys = (signal?: AbortSignal) =>
    tenant.fetch(`${ORIGIN}/.well-known/jwks.json`, signal === undefined ? {} : { signal })

  test('a key set is as large as Auth0’s', async () => {
    const text = await (await keys()).text()
    expect(text.length).toBeGreaterThan(3_000)
    expect(JSON.parse(text).keys).toHaveLength(2)
  })

  test('come in their order, and then no more', async () => {
    tenant.fail('jwks', { kind: 'answer', status: 503 }, { kind: 'reset' })
    expect((await keys()).status).toBe(503)
    await expect(keys()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } })
    expect((await keys()).status).toBe(200)
    expect(tenant.calls('jwks')).toBe(3)
  })

  test.each([
    ['refuse', 'ECONNREFUSED'],
    ['reset', 'ECONNRESET'],
  ] as const)('%s is a rejection with the code %s', async (kind, code) => {
    tenant.fail('jwks', { kind })
    await expect(keys()).rejects.toMatchObject({ name: 'TypeError', cause: { code } })
  })

  test('a hang ends when the caller gives up', async () => {
    tenant.fail('jwks', { kind: 'hang' })
    const giveUp = new AbortController()
    const asked = keys(giveUp.signal)
    giveUp.abort(new Error('given up'))
    await expect(asked).rejects.toThrow('given up')
  })

  test('a stalled body ends when the caller gives up', async () => {
    tenant.fail('jwks', { kind: 'stalled' })
    const giveUp = new AbortController()
    const response = await keys(giveUp.signal)
    expect(response.status).toBe(200)
    const reading = response.text()
    giveUp.abort(new Error('given up'))
    await expect(reading).rejects.toThrow('given up')
  })

  test('a truncated body breaks, and an endless one does not end', async () => {
    tenant.fail('jwks', { kind: 'truncated' }, { kind: 'endless' })
    await expect((await keys()).text()).rejects.toThrow()
    await expect((await keys()).text()).rejects.toMatchObject({
      cause: { code: 'ENDLESS_BODY_WAS_READ' },
    })
  })

  const APPLIED: readonly (readonly [Fault, number])[] = [
    [{ kind: 'answer', status: 502 }, 0],
    [{ kind: 'answer', status: 502, applied: true }, 1],
    [{ kind: 'reset' }, 0],
    [{ kind: 'reset', applied: true }, 1],
    [{ kind: 'truncated' }, 1],
    [{ kind: 'truncated', applied: false }, 0],
  ]

  test.each(APPLIED)('after %j the link has happened %i times', async (fault, times) => {
    tenant.fail('link', fault)
    await manage('POST', identities(PRIMARY.user_id), GOOGLE).catch(() => undefined)
    expect(tenant.links).toHaveLength(times)
  })

  test('a host that is not the tenant’s cannot be found', async () => {
    await expect(tenant.fetch('https://other.example.net/x')).rejects.toMatchObject({
      cause: { code: 'ENOTFOUND' },
    })
    await expect(tenant.fetch(`http://${CANONICAL_DOMAIN}/x`)).rejects.toThrow()
  })
})
