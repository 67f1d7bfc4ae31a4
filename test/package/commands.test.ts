/** The commands of the installed package, as a user starts them in an otherwise empty folder. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, it, onTestFinished, test } from 'vitest'
import { type Bench, startBench } from '../deploy/tenant.ts'
import { olderNodes } from './nodes.ts'
import { type Ended, environment, ROOT, run } from './npm.ts'
import { NAME } from './packed.ts'

const { folder, lean } = inject('installed')
const { optionalDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
const ACTION = await readFile(join(ROOT, 'dist/action.js'), 'utf8')

/** Where a Node has not what the local tenant needs. */
const OLD = "delete require('node:tls').setDefaultCACertificates\n"

interface Where {
  readonly cwd?: string
  readonly node?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

const npx = (args: readonly string[], { cwd = folder, ...where }: Where = {}): Promise<Ended> =>
  run('npx', [NAME, ...args], { cwd, ...where })

async function temporaryFile(name: string, text: string): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'commands-'))
  onTestFinished(() => rm(place, { recursive: true }))
  await writeFile(join(place, name), text)
  return join(place, name)
}

/** Variables for whoever deploys to this tenant, whose certificate is trusted. */
const variablesFor = async ({ tenant, variables }: Bench) => ({
  ...variables,
  NODE_EXTRA_CA_CERTS: await temporaryFile('tenant.pem', tenant.certificatePem),
})

const linesOf = (text: string): readonly string[] => text.trimEnd().split('\n')

test.each([
  { said: '--help', args: ['--help'] },
  { said: '-h', args: ['-h'] },
  { said: 'no argument', args: [] },
])('$said lists the commands, one sentence each', async ({ args }) => {
  const { code, stdout, stderr } = await npx(args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const listed = [...stdout.matchAll(/^ {2}(\w+) +[A-Z][^.]+\.$/gm)].map(([, name]) => name)
  expect(listed).toEqual(['deploy', 'doctor', 'demo', 'start'])
})

test.each(['deplyo', '--dry-run', 'constructor'])('%s is no command: one line', async (name) => {
  const { code, stdout, stderr } = await npx([name])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(linesOf(stderr)).toEqual([
    `There is no command ${name}; there are deploy, doctor, demo, start.`,
  ])
})

test.each(['deploy', 'doctor', 'demo', 'start'])(
  '%s --help says how it is run here',
  async (name) => {
    const { code, stdout } = await npx([name, '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`npx --no ${NAME} ${name} [options]`)
    expect(stdout).not.toContain('npm run')
    for (const line of linesOf(stdout)) expect(line.length).toBeLessThanOrEqual(80)
  },
)

test('demo links, denies and unlinks, with nothing built', async () => {
  const { code, stdout, stderr } = await npx(['demo', '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({
    action: { bytes: Buffer.byteLength(ACTION) },
    pending: { ok: true },
    linked: { ok: true },
  })
})

test('start serves the application and the inspector, and ends when it is told to', async () => {
  const bin = join(folder, 'node_modules/.bin', NAME)
  const child = spawn(bin, ['start', '--port', '38327'], {
    cwd: folder,
    env: environment({ cwd: folder }),
  })
  const closed = once(child, 'close')
  const text = { out: '', err: '' }
  child.stdout.on('data', (part) => {
    text.out += part
  })
  child.stderr.on('data', (part) => {
    text.err += part
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await expect.poll(() => text.out + text.err, { timeout: 60_000 }).toContain('Ctrl+C ends it.')
  expect(text.out).not.toContain('src')

  for (const [path, type] of [
    ['/', 'text/html'],
    ['/inspector', 'text/html'],
    ['/inspector.js', 'text/javascript'],
    ['/base.css', 'text/css'],
  ] as const) {
    const response = await fetch(`http://localhost:38327${path}`)
    expect([path, response.status]).toEqual([path, 200])
    expect(response.headers.get('content-type')).toContain(type)
    await response.text()
  }
  child.kill('SIGINT')
  expect((await closed)[0]).toBe(0)
  expect(text.err).toBe('')
})

const NODES = [
  { path: process.execPath, version: process.versions.node, major: 22 },
  ...olderNodes(),
]

describe.each(NODES)('on Node $version', ({ path: node }) => {
  it('deploy shows, does and doctor agrees', async () => {
    const bench = await startBench()
    const env = await variablesFor(bench)
    const dry = await npx(['deploy', '--provision', '--dry-run'], { node, env })
    expect(dry).toMatchObject({ code: 0, stderr: '' })
    expect(bench.calls(/POST|PATCH|PUT|DELETE/)).toEqual([])
    expect(bench.running()).toBeUndefined()

    const done = await npx(['deploy', '--provision'], { node, env })
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(bench.running()?.code === ACTION).toBe(true)

    const checked = await npx(['doctor'], { node, env })
    expect(checked).toMatchObject({ code: 0, stderr: '' })
    expect(checked.stdout).toContain(`npx --no ${NAME} deploy`)
    expect(checked.stdout).not.toContain('npm run')
  })

  it('doctor and deploy tell in one line what they lack', async () => {
    for (const [name, code] of [
      ['doctor', 2],
      ['deploy', 1],
    ] as const) {
      const ended = await npx([name], { node, env: { AUTH0_DOMAIN: undefined } })
      expect(ended).toMatchObject({ code, stdout: '' })
      expect(linesOf(ended.stderr)).toHaveLength(1)
    }
  })
})

const LACKING = /^(demo|start): the local tenant needs Node 22\.19 or later \(.+\), this is [\d.]+$/

describe.each(['demo', 'start'])('%s', (name) => {
  it('tells its options where it cannot run', async () => {
    const { code, stdout } = await npx([name, '--help'], { cwd: lean })
    expect(code).toBe(0)
    expect(stdout).toContain(`npx --no ${NAME} ${name} [options]`)
  })

  it.each(olderNodes())('says on Node $version that it needs a later one', async ({ path }) => {
    const { code, stdout, stderr } = await npx([name], { node: path })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(linesOf(stderr)).toEqual([expect.stringMatching(LACKING)])
  })

  it('tells a Node by what it can, not by its number', async () => {
    const preload = await temporaryFile('old.cjs', OLD)
    const { code, stderr } = await npx([name], { env: { NODE_OPTIONS: `--require=${preload}` } })
    expect(code).toBe(1)
    expect(linesOf(stderr)).toEqual([expect.stringMatching(LACKING)])
  })

  it('says which packages to install where the optional ones were left out', async () => {
    const { code, stdout, stderr } = await npx([name], { cwd: lean })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(linesOf(stderr)).toHaveLength(1)
    expect(stderr).toContain(': npm install ')
    for (const [one, version] of Object.entries(optionalDependencies))
      expect(stderr).toContain(` ${one}@${version}`)
  })
})

test('deploy needs none of the optional packages', async () => {
  const bench = await startBench()
  const env = await variablesFor(bench)
  const { code, stderr } = await npx(['deploy', '--provision', '--dry-run'], { cwd: lean, env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})
