/** The Terraform that is given to copy, as text: it makes what `npm run deploy` makes. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { REQUIRED_SETTINGS, SECRET_SETTINGS, SETTING_NAMES } from '../../scripts/deploy/settings.ts'
import {
  COMPANION_GRANTS,
  COMPANION_SCOPES,
  RUNTIME,
  TRIGGER_VERSION,
} from '../../scripts/deploy/steps.ts'
import { DEFAULT_ACTION_NAME } from '../../scripts/options.ts'

const FILE = new URL('../../.github/deploy/terraform/main.tf', import.meta.url)
/** With one space where the equals signs stand below each other. */
const SOURCE = `\n${await readFile(FILE, 'utf8')}`.replaceAll(/ += /g, ' = ')

/** What stands in the one block that begins so, a line each. */
function linesIn(head: string): readonly string[] {
  const [, body, another] = SOURCE.split(`\n${head} {\n`)
  if (body === undefined || another !== undefined) throw new Error(`not one block ${head}`)
  return (body.split('\n}\n')[0] ?? '').split('\n').map((line) => line.trim())
}

const resource = (type: string) => linesIn(`resource "${type}" "account_linking"`)
const text = (values: readonly string[]) => `[${values.map((one) => `"${one}"`).join(', ')}]`
const heads = [...SOURCE.matchAll(/^(variable|resource) "(\w+)"(?: "(\w+)")? \{$/gm)]

/** The values of the Action's settings, as they stand there. */
const SETTINGS = new Map(
  [...SOURCE.matchAll(/ secrets_wo \{\n *name = "(\w+)"\n *value = (.+)\n/g)].map(
    ([, name = '', value = '']) => [name, value],
  ),
)

test('it makes the companion that npm run deploy makes', () => {
  expect(resource('auth0_client')).toEqual(
    expect.arrayContaining([
      'app_type = "regular_web"',
      'is_first_party = true',
      'oidc_conformant = true',
      `grant_types = ${text(COMPANION_GRANTS)}`,
      `callbacks = [for domain in concat([var.auth0_domain], var.custom_domains) : "https://\${domain}/continue"]`,
      'alg = "RS256"',
    ]),
  )
  expect(linesIn('variable "custom_domains"')).toContain('default = []')
  const credentials = resource('auth0_client_credentials')
  expect(credentials).toContain('authentication_method = "client_secret_post"')
  expect(resource('auth0_client_grant')).toEqual(
    expect.arrayContaining([
      `scopes = ${text(COMPANION_SCOPES)}`,
      `audience = "https://\${var.auth0_domain}/api/v2/"`,
    ]),
  )
})

test('it makes the Action that npm run deploy makes, in the flow', () => {
  const [id, version] = TRIGGER_VERSION.split(' ')
  expect(resource('auth0_action')).toEqual(
    expect.arrayContaining([
      `name = "${DEFAULT_ACTION_NAME}"`,
      `runtime = "${RUNTIME}"`,
      'deploy = true',
      `code = file("\${path.module}/dist/action.js")`,
      `id = "${id}"`,
      `version = "${version}"`,
    ]),
  )
  expect(resource('auth0_trigger_action')).toContain('trigger = "post-login"')
  const names = [...SETTINGS.keys()]
  expect(names).toEqual(expect.arrayContaining([...REQUIRED_SETTINGS]))
  for (const name of names) expect(SETTING_NAMES).toContain(name)
  expect(SETTINGS.get('ENFORCE_EMAIL_VERIFICATION')).toBe('"yes"')
  expect(SETTINGS.get('PRIMARY_MAX_AUTH_AGE')).toBe('"600"')
  expect(SETTINGS.get('CONFIRM_LINK')).toBe('"yes"')
  expect(SETTINGS.get('RESULT_CLAIM')).toBe('"https://app.example.com/linking"')
})

test('it names the one provider that it takes, in a version that has write-only arguments', () => {
  const terraform = linesIn('terraform')
  expect(terraform).toContain('required_version = ">= 1.11"')
  expect(terraform.filter((line) => line.includes('source ='))).toEqual([
    'auth0 = { source = "auth0/auth0", version = "~> 1.52" }',
  ])
  const resources = heads.filter(([, kind]) => kind === 'resource')
  expect(resources.map(([, , type = '']) => type.replace(/_.*/, ''))).toEqual(
    resources.map(() => 'auth0'),
  )
})

test('it keeps every secret out of plan and state', () => {
  const action = resource('auth0_action')
  expect(action).not.toContain('secrets {')
  expect(action).toContain('secrets_wo_version = var.secrets_version')
  // Both have to have the client's secret, so that it changes in both at once.
  expect(resource('auth0_client_credentials')).toEqual(
    expect.arrayContaining([
      'client_secret_wo = var.client_secret',
      'client_secret_wo_version = var.secrets_version',
    ]),
  )
  for (const setting of SECRET_SETTINGS) {
    const [, variable = ''] = /^var\.(\w+)$/.exec(SETTINGS.get(setting) ?? '') ?? []
    expect(linesIn(`variable "${variable}"`)).toEqual(
      expect.arrayContaining(['sensitive = true', 'ephemeral = true']),
    )
  }
})

test('it refers to nothing that is not there', () => {
  const known = heads.map(([, kind, one, name]) =>
    kind === 'variable' ? `var.${one}` : `${one}.${name}`,
  )
  const references = SOURCE.match(/\b(?:var|auth0_\w+)\.\w+/g) ?? []
  expect(references.length).toBeGreaterThan(5)
  for (const reference of references) expect(known).toContain(reference)
})
