import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Finding, Level } from '../../scripts/deploy/checks/finding.ts'
import {
  PREFIX,
  REQUIRED_SETTINGS,
  SECRET_SETTINGS,
  SETTING_NAMES,
} from '../../scripts/deploy/settings.ts'
import {
  COMPANION_GRANTS,
  COMPANION_SCOPES,
  RUNTIME,
  TRIGGER_VERSION,
} from '../../scripts/deploy/steps.ts'
import { DEFAULT_ACTION_NAME } from '../../scripts/options.ts'
import { blockOf, blocksOf, readYaml } from '../readme/blocks.ts'
import { type Block, readHcl } from './hcl.ts'
import { ACTION, startBench } from './tenant.ts'

const { scripts } = JSON.parse(
  await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
) as { readonly scripts: Readonly<Record<string, string>> }

const commandsOf = (text: string) =>
  [...text.matchAll(/npm run (?:--silent )?([a-z]+)((?: -- [^\n#]*)?)/g)].map(
    ([, script = '', args = '']) => ({
      script,
      args: args.split(' ').filter((one) => /^--\w/.test(one)),
    }),
  )

/** What every way of deploying sets beyond what has to be there. */
const RECOMMENDED = { ENFORCE_EMAIL_VERIFICATION: 'yes', PRIMARY_MAX_AUTH_AGE: '600' }

const withPrefix = (settings: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [PREFIX + name, value]))

describe('the README, with one command', () => {
  it('names commands that are there, and options that they take', async () => {
    const [block = ''] = blocksOf('With one command', 'sh')
    const commands = commandsOf(block)
    expect(commands.map(({ script }) => script)).toEqual(['deploy', 'deploy', 'doctor'])
    for (const { script } of commands) expect(Object.keys(scripts)).toContain(script)
    const variables = Object.fromEntries(
      [...block.matchAll(/\b(LINK_\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
    )
    expect(variables).toEqual(withPrefix(RECOMMENDED))
    const bench = await startBench()
    for (const { args } of commands.slice(0, 2))
      expect((await bench.run(args, variables, async () => ACTION)).code).toBe(0)
  })

  it('asks for the scopes that a whole deployment takes, and no others', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
    const [, list = ''] = /with `(read:actions [^`]+)`/.exec(readme) ?? []
    const scopes = list.split(' ')
    const bench = await startBench()
    const all = bench.tenant.applications.deployer.managementScopes
    bench.revoke(...all.filter((scope) => !scopes.includes(scope)))
    expect((await bench.run(['--provision'], {}, async () => ACTION)).code).toBe(0)
    expect((await bench.run([], { LINK_ENFORCE_MFA: 'yes' }, async () => ACTION)).code).toBe(0)
  })
})

interface Workflow {
  readonly on: { readonly push: { readonly tags: readonly string[] } }
  readonly jobs: Readonly<Record<'compare' | 'attest' | 'deploy', Job>>
}

interface Job {
  readonly needs?: string
  readonly permissions: Readonly<Record<string, string>>
  readonly steps: readonly {
    readonly run?: string
    readonly uses?: string
    readonly with?: Readonly<Record<string, string>>
    readonly env?: Readonly<Record<string, string>>
  }[]
}

describe('the README, from GitHub', () => {
  const workflow = () => readYaml(blockOf('From GitHub', 'yaml')) as Workflow

  it('deploys on a tag, the file that is compared with its sources and attested', () => {
    const { on, jobs } = workflow()
    expect(on).toEqual({ push: { tags: ['v*'] } })
    const { compare, attest, deploy } = jobs
    expect([compare, attest, deploy].map(({ needs }) => needs)).toEqual([
      undefined,
      'compare',
      'attest',
    ])
    expect(compare.steps.map(({ run }) => run)).toContain('npm run dist')
    expect(attest.permissions).toMatchObject({ 'id-token': 'write', attestations: 'write' })
    const attested = attest.steps.find(({ uses }) => uses?.startsWith('actions/attest@'))?.with
    expect(attested).toEqual({ 'subject-path': 'dist/action.js' })
    const commands = deploy.steps.flatMap(({ run = '' }) =>
      run.startsWith('npm run') ? [run] : [],
    )
    expect(commands).toHaveLength(2)
    for (const command of commands)
      expect(command).toContain(`--file ${attested?.['subject-path']}`)
  })

  it('runs commands that are there, with variables that are understood', async () => {
    const { steps } = workflow().jobs.deploy
    for (const { script } of steps.flatMap(({ run = '' }) => commandsOf(run)))
      expect(Object.keys(scripts)).toContain(script)
    const { run = '', env = {} } = steps.find((one) => one.run?.includes('deploy')) ?? {}
    const [command] = commandsOf(run)
    const bench = await startBench()
    const settings = Object.entries(env).filter(([name]) => name.startsWith('LINK_'))
    expect(Object.fromEntries(settings)).toEqual(withPrefix(RECOMMENDED))
    const build = () => Promise.reject(new Error('nothing builds where the secret is'))
    const file = ['--file', fileURLToPath(new URL('../../dist/action.js', import.meta.url))]
    const { code, stdout } = await bench.run(
      [...(command?.args ?? []).filter((one) => one !== '--file'), ...file],
      Object.fromEntries(settings),
      build,
    )
    expect(code).toBe(0)
    expect(bench.running()?.code).toBe(ACTION)
    expect((await bench.examine(file, Object.fromEntries(settings))).code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, changed: true })
    expect(Object.keys(env)).toEqual(expect.arrayContaining(Object.keys(bench.variables)))
    expect(steps.find((one) => one.run?.includes('doctor'))?.env).toEqual(env)
  })

  it('keeps the secret among the secrets', () => {
    const steps = Object.values(workflow().jobs).flatMap((job) => job.steps)
    for (const { env = {} } of steps)
      for (const [name, value] of Object.entries(env))
        if (name.endsWith('_SECRET')) expect(value).toMatch(/^\$\{\{ secrets\./)
  })
})

describe('the README, with Terraform', () => {
  const resources = () => readHcl(blockOf('With Terraform', 'hcl'))
  const resource = (type: string): Block => {
    const found = resources().filter(({ labels }) => labels[0] === type)
    expect(found).toHaveLength(1)
    return found[0] as Block
  }
  const secrets = () =>
    resource('auth0_action').blocks.flatMap(({ type, values }) =>
      type === 'secrets_wo' ? [values] : [],
    )
  const list = (value: string | undefined) => JSON.parse(value ?? '[]') as readonly string[]
  const text = (value: string | undefined) => JSON.parse(value ?? '""') as string

  it('makes the companion that npm run deploy makes', () => {
    const { values, blocks } = resource('auth0_client')
    expect(values).toMatchObject({
      app_type: '"regular_web"',
      is_first_party: 'true',
      oidc_conformant: 'true',
    })
    expect(list(values.grant_types)).toEqual(COMPANION_GRANTS)
    expect(values.callbacks).toBe(
      `[for domain in concat([var.auth0_domain], var.custom_domains) : "https://\${domain}/continue"]`,
    )
    const custom = resources().find(({ labels }) => labels[0] === 'custom_domains')
    expect(list(custom?.values.default)).toEqual([])
    expect(blocks).toMatchObject([{ type: 'jwt_configuration', values: { alg: '"RS256"' } }])
    expect(resource('auth0_client_credentials').values.authentication_method).toBe(
      '"client_secret_post"',
    )
    const grant = resource('auth0_client_grant').values
    expect(list(grant.scopes)).toEqual(COMPANION_SCOPES)
    expect(text(grant.audience)).toBe(`https://\${var.auth0_domain}/api/v2/`)
  })

  it('makes the Action that npm run deploy makes, in the flow', () => {
    const { values, blocks } = resource('auth0_action')
    expect(text(values.name)).toBe(DEFAULT_ACTION_NAME)
    expect(text(values.runtime)).toBe(RUNTIME)
    expect(values).toMatchObject({
      deploy: 'true',
      code: `file("\${path.module}/dist/action.js")`,
    })
    const [trigger] = blocks
    expect(`${text(trigger?.values.id)} ${text(trigger?.values.version)}`).toBe(TRIGGER_VERSION)
    const names = secrets().map(({ name }) => text(name))
    expect(names).toEqual(expect.arrayContaining([...REQUIRED_SETTINGS]))
    for (const name of names) expect(SETTING_NAMES).toContain(name)
    expect(resource('auth0_trigger_action').values).toMatchObject({ trigger: '"post-login"' })
    for (const [name, value] of Object.entries(RECOMMENDED))
      expect(secrets()).toContainEqual({ name: `"${name}"`, value: `"${value}"` })
  })

  it('names every provider that it takes, so that it can be initialised', () => {
    const [terraform] = resources().filter(({ type }) => type === 'terraform')
    const required = terraform?.blocks.find(({ type }) => type === 'required_providers')
    const used = resources().flatMap(({ type, labels: [label = ''] }) =>
      type === 'resource' ? [label.replace(/_.*/, '')] : [],
    )
    expect(Object.keys(required?.values ?? {})).toEqual([...new Set(used)])
    // The versions that have write-only arguments.
    expect(required?.values.auth0).toBe('{ source = "auth0/auth0", version = "~> 1.52" }')
    expect(terraform?.values.required_version).toBe('">= 1.11"')
  })

  it('keeps every secret out of plan and state', () => {
    const { values, blocks } = resource('auth0_action')
    expect(blocks.map(({ type }) => type)).not.toContain('secrets')
    expect(values.secrets_wo_version).toBe('var.secrets_version')
    // Both have to have the client's secret, so that it changes in both at once.
    expect(resource('auth0_client_credentials').values).toMatchObject({
      client_secret_wo: 'var.client_secret',
      client_secret_wo_version: 'var.secrets_version',
    })
    for (const setting of SECRET_SETTINGS) {
      const { value = '' } = secrets().find(({ name }) => text(name) === setting) ?? {}
      const variable = resources().find(({ labels: [label] }) => value === `var.${label}`)
      expect([setting, variable?.values]).toEqual([
        setting,
        expect.objectContaining({ sensitive: 'true', ephemeral: 'true' }),
      ])
    }
  })

  it('refers to nothing that is not there', () => {
    const source = blockOf('With Terraform', 'hcl')
    const known = resources().map(({ type, labels }) =>
      type === 'variable' ? `var.${labels[0]}` : labels.join('.'),
    )
    const references = source.match(/\b(?:var|auth0_\w+)\.\w+/g) ?? []
    expect(references.length).toBeGreaterThan(5)
    for (const reference of references) expect(known).toContain(reference)
  })
})

describe('the README, by hand', () => {
  it('lists what the doctor ticks of an Action by hand, and leaves out what it cannot', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
    const [, section = ''] = readme.split('\n### By hand\n')
    const [text = ''] = section.split(/\n##+ /)
    for (const [name, value] of Object.entries(RECOMMENDED))
      expect(text).toContain(`\`${name}\` = \`${value}\``)
    const items = [...text.matchAll(/^- \[ \] ([^:\n]+)/gm)].flatMap(([, names = '']) =>
      names.split(', '),
    )
    const { examine, tenant } = await startBench({ companion: 'registered' })
    const settings = { ...RECOMMENDED, ALLOWED_CONNECTIONS: 'google-oauth2', ENFORCE_MFA: 'yes' }
    const secrets = { ...tenant.companionSettings, ACTION_SECRET: 'x'.repeat(32), ...settings }
    tenant.install({ name: DEFAULT_ACTION_NAME, code: ACTION, secrets })
    const variables = { AUTH0_CLIENT_ID: tenant.applications.companion.clientId, ...settings }
    const { stdout } = await examine(['--json'], withPrefix(variables))
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] }
    const of = (wanted: Level) =>
      findings.filter(({ level }) => level === wanted).map(({ check }) => check)
    expect(items).toEqual(of('fine'))
    expect(new Set(of('note'))).toEqual(new Set(['version', 'secret of the companion']))
    expect([...of('warning'), ...of('broken')]).toEqual([])
  })
})
