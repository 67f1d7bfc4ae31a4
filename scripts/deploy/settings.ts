/**
 * The settings to deploy, from variables with the prefix `LINK_`, judged by the very code with which
 * the Action reads them. No I/O. Gives the settings by name, or says what is wrong with them.
 */
import { isDenial } from '../../src/outcome.ts'
import type { PostLoginEvent } from '../../src/platform.ts'
import { readSettings, SETTINGS, type Settings } from '../../src/settings.ts'

export type Values = Readonly<Record<string, string>>

export const PREFIX = 'LINK_'

const ALL = Object.values(SETTINGS)

export const SETTING_NAMES: readonly string[] = ALL.map(({ name }) => name)

export const REQUIRED_SETTINGS: readonly string[] = ALL.filter(({ required }) => required).map(
  ({ name }) => name,
)

/** Never shown, never kept outside the Action. */
export const SECRET_SETTINGS = SETTING_NAMES.filter((name) => name.endsWith('_SECRET'))

/** Known without a variable: from the tenant, the companion application, or made anew. */
const SUPPLIED = { AUTH0_CLIENT_ID: 'x', AUTH0_CLIENT_SECRET: 'x', ACTION_SECRET: 'x'.repeat(32) }

/** The platform takes so many characters in one secret, and so many secrets. */
const MAX_CHARACTERS = 4_096

/** An event with these settings, and no login. */
export const toEvent = (secrets: Readonly<Record<string, unknown>>): PostLoginEvent => ({
  client: { client_id: '' },
  user: { user_id: '' },
  request: {},
  secrets,
})

/** What the Action makes of these values; where it would refuse, what it would log. */
export function readAsAction(values: Values): Settings | string {
  const settings = readSettings(toEvent({ ...SUPPLIED, ...values }))
  return isDenial(settings) ? (settings.cause ?? settings.code) : settings
}

/** The wanted settings by their own names; those to be supplied later may be absent. */
export function readWantedSettings(
  variables: Readonly<Record<string, string | undefined>>,
  domain: string,
): Values | { readonly problem: string } {
  const given = Object.entries(variables).flatMap(([variable, value]) =>
    variable.startsWith(PREFIX) && value !== undefined
      ? [[variable.slice(PREFIX.length), value.trim()] as const]
      : [],
  )
  const unknown = given.map(([name]) => name).filter((name) => !SETTING_NAMES.includes(name))
  if (unknown.length > 0)
    return { problem: `${PREFIX}${unknown[0]} is no setting: check its name against the README` }
  const empty = given.find(([, value]) => value === '')
  if (empty !== undefined)
    return { problem: `${PREFIX}${empty[0]} is empty: give it a value, or leave it out` }
  const long = given.find(([, value]) => value.length > MAX_CHARACTERS)
  if (long !== undefined)
    return { problem: `${PREFIX}${long[0]} has more than ${MAX_CHARACTERS} characters` }
  const values: Values = { AUTH0_DOMAIN: domain, ...Object.fromEntries(given) }
  if (values.AUTH0_DOMAIN !== domain)
    return { problem: `${PREFIX}AUTH0_DOMAIN is not AUTH0_DOMAIN: leave it out` }
  const settings = readAsAction(values)
  // The Action's own words name the setting and say what it takes, without its value.
  if (typeof settings === 'string')
    return { problem: `The settings cannot be understood: ${settings} (variables ${PREFIX}…)` }
  return values
}

/** Who deploys where, and with what secrets, is no sign that somebody named the settings. */
export const namesSettings = (values: Values): boolean =>
  Object.keys(values).some((name) => name !== 'AUTH0_DOMAIN' && !(name in SUPPLIED))

export function withoutSecrets(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => !SECRET_SETTINGS.includes(name)),
  )
}
