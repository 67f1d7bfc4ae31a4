import { describe, expect, it } from 'vitest'
import { isVouchedFor } from '../../scripts/deploy/adopt.ts'
import { markCompanion } from '../../scripts/deploy/memory.ts'
import { makePlan } from '../../scripts/deploy/plan.ts'
import { ALEX, openScenario } from '../e2e/scenario.ts'
import {
  action,
  CLIENT_ID,
  companion,
  deployed,
  empty,
  NAME,
  remembered,
  surroundings,
  version,
  wanted,
} from './fixtures.ts'
import { ACTION, type Bench, startBench } from './tenant.ts'

const provision = (bench: Bench, settings = {}) =>
  bench.run(['--provision'], settings, async () => ACTION)

/** Somebody who may make applications, and give none a permission; they know its secret. */
async function plant(bench: Bench, callbacks: readonly string[], metadata = markCompanion(NAME)) {
  const { client_id: id = '' } = await bench.management.clients.create({
    name: 'Account linking (account-linking)',
    app_type: 'regular_web',
    grant_types: ['authorization_code', 'client_credentials'],
    token_endpoint_auth_method: 'client_secret_post',
    callbacks: [...callbacks],
    client_metadata: { ...metadata },
  })
  bench.tenant.clearLog()
  return id
}

const callbackOf = ({ tenant }: Bench) => `https://${tenant.canonicalDomain}/continue`

const permissionOf = async ({ management }: Bench, clientId: string) =>
  (await management.clientGrants.list({ client_id: clientId })).data.map(({ scope }) => scope)

describe('an application that bears the mark of the companion', () => {
  it.each<[string, (bench: Bench) => readonly string[]]>([
    ['another callback', () => ['https://evil.example.com/callback']],
    ['ours and another', (bench) => [callbackOf(bench), 'https://evil.example.com/callback']],
    ['a /continue of another host', () => ['https://evil.example.com/continue']],
    ['ours without TLS', (bench) => [callbackOf(bench).replace('https:', 'http:')]],
    ['ours with more behind', (bench) => [`${callbackOf(bench)}/x`]],
  ])('stops a first deployment, saying why: %s', async (_, callbacks) => {
    const bench = await startBench()
    const planted = await plant(bench, callbacks(bench))
    for (const args of [['--provision'], ['--provision', '--dry-run'], []]) {
      const { code, stderr } = await bench.run(args, {}, async () => ACTION)
      expect(code).toBe(1)
      expect(stderr).toContain(`${planted} bears the mark of the companion of account-linking`)
      expect(stderr).toContain('Delete it if you do not know it')
    }
    const named = await provision(bench, { LINK_AUTH0_CLIENT_ID: planted })
    expect(named).toMatchObject({ code: 1, stderr: expect.stringContaining('addresses of') })
    expect(bench.calls(/POST|PATCH|PUT/)).toEqual([])
    expect(await permissionOf(bench, planted)).toEqual([])
  })

  it('is given nothing by its mark, and another one is made beside it', async () => {
    const bench = await startBench()
    const planted = await plant(bench, [callbackOf(bench)])
    const { code, stdout } = await provision(bench)
    expect(code).toBe(0)
    expect(stdout.replace(/\s+/g, ' ')).toContain(`${planted} bears the mark of a companion, and`)
    expect(await permissionOf(bench, planted)).toEqual([])
    const { link } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
    // Later deployments tell the two apart by the permission.
    for (const args of [[], ['--provision']]) {
      const again = await bench.run(args, {}, async () => ACTION)
      expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing changes') })
    }
    expect(await permissionOf(bench, planted)).toEqual([])
  })

  it('is given nothing for a memory of what was never deployed', async () => {
    const bench = await startBench()
    const planted = await plant(bench, [callbackOf(bench)], {
      ...markCompanion(NAME),
      account_linking_deployed: 'version=1',
    })
    expect((await provision(bench)).code).toBe(0)
    expect(await permissionOf(bench, planted)).toEqual([])
  })

  it('is not deployed with either, where nobody provisions', async () => {
    const bench = await startBench()
    const planted = await plant(bench, [callbackOf(bench)])
    const { code, stderr } = await bench.run([], {}, async () => ACTION)
    expect(code).toBe(1)
    expect(stderr).toContain(`no companion application but ${planted}`)
    expect(bench.calls(/POST|PATCH/)).toEqual([])
  })

  it('is the companion where it is named', async () => {
    const bench = await startBench()
    const made = await plant(bench, [callbackOf(bench)])
    expect((await provision(bench, { LINK_AUTH0_CLIENT_ID: made })).code).toBe(0)
    expect(await permissionOf(bench, made)).toEqual([['update:users']])
    // From then on the Action's own deployment vouches for it.
    expect((await provision(bench)).stdout).toContain('Nothing changes')
  })

  it('makes the run stop where several have the permission, or none', async () => {
    const bench = await startBench()
    const [one, other] = [
      await plant(bench, [callbackOf(bench)]),
      await plant(bench, [callbackOf(bench)]),
    ]
    const { code, stderr } = await provision(bench)
    expect(code).toBe(1)
    expect(stderr).toContain('Several applications are marked')
    for (const id of [one, other]) expect(stderr).toContain(id)
    expect(bench.calls(/POST|PATCH/)).toEqual([])
  })

  it('is made anew where the answer to its creation was lost, and the first is told', async () => {
    const bench = await startBench()
    bench.tenant.fault({ route: 'POST /api/v2/clients', break: 'lose' })
    expect((await provision(bench)).code).toBe(1)
    const { code, stdout } = await provision(bench)
    expect(code).toBe(0)
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'or if a deployment of yours broke off that made it',
    )
    const { link } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens' })
  })
})

describe('who vouches for what bears the mark', () => {
  const marked = companion({ metadata: markCompanion(NAME) })
  const nothing = surroundings({ grant: undefined })
  const permission = (scopes: readonly string[]) =>
    surroundings({ grant: { id: 'cgr_1', scopes, allScopes: false } })

  it.each([
    ['nobody, at a first deployment', {}, empty({ companion: marked }), false],
    [
      'the person, by its id',
      { settings: { AUTH0_CLIENT_ID: CLIENT_ID } },
      empty({ companion: marked }),
      true,
    ],
    ['a memory of this Action', {}, deployed({ surroundings: nothing }), true],
    [
      'no memory of another Action',
      { actionName: 'second' },
      deployed({ surroundings: nothing }),
      false,
    ],
    [
      'no memory of a version that is still to come',
      {},
      deployed({ companion: companion({ metadata: remembered({}, 4) }), surroundings: nothing }),
      false,
    ],
    [
      'a memory of an older version',
      {},
      deployed({ action: action({ running: version({ number: 9 }) }), surroundings: nothing }),
      true,
    ],
    [
      'no memory where nothing was deployed',
      {},
      deployed({ action: action({ running: undefined }), surroundings: nothing }),
      false,
    ],
    [
      'the permission that it has',
      {},
      empty({ companion: marked, surroundings: permission(['update:users']) }),
      true,
    ],
    [
      'no other permission',
      {},
      empty({ companion: marked, surroundings: permission(['read:users']) }),
      false,
    ],
  ])('%s', (_, overrides, tenant, expected) => {
    expect(isVouchedFor(wanted(overrides), tenant)).toBe(expected)
  })

  it('stops at a foreign address, whatever permission it has', () => {
    const tenant = empty({
      companion: companion({
        metadata: markCompanion(NAME),
        otherAddresses: ['https://app.example.com'],
      }),
      surroundings: surroundings(),
    })
    expect(makePlan(wanted(), tenant)).toEqual({
      problem: expect.stringContaining('https://app.example.com, which no companion has'),
    })
  })

  it('stops at more permission than a companion has', () => {
    const tenant = empty({
      companion: marked,
      surroundings: permission(['update:users', 'read:users']),
    })
    expect(makePlan(wanted(), tenant)).toEqual({
      problem: expect.stringContaining('at the Management API it has read:users'),
    })
  })
})
