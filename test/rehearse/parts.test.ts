/** The parts of a rehearsal that need neither a tenant nor a browser. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isRefusal } from '../../scripts/deploy/config.ts'
import { SETTING_NAMES } from '../../scripts/deploy/settings.ts'
import { adviceFor, advisedSettings } from '../../scripts/rehearse/advice.ts'
import { readConfig } from '../../scripts/rehearse/config.ts'
import { toDocument } from '../../scripts/rehearse/file.ts'
import { hasLive } from '../../scripts/rehearse/kept.ts'
import { describeObjects, nameObjects, runOf } from '../../scripts/rehearse/objects.ts'
import { caveatsOf, toMarkdown, toTable } from '../../scripts/rehearse/outputs.ts'
import { hashOf, probeCode } from '../../scripts/rehearse/probe.ts'
import {
  FACT_NAMES,
  FACTS,
  factsOf,
  no,
  QUESTIONS,
  toAnswer,
  unknown,
  yes,
} from '../../scripts/rehearse/verdict.ts'
import { toBase32, totp } from '../../scripts/tenant/totp.ts'
import { loadAction } from '../../scripts/testing/load.ts'

const WHO = { AUTH0_DOMAIN: 'tenant.example.com', AUTH0_ACCESS_TOKEN: 'example-token' }

describe('an answer', () => {
  test('every question has facts, and every fact its question', () => {
    expect(QUESTIONS.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    for (const { number } of QUESTIONS) expect(factsOf(number).length).toBeGreaterThan(0)
    for (const name of FACT_NAMES) expect(FACTS[name][0]).toBeGreaterThan(0)
  })

  test.each([
    ['yes', [yes('confirm_front', ''), yes('confirm_back', ''), yes('primary_in_session', '')]],
    ['no', [yes('confirm_front', ''), no('confirm_back', '')]],
    ['could not tell', [yes('confirm_front', ''), yes('confirm_back', '')]],
    ['could not tell', [yes('confirm_front', ''), unknown('confirm_back', '')]],
    ['could not tell', []],
  ] as const)('is %s by its facts, and what was not found out is no yes', (verdict, facts) => {
    expect(toAnswer(5, facts, 'it was not asked').verdict).toBe(verdict)
  })

  test('settings that follow are settings that there are', () => {
    const names = SETTING_NAMES
    const all = FACT_NAMES.flatMap((fact) => [yes(fact, ''), no(fact, ''), unknown(fact, '')])
    for (const name of Object.keys(advisedSettings(all))) expect(names).toContain(name)
    const unbound = adviceFor({ fact: 'continue_bound', verdict: 'no' })
    expect(unbound?.settings).toEqual({ CONFIRM_LINK: 'yes' })
  })
})

describe('a name', () => {
  test('says which run it is of, and no other name does', () => {
    const objects = nameObjects('0123abcd')
    expect(runOf(objects.actions.probe)).toBe('0123abcd')
    for (const other of ['', 'x', 'cial-rehearsal-', 'my-cial-rehearsal-0123abcd-probe', undefined])
      expect(runOf(other)).toBeUndefined()
    expect(describeObjects(objects)).toHaveLength(9)
    expect(nameObjects().people.primary.password).not.toBe(nameObjects().people.primary.password)
  })
})

describe('the command line', () => {
  test.each([
    [['--only', '0'], '--only takes numbers'],
    [['--only', '13'], '--only takes numbers'],
    [['--only', '1,,2'], '--only takes numbers'],
    [['--clean', '--keep'], '--clean goes with'],
    [['--clean', '--only', '1'], '--clean goes with'],
    [['secret'], 'takes options only'],
  ])('%j is refused', (args, says) => {
    expect(readConfig(args, WHO)).toMatchObject({ problem: expect.stringContaining(says) })
  })

  test('who rehearses is needed, and settings of a deployment are not read', () => {
    expect(readConfig([], {})).toHaveProperty('problem')
    const config = readConfig(['--only', '3, 1,3'], { ...WHO, LINK_NONSENSE: 'x' })
    expect(isRefusal(config)).toBe(false)
    expect(config).toMatchObject({ mode: 'rehearse', only: [1, 3], yes: false, keep: false })
  })

  test('what npm took is told', () => {
    const taken = readConfig([], { ...WHO, npm_config_dry_run: 'true' })
    expect(taken).toMatchObject({ problem: expect.stringContaining('--dry-run') })
  })
})

describe('the probe', () => {
  test('touches no login but those of the two applications', async () => {
    const { onContinuePostLogin, onExecutePostLogin } = loadAction(probeCode('0123abcd'))
    const api = new Proxy({}, { get: () => expect.unreachable() })
    const event = { client: { client_id: 'other' }, secrets: { CLIENTS: 'one two' } }
    for (const handler of [onExecutePostLogin, onContinuePostLogin])
      await handler(event as never, api as never)
  })

  test('tells values as keyed hashes, never as they are', async () => {
    const { onExecutePostLogin } = loadAction(probeCode('0123abcd'))
    const claims: unknown[] = []
    const setCustomClaim = (_: string, value: unknown) => claims.push(value)
    const event = {
      client: { client_id: 'one' },
      secrets: { CLIENTS: 'one two', PROBE_KEY: 'key' },
      request: { ip: '192.0.2.7', user_agent: 'Agent/1', method: 'GET', query: { nonce: 'n-1' } },
      session: { id: 'session-1' },
      user: { email: 'alex@example.com' },
    }
    await onExecutePostLogin(event as never, { idToken: { setCustomClaim } } as never)

    const text = JSON.stringify(claims)
    for (const value of ['192.0.2.7', 'Agent/1', 'n-1', 'session-1', 'alex'])
      expect(text).not.toContain(value)
    for (const value of ['192.0.2.7', 'Agent/1', 'n-1', 'session-1'])
      expect(text).toContain(hashOf('key', value))
  })
})

describe('what is printed', () => {
  const answers = [
    toAnswer(3, [no('continue_bound', 'a | b <i>')], ''),
    toAnswer(8, [yes('form_post', 'it was taken')], ''),
  ]
  const about = { at: '2026-03-01T00:00:00Z', action: '0123456789ab', browser: 'Chromium 140' }

  test('a page that can be pasted says what to set', () => {
    const page = toMarkdown({ ...about, tenant: 'live', answers }, [])
    expect(page).toContain('**Set** `CONFIRM_LINK=yes`')
    expect(page).toContain('a \\| b &lt;i>')
    expect(page).not.toContain('made up')
  })

  test('a table fits its columns', () => {
    const plain = (_: unknown, text: string) => text
    const rehearsal = { ...about, tenant: 'local', answers } as const
    const table = toTable(rehearsal, caveatsOf(rehearsal, true), plain, 80)
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(table).toContain('made up')
  })
})

describe('that no live tenant was ever rehearsed on', () => {
  const document = (tenant: 'live' | 'local') =>
    JSON.stringify(
      toDocument({ at: '2026-03-01', action: '', browser: '', tenant, answers: [] }, {}),
    )

  test.each([
    ['where none is kept', undefined, false],
    ['where only one of the local tenant is', document('local'), false],
    ['where what is kept cannot be read', 'nonsense', false],
  ])('is told %s', async (_, text, expected) => {
    const folder = await mkdtemp(join(tmpdir(), 'rehearsals-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    if (text !== undefined) await writeFile(join(folder, 'one.json'), text)

    expect(await hasLive(folder)).toBe(expected)

    await writeFile(join(folder, 'two.json'), document('live'))
    expect(await hasLive(folder)).toBe(true)
  })

  test('stands in all that is printed', () => {
    const rehearsal = {
      at: '2026-03-01',
      action: '',
      browser: '',
      tenant: 'live',
      answers: [],
    } as const
    expect(toMarkdown(rehearsal, caveatsOf(rehearsal, false))).toContain('.github/rehearsals')
    expect(caveatsOf(rehearsal, true)).toEqual([])
  })
})

/** RFC 6238, appendix B: the last six of its eight digits. */
test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [2_000_000_000, '279037'],
])('a code at %i s is %s', (seconds, code) => {
  expect(totp(toBase32(Buffer.from('12345678901234567890')), seconds * 1_000)).toBe(code)
})
