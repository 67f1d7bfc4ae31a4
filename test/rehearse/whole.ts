/** The whole rehearsal at a tenant of a configuration, and what has to come out of it. */
import { expect } from 'vitest'
import { startBench } from './bench.ts'
import { type Configuration, USUAL } from './configurations.ts'

export async function expectWhole({ differs, options, settings = {} }: Configuration) {
  const answers = { goneIdentity: 404, ...options.answers } as const
  const bench = await startBench({ ...options, answers })

  const ran = await bench.run()

  expect(ran.stderr).toBe('')
  expect(await bench.verdicts()).toEqual({ ...USUAL, ...differs })
  expect((await bench.document()).settings).toEqual(settings)
  expect(bench.left()).toEqual([])
  expect(ran.code).toBe(0)
  const page = await bench.text('rehearsal.md')
  for (const [name, value] of Object.entries(settings)) expect(page).toContain(`${name}=${value}`)
  expect(page).toContain('it says nothing about Auth0')
}
