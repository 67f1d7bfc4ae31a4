/**
 * What a rehearsal leaves behind, whatever happens in the middle of it: nothing; and what it refuses
 * before it makes anything.
 */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FACTS, type FactName } from '../../scripts/rehearse/verdict.ts'
import { REHEARSAL_SCOPES } from '../../scripts/rehearse.ts'
import type { LocalTenantFault } from '../../scripts/tenant/faults.ts'
import { type Bench, startBench } from './bench.ts'

const OTHERS = ['first', 'second'].map((name) => ({
  name,
  code: 'exports.onExecutePostLogin = async () => {}',
}))

/** As they run, whatever has been bound and taken out since. */
const flow = ({ tenant }: Bench) => tenant.actions.bindings().map(({ displayName }) => displayName)

/** One that is short: the status of a link. */
const ONE = ['--yes', '--only', '7']

const writes = ({ tenant }: Bench) =>
  tenant
    .requests()
    .filter(({ method, path }) => path.startsWith('/api/v2/') && method !== 'GET')
    .map(({ method, path }) => `${method} ${path}`)

test('a rehearsal leaves the tenant as it was, and the flow in its order', async () => {
  const bench = await startBench()
  bench.tenant.install(...OTHERS)
  const before = { ids: bench.tenant.users.all().map(({ user_id: id }) => id), flow: flow(bench) }

  const ran = await bench.run(ONE)

  expect(ran.stderr).toBe('')
  expect(ran.code).toBe(0)
  expect(bench.left()).toEqual([])
  expect(flow(bench)).toEqual(before.flow)
  expect(bench.tenant.users.all().map(({ user_id: id }) => id)).toEqual(before.ids)
})

test('a dry run writes nothing, and shows all that would be made and asked', async () => {
  const bench = await startBench()
  bench.tenant.install(...OTHERS)

  const ran = await bench.run(['--dry-run'])

  expect(ran.code).toBe(0)
  expect(writes(bench)).toEqual([])
  expect(ran.stdout.match(/^ {2}\+ /gm)).toHaveLength(9)
  expect(ran.stdout.match(/^ {1,2}[ \d]\d /gm)).toHaveLength(12)
  expect(ran.stdout).toContain('first, second')
  expect(ran.stdout).toContain('dry run')
  expect(await bench.files()).toEqual([])
})

test.each([
  { tag: 'production' as const, says: 'tagged as production' },
  { users: 1_100, says: 'users, which looks like production' },
])('a tenant for production is refused: $says', async ({ tag, users = 0, says }) => {
  const bench = await startBench(tag === undefined ? {} : { answers: { tag } })
  const [connection] = bench.tenant.connections
  if (connection === undefined) throw new Error('no connection')
  for (let id = 0; id < users; id += 1)
    bench.tenant.users.create(connection, {
      id: String(id),
      email: `${id}@example.com`,
      emailVerified: true,
      name: String(id),
    })

  const ran = await bench.run()

  expect(ran.code).toBe(1)
  expect(ran.stderr).toContain(says)
  expect(writes(bench)).toEqual([])
})

test.each(REHEARSAL_SCOPES)('without %s nothing is made', async (scope) => {
  const bench = await startBench()
  bench.revoke(scope)

  const ran = await bench.run()

  expect(ran.code).toBe(1)
  expect(ran.stderr).toContain(`lacks ${scope}`)
  expect(writes(bench)).toEqual([])
})

test.each([
  { what: 'nobody is there', confirm: undefined, says: 'add --yes' },
  { what: 'another domain is typed', confirm: async () => 'other.example', says: 'not its domain' },
])('where $what nothing is made', async ({ confirm, says }) => {
  const bench = await startBench()

  const ran = await bench.run([], { confirm })

  expect(ran.code).toBe(1)
  expect(ran.stderr).toContain(says)
  expect(writes(bench)).toEqual([])
})

test('without a browser nothing is made', async () => {
  const bench = await startBench()

  const ran = await bench.run(['--yes', '--chromium', '/nowhere'], { browser: undefined })

  expect(ran.code).toBe(1)
  expect(ran.stderr).toContain('--chromium')
  expect(writes(bench)).toEqual([])
})

test('who types the domain is believed', async () => {
  const bench = await startBench()
  const confirm = async () => `${bench.tenant.canonicalDomain}\n`

  const ran = await bench.run(['--only', '7'], { confirm })

  expect(ran.code).toBe(0)
  expect(bench.left()).toEqual([])
})

const MADE = [
  'POST /api/v2/connections',
  'POST /api/v2/clients',
  'POST /api/v2/client-grants',
  /^PATCH \/api\/v2\/connections\/[^/]+\/clients$/,
  'POST /api/v2/users',
  'POST /api/v2/actions/actions',
  /^POST \/api\/v2\/actions\/actions\/[^/]+\/deploy$/,
  'PATCH /api/v2/actions/triggers/post-login/bindings',
]

test.each(MADE)('a failure at %s takes away what was made', async (route) => {
  const bench = await startBench()
  bench.tenant.install(...OTHERS)
  bench.tenant.fault({ route, status: 403, body: '{"message":"no"}' })

  const ran = await bench.run(ONE)

  expect(ran.code).toBe(1)
  expect(ran.stderr).toContain('403')
  expect(bench.left()).toEqual([])
  expect(flow(bench)).toEqual(['first', 'second'])
})

test.each(MADE)('a lost answer at %s leaves nothing either', async (route) => {
  const bench = await startBench()
  bench.tenant.fault({ route, break: 'lose', times: 9 })

  await bench.run(ONE)
  bench.tenant.clearFaults()

  // What could not be taken away in the same trouble is told, and taken away by the next command.
  if (bench.left().length > 0) expect((await bench.run(['--clean', '--yes'])).code).toBe(0)
  expect(bench.left()).toEqual([])
})

test('rate limits are waited for, and told', async () => {
  const bench = await startBench()
  bench.tenant.fault({ route: /\/api\/v2\//, status: 429, times: 4, after: 6 })

  const ran = await bench.run(ONE)

  expect(ran.code).toBe(0)
  expect(ran.stdout).toContain('too many requests')
  expect(bench.left()).toEqual([])
})

test('what cannot be removed is told, and found by --clean', async () => {
  const bench = await startBench()
  const route = /^DELETE \/api\/v2\/clients\//
  bench.tenant.fault({ route, status: 403, body: '{"message":"no"}', times: 20 })

  const ran = await bench.run(ONE)

  expect(ran.code).toBe(1)
  expect(ran.stdout).toContain('Something is left in the tenant')
  expect(bench.left().every((name) => /-(asking|companion)$/.test(name))).toBe(true)
  expect(bench.left()).toHaveLength(2)

  bench.tenant.clearFaults()
  const cleaned = await bench.run(['--clean', '--yes'])

  expect(cleaned.code).toBe(0)
  expect(bench.left()).toEqual([])
})

test('--keep leaves everything, and --clean takes it and nothing else away', async () => {
  const bench = await startBench()
  bench.tenant.install(...OTHERS)
  const named = {
    ...bench.tenant.applications.web,
    clientId: 'exampleNamedAlike',
    name: 'cial-rehearsal-0123abcd-asking',
  }
  bench.tenant.applications.put(named)

  expect((await bench.run([...ONE, '--keep'])).code).toBe(0)
  expect(flow(bench)).toEqual(['first', 'second', expect.stringMatching(/-probe$/)])
  const dry = await bench.run(['--clean', '--dry-run'])
  expect(dry.stdout).toContain('dry run')
  expect(bench.left().length).toBeGreaterThan(7)
  expect((await bench.run(['--clean', '--yes'])).code).toBe(0)

  // It is named like one, and has no mark.
  expect(bench.left()).toEqual([named.name])
  expect(flow(bench)).toEqual(['first', 'second'])
  expect((await bench.run(['--clean', '--yes'])).stdout).toContain('Nothing of a rehearsal')
})

test('a page that is not known is told with its picture and its text, and no answer is made up', async () => {
  const bench = await startBench({ answers: { loginPages: 'unknown' } })

  const ran = await bench.run(['--yes', '--only', '1,3,4'])

  expect(ran.code).toBe(1)
  expect(ran.stdout).toContain('rehearsal-lost-4.txt')
  expect(await bench.text('rehearsal-lost-4.txt')).toContain('Solve the puzzle')
  expect(await bench.files()).toContain('rehearsal-lost-4.png')
  expect(new Set(Object.values(await bench.verdicts()))).toEqual(new Set(['could not tell']))
  expect(bench.left()).toEqual([])
})

test('a tenant that breaks in the middle of the asking gives no answers, and is cleaned', async () => {
  const bench = await startBench()
  bench.tenant.fault({
    route: /^(GET|POST) \/(authorize|u\/|upstream|continue)/,
    status: 500,
    body: '{}',
    times: 500,
  })

  const ran = await bench.run(['--yes', '--only', '2,3,8,10'])

  expect(ran.code).toBe(1)
  expect(new Set(Object.values(await bench.verdicts()))).toEqual(new Set(['could not tell']))
  expect(bench.left()).toEqual([])
})

const DOWN = { status: 503, body: '{"error":"server_error"}', times: 99 }

interface Silence {
  readonly what: string
  readonly fact: FactName
  readonly fault: LocalTenantFault
}

const SILENCES: readonly Silence[] = [
  {
    // It refuses everybody: that binds it to nobody.
    what: '/continue never runs',
    fact: 'continue_bound',
    fault: { route: 'GET /continue', status: 400, body: 'no', times: 99 },
  },
  {
    what: '/continue is out of order in the other browser',
    fact: 'continue_bound',
    fault: { route: 'GET /continue', after: 1, ...DOWN },
  },
  {
    what: 'a refresh fails',
    fact: 'sid_after_refresh',
    fault: { route: 'POST /oauth/token', after: 1, ...DOWN },
  },
  {
    what: 'a second link fails',
    fact: 'linked_again_409',
    fault: { route: /^POST .*\/identities$/, after: 1, ...DOWN },
  },
  {
    what: 'a second unlink fails',
    fact: 'unlink_gone_404',
    fault: { route: /^DELETE .*\/identities\//, after: 1, ...DOWN },
  },
  ...(['link_made', 'confirm_front', 'confirm_back'] as const).map((fact) => ({
    what: 'the Action gets no answer to its link',
    fact,
    fault: { route: /\/identities$/, caller: 'action', ...DOWN } as const,
  })),
  {
    what: '/continue fails at a POST',
    fact: 'form_post',
    fault: { route: 'POST /continue', ...DOWN },
  },
  { what: '/authorize fails', fact: 'long_hint', fault: { route: 'GET /authorize', ...DOWN } },
]

test.each(SILENCES)('where $what, nobody can tell: $fact', async ({ fact, fault }) => {
  const bench = await startBench()
  bench.tenant.fault(fault)

  await bench.run(['--yes', '--only', String(FACTS[fact][0])])

  expect((await bench.verdicts())[fact]).toBe('could not tell')
  bench.tenant.clearFaults()
  expect(bench.left()).toEqual([])
})

test.each([
  { when: 'while it is set up', at: 'POST /api/v2/users' },
  { when: 'while it is asked', at: 'GET /continue' },
])('a stop $when takes everything away', async ({ at }) => {
  const stopped = new AbortController()
  const bench = await startBench({
    onEvent: (entry) => {
      if (entry.kind === 'http' && `${entry.method} ${entry.path}` === at) stopped.abort()
    },
  })

  const ran = await bench.run(['--yes', '--only', '4'], { signal: stopped.signal })

  expect(ran.code).toBe(130)
  expect(bench.left()).toEqual([])
})

test('Ctrl+C in the command as a process takes everything away', async () => {
  const bench = await startBench()
  const certificate = join(bench.folder, 'tenant.pem')
  await writeFile(certificate, bench.tenant.certificatePem)
  const { clientId, clientSecret } = bench.tenant.applications.deployer
  const child = execFile(
    process.execPath,
    ['scripts/run.js', 'rehearse', '--yes', '--only', '4', '--folder', bench.folder],
    {
      env: {
        PATH: process.env.PATH,
        HOME: bench.folder,
        NODE_EXTRA_CA_CERTS: certificate,
        AUTH0_DOMAIN: bench.tenant.canonicalDomain,
        AUTH0_CLIENT_ID: clientId,
        AUTH0_CLIENT_SECRET: clientSecret,
        ...(process.env.CHROMIUM_PATH && { CHROMIUM_PATH: process.env.CHROMIUM_PATH }),
      },
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stderr?.on('data', (text: string) => {
    output += text
  })
  child.stdout?.on('data', (text: string) => {
    output += text
    if (text.includes('is made')) child.kill('SIGINT')
  })

  const code = await new Promise((resolve) => child.once('close', resolve))

  expect(output).toContain('Stopping')
  expect(code).toBe(130)
  expect(bench.left()).toEqual([])
})

test('no secret and no name of the tenant is in what is written', async () => {
  const bench = await startBench()

  const ran = await bench.run(ONE)

  const { clientSecret } = bench.tenant.applications.deployer
  const written = `${await bench.text('rehearsal.json')}${await bench.text('rehearsal.md')}`
  expect(written).not.toContain(bench.tenant.canonicalDomain)
  expect(written).not.toContain('example.com')
  expect(ran.stdout + ran.stderr + written).not.toContain(clientSecret)
})
