import { describe, expect, it } from 'vitest'
import {
  digestOf,
  fingerprint,
  fingerprintsOf,
  holdsSettings,
  isCurrent,
  type Metadata,
  type MetadataPatch,
  readMemory,
  writeMemory,
  writeRollback,
} from '../../scripts/deploy/memory.ts'
import { ACTION_SECRET, CLIENT_ID, CLIENT_SECRET, DOMAIN, NAME } from './fixtures.ts'

const VALUES = {
  AUTH0_DOMAIN: DOMAIN,
  AUTH0_CLIENT_ID: CLIENT_ID,
  ENFORCE_MFA: 'yes',
  AUTH0_CLIENT_SECRET: CLIENT_SECRET,
  ACTION_SECRET,
}

/** As the platform does it. */
function patched(metadata: Metadata, patch: MetadataPatch): Metadata {
  expect(Object.keys(patch).length).toBeLessThanOrEqual(10)
  for (const value of Object.values(patch)) expect(value?.length ?? 0).toBeLessThanOrEqual(255)
  const merged = Object.entries({ ...metadata, ...patch }).flatMap(([name, value]) =>
    value === null ? [] : [[name, value]],
  )
  expect(merged.length).toBeLessThanOrEqual(10)
  return Object.fromEntries(merged)
}

const keep = (metadata: Metadata, values: Readonly<Record<string, string>>, version = 3) =>
  patched(
    metadata,
    writeMemory(metadata, NAME, values, {
      version,
      fingerprints: fingerprintsOf(values, CLIENT_ID),
    }),
  )

describe('the memory of what was deployed', () => {
  it('gives back what was kept, but for the secrets', () => {
    const metadata = keep({}, VALUES)
    expect(readMemory(metadata)).toEqual({
      action: NAME,
      version: 3,
      repeats: undefined,
      digest: undefined,
      settings: { AUTH0_DOMAIN: DOMAIN, AUTH0_CLIENT_ID: CLIENT_ID, ENFORCE_MFA: 'yes' },
      fingerprints: fingerprintsOf(VALUES, CLIENT_ID),
    })
    expect(JSON.stringify(metadata)).not.toContain(CLIENT_SECRET)
    expect(JSON.stringify(metadata)).not.toContain(ACTION_SECRET)
  })

  it('leaves the properties of others alone, and fits beside them', () => {
    const others = Object.fromEntries(Array.from({ length: 7 }, (_, at) => [`other${at}`, 'x']))
    const metadata = keep(others, VALUES)
    expect(metadata).toMatchObject(others)
    expect(readMemory(metadata).settings).toMatchObject({ ENFORCE_MFA: 'yes' })
  })

  it.each([
    ['a long list over several properties', 1_500],
    ['all that fits', 1_800],
  ])('keeps %s', (_, length) => {
    const values = { ...VALUES, ALLOWED_CLIENT_IDS: 'x'.repeat(length) }
    expect(readMemory(keep({}, values)).settings?.ALLOWED_CLIENT_IDS).toHaveLength(length)
  })

  it('keeps a hash of what does not fit, and drops what was there before', () => {
    const before = keep({}, { ...VALUES, ALLOWED_CLIENT_IDS: 'x'.repeat(1_500) })
    const values = { ...VALUES, ALLOWED_CLIENT_IDS: 'x'.repeat(3_000) }
    const memory = readMemory(keep(before, values))
    expect(memory).toMatchObject({ settings: undefined, digest: digestOf(values) })
    expect(digestOf(values)).not.toBe(digestOf(VALUES))
    expect(readMemory(keep(keep(before, values), VALUES)).settings).toMatchObject({
      ENFORCE_MFA: 'yes',
    })
  })

  it('keeps at a rollback what ran before, and does not take it for what runs', () => {
    const metadata = patched(
      keep({}, VALUES),
      writeRollback(keep({}, VALUES), NAME, { version: 4, repeats: 2 }),
    )
    expect(readMemory(metadata)).toMatchObject({
      action: NAME,
      version: 4,
      repeats: 2,
      settings: { ENFORCE_MFA: 'yes' },
      fingerprints: {},
    })
    expect(isCurrent(readMemory(metadata), NAME, { number: 4 })).toBe(true)
    expect(holdsSettings(readMemory(metadata), NAME, { number: 4 })).toBe(false)
    expect(holdsSettings(readMemory(keep(metadata, VALUES, 5)), NAME, { number: 5 })).toBe(true)
    expect(readMemory(keep(metadata, VALUES, 5))).toMatchObject({ version: 5, repeats: undefined })
  })

  it('keeps nothing of another Action at a rollback of this one', () => {
    const shared = { ...keep({}, VALUES), account_linking_action: 'another' }
    const back = patched(shared, writeRollback(shared, NAME, { version: 4, repeats: 2 }))
    expect(readMemory(back)).toMatchObject({ action: NAME, settings: undefined })
  })

  it.each([
    ['the version that runs', NAME, 3, true],
    ['another version', NAME, 4, false],
    ['another Action, of the same version', 'another', 3, false],
    ['nothing that runs', NAME, undefined, false],
  ])('holds good for %s: %s %s %s', (_, name, number, expected) => {
    const running = number === undefined ? undefined : { number }
    expect(isCurrent(readMemory(keep({}, VALUES)), name, running)).toBe(expected)
    expect(isCurrent(readMemory({ account_linking_action: NAME }), NAME, running)).toBe(false)
  })

  it.each<[string, Metadata]>([
    ['nothing', {}],
    ['something of others', { colour: 'blue' }],
    ['nonsense', { account_linking_settings_1: '{"a', account_linking_deployed: '==  = x=' }],
  ])('knows nothing from %s', (_, metadata) => {
    expect(readMemory(metadata)).toMatchObject({
      action: undefined,
      version: undefined,
      settings: undefined,
      digest: undefined,
    })
  })

  it('tells secrets apart without keeping them, for one client and one name', () => {
    const one = fingerprint('ACTION_SECRET', CLIENT_ID, ACTION_SECRET)
    expect(one).toHaveLength(12)
    expect(fingerprint('ACTION_SECRET', CLIENT_ID, ACTION_SECRET)).toBe(one)
    expect(fingerprint('ACTION_SECRET', CLIENT_ID, `${ACTION_SECRET}x`)).not.toBe(one)
    expect(fingerprint('ACTION_SECRET', 'another', ACTION_SECRET)).not.toBe(one)
    expect(fingerprint('AUTH0_CLIENT_SECRET', CLIENT_ID, ACTION_SECRET)).not.toBe(one)
  })
})
