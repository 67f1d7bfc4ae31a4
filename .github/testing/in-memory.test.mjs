import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import {
  COMPANION_ID,
  createTenantDouble,
  loadAction,
  nestedEvent,
  nestedLogin,
  resumeLink,
  runHandler,
  SECONDARY,
  startLink,
} from 'client-initiated-account-linking/testing'

const { resolve } = createRequire(import.meta.url)
const linking = loadAction(
  await readFile(resolve('client-initiated-account-linking/action'), 'utf8'),
)

// An Action of your own, as the text that you deploy.
const own = loadAction(`
  exports.onExecutePostLogin = async (event, api) => {
    if (event.client.client_id === event.secrets.COMPANION_ID) return // the nested login of a link
    if (!event.user.email_verified) api.access.deny('Verify your e-mail first.')
  }
`)

test('an Action before the link leaves the nested login alone', async () => {
  const tenant = createTenantDouble()
  globalThis.fetch = tenant.fetch
  const started = await startLink(linking, { tenant })
  const user = { ...SECONDARY, email_verified: false }

  const secrets = { COMPANION_ID }
  const nested = await runHandler(
    own.onExecutePostLogin,
    nestedEvent(started, { user, event: { secrets } }),
  )
  assert.equal(nested.denial, undefined)

  const back = await resumeLink(linking, started, await nestedLogin(linking, started, { user }), {
    tenant,
  })
  assert.equal(back.denial, undefined)
  assert.equal(tenant.links[0]?.identity, SECONDARY.user_id)
})
