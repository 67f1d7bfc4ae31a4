import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeBlocks, sectionOf } from '../readme/blocks.ts'
import { companionOf, expectConfirmedLink, runCli, TIMEOUT_MS } from './cli.ts'
import { ROOT, workFolder } from './processes.ts'
import { startBench } from './tenant.ts'

describe('auth0-deploy-cli', () => {
  it('imports the folder to copy, by the commands of its page, and a link works once confirmed', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const bench = await startBench()
    const folder = workFolder()
    await mkdir(join(folder, 'dist'))
    await cp(join(ROOT, 'dist/action.js'), join(folder, 'dist/action.js'))
    await cp(join(ROOT, '.github/deploy/auth0-deploy-cli/tenant.yaml'), join(folder, 'tenant.yaml'))
    const page = sectionOf('.github/deploy.md', 'With auth0-deploy-cli')
    const [first, second, ...more] = codeBlocks('sh', page).map((code) => readCommand(code.trim()))
    if (first === undefined || second === undefined || more.length > 0)
      throw new Error('not two commands')
    const others = bench.tenant.applications.all.map(({ clientId }) => clientId)
    bench.tenant.install({ name: 'another', code: 'exports.onExecutePostLogin = async () => {}' })

    await runCli(bench, folder, first.args, first.included, first.variables)
    const values = companionOf(bench, 'Account linking')
    const { data } = await bench.management.connections.list()
    for (const { id = '' } of data)
      await bench.management.connections.clients.update(id, [
        { client_id: values.AUTH0_CLIENT_ID, status: true },
      ])
    await runCli(bench, folder, second.args, second.included, {
      ...second.variables,
      LINK_AUTH0_CLIENT_ID: values.AUTH0_CLIENT_ID,
      LINK_AUTH0_CLIENT_SECRET: values.AUTH0_CLIENT_SECRET,
      LINK_ACTION_SECRET: values.ACTION_SECRET,
    })
    await expectConfirmedLink(bench, 'https://app.example.com/linking')
    // Neither is in tenant.yaml, and the tool would have deleted both.
    const { data: clients } = await bench.management.clients.list()
    expect(clients.map(({ client_id }) => client_id)).toEqual(expect.arrayContaining(others))
    const { data: actions } = await bench.management.actions.list()
    expect(actions.map(({ name }) => name)).toContain('another')
    expect(bench.calls(/DELETE/)).toEqual([])
  })
})

/** A command of the page: what it sets over an environment that may delete, and the arguments behind the command. */
function readCommand(line: string) {
  const [, deleting, included, args] =
    /^AUTH0_ALLOW_DELETE=(\w+) AUTH0_INCLUDED_ONLY='([^']+)' a0deploy (.+) --env true$/.exec(
      line,
    ) ?? []
  if (deleting === undefined || included === undefined || args === undefined)
    throw new Error(`not understood: ${line}`)
  return {
    variables: { AUTH0_ALLOW_DELETE: deleting },
    included: JSON.parse(included) as readonly string[],
    args: args.split(' '),
  }
}
