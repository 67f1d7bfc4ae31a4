/**
 * The switches of the inspector against the settings that the Action reads: each is there, with the
 * default that it has. No browser; reads what both say of themselves.
 */
import { expect, test } from 'vitest'
import { readAsAction, readSettingNames } from '../../scripts/deploy/settings.ts'
import { SETTINGS } from '../../scripts/start/settings.ts'

const AUTH0_DOMAIN = 'tenant.example.com'
const read = (settings: Readonly<Record<string, string>>) =>
  readAsAction({ AUTH0_DOMAIN, ...settings })

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
