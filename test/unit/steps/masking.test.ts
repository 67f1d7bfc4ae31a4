/** What the inspector shows of what anybody sent: masked, and never the end of the process. Pure. */

import { describe, expect, test } from 'vitest'
import type { ApplicationEntry, Entry, RunEntry } from '../../../scripts/start/flow.ts'
import { createFlows, MAX_ENTRIES } from '../../../scripts/start/flows.ts'
import { decode, decodePath, decodeUrl, TOO_DEEP } from '../../../scripts/steps/decode.ts'
import type { HttpEntry, LoginEntry } from '../../../scripts/tenant/log.ts'

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const JWT = `${part({ alg: 'RS256' })}.${part({ sub: 'alex' })}.c2lnbmF0dXJl`
/** As pretty-printed JSON: it does not begin with `eyJ`. */
const SPACED = `${Buffer.from('{\n "alg": "RS256" }').toString('base64url')}.${part({})}.c2lnbmF0dXJl`
const JWE = `${part({ alg: 'dir', enc: 'A256GCM' })}..aXZpdml2.Y2lwaGVydGV4dA.dGFn`

describe('tokens', () => {
  test.each([
    { what: 'alone', text: JWT },
    { what: 'with blanks behind it', text: `${JWT}  ` },
    { what: 'with a line break behind it', text: `${JWT}\n` },
    { what: 'in a sentence', text: `the token ${JWT} is old` },
    { what: 'behind other letters', text: `x${JWT}` },
    { what: 'in a URL without a query', text: `https://example.com/${JWT}` },
    { what: 'in a parameter of a URL', text: `https://example.com/?x=${JWT}` },
    { what: 'in a URL of another scheme', text: `com.example.app://callback?x=${JWT}` },
    { what: 'in JSON in a list', text: `[{"x":"${JWT}"}]` },
    { what: 'with a header that is pretty-printed', text: `the token ${SPACED}` },
    { what: 'encrypted', text: JWE },
    { what: 'encrypted, in a sentence', text: `the token ${JWE} is old` },
  ])('$what are shown without what makes them good', ({ text }) => {
    const shown = JSON.stringify(decode({ any: text }))

    expect(shown).not.toMatch(/c2lnbmF0dXJl|Y2lwaGVydGV4dA/)
    expect(shown).not.toMatch(/eyJ[\w-]+\.[\w-]*\./)
  })

  test('alone are decoded, and a domain is no token', () => {
    const decoded = { header: { alg: 'RS256' }, claims: { sub: 'alex' } }

    expect(decode(`${JWT} `)).toEqual(decoded)
    expect(decode('eyesight.example.com')).toBe('eyesight.example.com')
    expect(decodePath(`/any/${JWT}`)).toBe('/any/(hidden)')
  })
})

describe('names', () => {
  test.each([
    'login_ticket',
    'assertion',
    'client_assertion',
    'actor_token',
    'subject_token',
    'secret',
    'client_secret',
    'Authorization',
    'cookie',
    'password',
    'request_uri',
    'code',
  ])('%s is masked: in JSON, in a query and behind #', (name) => {
    const value = 'abcdefgh-usable'
    const forms = [
      decode({ [name]: value, inner: { [name]: [value] } }),
      decodeUrl(`https://example.com/?${name}=${value}`),
      decodeUrl(`/callback#${name}=${value}`),
      decode(`https://example.com/#${name}=${value}`),
    ]

    for (const shown of forms) {
      expect(JSON.stringify(shown)).toContain(name)
      expect(JSON.stringify(shown)).not.toContain('usable')
    }
  })

  test('the id of a session is shortened as `sid` is, and other ids are not', () => {
    const id = 'abcdefghijklmnop'

    expect(decode({ session: { id }, sid: id, client: { id } })).toEqual({
      session: { id: 'abcdefgh…' },
      sid: 'abcdefgh…',
      client: { id },
    })
  })
})

const DEEP_JSON = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
const DEEP_URL = 'https://a?x='.repeat(5_000)

describe('depth', () => {
  test.each([
    { what: 'JSON', value: JSON.parse(DEEP_JSON) },
    { what: 'JSON as a text', value: DEEP_JSON },
    { what: 'a URL in a URL', value: DEEP_URL },
  ])('$what is shown down to where nobody nests', ({ value }) => {
    expect(JSON.stringify(decode({ value }))).toContain(TOO_DEEP)
  })

  test('a secret is hidden wherever it is', () => {
    for (let depth = 0; depth < 20; depth += 1) {
      const open = '{"x":'.repeat(depth)
      const json = JSON.parse(`${open}{"password":"usable"}${'}'.repeat(depth)}`)
      expect(JSON.stringify(decode(json))).not.toContain('usable')
    }
  })
})

const times = { sequence: 1, atMs: 0, durationMs: 0 }

const posted = (more: Partial<ApplicationEntry>): ApplicationEntry => ({
  ...times,
  kind: 'application',
  method: 'POST',
  path: '/link',
  query: {},
  form: {},
  status: 303,
  ...more,
})

const authorization = (more: Partial<HttpEntry>): HttpEntry => ({
  ...times,
  kind: 'http',
  channel: 'front',
  caller: 'browser',
  method: 'GET',
  domain: 'example.com',
  path: '/authorize',
  query: { client_id: 'known', state: 'one' },
  form: {},
  status: 303,
  faulty: false,
  ...more,
})

const open = () => createFlows({ isClient: (clientId) => clientId === 'known' })

describe('flows', () => {
  test('one that cannot be summarized is told as such, and the others are shown', () => {
    const flows = open()
    flows.add(posted({ form: { connection: 'github' } }))
    const broken = {
      ...times,
      kind: 'action',
      run: 1,
      transactionId: 'txn',
      event: { request: {} },
    }
    flows.add(authorization({ sequence: 2, query: { client_id: 'known', state: 'two' } }))
    // Without its commands: there is no such entry, and so nothing that is made for it.
    flows.add({ ...broken, event: { request: { query: { state: 'two' } } } } as unknown as RunEntry)

    expect(flows.all().map(({ outcome, steps }) => [outcome, steps.length])).toEqual([
      ['cannot be shown', 0],
      ['under way', 1],
    ])
  })

  test.each([DEEP_URL, DEEP_JSON])('whatever a form holds is shown', (text) => {
    const flows = open()
    flows.add(posted({ form: { connection: 'github', x: text } }))

    expect(JSON.stringify(flows.all()[0]?.steps)).toContain(TOO_DEEP)
  })

  test('a replay holds what a page needs to ask again, and nothing else', () => {
    const flows = open()
    const asked = { connection: 'github', identity: 'github|1', again: 'yes' }
    flows.add(posted({ form: { ...asked, password: 'usable', x: 'usable' } }))

    expect(flows.all()[0]?.replay).toEqual({ type: 'request', path: '/link', form: asked })
  })

  test('the parameters of a login at a connection are masked', () => {
    const flows = open()
    flows.add(posted({ location: '/?state=one' }))
    flows.add(authorization({ location: '/authorize/txn' }))
    const login: LoginEntry = {
      ...times,
      kind: 'login',
      transactionId: 'txn',
      clientId: 'known',
      connection: 'github',
      parameters: { login_ticket: 'usable', prompt: 'consent' },
      result: 'success',
      created: false,
    }
    flows.add(login)
    const shown = JSON.stringify(flows.all()[0])

    expect(shown).toContain('"login_ticket":"(hidden)"')
    expect(shown).not.toContain('usable')
  })

  test.each<{ readonly what: string; readonly entry: Entry }>([
    { what: 'a form that the application refused', entry: posted({ status: 403 }) },
    { what: 'an authorization request of nobody', entry: authorization({ query: {} }) },
    {
      what: 'an authorization request of an unknown client',
      entry: authorization({ query: { client_id: 'unknown', state: 'one' } }),
    },
  ])('$what is none', ({ entry }) => {
    const flows = open()
    flows.add(entry)

    expect(flows.all()).toEqual([])
  })

  test('one that a client asks for by POST is one', () => {
    const flows = open()
    flows.add(authorization({ method: 'POST', query: {}, form: { client_id: 'known' } }))

    expect(flows.all().map(({ title }) => title)).toEqual(['Authorization request'])
  })

  test('a long one is kept to its beginning, and says that there was more', () => {
    const flows = open()
    for (let n = 0; n < MAX_ENTRIES; n += 1) flows.add(authorization({ sequence: n }))
    expect(flows.all()[0]?.steps.at(-1)?.what).not.toContain('more')

    for (let n = 0; n < 3_000; n += 1) flows.add(authorization({ sequence: 1_000 + n }))

    const [flow, ...others] = flows.all()
    expect(others).toEqual([])
    expect(flow?.steps).toHaveLength(MAX_ENTRIES + 1)
    expect(flow?.steps.at(-1)?.what).toBe('and more, which is not kept')
  })

  test('a request of the application has nothing to tell of itself, and tells nothing', () => {
    const flows = open()
    flows.add(posted({ form: { connection: 'github' } }))
    const sections = flows.all()[0]?.steps[0]?.sections

    expect(sections?.[0]).toEqual({ title: 'Request', lines: ['POST /link'] })
  })
})
