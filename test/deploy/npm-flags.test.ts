import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readDemoOptions as readDemo } from '../../scripts/demo/options.ts'
import { readConfig, readDoctorConfig, type Variables } from '../../scripts/deploy/config.ts'
import { tellSwallowed } from '../../scripts/npm-flags.ts'
import { readStartOptions as readStart } from '../../scripts/start/options.ts'
import { ROOT, start, variablesFor, workFile } from './processes.ts'
import { type Ran, startBench } from './tenant.ts'

const WHO = { AUTH0_DOMAIN: 'tenant.example.com', AUTH0_ACCESS_TOKEN: 'token' }

/** What npm 11 exports to every script, and what people have in an .npmrc. */
const USUAL: Variables = {
  npm_config_user_agent: 'npm/11.19.1 node/v22.23.3 linux x64 workspaces/false',
  npm_config_noproxy: '',
  npm_config_userconfig: '/nowhere/.npmrc',
  npm_config_globalconfig: '/nowhere/etc/npmrc',
  npm_config_local_prefix: '/nowhere',
  npm_config_prefix: '/nowhere',
  npm_config_global_prefix: '/nowhere',
  npm_config_npm_version: '11.19.1',
  npm_config_cache: '/nowhere/.npm',
  npm_config_node_gyp: '/nowhere/node-gyp.js',
  npm_config_init_module: '/nowhere/.npm-init.js',
  npm_config_yes: '',
  npm_config_audit: '',
  npm_config_fund: '',
  npm_config_update_notifier: '',
  npm_config_dry_run: '',
  npm_config_json: '',
  npm_config_loglevel: 'silent',
  npm_config_foreground_scripts: 'true',
  npm_config_ignore_scripts: 'true',
  npm_config_https_proxy: 'http://proxy.example.com',
  npm_config_registry: 'https://registry.example.com/',
  npm_config_save_exact: 'true',
  npm_config_link: 'true',
}

describe('a flag that npm kept to itself', () => {
  it.each<[string, readonly string[], Variables, string]>([
    ['dry_run=true', [], { npm_config_dry_run: 'true' }, '--dry-run'],
    ['in capitals, set by hand', [], { NPM_CONFIG_DRY_RUN: '1' }, '--dry-run'],
    ['without its hyphen', [], { npm_config_dryrun: 'true' }, '--dry-run'],
    ['by its first letters', [], { npm_config_prov: 'true' }, '--provision'],
    ['json', [], { npm_config_json: 'true' }, '--json'],
    ['rollback', [], { npm_config_rollback: 'true' }, '--rollback'],
    ['a value', [], { npm_config_position: '2' }, '--position 2'],
    ['a value that was lost', ['first'], { npm_config_position: 'true' }, '--position …'],
    [
      'two values',
      [],
      { npm_config_drop: 'DEBUG\n\nPIN_SESSION' },
      '--drop DEBUG --drop PIN_SESSION',
    ],
    ['a value that no line should repeat', [], { npm_config_file: 'a b;c' }, '--file …'],
    ['an env file', ['.env'], { npm_config_env_file: 'true' }, '--env-file …'],
    [
      'one of two',
      ['--provision'],
      { npm_config_dry_run: 'true', npm_config_name: 'other' },
      '--dry-run --name other --provision',
    ],
  ])('stops a deployment: %s', (_, args, kept, line) => {
    const problem = readConfig(args, { ...WHO, ...USUAL, ...kept })
    expect(problem).toEqual({ problem: expect.stringMatching(/^npm kept --\S+.* to itself/) })
    expect(problem).toEqual({
      problem: expect.stringMatching(new RegExp(`: run npm run deploy -- ${line}$`)),
    })
  })

  it('is told for every command, by its own line', () => {
    const kept = { ...USUAL, npm_config_port: '3001', npm_config_loglevel: 'verbose' }
    expect(() => readStart([], kept)).toThrow(/npm start -- --port 3001$/)
    expect(() => readDemo([], kept)).toThrow(/npm run demo -- --verbose$/)
    const json = { ...WHO, ...USUAL, npm_config_json: 'true' }
    expect(readDoctorConfig([], json)).toEqual({
      problem: expect.stringMatching(/npm run doctor -- --json$/),
    })
  })

  it('is no reason to stop where the command got it too, or has none of that name', () => {
    const kept = { ...USUAL, npm_config_json: 'true', npm_config_loglevel: 'verbose' }
    expect(readDemo(['--json', '--verbose'], kept)).toMatchObject({ json: true, verbose: true })
    expect(readStart([], kept)).toMatchObject({ port: 3000 })
    expect(readStart(['--port=3001'], { npm_config_port: '3001' })).toMatchObject({ port: 3001 })
  })

  it('is not what npm always exports, or people have in an .npmrc', async () => {
    expect(readConfig([], { ...WHO, ...USUAL })).not.toHaveProperty('problem')
    const text = 'json = true\nloglevel=verbose\nrollback=true\ndry-run=true\n'
    const userconfig = workFile('.npmrc', text)
    const files = { ...USUAL, npm_config_userconfig: userconfig }
    const usual = { ...files, npm_config_json: 'true', npm_config_loglevel: 'verbose' }
    expect(readDemo([], usual)).toMatchObject({ json: false, verbose: false })
    // They are no options of npm's, or too dear to be lost, whatever file they are in.
    for (const flag of ['dry-run', 'rollback']) {
      const kept = { [`npm_config_${flag.replace('-', '_')}`]: 'true' }
      expect(readConfig([], { ...WHO, ...files, ...kept })).toEqual({
        problem: expect.stringContaining(`-- --${flag}`),
      })
    }
    const quiet = { ...files, npm_config_loglevel: 'silly' }
    expect(tellSwallowed('demo', { verbose: { type: 'boolean' } }, [], quiet)).toBeUndefined()
  })
})

/** As a person types it; nothing of the npm that runs the tests is handed on. */
const npm = (args: readonly string[], environment: Variables): Promise<Ran> => {
  const bin = join(ROOT, 'node_modules', '.bin')
  return start('npm', args, { env: { PATH: `${bin}:${process.env.PATH}`, ...environment } })
}

describe('npm itself', () => {
  it('has no deployment done by a flag that it keeps, and the line that is told works', async () => {
    const bench = await startBench()
    const { tenant } = bench
    const environment = variablesFor(bench)
    for (const flags of [['--dry-run', '--provision'], ['--dry'], ['--rollback'], ['--json']]) {
      const kept = await npm(['run', 'deploy', ...flags], environment)
      expect(kept).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('npm run deploy -- --'),
      })
    }
    expect(tenant.requests()).toEqual([])
    const line = ['run', 'deploy', '--', '--dry-run', '--provision']
    expect(await npm(line, environment)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing was written: this was a dry run.'),
    })
  })

  it.each([
    [['run', 'doctor', '--json'], 2, 'npm run doctor -- --json'],
    [['run', 'demo', '--verbose'], 1, 'npm run demo -- --verbose'],
    [['start', '--port=3001'], 1, 'npm start -- --port 3001'],
    [['run', 'bench', '--json'], 1, 'npm run bench -- --json'],
    [['run', 'soak', '--links=1'], 1, 'npm run soak -- --links 1'],
    [['run', 'release', '--tag=v1.0.0'], 1, 'npm run release -- --tag v1.0.0'],
    [['run', 'build', '--check'], 1, 'npm run build -- --check'],
  ])('starts nothing: npm %j', async (args, code, line) => {
    expect(await npm(args, WHO)).toMatchObject({ code, stderr: expect.stringContaining(line) })
  })

  it('leaves a missing env file to the command, which answers in its own way', async () => {
    for (const [command, code] of [
      ['deploy', 1],
      ['doctor', 2],
    ] as const) {
      const args = ['run', '--silent', command, '--', '--json', '--env-file=/nowhere/.env']
      const ran = await npm(args, WHO)
      expect(ran).toMatchObject({ code, stderr: expect.stringContaining('cannot be read') })
      expect(JSON.parse(ran.stdout)).toMatchObject({
        ok: false,
        error: '--env-file /nowhere/.env cannot be read: correct its path, or leave it out',
      })
    }
  })
})
