import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Variables } from '../../scripts/deploy/config.ts'
import { NOT_OFFERED } from '../../scripts/tenant/management/tenant-routes.ts'
import { ALEX, codeOf, connectionsOf, openScenario } from '../e2e/scenario.ts'
import { ACTION, type Bench, startBench } from './tenant.ts'

const OTHER = 'exports.onExecutePostLogin = async () => {}'
const BROKEN = 'exports.onExecutePostLogin = async ('

const build = (code: string) => async () => code
const dist = build(ACTION)
const versionTwo = build(`${ACTION}// a later one\n`)
const digest = (code: string) => createHash('sha256').update(code).digest('hex')

const provision = (bench: Bench, settings = {}) => bench.run(['--provision'], settings, dist)

/** Puts Actions of others into the flow, by the Management API as anybody would. */
async function bindOthers({ management, tenant }: Bench, ...names: readonly string[]) {
  for (const name of names) {
    if (tenant.actions.findByName(name) !== undefined) continue
    const { id } = tenant.actions.create({
      name,
      code: OTHER,
      runtime: 'node22',
      secrets: [],
      dependencies: [],
    })
    tenant.actions.deploy(id)
  }
  const bindings = names.map((value) => ({
    ref: { type: 'action_name' as const, value },
    display_name: value,
  }))
  await management.actions.triggers.bindings.updateMany('post-login', { bindings })
}

/** An access token of the application that deploys. */
async function tokenOf({ tenant, variables }: Bench): Promise<string> {
  const { AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET } = variables
  const answer = await fetch(`https://${tenant.canonicalDomain}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: AUTH0_CLIENT_ID ?? '',
      client_secret: AUTH0_CLIENT_SECRET ?? '',
      audience: `https://${tenant.canonicalDomain}/api/v2/`,
    }),
  })
  const { access_token: token } = (await answer.json()) as { readonly access_token: string }
  return token
}

/** The companion's grant as the API shows it, and a way to have it show others once. */
async function grantOf({ management, tenant }: Bench) {
  const { clientId = '' } = tenant.applications.all.find(({ caller }) => caller === 'action') ?? {}
  const { data } = await management.clientGrants.list({ client_id: clientId })
  const fault = (grants: readonly object[]) =>
    tenant.fault({
      route: 'GET /api/v2/client-grants',
      body: JSON.stringify({ client_grants: grants }),
    })
  const [companionGrant] = data
  if (companionGrant === undefined) throw new Error('no grant')
  return { companionGrant, fault }
}

/** What does not show at once never will. */
const AT_ONCE = { settleTimeoutMs: 0 }

describe('npm run deploy', () => {
  it('brings an empty tenant to a working link, by --provision alone', async () => {
    const bench = await startBench()
    const { code, stdout, stderr } = await provision(bench)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain('Version 1 of account-linking runs')

    const { link, tenant } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
    expect(connectionsOf(tenant, ALEX.userId)).toEqual([
      'Username-Password-Authentication',
      'google-oauth2',
    ])
  })

  it('serves the custom domain as well', async () => {
    const bench = await startBench()
    await provision(bench)
    const { link } = await openScenario(bench.tenant, { domain: 'custom' })
    expect(await link()).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
  })

  it('makes a companion that may do nothing but its own', async () => {
    const bench = await startBench()
    await provision(bench)
    const { data } = await bench.management.clients.list()
    const companion = data.find(({ name }) => name === 'Account linking (account-linking)')
    expect(companion).toMatchObject({
      app_type: 'regular_web',
      is_first_party: true,
      oidc_conformant: true,
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'client_credentials'],
      callbacks: [
        `https://${bench.tenant.canonicalDomain}/continue`,
        `https://${bench.tenant.customDomain}/continue`,
      ],
    })
    const grants = await bench.management.clientGrants.list({
      client_id: companion?.client_id ?? '',
    })
    expect(grants.data.map(({ scope, audience }) => ({ scope, audience }))).toEqual([
      { scope: ['update:users'], audience: `https://${bench.tenant.canonicalDomain}/api/v2/` },
    ])
  })

  it('changes nothing the second time, and writes nothing for it', async () => {
    const bench = await startBench()
    await provision(bench)
    bench.tenant.clearLog()
    const { code, stdout } = await provision(bench)
    expect(code).toBe(0)
    expect(stdout).toContain('Nothing changes: version 1 of account-linking runs what was built')
    expect(bench.calls(/POST|PATCH|PUT|DELETE/)).toEqual([])
  })

  it('writes nothing in a dry run, and shows all that would change', async () => {
    const bench = await startBench()
    const { code, stdout } = await bench.run(['--provision', '--dry-run'], {}, dist)
    expect(code).toBe(0)
    expect(bench.calls(/POST|PATCH|PUT|DELETE/)).toEqual([])
    for (const part of [
      '+ companion application "Account linking (account-linking)"',
      `https://${bench.tenant.canonicalDomain}/continue`,
      'scope: update:users',
      '~ connection google-oauth2',
      '+ Action "account-linking"',
      `sha256 ${digest(ACTION).slice(0, 12)}`,
      'place: not bound → 1 of 1',
      'Nothing was written',
    ])
      expect(stdout).toContain(part)
  })

  it('deploys new code without touching the secrets', async () => {
    const bench = await startBench()
    await provision(bench)
    bench.revoke('read:client_keys')
    bench.tenant.clearLog()
    const { code } = await bench.run([], {}, versionTwo)
    expect(code).toBe(0)
    const patches = bench.tenant
      .requests()
      .filter(({ method, path }) => method === 'PATCH' && path.includes('/actions/actions/'))
    expect(patches).toHaveLength(1)
    expect(patches[0]?.json).not.toHaveProperty('secrets')
    expect(bench.running()?.number).toBe(2)
    const { link } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens' })
  })

  it('sends all secrets when one setting changes, and the link goes by it', async () => {
    const bench = await startBench()
    await provision(bench)
    bench.tenant.clearLog()
    const { stdout } = await bench.run([], { LINK_ALLOWED_CONNECTIONS: 'github' }, dist)
    expect(stdout).toContain('ALLOWED_CONNECTIONS: (default) → github')
    expect(stdout).toContain('attempts in flight')
    const patch = bench.tenant
      .requests()
      .find(({ method, path }) => method === 'PATCH' && path.includes('/actions/actions/'))
    const names = [
      'AUTH0_DOMAIN',
      'ALLOWED_CONNECTIONS',
      'AUTH0_CLIENT_ID',
      'AUTH0_CLIENT_SECRET',
      'ACTION_SECRET',
    ]
    expect(patch?.json).toMatchObject({ secrets: names.map((name) => ({ name })) })
    const { logIn, askForLink } = await openScenario(bench.tenant)
    const { attempt, page } = await askForLink(await logIn())
    expect(codeOf(await attempt.complete(page.url))).toBe('connection_not_allowed')
  })

  it.each([[[]], [['--dry-run']]])(
    'stops before it writes where a setting of the last deployment is not named any more: %s',
    async (args) => {
      const bench = await startBench()
      const settings = { LINK_ENFORCE_MFA: 'always', LINK_ALLOWED_CONNECTIONS: 'github' }
      await provision(bench, settings)
      bench.tenant.clearLog()
      const named = { LINK_ENFORCE_MFA: 'always' }
      const problem =
        'The Action has ALLOWED_CONNECTIONS, which no LINK_ variable names: set LINK_ALLOWED_CONNECTIONS, or --drop ALLOWED_CONNECTIONS to let it go'
      const { code, stdout, stderr } = await bench.run(args, named, versionTwo)
      expect(code).toBe(1)
      expect(stderr).toContain(problem)
      expect(stdout.replace(/\s+/g, ' ')).toContain(
        'ALLOWED_CONNECTIONS is github: LINK_ALLOWED_CONNECTIONS keeps it',
      )
      const json = await bench.run([...args, '--json'], named, versionTwo)
      expect(JSON.parse(json.stdout)).toMatchObject({
        ok: false,
        error: problem,
        notes: [expect.stringMatching(/^ALLOWED_CONNECTIONS is github: /)],
      })
      expect(bench.calls(/POST|PATCH|PUT|DELETE/)).toEqual([])
    },
  )

  it('takes a setting back to its default where it is dropped by name, and once', async () => {
    const bench = await startBench()
    await provision(bench, { LINK_ALLOWED_CONNECTIONS: 'github' })
    const drop = ['--drop', 'ALLOWED_CONNECTIONS']
    const { code, stdout } = await bench.run(drop, {}, dist)
    expect(code).toBe(0)
    expect(stdout).toContain('ALLOWED_CONNECTIONS: github → (default)')
    const { link } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens' })
    expect(await bench.run([], {}, dist)).toMatchObject({ code: 0 })
    const again = await bench.run(drop, {}, dist)
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('--drop ALLOWED_CONNECTIONS: nothing of that name is there')
  })

  it('goes on with what was dropped where the build failed', async () => {
    const bench = await startBench()
    await provision(bench, { LINK_ALLOWED_CONNECTIONS: 'github' })
    const drop = ['--drop', 'ALLOWED_CONNECTIONS']
    expect((await bench.run(drop, {}, build(BROKEN))).code).toBe(1)
    expect((await bench.run([], {}, dist)).stderr).toContain('has ALLOWED_CONNECTIONS')
    expect((await bench.run(drop, {}, dist)).code).toBe(0)
    expect(bench.running()?.number).toBe(2)
  })

  it('makes no companion beside one that was made by hand, unless it is told to', async () => {
    const bench = await startBench({ companion: 'registered' })
    const { tenant } = bench
    const secrets = { ...tenant.companionSettings, ACTION_SECRET: 'x'.repeat(32) }
    tenant.install({ name: 'account-linking', code: ACTION, secrets })
    for (const args of [[], ['--dry-run']]) {
      const { code, stdout } = await bench.run(['--provision', ...args], {}, dist)
      expect(code).toBe(1)
      expect(stdout.replace(/\s+/g, ' ')).toContain(
        'To adopt the companion that is there, set LINK_AUTH0_CLIENT_ID',
      )
    }
    expect(bench.calls(/POST|PATCH|PUT|DELETE/)).toEqual([])
    const adopted = { LINK_AUTH0_CLIENT_ID: tenant.applications.companion.clientId }
    const { code, stdout } = await bench.run(['--provision'], adopted, dist)
    expect(code).toBe(0)
    expect(stdout).toContain(`AUTH0_DOMAIN: not known → ${tenant.canonicalDomain}`)
    expect(stdout).toContain('ACTION_SECRET: not known → (secret)')
    expect((await bench.run(['--provision'], {}, dist)).stdout).toContain('Nothing changes')
  })

  it('notices a client secret that was rotated elsewhere', async () => {
    const bench = await startBench()
    await provision(bench)
    const { applications } = bench.tenant
    const companion = applications.all.find(({ name }) => name.startsWith('Account linking ('))
    if (companion === undefined) throw new Error('no companion')
    applications.put({ ...companion, clientSecret: 'a-rotated-secret-of-the-companion' })
    const { stdout } = await bench.run([], {}, dist)
    expect(stdout).toContain('AUTH0_CLIENT_SECRET: (secret) → (another secret)')
    const { link } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens' })
  })

  it('uses the companion that is named, and deploys with an access token', async () => {
    const bench = await startBench({ companion: 'registered' })
    const token = await tokenOf(bench)
    const { companion } = bench.tenant.applications
    const { code } = await bench.run(
      [],
      {
        AUTH0_CLIENT_ID: undefined,
        AUTH0_CLIENT_SECRET: undefined,
        AUTH0_ACCESS_TOKEN: token,
        LINK_AUTH0_CLIENT_ID: companion.clientId,
      },
      dist,
    )
    expect(code).toBe(0)
    const { link } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens' })
  })

  it('takes the application that deploys for no companion, with a token or without', async () => {
    const bench = await startBench()
    const { deployer } = bench.tenant.applications
    const token = await tokenOf(bench)
    const LINK_AUTH0_CLIENT_ID = deployer.clientId
    for (const who of [{}, { AUTH0_ACCESS_TOKEN: token }]) {
      const { code, stderr } = await bench.run([], { ...who, LINK_AUTH0_CLIENT_ID }, dist)
      expect(code).toBe(1)
      expect(stderr).toMatch(/is the application that deploys: the companion is another one/)
    }
    expect(bench.calls(/POST|PATCH/)).toEqual([])
  })

  it.each([[[]], [['--provision']]])(
    'is refused for a companion that is gone: %s',
    async (args) => {
      const bench = await startBench()
      const { code, stderr } = await bench.run(args, { LINK_AUTH0_CLIENT_ID: 'gone' }, dist)
      expect(code).toBe(1)
      expect(stderr).toMatch(/There is no application gone: correct LINK_AUTH0_CLIENT_ID, or leave/)
      expect(bench.calls(/POST|PATCH/)).toEqual([])
    },
  )

  it('reads the Action by its id, whatever a list shows of it', async () => {
    const bench = await startBench()
    await provision(bench)
    const { id } = bench.tenant.actions.findByName('account-linking') ?? {}
    const actions = [
      { id: 'of-another', name: 'account-linking-2' },
      { id, name: 'account-linking' },
    ]
    bench.tenant.fault({
      route: 'GET /api/v2/actions/actions',
      body: JSON.stringify({ actions, total: 2, page: 0, per_page: 50 }),
    })
    expect((await provision(bench)).stdout).toContain('Nothing changes')
  })

  it('lets two Actions share a companion, of which neither is taken for the other', async () => {
    const bench = await startBench()
    await provision(bench)
    const { clientId = '' } =
      bench.tenant.applications.all.find(({ caller }) => caller === 'action') ?? {}
    const shared = { LINK_AUTH0_CLIENT_ID: clientId }
    const second = ['--name', 'second']
    expect((await bench.run(second, shared, dist)).code).toBe(0)
    expect(bench.running('second')?.number).toBe(bench.running()?.number)
    const { stdout } = await bench.examine([], shared)
    expect(stdout).toContain('They are not known')
    const again = await bench.run([], shared, dist)
    expect(again.stdout).toContain('AUTH0_DOMAIN: not known → ')
    for (const code of [versionTwo, dist, versionTwo, dist]) await bench.run(second, shared, code)
    await bench.run([], shared, versionTwo)
    await bench.run([], shared, build(`${ACTION}// the third\n`))
    await bench.run(['--rollback'], shared)
    expect(bench.running('second')?.number).toBe(bench.running()?.number)
    const { stdout: back } = await bench.run([...second, '--rollback'], shared)
    expect(back).toContain('version 4 runs again')
  })

  it('does not take an algorithm that is not shown for RS256', async () => {
    const bench = await startBench()
    await provision(bench)
    const { applications } = bench.tenant
    const companion = applications.all.find(({ caller }) => caller === 'action')
    if (companion === undefined) throw new Error('no companion')
    const jwt = { lifetime_in_seconds: 36_000 }
    applications.put({ ...companion, values: { ...companion.values, jwt_configuration: jwt } })
    expect((await provision(bench)).stdout).toContain('algorithm: (default) → RS256')
    expect((await provision(bench)).stdout).toContain('Nothing changes')
  })

  it('takes a grant for tokens of users for another one', async () => {
    const bench = await startBench()
    await provision(bench)
    const { companionGrant, fault } = await grantOf(bench)
    fault([{ ...companionGrant, id: 'cgr_other', subject_type: 'user', scope: [] }, companionGrant])
    expect((await provision(bench)).stdout).toContain('Nothing changes')
  })

  it('takes back by name what permits everything', async () => {
    const bench = await startBench()
    await provision(bench)
    const { companionGrant, fault } = await grantOf(bench)
    fault([{ ...companionGrant, scope: [], allow_all_scopes: true }])
    bench.tenant.clearLog()
    expect((await provision(bench)).stdout).toContain('scope: all → update:users')
    const patch = bench.tenant.requests().find(({ method }) => method === 'PATCH')
    expect(patch?.json).toEqual({ scope: ['update:users'], allow_all_scopes: false })
  })

  it('has nothing to enable at a connection that serves its whole domain', async () => {
    const bench = await startBench()
    await provision(bench)
    const connections = [
      { id: 'con_domain', name: 'staff', strategy: 'samlp', is_domain_connection: true },
    ]
    const route = 'GET /api/v2/connections'
    bench.tenant.fault({ route, body: JSON.stringify({ connections }) })
    expect((await provision(bench)).stdout).toContain('Nothing changes')
  })

  it('shows no secret of the companion that it has only read', async () => {
    const bench = await startBench()
    await provision(bench)
    const secret =
      bench.tenant.applications.all.find(({ caller }) => caller === 'action')?.clientSecret ?? ''
    const body = JSON.stringify({ statusCode: 400, message: `bad: ${secret}.` })
    bench.tenant.fault({ route: /PATCH .*actions\/actions/, status: 400, body })
    const { code, stderr } = await bench.run([], {}, versionTwo)
    expect(code).toBe(1)
    expect(stderr).toContain('bad: (secret).')
  })

  it('says what runs, as JSON and nothing else on stdout', async () => {
    const bench = await startBench()
    const { stdout } = await bench.run(['--provision', '--json'], {}, dist)
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'deploy',
      tenant: bench.tenant.canonicalDomain,
      action: 'account-linking',
      ok: true,
      changed: true,
      running: { version: 1, sha256: digest(ACTION) },
    })
    const { steps } = JSON.parse(stdout) as { steps: readonly { state: string; step: string }[] }
    expect(steps.map(({ step }) => step)).toEqual([
      'application',
      'grant',
      ...bench.tenant.connections.map(() => 'connection'),
      'action',
      'build',
      'deploy',
      'verify',
      'memory',
      'flow',
    ])
    expect(new Set(steps.map(({ state }) => state))).toEqual(new Set(['done']))
  })
})

it('does without custom domains where the plan has none, and not without their scope', async () => {
  const bench = await startBench()
  const fault = { route: 'GET /api/v2/custom-domains', status: NOT_OFFERED.statusCode }
  bench.tenant.fault({ ...fault, body: JSON.stringify(NOT_OFFERED) })
  expect((await provision(bench)).code).toBe(0)
  const companion = bench.tenant.applications.all.find(({ caller }) => caller === 'action')
  expect(companion?.redirectUris).toEqual([`https://${bench.tenant.canonicalDomain}/continue`])
  const refusal = {
    errorCode: 'insufficient_scope',
    message: 'Insufficient scope, expected any of: read:custom_domains',
  }
  bench.tenant.fault({ ...fault, body: JSON.stringify(refusal) })
  expect((await provision(bench)).stderr).toContain('lacks read:custom_domains')
})

describe('the post-login flow', () => {
  const OTHERS = ['Deny Strangers', 'Challenge', 'Enrich', 'Log', 'Last Word']

  it.each([
    ['last by default', [], [...OTHERS, 'account-linking']],
    ['first', ['--position', 'first'], ['account-linking', ...OTHERS]],
    [
      'third',
      ['--position', '3'],
      ['Deny Strangers', 'Challenge', 'account-linking', 'Enrich', 'Log', 'Last Word'],
    ],
  ])('%s, with all others in their order, over every page', async (_, args, expected) => {
    const bench = await startBench({ maxPageSize: 2 })
    await bindOthers(bench, ...OTHERS)
    const { code } = await bench.run(['--provision', ...args], {}, dist)
    expect(code).toBe(0)
    expect(await bench.places()).toEqual(expected)
    const again = await bench.run(['--provision', ...args], {}, dist)
    expect(again.stdout).toContain('Nothing changes')
  })

  it('is not written where the tenant shows less than it has', async () => {
    const bench = await startBench()
    await bindOthers(bench, ...OTHERS)
    bench.tenant.fault({
      route: /GET .*post-login\/bindings/,
      status: 200,
      body: JSON.stringify({ bindings: [], total: 5 }),
    })
    const { code, stderr } = await provision(bench)
    expect(code).toBe(1)
    expect(stderr).toMatch(/shows 0 of 5 bindings/)
    expect(await bench.places()).toEqual(OTHERS)
  })
})

describe('--rollback', () => {
  it('returns to the version before, and again to the one before that', async () => {
    const bench = await startBench()
    await provision(bench)
    await bench.run([], {}, versionTwo)
    await bench.run([], {}, build(`${ACTION}// the third\n`))
    const first = await bench.run(['--rollback'])
    expect(first.code).toBe(0)
    expect(first.stdout).toContain('version 2 runs again, as version 4')
    expect(bench.running()?.code).toBe(`${ACTION}// a later one\n`)
    expect(bench.tenant.actions.findByName('account-linking')).toMatchObject({
      draft: { code: `${ACTION}// a later one\n` },
      allChangesDeployed: true,
    })
    const second = await bench.run(['--rollback'])
    expect(second.stdout).toContain('version 1 runs again, as version 5')
    expect(bench.running()?.code).toBe(ACTION)
    const third = await bench.run(['--rollback'])
    expect(third).toMatchObject({ code: 1, stderr: expect.stringContaining('no version') })
  })

  it('brings the settings back too, and the next deployment sends all of them', async () => {
    const bench = await startBench()
    await provision(bench)
    await bench.run([], { LINK_ALLOWED_CONNECTIONS: 'github' }, dist)
    expect((await bench.run(['--rollback'])).code).toBe(0)
    const { link } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens' })
    const { stdout } = await bench.run([], { LINK_ALLOWED_CONNECTIONS: 'github' }, dist)
    expect(stdout).toContain('AUTH0_DOMAIN: not known → ')
    expect(bench.running()?.number).toBe(4)
  })

  it('tells what was deployed last where the next deployment has to name it', async () => {
    const bench = await startBench()
    await provision(bench, { LINK_ENFORCE_MFA: 'yes', LINK_DEBUG: '*' })
    await bench.run([], { LINK_ENFORCE_MFA: 'always', LINK_DEBUG: '*' }, versionTwo)
    expect((await bench.run(['--rollback'])).code).toBe(0)
    const { code, stdout, stderr } = await bench.run([], { LINK_DEBUG: '*' }, versionTwo)
    expect(code).toBe(1)
    expect(stderr).toContain('set LINK_ENFORCE_MFA, or --drop ENFORCE_MFA')
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'ENFORCE_MFA was always when it was last deployed, and may be another now: set LINK_ENFORCE_MFA',
    )
    const named = { LINK_ENFORCE_MFA: 'always', LINK_DEBUG: '*' }
    const dry = await bench.run(['--dry-run', '--json'], named, versionTwo)
    const { steps } = JSON.parse(dry.stdout) as {
      readonly steps: readonly { readonly changes: readonly object[] }[]
    }
    expect(steps.flatMap(({ changes }) => changes)).toEqual(
      expect.arrayContaining([
        { what: 'ENFORCE_MFA', before: 'not known', after: 'always' },
        { what: 'DEBUG', before: 'not known', after: '*' },
        { what: 'AUTH0_CLIENT_SECRET', before: 'not known', after: '(secret)' },
      ]),
    )
    expect(await bench.run([], named, versionTwo)).toMatchObject({ code: 0 })
  })

  it('writes nothing in a dry run', async () => {
    const bench = await startBench()
    await provision(bench)
    await bench.run([], {}, versionTwo)
    bench.tenant.clearLog()
    const { code, stdout } = await bench.run(['--rollback', '--dry-run'])
    expect(code).toBe(0)
    expect(stdout).toContain('1 again')
    const { stdout: json } = await bench.run(['--rollback', '--dry-run', '--json'])
    expect(JSON.parse(json)).toMatchObject({
      command: 'rollback',
      changed: false,
      running: { version: 2, sha256: digest(`${ACTION}// a later one\n`) },
    })
    expect(bench.calls(/POST|PATCH/)).toEqual([])
  })

  it('is not done twice when the answer was lost', async () => {
    const bench = await startBench()
    await provision(bench)
    await bench.run([], {}, versionTwo)
    bench.tenant.fault({ route: /POST .*\/versions\/.*\/deploy/, break: 'lose' })
    const { code, stdout } = await bench.run(['--rollback'])
    expect(code).toBe(0)
    expect(stdout).toContain('version 1 runs again, as version 3')
  })

  it.each<[string, Variables, (bench: Bench) => void, RegExp]>([
    ['a setting that is none', { LINK_ENFORCE_MAF: 'yes' }, () => {}, /LINK_ENFORCE_MAF is no/],
    [
      'a companion that is not there',
      { LINK_AUTH0_CLIENT_ID: 'exampleNobodyClientId00000000001' },
      () => {},
      /Without the companion nobody knows.*application exampleNobody/,
    ],
    [
      'a companion that cannot be read',
      {},
      (bench) => bench.revoke('read:clients', 'read:client_keys'),
      /Without the companion nobody knows.*lacks read:clients/,
    ],
  ])('is not barred by %s', async (_, settings, spoil, note) => {
    const bench = await startBench()
    await provision(bench)
    await bench.run([], {}, versionTwo)
    spoil(bench)
    const { code, stdout, stderr } = await bench.run(['--rollback'], settings)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const text = stdout.replace(/\s+/g, ' ')
    expect(text).toMatch(note)
    expect(text).toContain('Now run npm run doctor')
    expect(bench.running()).toMatchObject({ number: 3, code: ACTION })
  })

  it('has nothing to do where nothing runs', async () => {
    const bench = await startBench()
    const { code, stderr } = await bench.run(['--rollback'])
    expect(code).toBe(1)
    expect(stderr).toContain('nothing to go back from')
  })
})

describe('trouble', () => {
  async function withVersionOne(options = {}, timing = {}): Promise<Bench> {
    const bench = await startBench(options, timing)
    await bindOthers(bench, 'Another')
    await provision(bench)
    return bench
  }

  const UNTOUCHED = { number: 1, code: ACTION }

  it('a failed build leaves what runs and the flow as they were', async () => {
    const bench = await withVersionOne()
    const { code, stderr } = await bench.run(['--position', 'first'], {}, build(BROKEN))
    expect(code).toBe(1)
    expect(stderr).toMatch(/The build failed; what runs and the flow are as before\. See /)
    expect(bench.running()).toMatchObject(UNTOUCHED)
    expect(await bench.places()).toEqual(['Another', 'account-linking'])
    const mended = await bench.run([], {}, versionTwo)
    expect(mended.code).toBe(0)
    expect(bench.running()?.number).toBe(2)
  })

  it('a failed build of the first version leaves nothing in the flow', async () => {
    const bench = await startBench()
    const { code } = await bench.run(['--provision'], {}, build(BROKEN))
    expect(code).toBe(1)
    expect(await bench.places()).toEqual([])
    expect((await provision(bench)).code).toBe(0)
    const { link } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens' })
  })

  it('a build that fails once is tried again by the same command', async () => {
    const bench = await withVersionOne()
    await bench.run([], {}, build(BROKEN))
    const again = await bench.run([], {}, build(BROKEN))
    expect(again.code).toBe(1)
    expect(again.stdout).toContain('build: failed → once more')
  })

  it('waits for a slow build, and tells that it goes on', async () => {
    const bench = await startBench({ buildDelayMs: 1_200 })
    const { code, stdout } = await provision(bench)
    expect(code).toBe(0)
    expect(stdout).toMatch(/built in [1-9]\d* s/)
  })

  it('does not wait for a build for ever', async () => {
    const bench = await startBench({ buildDelayMs: 60_000 }, { buildTimeoutMs: 100 })
    const { code, stderr } = await provision(bench)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /The build is not done after \d+ s; what runs and the flow are as before/,
    )
    expect(await bench.places()).toEqual([])
  })

  it('notices that something else runs than what was built', async () => {
    const bench: Bench = await startBench(
      {
        onEvent: (entry) => {
          // Somebody else deploys at the same time.
          if (entry.kind !== 'http' || !/actions\/[^/]+\/deploy$/.test(entry.path)) return
          const { id } = bench.tenant.actions.findByName('account-linking') ?? { id: '' }
          bench.tenant.actions.update(id, { code: OTHER })
          bench.tenant.actions.deploy(id)
        },
      },
      AT_ONCE,
    )
    const { code, stderr } = await provision(bench)
    expect(code).toBe(1)
    expect(stderr).toMatch(/What runs is not what was built: sha256 \w+ instead of sha256 \w+/)
    expect(await bench.places()).toEqual([])
  })

  it('notices a draft that somebody else changed meanwhile, whose secrets it cannot vouch for', async () => {
    const bench: Bench = await startBench(
      {
        onEvent: (entry) => {
          if (entry.kind !== 'http' || !/actions\/[^/]+\/deploy$/.test(entry.path)) return
          const { id } = bench.tenant.actions.findByName('account-linking') ?? { id: '' }
          bench.tenant.actions.update(id, { code: OTHER })
        },
      },
      AT_ONCE,
    )
    const { code, stderr } = await provision(bench)
    expect(code).toBe(1)
    expect(stderr).toContain('Somebody else changed the draft meanwhile: run the same command')
  })

  it('keeps what somebody else binds while it waits for the build', async () => {
    let binds = false
    const bench: Bench = await startBench({
      onEvent: (entry) => {
        if (!binds || entry.kind !== 'http' || !/actions\/[^/]+\/deploy$/.test(entry.path)) return
        const bound = bench.tenant.actions.bindings()
        const late = bench.tenant.actions.findByName('Late')
        bench.tenant.actions.bind([{ actionId: late?.id ?? '', displayName: 'Late' }, ...bound])
      },
    })
    await bindOthers(bench, 'Early', 'Late')
    await bindOthers(bench, 'Early')
    binds = true
    expect((await provision(bench)).code).toBe(0)
    expect(await bench.places()).toEqual(['Late', 'Early', 'account-linking'])
  })

  it.each([
    ['GET /api/v2/actions/actions', 'reset'],
    ['GET /api/v2/clients', 'reset'],
  ] as const)('%s survives a connection that breaks', async (route, broken) => {
    const bench = await startBench()
    bench.tenant.fault({ route, break: broken, times: 2 })
    const { code, stdout } = await provision(bench)
    expect(code).toBe(0)
    expect(stdout).toMatch(/no answer \(.*\): again in 0\.5 s/)
  })

  it.each([
    ['PATCH of the Action', /PATCH \/api\/v2\/actions\/actions\//, 'reset'],
    ['PATCH of the Action, which was done', /PATCH \/api\/v2\/actions\/actions\//, 'lose'],
    ['release, which was done', /POST \/api\/v2\/actions\/actions\/[^/]*\/deploy/, 'lose'],
    ['PATCH of the memory', /PATCH \/api\/v2\/clients\//, 'lose'],
    ['PATCH of the bindings', /PATCH .*bindings/, 'reset'],
    ['PATCH of the bindings, which was done', /PATCH .*bindings/, 'lose'],
  ] as const)('survives a connection lost at the %s', async (_, route, broken) => {
    const bench = await withVersionOne()
    bench.tenant.fault({ route, break: broken })
    const args = ['--position', 'first']
    const { code, stderr } = await bench.run(args, {}, versionTwo)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(bench.running()).toMatchObject({ number: 2, code: `${ACTION}// a later one\n` })
    expect(await bench.places()).toEqual(['account-linking', 'Another'])
    expect((await bench.run(args, {}, versionTwo)).stdout).toContain('Nothing changes')
  })

  it('notices secrets that somebody else set while it waited for the build', async () => {
    let meddles = true
    const bench: Bench = await startBench({
      onEvent: (entry) => {
        if (!meddles || entry.kind !== 'http' || !/actions\/[^/]+\/deploy$/.test(entry.path)) return
        meddles = false
        const { id, draft } = bench.tenant.actions.findByName('account-linking') ?? { id: '' }
        const value = 'a-secret-of-somebody-else-of-32-characters'
        const secrets = (draft?.secrets ?? []).map((one) =>
          one.name === 'ACTION_SECRET' ? { ...one, value, updatedAt: '2100-01-01T00:00:00Z' } : one,
        )
        bench.tenant.actions.update(id, { secrets })
        bench.tenant.actions.deploy(id)
      },
    })
    const { code, stderr } = await provision(bench)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^\S+ Version \d runs already; run the same command again/)
    expect(stderr).toContain('Somebody else changed its secrets')
    const again = await bench.run(['--provision'], {}, dist)
    expect(again.stdout).toContain('AUTH0_DOMAIN: not known → ')
    expect(again.code).toBe(0)
    const { link } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens' })
  })

  it('says that the version runs already where what comes after it fails', async () => {
    const bench = await withVersionOne()
    bench.tenant.fault({ route: /PATCH .*bindings/, break: 'reset', times: 3 })
    const { code, stderr } = await bench.run(['--position', 'first'], {}, versionTwo)
    expect(code).toBe(1)
    expect(stderr).toMatch(/Version 2 runs already; run the same command again/)
    expect(bench.running()?.number).toBe(2)
  })

  it.each([
    ['release', /POST \/api\/v2\/actions\/actions\/[^/]*\/deploy/, 1],
    ['PATCH of the bindings', /PATCH .*bindings/, 3],
  ] as const)(
    'a connection lost for good at the %s is told, and mended by the same command',
    async (_, route, times) => {
      const bench = await withVersionOne({}, AT_ONCE)
      bench.tenant.fault({ route, break: 'reset', times })
      const args = ['--position', 'first']
      const { code, stderr } = await bench.run(args, {}, versionTwo)
      expect(code).toBe(1)
      expect(stderr).toMatch(/run the same command again/)
      expect(stderr).not.toContain('--rollback')
      expect(stderr.trim().split('\n')).toHaveLength(1)
      expect(await bench.places()).toEqual(['Another', 'account-linking'])
      expect((await bench.run(args, {}, versionTwo)).code).toBe(0)
      expect(bench.running()).toMatchObject({ number: 2, code: `${ACTION}// a later one\n` })
      expect(await bench.places()).toEqual(['account-linking', 'Another'])
      const { link } = await openScenario(bench.tenant)
      expect(await link()).toMatchObject({ type: 'tokens' })
    },
  )

  it.each([
    ['the client grant', 'POST /api/v2/client-grants'],
    ['the Action', 'POST /api/v2/actions/actions'],
  ])('what was made without an answer is found again: %s', async (_, route) => {
    const bench = await startBench()
    bench.tenant.fault({ route, break: 'lose' })
    expect((await provision(bench)).code).toBe(1)
    expect((await provision(bench)).code).toBe(0)
    const companions = bench.tenant.applications.all.filter(({ caller }) => caller === 'action')
    expect(companions).toHaveLength(1)
    const { link } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens' })
  })

  // By a clock that stands still, so that it is as long at the third request as at the first.
  const DATE = new Date(1_800_000_000_000).toUTCString()

  it.each([
    ['Retry-After', { 'retry-after': '1' }],
    ['X-RateLimit-Reset', { date: DATE, 'x-ratelimit-reset': '1800000001' }],
  ])('waits as %s tells, for reading and writing', async (_, headers) => {
    const bench = await startBench()
    const body = JSON.stringify({ statusCode: 429, errorCode: 'too_many_requests' })
    for (const route of [/GET .*bindings/, 'POST /api/v2/clients', 'POST /oauth/token'])
      bench.tenant.fault({ route, status: 429, headers, body })
    const { code, stdout } = await provision(bench)
    expect(code).toBe(0)
    expect(stdout.match(/too many requests: again in 1\.0 s/g)).toHaveLength(3)
    const companions = bench.tenant.applications.all.filter(({ caller }) => caller === 'action')
    expect(companions).toHaveLength(1)
  })

  it('does not wait for an hour', async () => {
    const bench = await startBench()
    const headers = { 'retry-after': '3600' }
    bench.tenant.fault({ route: 'GET /api/v2/clients', status: 429, headers, body: '{}' })
    const { code, stderr } = await provision(bench)
    expect(code).toBe(1)
    expect(stderr).toMatch(/too many requests; run the same command again later/)
  })

  it('names all scopes that lack for reading, before anything else', async () => {
    const bench = await startBench()
    bench.revoke('read:clients', 'read:connections')
    const { code, stderr } = await provision(bench)
    expect(code).toBe(1)
    expect(stderr).toMatch(/The token lacks read:clients, read:connections: grant them at /)
    expect(bench.calls()).toEqual([])
  })

  it('names all scopes that lack for writing, before it writes', async () => {
    const bench = await startBench()
    bench.revoke('create:clients', 'update:actions', 'read:client_keys')
    const { code, stderr } = await provision(bench)
    expect(code).toBe(1)
    expect(stderr).toMatch(/lacks create:clients, read:client_keys, update:actions/)
    expect(bench.calls(/POST|PATCH/)).toEqual([])
    const dry = await bench.run(['--provision', '--dry-run'], {}, dist)
    expect(dry.code).toBe(0)
    expect(dry.stdout.replace(/\s+/g, ' ')).toContain('lacks create:clients')
  })

  it('names the scope that the tenant asks for, whatever the token says', async () => {
    const bench = await startBench()
    const message = 'Insufficient scope, expected any of: create:client_grants'
    bench.tenant.fault({
      route: 'POST /api/v2/client-grants',
      status: 403,
      body: JSON.stringify({ statusCode: 403, errorCode: 'insufficient_scope', message }),
    })
    const { code, stderr } = await provision(bench)
    expect(code).toBe(1)
    expect(stderr).toMatch(/lacks create:client_grants/)
  })

  it.each([
    ['a wrong secret', { AUTH0_CLIENT_SECRET: 'wrong' }, /refuses AUTH0_CLIENT_ID/],
    ['a wrong client', { AUTH0_CLIENT_ID: 'nobody' }, /refuses AUTH0_CLIENT_ID/],
    ['a token of nobody', { AUTH0_ACCESS_TOKEN: 'nonsense' }, /the access token is expired/],
  ])('says what to do about %s', async (_, settings, expected) => {
    const bench = await startBench()
    const { code, stderr } = await bench.run(['--provision'], settings, dist)
    expect(code).toBe(1)
    expect(stderr).toMatch(expected)
  })

  it('wants the canonical domain', async () => {
    const bench = await startBench()
    const settings = { AUTH0_DOMAIN: bench.tenant.customDomain }
    const { code, stderr } = await bench.run(['--provision'], settings, dist)
    expect(code).toBe(1)
    expect(stderr).toContain('AUTH0_DOMAIN is not the canonical domain')
  })

  it('tells the failure as JSON as well', async () => {
    const bench = await startBench()
    const { code, stdout, stderr } = await bench.run(['--json'], {}, dist)
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: expect.stringContaining('--provision'),
    })
    expect(stderr).toContain('--provision')
  })
})
