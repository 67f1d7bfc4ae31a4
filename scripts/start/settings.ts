/**
 * The settings of the Action as switches: what each one takes, and what it is at first. Pure; the
 * values become the secrets with which the Action is deployed.
 */

import { randomBytes } from 'node:crypto'
import { GOOGLE } from '../tenant/connections.ts'
import type { Tenant } from '../tenant/index.ts'

type Kind =
  /** On and off, one of which is the default. */
  | { readonly type: 'switch'; readonly byDefault: boolean }
  /** The first one is the default. */
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  /** Set to a text, or not set. */
  | { readonly type: 'text'; readonly example: string }
  /** The same, and nobody may read it. */
  | { readonly type: 'secret' }

export interface SettingDefinition {
  readonly name: string
  readonly kind: Kind
  readonly meaning: string
}

const on = (meaning: string): Omit<SettingDefinition, 'name'> => ({
  kind: { type: 'switch', byDefault: true },
  meaning,
})
const off = (meaning: string): Omit<SettingDefinition, 'name'> => ({
  kind: { type: 'switch', byDefault: false },
  meaning,
})
const text = (example: string, meaning: string): Omit<SettingDefinition, 'name'> => ({
  kind: { type: 'text', example },
  meaning,
})
const secret = (meaning: string): Omit<SettingDefinition, 'name'> => ({
  kind: { type: 'secret' },
  meaning,
})

const CALENDAR_SCOPE = 'https://www.googleapis.com/auth/calendar.readonly'

const DEFINITIONS: Readonly<Record<string, Omit<SettingDefinition, 'name'>>> = {
  ALLOWED_CONNECTIONS: text(GOOGLE, 'connections that may be linked; not set: all'),
  ALLOWED_CONNECTION_SCOPES: text(CALENDAR_SCOPE, 'upstream scopes that may be asked for'),
  ALLOWED_CLIENT_IDS: text('exampleWebApplicationClientId001', 'applications that may ask'),
  ALLOW_UNLINK: on('off denies every unlink'),
  ALLOW_MERGE: off('an account with linked identities of its own may be absorbed'),
  LINK_EXISTING_USERS: on('off links only users that this very login made'),
  MERGE_USER_METADATA: off('keep what the absorbed user_metadata has'),
  ENFORCE_MFA: {
    kind: { type: 'choice', choices: ['no', 'yes', 'always'] },
    meaning: 'yes: whoever has factors must have used one; always: everybody',
  },
  ENFORCE_EMAIL_VERIFICATION: off('the e-mail of the account must be verified'),
  ENFORCE_SECONDARY_EMAIL_VERIFICATION: off('the same of the identity to link'),
  REQUIRE_MATCHING_EMAIL: off('both verified, and equal'),
  PIN_SESSION: on('the hint must be of this session, and the way back in it'),
  PIN_USER_AGENT: on('the way back must be in the browser that started'),
  PIN_IP_ADDRESS: off('the same of the address'),
  HINT_MAX_AGE: text('600', 'seconds since the hint was issued; not set: 600'),
  PRIMARY_MAX_AUTH_AGE: text('300', 'seconds since the user authenticated; not set: off'),
  NESTED_PARAMS: text('access_type=offline&prompt=consent', 'more for the nested request'),
  RESULT_CLAIM: text('https://app.example.com/linking', 'a claim that tells what happened'),
  DEBUG: text('account-linking:*', 'what is logged; not set: errors and outcomes'),
  CUSTOM_DOMAINS: text('login.example.com', 'custom domains in use'),
  AUTH0_DOMAIN: text('', 'the canonical domain: required'),
  AUTH0_CLIENT_ID: text('', 'the companion application: required'),
  AUTH0_CLIENT_SECRET: secret('its secret: required'),
  ACTION_SECRET: secret('the key of every derived value: required'),
}

export const SETTINGS: readonly SettingDefinition[] = Object.entries(DEFINITIONS).map(
  ([name, definition]) => ({ name, ...definition }),
)

/** A setting as the inspector shows it. */
export interface ShownSetting extends SettingDefinition {
  readonly on: boolean
  /** What it is or would be set to; secrets are not told. */
  readonly value: string
}

export interface SettingChange {
  readonly name: string
  readonly on: boolean
  readonly value?: string
}

export interface Settings {
  shown(): readonly ShownSetting[]
  /** What is wrong with the change, if anything is. */
  change(change: SettingChange): string | undefined
  reset(): void
  secrets(): Readonly<Record<string, string>>
}

interface State {
  readonly on: boolean
  readonly value: string
}

const MAX_VALUE_CHARACTERS = 4_096

export function createSettings(tenant: Tenant): Settings {
  const required: Readonly<Record<string, string>> = {
    ...tenant.companionSettings,
    ACTION_SECRET: randomBytes(32).toString('base64url'),
  }

  function initial({ kind, name }: SettingDefinition): State {
    const given = required[name]
    if (given !== undefined) return { on: true, value: given }
    if (kind.type === 'switch') return { on: kind.byDefault, value: '' }
    if (kind.type === 'choice') return { on: true, value: kind.choices[0] ?? '' }
    return { on: false, value: kind.type === 'text' ? kind.example : '' }
  }

  const states = new Map<string, State>()
  const reset = (): void => {
    for (const definition of SETTINGS) states.set(definition.name, initial(definition))
  }
  reset()

  return {
    shown: () =>
      SETTINGS.map((definition) => {
        const state = states.get(definition.name) ?? initial(definition)
        const value = definition.kind.type === 'secret' ? '' : state.value
        return { ...definition, on: state.on, value }
      }),

    change({ name, on: isOn, value }) {
      const definition = SETTINGS.find((one) => one.name === name)
      const known = states.get(name)
      if (definition === undefined || known === undefined) return `there is no setting ${name}`
      if (value !== undefined && value.length > MAX_VALUE_CHARACTERS) return 'the value is too long'
      const isSecret = definition.kind.type === 'secret'
      states.set(name, { on: isOn, value: isSecret ? known.value : (value ?? known.value) })
      return undefined
    },

    reset,

    // A switch or a choice at its default is not set at all, as in most tenants.
    secrets: () =>
      Object.fromEntries(
        SETTINGS.flatMap(({ kind, name }) => {
          const { on: isOn, value } = states.get(name) ?? { on: false, value: '' }
          if (kind.type === 'switch') {
            return isOn === kind.byDefault ? [] : [[name, isOn ? 'yes' : 'no']]
          }
          const isDefault = kind.type === 'choice' && value === kind.choices[0]
          return isOn && !isDefault ? [[name, value]] : []
        }),
      ),
  }
}
