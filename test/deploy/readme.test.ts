import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Finding, Level } from '../../scripts/deploy/checks/finding.ts'
import { PREFIX } from '../../scripts/deploy/settings.ts'
import { COMMANDS, DEFAULT_ACTION_NAME } from '../../scripts/options.ts'
import { codeBlocks, README, readText, readYaml, sectionOf } from '../readme/blocks.ts'
import { ACTION, startBench } from './tenant.ts'

const { scripts } = JSON.parse(readText('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>
}

const commandsOf = (text: string) =>
  [...text.matchAll(/npm run (?:--silent )?([a-z]+)((?: -- [^\n#]*)?)/g)].map(
    ([, script = '', args = '']) => ({
      script,
      args: args.split(' ').filter((one) => /^--\w/.test(one)),
    }),
  )

/** What every way of deploying sets beyond what has to be there. */
const RECOMMENDED = {
  ENFORCE_EMAIL_VERIFICATION: 'yes',
  PRIMARY_MAX_AUTH_AGE: '600',
  CONFIRM_LINK: 'yes',
  RESULT_CLAIM: 'https://app.example.com/linking',
}

const withPrefix = (settings: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [PREFIX + name, value]))

describe('the README, with one command', () => {
  it('names commands that are there, and options that they take', async () => {
    const [block = ''] = codeBlocks('sh', sectionOf('README.md', 'Put it into a tenant'))
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
    const [, list = ''] = /with `(read:actions [^`]+)`/.exec(README) ?? []
    const scopes = list.split(' ')
    const bench = await startBench()
    const all = bench.tenant.applications.deployer.managementScopes
    bench.revoke(...all.filter((scope) => !scopes.includes(scope)))
    expect((await bench.run(['--provision'], {}, async () => ACTION)).code).toBe(0)
    expect((await bench.run([], { LINK_ENFORCE_MFA: 'yes' }, async () => ACTION)).code).toBe(0)
  })
})

describe('the page, with one command', () => {
  it('names every option that the command has, and no other', () => {
    const table = sectionOf('.github/deploy.md', 'With one command')
    const named = [...table.matchAll(/^\| `--([a-z-]+)/gm)].map(([, name]) => name)
    expect([...named, 'help'].sort()).toEqual(Object.keys(COMMANDS.deploy.options).sort())
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

describe('the workflow to copy', () => {
  const workflow = () => readYaml(readText('.github/deploy/github/deploy.yml')) as Workflow

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

describe('the page, by hand', () => {
  it('lists what the doctor ticks of an Action by hand, and leaves out what it cannot', async () => {
    const text = sectionOf('.github/deploy.md', 'By hand')
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
