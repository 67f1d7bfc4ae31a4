/**
 * The switches of the inspector and the texts against the settings that the Action reads: each is there,
 * with the default that it has. No browser; reads what all say of themselves.
 */
import { expect, test } from 'vitest'
import { readAsAction, readSettingNames } from '../../scripts/deploy/settings.ts'
import { SETTINGS } from '../../scripts/start/settings.ts'
import { TEXTS } from './blocks.ts'

const AUTH0_DOMAIN = 'tenant.example.com'
const read = (settings: Readonly<Record<string, string>>) =>
  readAsAction({ AUTH0_DOMAIN, ...settings })

/** `NAME=value`, as the texts recommend it or warn of it. */
const told = [...[...TEXTS.values()].join('\n').matchAll(/`([A-Z][A-Z_]+)=([^`]+)`/g)].map(
  ([, name = '', value = '']) => [name, value] as const,
)

test.each([...new Map(told.map((one) => [one.join('='), one])).values()])(
  '%s=%s, of which the README or a page tells, is understood',
  (name, value) => {
    expect(readSettingNames()).toContain(name)
    expect(read({ [name]: value })).toBeTypeOf('object')
  },
)

test('the inspector has every setting that the Action reads, and no other', () => {
  expect(SETTINGS.map(({ name }) => name).sort()).toEqual(readSettingNames().toSorted())
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
