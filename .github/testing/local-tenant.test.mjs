import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import {
  createBrowser,
  createWebApplication,
  DATABASE,
  GOOGLE,
  PASSWORD,
  startTenant,
} from 'client-initiated-account-linking/testing'

const { resolve } = createRequire(import.meta.url)
const linking = await readFile(resolve('client-initiated-account-linking/action'), 'utf8')
const own = `exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://app.example.com/logins', event.user.identities.length)
}`

test('a link goes through the whole flow', async (t) => {
  const tenant = await startTenant()
  t.after(() => tenant.close())
  const secrets = { ...tenant.companionSettings, ACTION_SECRET: 'example'.repeat(5) }
  tenant.install({ name: 'own', code: own }, { name: 'account-linking', code: linking, secrets })

  const app = await createWebApplication(tenant) // or your own, at tenant.canonicalDomain
  const browser = createBrowser({ stopAt: (url) => url.href.startsWith(app.redirectUri) })
  /** @param {Record<string, string>} parameters */
  async function logIn(parameters) {
    const request = await app.start(parameters)
    const page = await browser.open(tenant.frontDoorOf(request.url))
    const values = { email: 'alex@example.com', password: PASSWORD }
    const result = await request.complete((await browser.submit(page, { values })).url)
    assert(result.type === 'tokens')
    return result
  }

  const { idToken, claims } = await logIn({ connection: DATABASE })
  const scope = 'openid link_account'
  const linked = await logIn({ scope, requested_connection: GOOGLE, id_token_hint: idToken })

  assert.equal(linked.claims.sub, claims.sub)
  assert.equal(claims['https://app.example.com/logins'], 1)
  const account = tenant.users.get(String(claims.sub))
  assert.deepEqual(
    account?.identities.map(({ connection }) => connection),
    [DATABASE, GOOGLE],
  )
})
