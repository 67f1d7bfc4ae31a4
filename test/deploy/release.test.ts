import { describe, expect, it } from 'vitest'
import { notBuilt } from '../../scripts/tenant/management-actions.ts'
import { ACTION, type Bench, startBench } from './tenant.ts'

const dist = async () => ACTION
const versionTwo = async () => `${ACTION}// a later one\n`
const provision = (bench: Bench) => bench.run(['--provision'], {}, dist)

const releases = ({ tenant }: Bench) =>
  tenant.requests().filter(({ method, path }) => method === 'POST' && path.endsWith('/deploy'))

const { status, body } = notBuilt()
const TOO_EARLY = { route: /\/deploy$/, status, body: JSON.stringify(body) }

describe('the release', () => {
  it('takes create:actions, which is named before anything is written', async () => {
    const bench = await startBench()
    await provision(bench)
    bench.tenant.clearLog()
    bench.revoke('create:actions')
    const { code, stderr } = await bench.run([], {}, versionTwo)
    expect(code).toBe(1)
    expect(stderr).toContain('The token lacks create:actions: grant it at')
    expect(bench.calls(/POST|PATCH/)).toEqual([])
  })

  it('is refused by the tenant without create:actions, whatever else is granted', async () => {
    const bench = await startBench()
    await provision(bench)
    const { id = '', deployed } = bench.tenant.actions.findByName('account-linking') ?? {}
    const { actions } = bench.management
    bench.revoke('create:actions')
    const refusal = { statusCode: 403, body: { errorCode: 'insufficient_scope' } }
    await expect(actions.deploy(id)).rejects.toMatchObject(refusal)
    await expect(actions.versions.deploy(id, deployed?.id ?? '')).rejects.toMatchObject(refusal)
    expect(bench.running()?.number).toBe(1)
  })

  it('is answered 202, and 400 where there is no such Action', async () => {
    const bench = await startBench()
    await provision(bench)
    expect(releases(bench).map((one) => one.status)).toEqual([202])
    const missing = bench.management.actions.deploy('nothing')
    await expect(missing).rejects.toMatchObject({ statusCode: 400 })
  })

  it('is asked for again where the tenant does not take for built what it has just said is', async () => {
    const bench = await startBench()
    bench.tenant.fault({ ...TOO_EARLY, times: 2 })
    const { code, stderr } = await provision(bench)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(releases(bench).map((one) => one.status)).toEqual([400, 400, 202])
    expect(bench.running()?.number).toBe(1)
  })

  it('is not asked for again for ever', async () => {
    const bench = await startBench({}, { settleTimeoutMs: 0 })
    bench.tenant.fault({ ...TOO_EARLY, times: 1_000 })
    const { code, stderr } = await provision(bench)
    expect(code).toBe(1)
    expect(stderr).toMatch(/the tenant answers 400 A draft must be in the 'built' state/)
    expect(bench.running()).toBeUndefined()
    expect(await bench.places()).toEqual([])
  })

  it('is not asked for again where it is refused for something else', async () => {
    const bench = await startBench()
    bench.tenant.fault({ ...TOO_EARLY, body: '{"message": "Invalid request"}' })
    const { code } = await provision(bench)
    expect(code).toBe(1)
    expect(releases(bench).map((one) => one.status)).toEqual([400])
  })
})

describe('--rollback', () => {
  it('takes create:actions and no other scope for writing Actions', async () => {
    const bench = await startBench()
    await provision(bench)
    await bench.run([], {}, versionTwo)
    bench.revoke('create:actions')
    const { code, stderr } = await bench.run(['--rollback'])
    expect(code).toBe(1)
    expect(stderr).toContain('The token lacks create:actions')
    expect(bench.running()?.number).toBe(2)
  })

  it('does without update:actions', async () => {
    const bench = await startBench()
    await provision(bench)
    await bench.run([], {}, versionTwo)
    bench.revoke('update:actions')
    expect((await bench.run(['--rollback'])).code).toBe(0)
    expect(bench.running()).toMatchObject({ number: 3, code: ACTION })
  })
})
