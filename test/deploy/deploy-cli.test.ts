import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { companionOf, expectLink, runCli, TIMEOUT_MS } from './cli.ts'
import { workFolder } from './processes.ts'
import { ACTION, startBench } from './tenant.ts'

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.flatMap((one) => (one.isFile() ? [join(one.parentPath, one.name)] : []))
}

describe('auth0-deploy-cli', () => {
  it('exports what was deployed, and an empty tenant that imports it links', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const from = await startBench()
    expect((await from.run(['--provision'], {}, async () => ACTION)).code).toBe(0)
    const folder = workFolder()
    const kinds = ['actions', 'triggers', 'clients', 'clientGrants', 'databases', 'connections']
    await runCli(from, folder, ['export', '-f', 'directory', '-o', 'out'], kinds)

    const read = (path: string) => readFile(join(folder, 'out', path), 'utf8')
    expect(await read('actions/account-linking/code.js')).toBe(ACTION)
    expect(JSON.parse(await read('actions/account-linking.json'))).toMatchObject({
      runtime: 'node22',
      deployed: true,
      dependencies: [],
      supported_triggers: [{ id: 'post-login', version: 'v3' }],
    })
    expect(JSON.parse(await read('triggers/triggers.json'))).toEqual({
      'post-login': [{ action_name: 'account-linking', display_name: 'account-linking' }],
    })

    const to = await startBench()
    for (const file of await filesBelow(join(folder, 'out'))) {
      const text = (await readFile(file, 'utf8'))
        .replaceAll(from.tenant.canonicalDomain, to.tenant.canonicalDomain)
        .replaceAll(from.tenant.customDomain, to.tenant.customDomain)
      await writeFile(file, text)
    }
    await runCli(
      to,
      folder,
      ['import', '-i', 'out'],
      ['clients', 'clientGrants', 'databases', 'connections'],
    )
    const values: Readonly<Record<string, string>> = companionOf(
      to,
      'Account linking (account-linking)',
    )
    const action = JSON.parse(await read('actions/account-linking.json'))
    for (const secret of action.secrets) secret.value = values[secret.name]
    await writeFile(join(folder, 'out/actions/account-linking.json'), JSON.stringify(action))
    await runCli(to, folder, ['import', '-i', 'out'], ['actions', 'triggers'])
    await expectLink(to)
  })
})
