/** Section 2 of the contract: where parameters are read, and which ones are refused. */

import { describe, expect, test } from 'vitest'
import { changeEvent } from '../../scripts/testing/event.ts'
import { linkingEvent, PLATFORM_STATE } from '../../scripts/testing/flow.ts'
import { onEverySubject, query, UNLINK_EVENT } from './harness.ts'

const NAMES = [
  'id_token_hint',
  'requested_connection',
  'requested_connection_scope',
  'requested_identity',
  'requested_login_hint',
] as const

type Name = (typeof NAMES)[number]

const LONGEST: Readonly<Record<Name, number>> = {
  id_token_hint: 16_384,
  requested_connection: 128,
  requested_connection_scope: 2_048,
  requested_identity: 1_024,
  requested_login_hint: 320,
}

/** Of these an empty one counts as absent. */
const MAY_BE_EMPTY: readonly Name[] = [
  'requested_connection_scope',
  'requested_identity',
  'requested_login_hint',
]

/** What each mode is given beside the parameter in question. */
const unlinks = (name: Name): boolean => name === 'requested_identity'

const MALFORMED: readonly (readonly [string, unknown])[] = [
  ['an array of one', ['google-oauth2']],
  ['an array of two', ['google-oauth2', 'google-oauth2']],
  ['an empty array', []],
  ['an object', { name: 'google-oauth2' }],
  ['a number', 7],
  ['a switch', true],
  ['a text with a NUL', 'google\u0000-oauth2'],
  ['a text with a line feed', 'google-oauth2\n'],
  ['a text with a carriage return', 'google\r-oauth2'],
  ['a text with a tab', 'google\toauth2'],
  ['a text with a DEL', 'google\u007foauth2'],
  ['a text with a C1 control', 'google\u0085oauth2'],
]

onEverySubject((world) => {
  const CARRIERS = [
    ['the query', 'GET', 'query', ''],
    ['the query with the prefix ext-', 'GET', 'query', 'ext-'],
    ['the body of a POST', 'POST', 'body', ''],
    ['the body of a POST with the prefix ext-', 'POST', 'body', 'ext-'],
    ['the query of a POST', 'POST', 'query', ''],
  ] as const

  test.each(CARRIERS)('reads the parameters from %s', async (_where, method, place, prefix) => {
    const event = await linkingEvent({ tenant: world.tenant })
    const { id_token_hint, requested_connection } = event.request.query ?? {}
    const carried = {
      [`${prefix}id_token_hint`]: id_token_hint,
      [`${prefix}requested_connection`]: requested_connection,
      [`${prefix}requested_connection_scope`]: 'calendar',
    }
    const elsewhere = { id_token_hint: undefined, requested_connection: undefined }
    const moved = changeEvent(event, { request: { method, query: elsewhere } })
    const started = await world.execute(changeEvent(moved, { request: { [place]: carried } }))
    expect(started).toRedirect({ connection: 'google-oauth2', connection_scope: 'calendar' })
  })

  test('reads one parameter from the query and another from the body of the same POST', async () => {
    const started = await world.start({
      event: {
        request: {
          method: 'POST',
          query: { requested_connection: undefined },
          body: { 'ext-requested_connection': 'github' },
        },
      },
    })
    expect(started).toRedirect({ connection: 'github' })
  })

  test('reads no body where the method is not POST', async () => {
    const started = await world.start({
      event: {
        request: {
          query: { requested_connection: undefined },
          body: { requested_connection: 'google-oauth2' },
        },
      },
    })
    expect(started).toBeDenied('invalid_request')
  })

  describe.each(NAMES)('%s', (name) => {
    const mode = unlinks(name) ? UNLINK_EVENT : {}
    const good = unlinks(name) ? 'google-oauth2|115015401343387192604' : 'google-oauth2'
    const start = (parameters: Readonly<Record<string, unknown>>, more = {}) =>
      world.start({ event: withParameters(mode, parameters, more) })

    test.each(MALFORMED)('is refused as %s', async (_what, value) => {
      const started = await start({ [name]: value })
      expect(started).toBeDenied('invalid_request')
      expect(world.tenant.requests).toEqual([])
    })

    test.each(MALFORMED)('is refused with the prefix ext- as %s', async (_what, value) => {
      const started = await start({ [name]: undefined, [`ext-${name}`]: value })
      expect(started).toBeDenied('invalid_request')
    })

    test.each(['', 'ext-'])('empty, with the prefix "%s"', async (prefix) => {
      const started = await start({ [name]: undefined, [`${prefix}${name}`]: '' })
      if (MAY_BE_EMPTY.includes(name)) expect(started).toRedirect()
      else expect(started).toBeDenied('invalid_request')
    })

    test('is refused when it is a character too long, and the log says so', async () => {
      const started = await start({ [name]: 'x'.repeat(LONGEST[name] + 1) })
      expect(started).toBeDenied('invalid_request')
      expect(world.tenant.requests).toEqual([])
      expect(world.lines.join('\n')).toContain(`${name} is longer than ${LONGEST[name]} characters`)
    })

    test('passes for its form when it is as long as may be', async () => {
      const started = await start({ [name]: 'x'.repeat(LONGEST[name]) })
      expect(started).not.toBeDenied('invalid_request')
    })

    test('is refused when it is given under both names', async () => {
      const started = await start({ [name]: good, [`ext-${name}`]: good })
      expect(started).toBeDenied('invalid_request')
    })

    test('is refused when query and body both have it', async () => {
      const twice = { method: 'POST', body: { [name]: good } }
      const started = await start({ [name]: good }, { request: twice })
      expect(started).toBeDenied('invalid_request')
    })

    test('is refused when the body has it with the prefix and the query without', async () => {
      const twice = { method: 'POST', body: { [`ext-${name}`]: good } }
      const started = await start({ [name]: good }, { request: twice })
      expect(started).toBeDenied('invalid_request')
    })
  })

  test('denies a link without a connection as invalid_request', async () => {
    expect(await world.start({ event: query({ requested_connection: undefined }) })).toBeDenied(
      'invalid_request',
    )
  })

  test('denies a link without a hint as hint_invalid', async () => {
    expect(await world.start({ hint: null })).toBeDenied('hint_invalid')
  })

  test('denies an unlink without a hint as hint_invalid', async () => {
    expect(await world.start({ event: UNLINK_EVENT, hint: null })).toBeDenied('hint_invalid')
  })

  test('denies an unlink without a connection as invalid_request', async () => {
    const started = await world.start({
      event: withParameters(UNLINK_EVENT, { requested_connection: undefined }),
    })
    expect(started).toBeDenied('invalid_request')
  })

  test('denies requested_identity with a link as invalid_request', async () => {
    const started = await world.start({ event: query({ requested_identity: 'github|1' }) })
    expect(started).toBeDenied('invalid_request')
  })

  test('denies requested_connection_scope with an unlink as invalid_request', async () => {
    const started = await world.start({
      event: withParameters(UNLINK_EVENT, { requested_connection_scope: 'calendar' }),
    })
    expect(started).toBeDenied('invalid_request')
  })

  test.each([{}, UNLINK_EVENT])('counts empty ones as absent in either mode', async (mode) => {
    const empty = {
      requested_connection_scope: '',
      requested_identity: '',
      requested_login_hint: '',
    }
    expect(await world.start({ event: withParameters(mode, empty) })).toRedirect()
  })

  test.each(['', 'ext-'])(
    'denies the plural of an older Action, with the prefix "%s", and names the right parameter',
    async (prefix) => {
      const plural = { [`${prefix}requested_connection_scopes`]: 'calendar' }
      const started = await world.start({ event: query(plural) })
      expect(started).toBeDenied('invalid_request')
      expect(world.lines.join('\n')).toMatch(
        /requested_connection_scopes.*requested_connection_scope$/,
      )
    },
  )

  test('names no parameter value in the denial', async () => {
    const started = await world.start({ event: query({ requested_connection: 'evil\nname' }) })
    expect(started.denial).not.toContain('evil')
  })

  test('reads nothing but the query on the way back', async () => {
    const started = await world.start()
    const nested = await world.nested(started)
    const code = world.tenant.authorize(started.redirect?.href ?? '', {
      user: nested.user,
      claims: nested.claims,
    })
    const before = world.tenant.calls()
    const resumed = await world.resume(started, nested, {
      query: { state: PLATFORM_STATE },
      event: { request: { method: 'POST', body: { code } } },
    })
    expect(resumed).toBeDenied('callback_invalid')
    expect(world.tenant.calls()).toBe(before)
  })
})

function withParameters(
  mode: Parameters<typeof changeEvent>[1],
  parameters: Readonly<Record<string, unknown>>,
  more: Parameters<typeof changeEvent>[1] = {},
) {
  const { request, ...rest } = { ...mode, ...more }
  return {
    ...rest,
    request: { ...request, query: { ...mode.request?.query, ...parameters } },
  }
}
