/**
 * Everything that the Action writes, in many flows, searched for what must not be in it: log lines at
 * DEBUG `*`, denials, the redirect, metadata, claims and the cache.
 */

import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Command } from '../../scripts/testing/api.ts'
import { type CacheDouble, createCache } from '../../scripts/testing/cache.ts'
import { createConsole } from '../../scripts/testing/console.ts'
import { IP_ADDRESS, SECRETS, USER_AGENT } from '../../scripts/testing/event.ts'
import type { Fault } from '../../scripts/testing/faults.ts'
import {
  nestedLogin,
  PLATFORM_STATE,
  type Run,
  resumeLink,
  startLink,
} from '../../scripts/testing/flow.ts'
import { loadAction } from '../../scripts/testing/load.ts'
import {
  CUSTOM_DOMAIN,
  NOW_MS,
  NOW_SECONDS,
  type Person,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from '../../scripts/testing/people.ts'
import { LINKED, UNLINK_EVENT } from '../contract/harness.ts'
import { type RecordedTenant, useTenant } from '../fuzz/recorded-tenant.ts'
import { spellings } from '../support/invariants.ts'
import { stopTimers, untilSettled } from '../support/settle.ts'

/** People whose names and addresses are like nothing else that is written. */
const ALEX: Person = { ...PRIMARY, email: 'alexandra@one.example.com', name: 'Alexandra Example' }
const GOOGLE_ALEX: Person = {
  ...SECONDARY,
  email: 'alexandra@two.example.com',
  name: 'Alexa Exemplary',
}
const PEOPLE = [ALEX, GOOGLE_ALEX, STRANGER]

const injected = createConsole()
const bundle = loadAction(readFileSync(new URL('../../dist/action.js', import.meta.url), 'utf8'), {
  console: injected.console,
  realm: 'own',
})

type Options = Parameters<typeof startLink>[1]

interface Written {
  readonly commands: Command[]
  readonly hints: string[]
}

let tenant: RecordedTenant
let cache: CacheDouble
let written: Written

const EVERYTHING = { DEBUG: '*', MERGE_USER_METADATA: 'yes', RESULT_CLAIM: 'urn:example:linking' }
const USER = { email: ALEX.email ?? '', name: ALEX.name }

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MS, toFake: ['Date'] })
  tenant = useTenant({ users: PEOPLE })
  cache = createCache()
  written = { commands: [], hints: [] }
  injected.clear()
})

function keep<T extends Run>(run: T): T {
  written.commands.push(...run.commands)
  const hint = run.event.request.query?.id_token_hint
  if (typeof hint === 'string' && hint.length > 40) written.hints.push(hint)
  return run
}

async function start(options: Partial<Options> = {}): Promise<Run> {
  const { event, settings, ...others } = options
  const given: Options = {
    tenant,
    cache,
    event: { ...event, user: { ...USER, ...event?.user } },
    settings: { ...EVERYTHING, ...settings },
    ...others,
  }
  return keep(await startLink(bundle, given))
}

const nest = async (started: Run, user: Person = GOOGLE_ALEX) =>
  keep(await nestedLogin(bundle, started, { user }))

async function whole(
  options: Partial<Options> = {},
  resume: Partial<Parameters<typeof resumeLink>[3]> = {},
  user: Person = GOOGLE_ALEX,
): Promise<Run> {
  const started = await start(options)
  const nested = await nest(started, user)
  return keep(await resumeLink(bundle, started, nested, { tenant, cache, ...resume }))
}

const nasty = (status: number): Fault => ({
  kind: 'answer',
  status,
  body: {
    error: 'server_error',
    error_description: `${ALEX.email} ${GOOGLE_ALEX.name} ${SECRETS.AUTH0_CLIENT_SECRET}`,
    message: SECRETS.ACTION_SECRET,
  },
})

/** Each ends somewhere else; the code that it ends with is held, lest a flow goes another way. */
const FLOWS: Readonly<
  Record<string, { readonly run: () => Promise<Run>; readonly code?: string }>
> = {
  'a link': { run: () => whole() },
  'a link at the custom domain': {
    run: () =>
      whole({
        event: { request: { hostname: CUSTOM_DOMAIN }, custom_domain: { domain: CUSTOM_DOMAIN } },
      }),
  },
  'a link with a warm cache': {
    run: async () => {
      await whole()
      tenant = useTenant({ users: PEOPLE })
      return whole()
    },
  },
  'an unlink': {
    run: () => {
      tenant = useTenant({ users: [{ ...LINKED, ...USER }, STRANGER] })
      return whole({ event: UNLINK_EVENT }, {}, { ...LINKED, ...USER })
    },
  },
  'a consent': {
    run: () => {
      const event = {
        request: { query: { requested_connection_scope: 'calendar.readonly' } },
        user: { identities: LINKED.identities },
      }
      return whole({ event }, {}, { ...LINKED, ...USER })
    },
  },
  'a hint of another user': {
    code: 'hint_invalid',
    run: () => start({ hint: { sub: STRANGER.user_id } }),
  },
  'a hint that is too old': {
    code: 'hint_expired',
    run: () => start({ hint: { iat: NOW_SECONDS - 3_000 } }),
  },
  'a hint that is none': {
    code: 'hint_invalid',
    run: () => start({ hint: `${ALEX.email}.${SECRETS.ACTION_SECRET}.${ALEX.name}` }),
  },
  'a cancelled login': {
    code: 'link_cancelled',
    run: () => {
      const query = { state: PLATFORM_STATE, error: 'access_denied', error_description: ALEX.email }
      return whole({}, { query })
    },
  },
  'an error': {
    code: 'callback_invalid',
    run: () => whole({}, { query: { state: PLATFORM_STATE, error: ALEX.email, code: 'x' } }),
  },
  'another browser': {
    code: 'binding_mismatch',
    run: () => whole({}, { event: { request: { user_agent: 'OtherBrowser/2.0' } } }),
  },
  'another nonce': {
    code: 'callback_invalid',
    run: () => whole({}, { login: { claims: { nonce: 'another' } } }),
  },
  'e-mails that differ': {
    code: 'email_mismatch',
    run: () => whole({ settings: { REQUIRE_MATCHING_EMAIL: 'yes' } }),
  },
  'a client that is not known any more': {
    code: 'misconfigured',
    run: () => {
      tenant.fail('client-credentials', {
        kind: 'answer',
        status: 401,
        body: { error: 'invalid_client', error_description: SECRETS.AUTH0_CLIENT_SECRET },
      })
      return whole()
    },
  },
  'an answer with everything in it': {
    code: 'link_failed',
    run: () => {
      tenant.fail('link', nasty(422))
      return whole()
    },
  },
  'a code that is refused with everything in it': {
    code: 'link_failed',
    run: () => {
      tenant.fail('code', nasty(400))
      return whole()
    },
  },
  'a platform that throws with everything in it': {
    code: 'unexpected',
    run: () => {
      const canRedirect = () => {
        const why = `${ALEX.email} ${SECRETS.ACTION_SECRET}`
        throw Object.assign(new Error(why), { description: why })
      }
      return start({ canRedirect })
    },
  },
  'a tenant without an answer': {
    code: 'service_unavailable',
    run: async () => {
      const started = await start()
      const nested = await nest(started)
      tenant.failAlways('link', { kind: 'reset' })
      stopTimers(NOW_MS)
      const resuming = resumeLink(bundle, started, nested, { tenant, cache })
      return keep((await untilSettled(resuming)).value)
    },
  },
}

const parameterOf = (body: string, name: string): string =>
  new URLSearchParams(body).get(name) ?? ''

/** What nothing may hold that the Action writes. */
function secrets(): readonly string[] {
  const sent = tenant.requests.flatMap(({ body, headers }) => [
    parameterOf(body, 'code'),
    parameterOf(body, 'code_verifier'),
    (headers.authorization ?? '').replace('Bearer ', ''),
  ])
  const tokens = [...written.hints, ...tenant.idTokens, ...tenant.tokens]
  return [
    SECRETS.ACTION_SECRET,
    SECRETS.AUTH0_CLIENT_SECRET,
    ...PEOPLE.flatMap(({ email, name }) => [email ?? name, name]),
    ...sent,
    // A part of a token is as bad as the whole of it; the header is the same in all.
    ...tokens.flatMap((token) => [token, ...token.split('.').slice(1)]),
  ].filter((secret) => secret.length >= 8)
}

/** What may go with the redirect, and has no place in the log or before the application. */
function unspoken(): readonly string[] {
  const urls = written.commands.flatMap((command) =>
    command.type === 'redirect.sendUserTo' ? [new URL(command.url)] : [],
  )
  return [
    ...urls.flatMap(({ searchParams }) => [
      searchParams.get('nonce') ?? '',
      searchParams.get('code_challenge') ?? '',
    ]),
    ...PEOPLE.map(({ user_id }) => user_id.split('|')[1] ?? user_id),
    PLATFORM_STATE,
    'example-state-of-the-application',
    'example-session-0001',
    USER_AGENT,
    IP_ADDRESS,
  ]
}

function expectNone(where: string, texts: readonly string[], sought: readonly string[]): void {
  const text = texts.join('\n')
  for (const secret of sought) {
    for (const spelling of spellings(secret)) {
      if (text.includes(spelling)) throw new Error(`${where} holds ${secret} as ${spelling}`)
    }
  }
}

const commandsOf = (type: Command['type']): readonly string[] =>
  written.commands
    .filter((command) => command.type === type)
    .map((command) => JSON.stringify(command))

describe.each(Object.entries(FLOWS))('%s', (_what, { run, code }) => {
  test('writes no secret, at DEBUG *', async () => {
    expect(await run()).toEndIn(code)

    expect(injected.lines.length).toBeGreaterThan(0)
    expectNone('the log', injected.lines, [...secrets(), ...unspoken()])
    expectNone('a denial', commandsOf('access.deny'), [...secrets(), ...unspoken()])
    expectNone('the redirect', commandsOf('redirect.sendUserTo'), secrets())
    expectNone('the metadata', commandsOf('transaction.setMetadata'), secrets())
    expectNone('a claim', commandsOf('idToken.setCustomClaim'), secrets())
    const stored = cache.entries().map(({ key, value }) => `${key} ${value}`)
    expectNone('the cache', stored, [...secrets(), ...PEOPLE.map(({ user_id }) => user_id)])
  })
})

describe('the search', () => {
  afterEach(() => injected.clear())

  test('finds what is there, however it is written', () => {
    const secret = 'alexandra@one.example.com'
    const hiding = [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
      Buffer.from(`{"email":"${secret}"}`).toString('base64url'),
      Buffer.from(`x${secret}`).toString('base64'),
      Buffer.from(`xy${secret}z`).toString('base64url'),
      Buffer.from(secret).toString('hex'),
    ]
    for (const text of hiding) {
      expect(() => expectNone('a text', [`before ${text} after`], [secret])).toThrow(secret)
    }
    expect(() => expectNone('a text', ['nothing of it'], [secret])).not.toThrow()
  })

  test('knows tokens, codes and verifiers of a link', async () => {
    await whole()
    expect(tenant.idTokens).toHaveLength(1)
    expect(tenant.tokens).toHaveLength(2)
    expect(written.hints).toHaveLength(1)
    expect(secrets().length).toBeGreaterThanOrEqual(15)
    expect(cache.entries()).toHaveLength(2)
  })
})

test.each(
  Object.keys({
    ...SECRETS,
    HINT_MAX_AGE: '',
    NESTED_PARAMS: '',
    ALLOWED_CLIENT_IDS: '',
    RESULT_CLAIM: '',
    CUSTOM_DOMAINS: '',
    ENFORCE_MFA: '',
    PIN_SESSION: '',
  }),
)('a secret that was put into %s by mistake is not repeated', async (name) => {
  const mistaken = `https://client_id=${SECRETS.ACTION_SECRET}/?client_id=,`
  const started = await start({ settings: { [name]: mistaken } })
  if (started.redirect !== undefined) await nest(started)
  expectNone('the log', injected.lines, [SECRETS.ACTION_SECRET])
  expectNone('a denial', commandsOf('access.deny'), [SECRETS.ACTION_SECRET])
})
