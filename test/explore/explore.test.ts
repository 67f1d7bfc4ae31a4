/**
 * The search for attacks proves itself, at small depths: it finds what is known to be open, and the attack of
 * a check that is taken out; it finds nothing where nothing may be. Runs dist/action.js, and bundles of the
 * source.
 */

import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ACCOUNTS, ALEX, SAM, type World } from '../../scripts/explore/cast.ts'
import {
  CONFIGURATIONS,
  type Configuration,
  isAsExpected,
  PLATFORMS,
} from '../../scripts/explore/configurations.ts'
import { judge, judgeEnding, judgeLimit } from '../../scripts/explore/invariant.ts'
import { begin } from '../../scripts/explore/moves.ts'
import { createRuns, type Ran } from '../../scripts/explore/runs.ts'
import { keyOf } from '../../scripts/explore/state.ts'
import { perform } from '../../scripts/explore/task.ts'
import { walk } from '../../scripts/explore/walk.ts'
import { MUTATIONS } from '../../scripts/mutate/mutations.ts'

const DIST = readFileSync(new URL('../../dist/action.js', import.meta.url), 'utf8')
const realNow = Date.now

// A search stops the clock and answers `fetch` by itself.
beforeEach(() => {
  vi.stubGlobal('fetch', fetch)
})

afterEach(() => {
  Date.now = realNow
})

const named = (name: string): Configuration => {
  const [found] = CONFIGURATIONS.filter((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no configuration "${name}"`)
  return found
}

const GAP = 'CONFIRM_LINK off, and a platform that binds nothing and repeats everything'
const PLANTED = 'CONFIRM_LINK off, PIN_SESSION=no, bound: the planted account'
const WORST = 'not bound, repeats everything, session kept'

const modelOf = (world: World) => ({ world, runs: createRuns(DIST, world) })

describe('a search', () => {
  test('finds the known gap without CONFIRM_LINK, and tells it in three moves', async () => {
    const { found, good } = await perform({ configuration: named(GAP) })
    expect(good).toBe(true)
    expect(found.map(({ kind, what }) => [kind, what])).toEqual([
      ['theft', 'google-oauth2|alex enters oidc|sam by what Sam started'],
    ])
    expect(found[0]?.moves).toEqual([
      expect.stringContaining('Sam makes his browser look like Alex’s laptop'),
      expect.stringContaining('Sam asks the application for a link of google-oauth2'),
      expect.stringContaining('Alex is handed, for her laptop, the address of a second login'),
    ])
  })

  test('finds the planted account without PIN_SESSION', async () => {
    const { found } = await perform({ configuration: named(PLANTED) })
    expect(found.map(({ kind }) => kind)).toEqual(['theft'])
    expect(found[0]?.moves[0]).toContain('is logged in as oidc|sam first')
    expect(found[0]?.moves).toHaveLength(2)
  })

  test('finds neither with CONFIRM_LINK, and looks at as many situations', async () => {
    const row = await perform({ configuration: named(WORST), maxDepth: 3 })
    expect(row).toMatchObject({ good: true, found: [], depth: 3 })
    expect(row.states).toBeGreaterThan(500)
  })

  test.each(PLATFORMS)('finds nothing on the platform %j', async (platform) => {
    const settings = { CONFIRM_LINK: 'yes', PIN_SESSION: 'no' }
    const world = { ...named(WORST).world, platform, settings }
    const row = await perform({ configuration: { ...named(WORST), world }, maxDepth: 2 })
    expect(row).toMatchObject({ good: true, found: [], depth: 2 })
  })

  test('finds what an application that does not check `state` leaves open', async () => {
    const name = 'improper application, bound, PIN_SESSION=no'
    const { found } = await perform({ configuration: named(name) })
    expect(found.map(({ kind }) => kind)).toEqual(['theft'])
  })

  test.each(['the hint is not looked at', 'the session is not pinned'])(
    'finds the attack of a check: %s',
    async (name) => {
      const configuration = named(name)
      const broken = await perform({ configuration })
      expect(broken.found.map(({ kind }) => kind)).toEqual(['theft'])
      const whole = await perform({ configuration, intact: true, maxDepth: broken.depth })
      expect(whole).toMatchObject({ good: true, found: [], depth: broken.depth })
    },
  )

  test('comes to the same figures each time', async () => {
    const figures = async () => {
      const { states, moves, runs } = await perform({ configuration: named(WORST), maxDepth: 2 })
      return { states, moves, runs }
    }
    expect(await figures()).toEqual(await figures())
  })
})

describe('random walks', () => {
  test('find the known gap, and shrink it', async () => {
    const { found } = await walk(modelOf(named(GAP).world), 3_000, 1)
    expect(found.map(({ kind }) => kind)).toEqual(['theft'])
    expect(found[0]?.moves.length).toBeLessThanOrEqual(6)
  })

  test('find nothing with CONFIRM_LINK, and change accounts', async () => {
    const { changes, found, walks } = await walk(modelOf(named(WORST).world), 100, 1)
    expect({ found, walks }).toEqual({ found: [], walks: 100 })
    expect(changes).toBeGreaterThan(0)
  })
})

describe('the configurations', () => {
  test('take out checks that are in the list of mutations, ten or more', () => {
    const taken = CONFIGURATIONS.flatMap(({ without }) => without ?? [])
    expect(taken.length).toBeGreaterThanOrEqual(10)
    for (const name of taken) expect(MUTATIONS.map((one) => one.name)).toContain(name)
  })

  test.each<readonly [string, readonly ('theft' | 'again' | 'limit')[], boolean]>([
    [WORST, [], true],
    [WORST, ['again'], true],
    [WORST, ['theft'], false],
    [GAP, ['theft'], true],
    [GAP, [], false],
    [GAP, ['limit'], false],
    ['a confirmation sent again after an unlink', ['again'], true],
    ['a confirmation sent again after an unlink', [], false],
  ])('%s with %j is as expected: %j', (name, kinds, expected) => {
    const found = kinds.map((kind) => ({ kind }))
    expect(isAsExpected(named(name), found)).toBe(expected)
  })
})

describe('the invariant', () => {
  const ran = (over: Partial<Ran>): Ran => ({
    name: 'r0',
    started: undefined,
    redirect: undefined,
    claims: {},
    denial: undefined,
    reason: undefined,
    status: undefined,
    confirmation: undefined,
    changes: [],
    accounts: ACCOUNTS,
    thrown: undefined,
    refused: false,
    ...over,
  })
  const state = begin(modelOf(named(GAP).world))
  const attempt = { transaction: 't', by: 'Sam', at: 0 } as const
  const link = (account: string, identity: string) => {
    const { [identity]: _, ...others } = ACCOUNTS
    const accounts = { ...others, [account]: [...(ACCOUNTS[account] ?? []), identity] }
    return ran({ changes: [{ what: 'link', account, identity }], accounts, status: 'linked' })
  }
  const kinds = (found: readonly { readonly kind: string }[]) => found.map(({ kind }) => kind)

  test.each([
    ['one’s own into one’s own', SAM, 'google-oauth2|sam', []],
    ['another’s into one’s own', SAM, 'google-oauth2|alex', ['theft']],
    ['one’s own into another’s', ALEX, 'google-oauth2|sam', ['theft']],
    ['another’s into another’s', ALEX, 'google-oauth2|alex', ['theft']],
  ])('of what Sam started: %s', (_what, account, identity, expected) => {
    expect(kinds(judge(link(account, identity), state, attempt, undefined))).toEqual(expected)
  })

  test('of what nobody started is a theft', () => {
    expect(kinds(judge(link(SAM, 'google-oauth2|sam'), state, undefined, undefined))).toEqual([
      'theft',
    ])
  })

  test.each([
    ['oidc|sam google-oauth2|sam-too', 'twice'],
    ['undone', 'again'],
  ])('of an attempt that has made a change, %s: %s', (done, kind) => {
    const again = { ...state, changes: { t: done } }
    expect(kinds(judge(link(SAM, 'google-oauth2|sam'), again, attempt, undefined))).toEqual([kind])
  })

  test.each([
    [900, []],
    [901, ['late']],
  ])('of an attempt of %d seconds: %j', (seconds, expected) => {
    const later = { ...state, seconds }
    expect(kinds(judge(link(SAM, 'google-oauth2|sam'), later, attempt, undefined))).toEqual(
      expected,
    )
  })

  test('of one that moves two identities', () => {
    const both = [...(ACCOUNTS[SAM] ?? []), 'google-oauth2|sam', 'google-oauth2|sam-too']
    const moved = { ...link(SAM, 'google-oauth2|sam'), accounts: { ...ACCOUNTS, [SAM]: both } }
    expect(kinds(judge(moved, state, attempt, undefined))).toEqual(['many'])
    expect(kinds(judgeLimit(moved.accounts, 1))).toEqual(['limit'])
    expect(judgeLimit(moved.accounts, 2)).toEqual([])
  })

  test.each<readonly [string, Partial<Ran>, number]>([
    ['a denial of the contract', { denial: 'hint_invalid' }, 0],
    ['a denial that nobody knows', { denial: 'whatever' }, 1],
    ['the last catch', { denial: 'unexpected' }, 1],
    ['an exception', { thrown: 'no' }, 1],
    ['a status that nobody knows', { status: 'done' }, 1],
    ['a link that was not made', { status: 'linked' }, 1],
    ['pending', { status: 'pending' }, 0],
  ])('of endings: %s', (_what, over, count) => {
    expect(judgeEnding(ran(over))).toHaveLength(count)
  })

  test('tells states apart by what is in them, not by how it came there', () => {
    expect(keyOf({ ...state })).toBe(keyOf(begin(modelOf(named(GAP).world))))
    expect(keyOf({ ...state, seconds: 1 })).not.toBe(keyOf(state))
  })
})
