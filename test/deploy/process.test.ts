import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Variables } from '../../scripts/deploy/config.ts'
import { ALEX, openScenario } from '../e2e/scenario.ts'
import { type Bench, type Ran, startBench } from './tenant.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The command as npm starts it: a process of its own, which trusts the tenant's certificate. */
async function runScript(
  script: 'deploy' | 'doctor',
  args: readonly string[],
  { tenant, variables }: Bench,
  more: Variables = {},
  reading: 'all' | 'the first part' = 'all',
): Promise<Ran> {
  const folder = await mkdtemp(join(tmpdir(), 'deploy-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const certificate = join(folder, 'tenant.pem')
  await writeFile(certificate, tenant.certificatePem)
  const child = spawn(process.execPath, [join(ROOT, 'scripts/run.js'), script, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: certificate, ...variables, ...more },
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (part) => {
    output.stdout += part
    if (reading === 'the first part') child.stdout.destroy()
  })
  child.stderr.on('data', (part) => {
    output.stderr += part
  })
  const code = await new Promise<number>((resolve) =>
    child.once('close', (status) => resolve(status ?? -1)),
  )
  return { code, ...output }
}

describe('as processes of their own', { timeout: 60_000 }, () => {
  it('deploy brings an empty tenant to a link, and doctor agrees', async () => {
    const bench = await startBench()
    const settings = { LINK_PRIMARY_MAX_AUTH_AGE: '600' }
    const deployed = await runScript('deploy', ['--provision'], bench, settings)
    expect(deployed).toMatchObject({ code: 0, stderr: '' })
    const dist = await readFile(join(ROOT, 'dist/action.js'), 'utf8')
    expect(bench.running()?.code).toBe(dist)
    const checked = await runScript('doctor', [], bench)
    expect(checked).toMatchObject({ code: 0, stderr: '' })
    const { link } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
  })

  it('goes on to the end when nobody reads any more', async () => {
    const bench = await startBench()
    const { code, stderr } = await runScript('deploy', ['--provision'], bench, {}, 'the first part')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(bench.running()).toBeDefined()
  })

  it('a failure ends at once, with one line on stderr', async () => {
    const bench = await startBench()
    const begun = performance.now()
    for (const [script, code] of [
      ['deploy', 1],
      ['doctor', 2],
    ] as const) {
      const more = { AUTH0_CLIENT_SECRET: 'wrong' }
      const ran = await runScript(script, [], bench, more)
      expect(ran).toMatchObject({ code, stdout: '' })
      expect(ran.stderr.trim().split('\n')).toHaveLength(1)
    }
    // The SDK's own timer would keep a process for minutes.
    expect(performance.now() - begun).toBeLessThan(15_000)
  })
})
