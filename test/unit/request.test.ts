/** `src/request.ts`: which login an event is, and what it asks for. */

import { describe, expect, test } from 'vitest'
import { buildEvent, type EventOverrides } from '../../scripts/testing/event.ts'
import { COMPANION_ID } from '../../scripts/testing/people.ts'
import { isDenial } from '../../src/outcome.ts'
import { readCallback, readLinkingRequest, readLoginKind, readScopes } from '../../src/request.ts'

describe('readLoginKind', () => {
  const scopes = (...requested_scopes: readonly string[]) => ({ transaction: { requested_scopes } })
  const companion = { client: { client_id: COMPANION_ID } }

  const ROWS: readonly (readonly [string, EventOverrides])[] = [
    ['linking', {}],
    ['linking', scopes('unlink_account')],
    ['linking', scopes('link_account', 'unlink_account')],
    ['ordinary', scopes('openid')],
    ['ordinary', { transaction: undefined }],
    ['ordinary', { transaction: { protocol: 'samlp' } }],
    ['nested', companion],
    ['nested', { ...companion, ...scopes('openid') }],
    ['ordinary', { ...companion, transaction: { protocol: 'oauth2-refresh-token' } }],
    ['linking', { ...companion, secrets: { AUTH0_CLIENT_ID: undefined } }],
    ['linking', { ...companion, secrets: { AUTH0_CLIENT_ID: ' ' } }],
    ['linking', { client: { client_id: '' }, secrets: { AUTH0_CLIENT_ID: '' } }],
  ]

  test.each(ROWS)('is %s for %j', (expected, overrides) => {
    expect(readLoginKind(buildEvent(overrides))).toBe(expected)
  })
})

describe('readLinkingRequest', () => {
  test('gives what was asked for', () => {
    const query = { requested_connection_scope: 'a b' }
    expect(readLinkingRequest(buildEvent({ request: { query } }))).toEqual({
      mode: 'link',
      hint: 'not.a.token',
      connection: 'google-oauth2',
      connectionScope: 'a b',
      identity: undefined,
    })
  })

  test('reads an unlink with its identity', () => {
    const event = buildEvent({
      transaction: { requested_scopes: ['unlink_account'] },
      request: { query: { requested_identity: 'github|1' } },
    })
    expect(readLinkingRequest(event)).toMatchObject({ mode: 'unlink', identity: 'github|1' })
  })

  test('leaves an absent hint to the check of the hint', () => {
    const event = buildEvent({ request: { query: { id_token_hint: undefined } } })
    expect(readLinkingRequest(event)).toMatchObject({ hint: undefined })
  })

  test.each(['toString', '__proto__', 'constructor'])(
    'takes no parameter %s from a prototype',
    (name) => {
      const query = Object.create({ requested_identity: 'github|1', [name]: 'x' })
      Object.assign(query, buildEvent().request.query)
      expect(readLinkingRequest({ ...buildEvent(), request: { query } })).toMatchObject({
        connection: 'google-oauth2',
        identity: undefined,
      })
    },
  )

  test('refuses a text that no URL can carry', () => {
    const event = buildEvent({ request: { query: { requested_connection: 'a\ud800' } } })
    expect(readLinkingRequest(event)).toMatchObject({ code: 'invalid_request' })
  })

  test.each(['post', 'Post', 'POST'])('reads the body where the method is %s', (method) => {
    const event = buildEvent({
      request: {
        method,
        query: { requested_connection: undefined },
        body: { requested_connection: 'github' },
      },
    })
    expect(readLinkingRequest(event)).toMatchObject({ connection: 'github' })
  })
})

describe('readScopes', () => {
  test.each([
    ['', []],
    [' , ,', []],
    ['a', ['a']],
    ['a,b c', ['a', 'b', 'c']],
    [' a ,  b\tc ', ['a', 'b', 'c']],
  ])('splits %j into %j', (text, expected) => {
    expect(readScopes(text)).toEqual(expected)
  })
})

describe('readCallback', () => {
  const callback = (query: Readonly<Record<string, unknown>>) =>
    readCallback({ ...buildEvent(), request: { query } })

  test('gives the one code', () => {
    expect(callback({ code: 'abc', state: 's' })).toBe('abc')
  })

  test.each([
    [{ error: 'access_denied' }, 'link_cancelled'],
    [{ error: 'access_denied', code: 'abc' }, 'link_cancelled'],
    [{ error: 'server_error', code: 'abc' }, 'callback_invalid'],
    [{ error: null }, 'callback_invalid'],
    [{ error: '', code: 'abc' }, 'callback_invalid'],
    [{ code: 'a\ud800' }, 'callback_invalid'],
    [{}, 'callback_invalid'],
    [{ code: ['a'] }, 'callback_invalid'],
    [{ code: 'a\nb' }, 'callback_invalid'],
  ])('denies %j as %s', (query, code) => {
    const denial = callback(query)
    expect(isDenial(denial) && denial.code).toBe(code)
  })

  test('denies where there is no query at all', () => {
    expect(isDenial(readCallback({ ...buildEvent(), request: {} }))).toBe(true)
  })
})
