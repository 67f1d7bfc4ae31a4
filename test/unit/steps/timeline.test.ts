/** The demo's timeline: it says and masks what the inspector says and masks. Pure. */

import { expect, test } from 'vitest'
import { toSteps } from '../../../scripts/demo/timeline.ts'
import { stepsOf } from '../../../scripts/start/steps.ts'
import type { HttpEntry } from '../../../scripts/tenant/log.ts'

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const JWT = `${part({ alg: 'RS256' })}.${part({ sub: 'alex', sid: 'session-usable' })}.usable`

const asked = (more: Partial<HttpEntry>): HttpEntry => ({
  kind: 'http',
  sequence: 1,
  atMs: 5,
  durationMs: 1,
  channel: 'back',
  caller: 'application',
  method: 'POST',
  domain: 'example.com',
  path: '/oauth/token',
  query: {},
  form: {},
  status: 200,
  faulty: false,
  ...more,
})

const NAMES = new Map([['known', 'Example Application']])

const timelineOf = (entry: HttpEntry) => toSteps([entry], 0, NAMES, true)

test.each([
  { name: 'client_secret' },
  { name: 'password' },
  { name: 'refresh_token' },
  { name: 'client_assertion' },
  { name: 'code' },
  { name: 'code_verifier' },
  { name: 'nonce' },
  { name: 'login_ticket' },
])('$name is masked wherever it is sent', ({ name }) => {
  const sent = { [name]: 'abcdefgh-usable' }
  const entries = [{ query: sent }, { form: sent }, { json: sent }, { answer: sent }].map(asked)

  for (const entry of entries) expect(JSON.stringify(timelineOf(entry))).not.toContain('usable')
})

test('the secrets of an Action that is deployed are shown by nobody', () => {
  const json = { name: 'account-linking', secrets: [{ name: 'ACTION_SECRET', value: 'usable' }] }
  const entry = asked({ caller: 'script', path: '/api/v2/actions/actions', json })

  expect(JSON.stringify(timelineOf(entry))).not.toContain('usable')
  expect(JSON.stringify(stepsOf([entry]))).not.toContain('usable')
  expect(JSON.stringify(stepsOf([entry]))).toContain('"name":"ACTION_SECRET","value":"(hidden)"')
})

test('a token is told by whose it is, and its claims follow without the signature', () => {
  const form = { grant_type: 'authorization_code', id_token_hint: JWT, client_id: 'known' }
  const [step] = timelineOf(asked({ form, answer: { id_token: JWT } }))

  expect(step).toMatchObject({
    what: 'redeems the code',
    parameters: {
      id_token_hint: '(a token of alex)',
      client_id: 'known (Example Application)',
    },
    result: 'gets tokens of alex',
    tokens: { id_token: { sub: 'alex', sid: 'session-…' } },
  })
})

test.each<{ readonly words: string; readonly entry: Partial<HttpEntry> }>([
  { words: 'reads the keys', entry: { method: 'GET', path: '/.well-known/jwks.json' } },
  { words: 'links the identity', entry: { path: '/api/v2/users/alex/identities' } },
  {
    words: 'asks to link github',
    entry: {
      caller: 'browser',
      path: '/authorize',
      query: { scope: 'openid link_account', requested_connection: 'github' },
    },
  },
  {
    words: 'goes to the nested login',
    entry: {
      caller: 'browser',
      path: '/authorize',
      query: { redirect_uri: 'https://example.com/continue' },
    },
  },
  {
    words: 'waits until it is built',
    entry: { caller: 'script', method: 'GET', path: '/api/v2/actions/actions/a1', answer: {} },
  },
  {
    words: 'sees that it is deployed',
    entry: {
      caller: 'script',
      method: 'GET',
      path: '/api/v2/actions/actions/a1',
      answer: { all_changes_deployed: true },
    },
  },
  { words: `GET /any/(hidden)`, entry: { method: 'GET', path: `/any/${JWT}` } },
])('demo and inspector say alike: $words', ({ entry, words }) => {
  const given = asked(entry)

  expect(timelineOf(given).map(({ what }) => what)).toEqual([words])
  expect(stepsOf([given]).map(({ what }) => what)).toEqual([words])
})
