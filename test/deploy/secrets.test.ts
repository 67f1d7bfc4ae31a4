import { expect, it, vi } from 'vitest'
import { ACTION, type Ran, startBench } from './tenant.ts'

const ACTION_SECRET = 'example-action-secret-of-32-characters-or-more'
const CLIENT_SECRET = 'example-client-secret-of-something-else-entirely'

it('no output of any flow holds a secret or a token', async () => {
  const consoles = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
    vi.spyOn(console, name),
  )
  const bench = await startBench({ companion: 'registered', developerKeys: ['github'] })
  const { tenant, variables, run } = bench
  const dist = async () => ACTION
  const ran: Ran[] = []
  const seen = new Set<string>()

  const marked = () =>
    tenant.applications.all.find(({ name }) => name.startsWith('Account linking ('))

  /** Every secret that there is by now. */
  const collect = () => {
    for (const { clientSecret } of tenant.applications.all) seen.add(clientSecret)
    for (const { draft } of tenant.actions.all())
      for (const { name, value } of draft.secrets) if (/SECRET/.test(name)) seen.add(value)
  }
  const go = async (args: readonly string[], settings = {}, build = dist) => {
    ran.push(await run(args, settings, build))
    collect()
  }
  const doctor = async (args: readonly string[], settings = {}) => {
    ran.push(await bench.examine(args, settings))
  }

  await doctor([])
  for (const json of [[], ['--json']]) {
    await go(['--provision', '--dry-run', ...json])
    await go(['--provision', ...json], { LINK_ACTION_SECRET: ACTION_SECRET })
    await go(['--provision', ...json])
    await go([...json], { LINK_ENFORCE_MFA: json.length > 0 ? 'yes' : 'always' })
    await go([...json], { LINK_AUTH0_CLIENT_SECRET: CLIENT_SECRET })
    await go([...json], {}, async () => 'exports.onExecutePostLogin = async (')
    await go(['--rollback', ...json])
    await go([...json], { AUTH0_CLIENT_SECRET: 'a-wrong-secret-of-the-deployer' })
    await go([...json], { AUTH0_ACCESS_TOKEN: 'eyJhbGciOiJub25lIn0.e30.c2lnbmF0dXJl' })
    await go([...json], { LINK_ACTION_SECRET: 'a-short-secret' })
    await go([...json], { LINK_NESTED_PARAMS: 'client_id=a-value-of-nobody' })
    // A tenant that repeats what it was sent.
    const sent = [variables.AUTH0_CLIENT_SECRET, ACTION_SECRET, marked()?.clientSecret]
    for (const route of [/PATCH \/api\/v2\/actions\/actions\//, 'PATCH /api/v2/clients'])
      tenant.fault({
        route,
        status: 400,
        body: JSON.stringify({ statusCode: 400, message: `bad: ${sent.join(' ')}` }),
      })
    await go([...json], { LINK_ENFORCE_MFA: 'no', LINK_ACTION_SECRET: ACTION_SECRET })
    tenant.clearFaults()
    await doctor(json)
    await doctor(json, { AUTH0_CLIENT_SECRET: 'a-wrong-secret-of-the-deployer' })
  }

  const text = ran.map(({ stdout, stderr }) => stdout + stderr).join('\n')
  expect(new Set(ran.map(({ code }) => code))).toEqual(new Set([0, 1, 2]))
  expect(text.length).toBeGreaterThan(10_000)
  const all = [
    ...seen,
    ACTION_SECRET,
    CLIENT_SECRET,
    'a-wrong-secret-of-the-deployer',
    'a-short-secret',
    'a-value-of-nobody',
    'c2lnbmF0dXJl',
  ]
  expect(all.length).toBeGreaterThan(10)
  expect(all.filter((secret) => text.includes(secret))).toEqual([])
  expect(text).not.toMatch(/eyJ[\w-]+\.[\w-]+/)
  for (const spy of consoles) expect(spy).not.toHaveBeenCalled()
})
