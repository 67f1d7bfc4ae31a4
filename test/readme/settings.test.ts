/**
 * The README's table of settings and the inspector's controls against the settings that the Action reads:
 * each is there, with the default that it has. No browser; reads what all say of themselves.
 */
import { expect, test } from 'vitest'
import { readAsAction, SETTING_NAMES } from '../../scripts/deploy/settings.ts'
import { SETTINGS } from '../../scripts/start/settings.ts'
import { SETTINGS_TABLE } from '../../scripts/start/settings-table.ts'
import { SETTINGS as ALL } from '../../src/settings.ts'
import { README, TEXTS } from './blocks.ts'

const AUTH0_DOMAIN = 'tenant.example.com'
// CONFIRM_LINK is not understood without it.
const RESULT_CLAIM = 'https://app.example.com/linking'
const read = (settings: Readonly<Record<string, string>>) =>
  readAsAction({ AUTH0_DOMAIN, RESULT_CLAIM, ...settings })

/** `NAME=value`, as the texts recommend it or warn of it. */
const told = [...[...TEXTS.values()].join('\n').matchAll(/`([A-Z][A-Z_]+)=([^`]+)`/g)].map(
  ([, name = '', value = '']) => [name, value] as const,
)

test.each([...new Map(told.map((one) => [one.join('='), one])).values()])(
  '%s=%s, of which the README or a page tells, is understood',
  (name, value) => {
    expect(SETTING_NAMES).toContain(name)
    expect(read({ [name]: value })).toBeTypeOf('object')
  },
)

test('the README has every setting that the Action reads, and no other', () => {
  expect(SETTINGS_TABLE.map(({ name }) => name).toSorted()).toEqual(SETTING_NAMES.toSorted())
})

/** Words for "it is not set", which no setting takes for a value. */
const UNSET: Readonly<Record<string, readonly unknown[]>> = {
  none: [undefined, []],
  all: [undefined],
}

test.each(SETTINGS_TABLE)('$name is $byDefault by default, as the README says', (row) => {
  const setting = Object.values(ALL).find(({ name }) => name === row.name)
  expect(setting?.required).toBe(row.byDefault === 'required')
  if (setting?.required) return
  const expected = UNSET[row.byDefault] ?? [setting?.parse(row.byDefault)]
  expect(expected).toContainEqual(setting?.fallback)
})

test.each(SETTINGS)('the inspector says of $name what the README says', ({ name, meaning }) => {
  expect(meaning).toMatch(/^[^`[\]|]{8,}$/)
  expect(README.replaceAll(/[`[]|\]\([^)]*\)/g, '')).toContain(`${meaning} |`)
  expect(SETTINGS_TABLE.find((row) => row.name === name)?.meaning).toBe(meaning)
})

test.each(SETTINGS.flatMap(({ name, kind }) => (kind.type === 'switch' ? [{ name, kind }] : [])))(
  '$name is a switch, at first as the Action has it: $kind.byDefault',
  ({ name, kind }) => {
    const [same, other] = kind.byDefault ? ['yes', 'no'] : ['no', 'yes']
    expect(read({ [name]: same })).toEqual(read({}))
    expect(read({ [name]: other })).not.toEqual(read({}))
    expect(read({ [name]: other })).toBeTypeOf('object')
  },
)

test.each(SETTINGS.flatMap(({ name, kind }) => (kind.type === 'choice' ? [{ name, kind }] : [])))(
  '$name is a choice, of which the first is what the Action takes for none',
  ({ name, kind }) => {
    const [first, ...others] = kind.choices.map((choice) => read({ [name]: choice }))
    expect(first).toEqual(read({}))
    for (const one of others) {
      expect(one).not.toEqual(first)
      expect(one).toBeTypeOf('object')
    }
  },
)

test.each(SETTINGS.flatMap(({ name, kind }) => (kind.type === 'text' ? [{ name, kind }] : [])))(
  '$name is a text, whose example the Action understands',
  ({ name, kind }) => {
    if (kind.example !== '') expect(read({ [name]: kind.example })).toBeTypeOf('object')
  },
)

test('the inspector has the controls that are due, the required ones last', () => {
  const names = (type: string) =>
    SETTINGS.flatMap((one) => (one.kind.type === type ? one.name : []))
  expect(names('choice')).toEqual(['ENFORCE_MFA'])
  expect(names('secret').toSorted()).toEqual(['ACTION_SECRET', 'AUTH0_CLIENT_SECRET'])
  expect(names('switch')).toContain('PIN_SESSION')
  expect(names('text')).toContain('ALLOWED_CONNECTIONS')
  const required = Object.values(ALL).flatMap((one) => (one.required ? one.name : []))
  expect(SETTINGS.slice(-required.length).map(({ name }) => name)).toEqual(required)
})
