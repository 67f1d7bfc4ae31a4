/** `src/attempt.ts`: the record of an attempt, what it is bound to, and its pins. */

import { describe, expect, test } from 'vitest'
import { METADATA_LIMITS } from '../../scripts/testing/api.ts'
import {
  buildEvent,
  changeEvent,
  type EventOverrides,
  SECRETS,
} from '../../scripts/testing/event.ts'
import { CANONICAL_DOMAIN, NOW_SECONDS } from '../../scripts/testing/people.ts'
import { ATTEMPT_KEY, checkPins, createAttempt, verifyAttempt } from '../../src/attempt.ts'
import { deriveKeys } from '../../src/derive.ts'
import { isDenial } from '../../src/outcome.ts'
import type { PostLoginEvent } from '../../src/platform.ts'
import { readSettings } from '../../src/settings.ts'

const WHAT = {
  mode: 'link',
  connection: 'google-oauth2',
  nestedConnection: 'google-oauth2',
  startedAtSeconds: NOW_SECONDS,
} as const

async function bind(event: PostLoginEvent) {
  const settings = readSettings(event)
  if (isDenial(settings)) throw new Error(settings.cause)
  return {
    event,
    settings,
    domain: CANONICAL_DOMAIN,
    keys: await deriveKeys(SECRETS.ACTION_SECRET),
    nowSeconds: () => NOW_SECONDS,
  }
}

const withRecord = (event: PostLoginEvent, stored: unknown): PostLoginEvent =>
  changeEvent(event, { transaction: { metadata: { [ATTEMPT_KEY]: stored } } })

async function comeBack(overrides: EventOverrides = {}, change = (stored: string) => stored) {
  const event = buildEvent()
  const { secrets, stored } = await createAttempt(await bind(event), WHAT)
  const back = changeEvent(withRecord(event, change(stored)), overrides)
  return { secrets, opened: await verifyAttempt(await bind(back)) }
}

describe('an attempt', () => {
  test('opens with what was kept, and the same secrets', async () => {
    const { secrets, opened } = await comeBack()
    expect(opened).toMatchObject({ attempt: { version: 1, ...WHAT }, secrets })
  })

  test('has 32 bytes of its own', async () => {
    const [one, other] = [await comeBack(), await comeBack()].map(({ opened }) =>
      isDenial(opened) ? '' : opened.attempt.bytes,
    )
    expect(Buffer.from(one ?? '', 'base64url')).toHaveLength(32)
    expect(one).not.toBe(other)
  })

  // No character takes more bytes for its length: one of four bytes counts as two.
  const wide = (characters: number) => '字'.repeat(characters)
  const LONG = { ...WHAT, connection: wide(128), nestedConnection: wide(128) }

  test.each([
    { ...LONG, connectionScope: wide(2_048) },
    { ...LONG, mode: 'unlink', identity: { provider: 'p', userId: wide(1_022) } },
  ] as const)(
    'fits into the metadata with everything as long as it may be: $mode',
    async (plan) => {
      const event = buildEvent({ secrets: { PIN_IP_ADDRESS: 'yes' } })
      const { stored } = await createAttempt(await bind(event), plan)
      expect(ATTEMPT_KEY.length).toBeLessThanOrEqual(METADATA_LIMITS.keyCharacters)
      expect(Buffer.byteLength(stored)).toBeLessThanOrEqual(METADATA_LIMITS.valueBytes)
    },
  )

  test('does not take a swapped part for its own', async () => {
    const { opened } = await comeBack({}, (stored) => {
      const [record, pins, ...rest] = stored.split('\n')
      return [pins, record, ...rest].join('\n')
    })
    expect(opened).toMatchObject({ code: 'binding_mismatch' })
  })

  test('does not open without its pins', async () => {
    const { opened } = await comeBack({}, (stored) => {
      const [record, , ...rest] = stored.split('\n')
      return [record, '{}', ...rest].join('\n')
    })
    expect(opened).toMatchObject({ code: 'binding_mismatch' })
  })

  test.each([undefined, '', '\n\n', 7, null])(
    'is none when the metadata has %j',
    async (stored) => {
      const back = withRecord(buildEvent(), stored)
      expect(await verifyAttempt(await bind(back))).toMatchObject({ code: 'binding_mismatch' })
    },
  )

  test.each([
    ['session', { session: { id: 'other' } }],
    ['user_agent', { request: { user_agent: 'Other/1.0' } }],
  ])('names the pin that differed: %s', async (pin, overrides) => {
    const { opened } = await comeBack(overrides)
    expect(isDenial(opened) && opened.cause).toContain(pin)
  })
})

describe('checkPins', () => {
  test.each([
    [{}, {}, false],
    [{ session: 'a' }, { session: 'a' }, true],
    [{ session: 'a' }, { session: 'b' }, false],
    [{ session: 'a' }, {}, false],
    [{ session: 'a' }, { session: ['a'] }, false],
    [{}, { session: 'a' }, false],
  ])('%j against %j', async (pins, given, passes) => {
    const { settings } = await bind(buildEvent())
    const denial = checkPins(pins, given, settings, ['session'])
    expect(denial?.code).toBe(passes ? undefined : 'binding_mismatch')
  })

  test('passes over what is not pinned', async () => {
    const { settings } = await bind(buildEvent({ secrets: { PIN_SESSION: 'no' } }))
    expect(checkPins({ session: 'a' }, {}, settings, ['session', 'address'])).toBeUndefined()
  })
})
