/** Trouble at the tenant while a link is under way, on dist/action.js over real sockets. */

import { expect, test } from 'vitest'
import type { LocalTenantFault } from '../../scripts/tenant/faults.ts'
import { ALEX, codeOf, connectionsOf, startScenario } from './scenario.ts'

const LINK = /^POST \/api\/v2\/users\/.+\/identities$/
const TOKEN = 'POST /oauth/token'
const JWKS = 'GET /.well-known/jwks.json'

interface Row {
  readonly what: string
  readonly fault: LocalTenantFault
  readonly expected: string
  readonly identities: number
}

test.each<Row>([
  {
    what: 'a link that happened but was not answered',
    fault: { route: LINK, break: 'lose' },
    expected: 'no denial',
    identities: 2,
  },
  {
    what: 'a connection that breaks before the link',
    fault: { route: LINK, break: 'reset' },
    expected: 'no denial',
    identities: 2,
  },
  {
    what: 'a 429 at the link, with Retry-After',
    fault: { route: LINK, status: 429, headers: { 'retry-after': '0' }, body: '{}' },
    expected: 'no denial',
    identities: 2,
  },
  {
    what: 'a link that is answered in HTML',
    fault: { route: LINK, status: 403, headers: { 'content-type': 'text/html' }, body: '<p>' },
    expected: 'service_unavailable',
    identities: 1,
  },
  {
    what: 'a client that the tenant does not know any more',
    fault: { route: TOKEN, after: 1, status: 401, body: '{"error":"access_denied"}' },
    expected: 'misconfigured',
    identities: 1,
  },
  {
    what: 'a code exchange that fails',
    fault: { route: TOKEN, after: 1, status: 403, body: '{"error":"invalid_grant"}' },
    expected: 'callback_invalid',
    identities: 1,
  },
])('$what: $expected', async ({ fault, expected, identities }) => {
  const { tenant, link } = await startScenario()
  tenant.fault(fault)

  const result = await link()

  expect(codeOf(result)).toBe(expected)
  expect(connectionsOf(tenant, ALEX.userId)).toHaveLength(identities)
  expect(tenant.requests().filter(({ faulty }) => faulty)).toHaveLength(1)
})

test('a key set that is not to be had denies the start', async () => {
  const { tenant, logIn, askForLink } = await startScenario()
  const idToken = await logIn()
  tenant.fault({ route: JWKS, times: 100, status: 404, body: '{}' })

  const { attempt, page } = await askForLink(idToken)

  expect(await attempt.complete(page.url)).toBeDenied('service_unavailable')
})

test('a slow back channel is waited for', async () => {
  const { tenant, link } = await startScenario({ tenant: { backChannelDelayMs: 50 } })

  const result = await link()

  expect(result).toGoOn()
  expect(tenant.runs().at(-1)?.durationMs).toBeGreaterThanOrEqual(100)
})
