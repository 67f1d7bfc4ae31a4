import { ManagementError } from 'auth0'
import { describe, expect, it } from 'vitest'
import type { Application } from '../../scripts/tenant/applications.ts'
import { ACTION, type Bench, startBench } from './tenant.ts'

const COUNT = 1_200

/** As many more applications as a tenant may have and a numbered list cannot show. */
function addApplications({ tenant: { applications } }: Bench): void {
  const { web } = applications
  for (let number = 0; number < COUNT; number += 1) {
    const clientId = `exampleCustomer${String(number).padStart(5, '0')}`
    applications.put({ ...web, clientId, name: `Example Customer ${number}` })
  }
}

const isCompanion = ({ name }: Application): boolean => name.startsWith('Account linking (')
const companionsOf = ({ tenant }: Bench) => tenant.applications.all.filter(isCompanion)

const statusOf = async (answer: Promise<unknown>): Promise<number | undefined> =>
  answer.then(
    () => 200,
    (error: unknown) => (error instanceof ManagementError ? error.statusCode : undefined),
  )

describe('a tenant of 1,200 applications', () => {
  it('refuses what is beyond 1,000 by number, as the platform does', async () => {
    const bench = await startBench()
    addApplications(bench)
    const { clients } = bench.management
    expect(await statusOf(clients.list({ page: 19, per_page: 50 }))).toBe(200)
    expect(await statusOf(clients.list({ page: 20, per_page: 50 }))).toBe(400)
    expect(await statusOf(clients.list({ page: 10, per_page: 100 }))).toBe(400)
    expect(await statusOf(clients.list({ per_page: 101 }))).toBe(400)
  })

  it.each([100, 7])('is deployed to, and its companion found, at %i on a page', async (size) => {
    const bench = await startBench({ maxPageSize: size })
    addApplications(bench)
    const deploy = (settings = {}) => bench.run(['--provision'], settings, async () => ACTION)
    expect(await deploy()).toMatchObject({ code: 0, stderr: '' })
    // Behind all the others.
    expect(bench.tenant.applications.all.findIndex(isCompanion)).toBeGreaterThan(COUNT)
    const again = await deploy()
    expect(again.stdout).toContain('Nothing changes')
    expect(companionsOf(bench)).toHaveLength(1)
  })

  it('is examined, the last of its applications included', async () => {
    const bench = await startBench()
    addApplications(bench)
    await bench.run(['--provision'], {}, async () => ACTION)
    const { applications } = bench.tenant
    const [last] = applications.all.filter(({ name }) => name.endsWith(` ${COUNT - 1}`))
    if (last === undefined) throw new Error('no last one')
    const values = { ...last.values, jwt_configuration: { alg: 'HS256' } }
    applications.put({ ...last, values })
    const { code, stdout } = await bench.examine()
    expect(code).toBe(0)
    expect(stdout).toContain(`application ${last.name}`)
  })
})

it('makes no second companion where the list of applications cannot be read', async () => {
  const bench = await startBench()
  await bench.run(['--provision'], {}, async () => ACTION)
  bench.tenant.fault({ route: 'GET /api/v2/clients', status: 200, body: '[]' })
  const { code, stderr } = await bench.run(['--provision'], {}, async () => ACTION)
  expect(code).toBe(1)
  expect(stderr).toContain('lists its applications in a form that is not known here')
  expect(companionsOf(bench)).toHaveLength(1)
})

it('names the size of every page that it asks for, and asks for no empty one', async () => {
  const bench = await startBench()
  await bench.run(['--provision'], {}, async () => ACTION)
  bench.tenant.clearLog()
  await bench.run(['--rollback', '--dry-run'])
  await bench.examine()
  const lists = bench.tenant
    .requests()
    .filter(
      ({ method, path }) => method === 'GET' && /(actions|versions|bindings|clients)$/.test(path),
    )
  expect(lists.length).toBeGreaterThan(4)
  for (const { query } of lists) expect(query.per_page ?? query.take).toBe('50')
  // One way of paging or the other.
  expect(lists.filter(({ query }) => query.page && query.take)).toEqual([])
  const pages = lists.map(({ query }) => query.page ?? '0')
  expect(new Set(pages)).toEqual(new Set(['0']))
})
