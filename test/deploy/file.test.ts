import { expect, it } from 'vitest'
import { workFile } from './processes.ts'
import { ACTION, startBench } from './tenant.ts'

const fileOf = (text: string): string => workFile('action.js', text)

const builds = () => Promise.reject(new Error('it was built'))

it('deploys a file as it is, and the doctor compares with it', async () => {
  const bench = await startBench()
  const own = `${ACTION}// as it is\n`
  const file = fileOf(own)
  expect(await bench.run(['--provision', '--file', file], {}, builds)).toMatchObject({ code: 0 })
  expect(bench.running()?.code).toBe(own)
  expect((await bench.examine(['--file', file])).stdout).toMatch(/✓ version/)
  expect((await bench.examine()).stdout).not.toMatch(/✓ version/)
})

it.each([
  ['another program', 'exports.onExecutePostLogin = async () => {}', /has no onContinuePostLogin/],
  ['no file', undefined, /cannot be read/],
])('refuses %s, and writes nothing', async (_, text, problem) => {
  const bench = await startBench()
  const file = text === undefined ? '/nowhere/action.js' : fileOf(text)
  const { code, stderr } = await bench.run(['--provision', '--file', file], {}, builds)
  expect(code).toBe(1)
  expect(stderr).toMatch(problem)
  expect(bench.calls(/POST|PATCH/)).toEqual([])
  expect((await bench.examine(['--file', file])).code).toBe(2)
})

it('has no use for a file at a rollback', async () => {
  const bench = await startBench()
  const { code, stderr } = await bench.run(['--rollback', '--file', 'action.js'], {}, builds)
  expect(code).toBe(1)
  expect(stderr).toMatch(/--rollback goes with/)
})
