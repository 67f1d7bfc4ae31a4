import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Variables } from '../../scripts/deploy/config.ts'
import { ALEX, openScenario } from '../e2e/scenario.ts'
import { ROOT, RUN, start, variablesFor, workFolder } from './processes.ts'
import { startBench } from './tenant.ts'

/** As npm starts it, in a folder of its own. */
const run = (args: readonly string[], env: Variables) =>
  start(process.execPath, [RUN, ...args], { cwd: workFolder(), env })

describe('as processes of their own', () => {
  it('deploy brings an empty tenant to a link, and doctor agrees', async () => {
    const bench = await startBench()
    const env = variablesFor(bench)
    const settings = { LINK_PRIMARY_MAX_AUTH_AGE: '600' }
    const deployed = await run(['deploy', '--provision'], { ...env, ...settings })
    expect(deployed).toMatchObject({ code: 0, stderr: '' })
    const dist = await readFile(join(ROOT, 'dist/action.js'), 'utf8')
    expect(bench.running()?.code).toBe(dist)
    const checked = await run(['doctor'], env)
    expect(checked).toMatchObject({ code: 0, stderr: '' })
    const { link } = await openScenario(bench.tenant)
    expect(await link()).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
  })

  it('goes on to the end when nobody reads any more', async () => {
    const bench = await startBench()
    const { code, stderr } = await start(process.execPath, [RUN, 'deploy', '--provision'], {
      env: variablesFor(bench),
      stopsReading: true,
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(bench.running()).toBeDefined()
  })

  it('a failure ends at once, with one line on stderr', async () => {
    const bench = await startBench()
    const env = { ...variablesFor(bench), AUTH0_CLIENT_SECRET: 'wrong' }
    for (const [command, code] of [
      ['deploy', 1],
      ['doctor', 2],
    ] as const) {
      const ran = await run([command], env)
      expect(ran).toMatchObject({ code, stdout: '' })
      expect(ran.stderr.trim().split('\n')).toHaveLength(1)
      // The SDK's own timer would keep a process for minutes.
      expect(ran.msFromLastWord).toBeLessThan(15_000)
    }
  })
})
