/**
 * The settings of the Action as the inspector shows them: what is behind each control is the table in
 * `src/settings.ts`, what each one means is the README's. The values become the secrets with which the
 * Action is deployed. No I/O but the README.
 */

import { randomBytes } from 'node:crypto'
import { CHOICES, SETTINGS as TABLE } from '../../src/settings.ts'
import { SECRET_SETTINGS } from '../deploy/settings.ts'
import { GOOGLE } from '../tenant/connections.ts'
import type { Tenant } from '../tenant/index.ts'
import { SETTINGS_TABLE } from './settings-table.ts'

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

/** What the application looks for in its ID tokens. */
export const EXAMPLE_CLAIM = 'https://app.example.com/linking'

/** On from the beginning: what is recommended for an application that can confirm its links. */
const RECOMMENDED: readonly string[] = ['CONFIRM_LINK', 'RESULT_CLAIM']

/** To be tried on the local tenant at once; any other is at its default at first, or empty. */
const EXAMPLES: Readonly<Record<string, string>> = {
  ALLOWED_CONNECTIONS: GOOGLE,
  ALLOWED_CONNECTION_SCOPES: 'https://www.googleapis.com/auth/calendar.readonly',
  ALLOWED_CLIENT_IDS: 'exampleWebApplicationClientId001',
  CUSTOM_DOMAINS: 'login.example.com',
  DEBUG: 'account-linking:*',
  NESTED_PARAMS: 'access_type=offline&prompt=consent',
  PRIMARY_MAX_AUTH_AGE: '300',
  RESULT_CLAIM: EXAMPLE_CLAIM,
}

type Setting = (typeof TABLE)[keyof typeof TABLE]

function kindOf({ name, parse, takes, fallback }: Setting): Kind {
  if (SECRET_SETTINGS.includes(name)) return { type: 'secret' }
  if (typeof fallback === 'boolean') return { type: 'switch', byDefault: fallback }
  if (CHOICES.some((choice) => choice.parse === parse)) {
    const words = takes.split(/, | or /)
    const isDefault = (word: string) => parse(word) === fallback
    return { type: 'choice', choices: words.toSorted((a, b) => +isDefault(b) - +isDefault(a)) }
  }
  const byDefault = ['string', 'number'].includes(typeof fallback) ? String(fallback) : ''
  return { type: 'text', example: EXAMPLES[name] ?? byDefault }
}

/** As the README has them, which reads on from row to row; those that nobody need touch last. */
function readDefinitions(): readonly SettingDefinition[] {
  const order = SETTINGS_TABLE.map(({ name }) => name)
  const place = ({ name, required }: Setting) => (required ? order.length : order.indexOf(name))
  return Object.values<Setting>(TABLE)
    .toSorted((a, b) => place(a) - place(b))
    .map((setting) => ({
      name: setting.name,
      kind: kindOf(setting),
      meaning: SETTINGS_TABLE.find(({ name }) => name === setting.name)?.meaning ?? '',
    }))
}

export const SETTINGS = readDefinitions()

/** A setting as the inspector shows it. */
export interface ShownSetting extends SettingDefinition {
  readonly on: boolean
  /** What it is or would be set to; secrets are not told. */
  readonly value: string
}

export interface SettingChange {
  readonly name: string
  readonly on: boolean
  readonly value?: string | undefined
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
    const isRecommended = RECOMMENDED.includes(name)
    if (kind.type === 'switch') return { on: kind.byDefault || isRecommended, value: '' }
    if (kind.type === 'choice') return { on: true, value: kind.choices[0] ?? '' }
    return { on: isRecommended, value: kind.type === 'text' ? kind.example : '' }
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
