import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { blockOf } from '../readme/blocks.ts'
import { companionOf, expectLink, ROOT, runCli, TIMEOUT_MS, workFolder } from './cli.ts'
import { startBench } from './tenant.ts'

describe('auth0-deploy-cli', () => {
  it('imports the folder of the README, and a link works', { timeout: TIMEOUT_MS }, async () => {
    const bench = await startBench()
    const folder = await workFolder()
    await mkdir(join(folder, 'dist'))
    await cp(join(ROOT, 'dist/action.js'), join(folder, 'dist/action.js'))
    await writeFile(join(folder, 'tenant.yaml'), blockOf('With auth0-deploy-cli', 'yaml'))
    const [first, second] = blockOf('With auth0-deploy-cli', 'sh')
      .trim()
      .split('\n')
      .map(readCommand)
    if (first === undefined || second === undefined) throw new Error('not two commands')

    await runCli(bench, folder, first.args, first.included)
    const values = companionOf(bench, 'Account linking')
    const { data } = await bench.management.connections.list()
    for (const { id = '' } of data)
      await bench.management.connections.clients.update(id, [
        { client_id: values.AUTH0_CLIENT_ID, status: true },
      ])
    await runCli(bench, folder, second.args, second.included, {
      LINK_AUTH0_CLIENT_ID: values.AUTH0_CLIENT_ID,
      LINK_AUTH0_CLIENT_SECRET: values.AUTH0_CLIENT_SECRET,
      LINK_ACTION_SECRET: values.ACTION_SECRET,
    })
    await expectLink(bench)
  })
})

/** A line of the README: what it sets, and the arguments behind the command. */
function readCommand(line: string) {
  const [, included, args] =
    /^AUTH0_INCLUDED_ONLY='([^']+)' a0deploy (.+) --env true$/.exec(line) ?? []
  if (included === undefined || args === undefined) throw new Error(`not understood: ${line}`)
  return { included: JSON.parse(included) as readonly string[], args: args.split(' ') }
}
