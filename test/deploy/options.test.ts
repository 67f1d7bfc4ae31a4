/** The table of commands and options: what is read, what is refused, and what the help says of it. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  COMMANDS,
  type CommandName,
  helpOf,
  readNumber,
  readOptions,
  readPort,
} from '../../scripts/options.ts'
import { ROOT, RUN, start, workFile } from './processes.ts'
import type { Ran } from './tenant.ts'

const NAMES = Object.keys(COMMANDS) as readonly CommandName[]

describe.each(NAMES)('the command %s', (name) => {
  it('tells how it is run, and each option, in lines of 80 columns', () => {
    const help = helpOf(name)
    expect(help).toMatch(/^Usage: npm (run \w+ -- |start -- )\[options\]\n\n[A-Z].*\.\n/)
    for (const flag of Object.keys(COMMANDS[name].options))
      expect(help).toMatch(new RegExp(`^ {2}--${flag}( [A-Z]+)? {2,}\\S`, 'm'))
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('takes none but its own options, and says where they are told', () => {
    expect(readOptions(name, [])).toMatchObject({ help: false })
    expect(() => readOptions(name, ['--nope'])).toThrow(/^Unknown option '--nope': see --help$/)
    const misplaced = () => readOptions(name, ['a-pasted-secret'])
    expect(misplaced).toThrow(/^This command takes options only: see --help$/)
  })

  it('stops where npm kept one of them', () => {
    for (const flag of Object.keys(COMMANDS[name].options).filter((one) => one !== 'help')) {
      const kept = { [`npm_config_${flag.replaceAll('-', '_')}`]: 'true' }
      expect(() => readOptions(name, [], kept)).toThrow(` -- --${flag}`)
    }
  })
})

it.each([
  ['0', [1, 9], 'from 1 to 9'],
  ['10', [1, 9], 'from 1 to 9'],
  ['1.5', [1, 9], 'from 1 to 9'],
  ['-1', [1, 9], 'from 1 to 9'],
  ['', [1, 9], 'from 1 to 9'],
  ['9', [10, Number.POSITIVE_INFINITY], 'of 10 or more'],
] as const)('%j is no number within %j', (text, bounds, told) => {
  expect(() => readNumber('samples', text, bounds)).toThrow(`--samples takes a number ${told}`)
})

it('reads a port, or takes the default', () => {
  expect([readPort('port', '8080'), readPort('port', undefined, 3000)]).toEqual([8080, 3000])
  for (const text of ['0', '65536', 'http'])
    expect(() => readPort('port', text)).toThrow('--port takes a port, 1 to 65535')
})

/** With the version that another Node would tell. */
async function runOn(version: string, args: readonly string[]): Promise<Ran> {
  const versions = `{ ...process.versions, node: '${version}' }`
  const text = `Object.defineProperty(process, 'versions', { value: ${versions} })\n`
  const preload = workFile('old.cjs', text)
  const { code, stdout, stderr } = await start(process.execPath, ['--require', preload, ...args])
  return { code, stdout, stderr }
}

describe('what the npm scripts start', () => {
  it.each(['18.20.8', '20.20.2', '22.18.0', '24.11.0'])(
    'says on Node %s in one sentence which is needed',
    async (version) => {
      for (const args of [
        ['deploy', '--help'],
        ['build', '--check'],
        ['vitest', 'run'],
      ]) {
        const { code, stdout, stderr } = await runOn(version, [RUN, ...args])
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
        expect(stderr).toMatch(/^Node 22\.19 or later of 22 is needed, this is [\d.]+: .+\n$/)
        expect(stderr).toContain(version)
      }
    },
  )

  it('gives help to whoever asks, and needs nothing for it', async () => {
    for (const name of NAMES) {
      const told = { code: 0, stdout: helpOf(name), stderr: '' }
      expect(await runOn('22.19.0', [RUN, name, '--help'])).toEqual(told)
    }
    const { stdout } = await runOn('22.19.0', [RUN])
    for (const name of NAMES) expect(stdout).toContain(`  ${name} `)
  })
})

it('the package says on an old Node which it needs', async () => {
  const { code, stdout, stderr } = await runOn('18.20.8', [join(ROOT, 'scripts/bin.ts'), 'deploy'])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toBe('Node 20.19 or later is needed, this is 18.20.8: take a later one.\n')
})
