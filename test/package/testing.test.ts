/** The examples of a user's own tests, where the package is installed: run, and compiled. */

import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { olderNodes } from './nodes.ts'
import { ROOT, run } from './npm.ts'

const { folder, lean } = inject('installed')
const USER = join(ROOT, '.github/testing')

const WRITTEN = await readdir(USER)
for (const file of WRITTEN) await copyFile(join(USER, file), join(folder, file))

/** As strict as it gets, and the package's own types are checked with it. */
const STRICT = [
  '--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --noImplicitReturns',
  '--verbatimModuleSyntax --skipLibCheck false --module nodenext --target es2024 --ignoreConfig',
  '--allowJs --checkJs --types node',
].flatMap((line) => line.split(' '))

function compile(...files: readonly string[]) {
  const types = ['--typeRoots', join(ROOT, 'node_modules/@types')]
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  return run(tsc, [...STRICT, ...types, ...files], { cwd: folder })
}

describe("a user's own tests", () => {
  it.each(WRITTEN)('%s passes', async (file) => {
    const { code, stdout } = await run('node', ['--test', file], { cwd: folder })
    expect(stdout).toMatch(/^# pass [1-9]/m)
    expect(code, stdout).toBe(0)
  })

  it.each(olderNodes())('in memory they pass on Node $version', async ({ path: node }) => {
    const options = { cwd: folder, node }
    const { code, stdout } = await run('node', ['--test', 'in-memory.test.mjs'], options)
    expect(code, stdout).toBe(0)
  })

  it('in memory they need no optional dependency; the local tenant says that it does', async () => {
    for (const file of WRITTEN) await copyFile(join(USER, file), join(lean, file))
    const inMemory = await run('node', ['--test', 'in-memory.test.mjs'], { cwd: lean })
    expect(inMemory.code, inMemory.stdout).toBe(0)
    const local = await run('node', ['--test', 'local-tenant.test.mjs'], { cwd: lean })
    expect(local.code).toBe(1)
    expect(local.stdout).toContain(
      'the local tenant needs packages that were left out: npm install',
    )
  })

  it.each(WRITTEN)('%s compiles', async (file) => {
    expect(await compile(file)).toMatchObject({ code: 0, stdout: '' })
  })

  it('the types refuse what is wrong', async () => {
    const lines = [
      "import { buildEvent, createApi, type Handler, loadAction } from 'client-initiated-account-linking/testing'",
      'export const handler: Handler = async (event, api) => {',
      '  if (event.user.email === undefined) api.access.deny("No e-mail")',
      '}',
      'await handler(buildEvent({ user: { email: undefined } }), createApi().api)',
      'export const first: string | undefined = createApi().commands[0]?.type',
    ]
    await writeFile(join(folder, 'right.mts'), lines.join('\n'))
    expect(await compile('right.mts')).toMatchObject({ code: 0, stdout: '' })
    const wrong = [
      'buildEvent({ user: { mail: "" } })',
      'loadAction(1)',
      'createApi().api.deny("")',
    ]
    await writeFile(join(folder, 'wrong.mts'), [lines[0], ...wrong].join('\n'))
    const { stdout } = await compile('wrong.mts')
    const places = [...stdout.matchAll(/^wrong\.mts\((\d)/gm)].map(([, line]) => line)
    expect(places).toEqual(['2', '3', '4'])
  })

  it('the entry for the Action has its two handlers, typed, as a default import', async () => {
    const lines = [
      "import action from 'client-initiated-account-linking/action'",
      "import { type Handler, runHandler } from 'client-initiated-account-linking/testing'",
      'const both: readonly Handler[] = [action.onExecutePostLogin, action.onContinuePostLogin]',
      'console.log(Object.keys(action).join(), both.map((one) => typeof one).join(), typeof runHandler)',
    ]
    await writeFile(join(folder, 'action.mts'), lines.join('\n'))
    expect(await compile('action.mts')).toMatchObject({ code: 0, stdout: '' })
    const code = lines.join('\n').replace('type Handler, ', '').replace(': readonly Handler[]', '')
    const { stdout } = await run('node', ['--input-type=module', '-e', code], { cwd: folder })
    expect(stdout).toBe('onContinuePostLogin,onExecutePostLogin function,function function\n')
  })

  it('the entry for the Action is the file to deploy', async () => {
    const code = `const { resolve } = require; process.stdout.write(resolve('client-initiated-account-linking/action'))`
    const { stdout } = await run('node', ['-e', code], { cwd: folder })
    const action = await readFile(join(ROOT, 'dist/action.js'), 'utf8')
    expect((await readFile(stdout, 'utf8')) === action).toBe(true)
  })
})
