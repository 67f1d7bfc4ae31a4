/**
 * What is searched: each a world, how deep, and what has to be found there. Data only, no I/O.
 */
import type { ApplicationKind, People, Platform, World } from './cast.ts'
import type { Kind } from './invariant.ts'

/**
 * `closed`: with CONFIRM_LINK and a proper application nothing may be found. `gap`: what is known to be
 * open must be found. `check`: with one check taken out its attack must be. `left`: what stays open.
 */
export type Group = 'closed' | 'gap' | 'check' | 'left'

export interface Configuration {
  readonly group: Group
  readonly name: string
  readonly world: World
  readonly depth: number
  /** These, and nothing where there are none; `again` counts where it is named. */
  readonly finds: readonly Kind[]
  /** The name of a mutation: the check that is taken out. */
  readonly without?: string
  readonly waits?: readonly number[]
}

type Settings = Readonly<Record<string, string>>

interface Given {
  readonly settings?: Settings
  readonly platform?: Partial<Platform>
  readonly people?: Partial<People>
  readonly application?: ApplicationKind
}

const PLATFORM: Platform = { bound: true, repeats: 'nothing', session: 'kept', reuse: false }
const PEOPLE: People = { disguise: 'at will', sees: false, wary: true, samAlone: false }

/** A platform that binds nothing, and shows on the way back whatever the attempt began with. */
const WORST: Platform = { bound: false, repeats: 'everything', session: 'kept', reuse: false }

export const CONFIRM: Settings = { CONFIRM_LINK: 'yes' }
const ANY_SESSION: Settings = { PIN_SESSION: 'no' }

const world = ({ settings = {}, platform, people, application = 'proper' }: Given): World => ({
  settings,
  platform: { ...PLATFORM, ...platform },
  people: { ...PEOPLE, ...people },
  application,
})

const SESSIONS = ['kept', 'replaced', 'taken over'] as const
const REPEATS = ['nothing', 'request', 'everything'] as const

/** Every combination of the platform's open questions; one that is bound has nothing to repeat. */
export const PLATFORMS: readonly Platform[] = SESSIONS.flatMap((session) => [
  { ...PLATFORM, session },
  ...REPEATS.map((repeats) => ({ bound: false, repeats, session, reuse: false })),
])

function platformName({ bound, repeats, session, reuse }: Platform): string {
  const shown = bound ? '' : `, repeats ${repeats}`
  return `${bound ? 'bound' : 'not bound'}${shown}, session ${session}${reuse ? ', state reusable' : ''}`
}

function closed(platform: Platform, settings: Settings, depth: number): Configuration {
  const told = Object.entries(settings).map(([name, value]) => `, ${name}=${value}`)
  return {
    group: 'closed',
    name: platformName(platform) + told.join(''),
    world: world({ settings: { ...CONFIRM, ...settings }, platform }),
    depth,
    finds: [],
  }
}

const REUSABLE = { ...WORST, reuse: true }

/** As a search goes deepest, and as random walks go. */
const DEEPEST = closed(WORST, {}, 5)

/** Random walks go through these worlds of `closed`. */
export const WALKED: readonly Configuration[] = [
  DEEPEST,
  closed(REUSABLE, ANY_SESSION, 4),
  closed({ ...REUSABLE, session: 'taken over' }, ANY_SESSION, 4),
  closed(REUSABLE, { IDENTITIES_PER_CONNECTION: '2' }, 4),
]

const CLOSED: readonly Configuration[] = [
  ...WALKED,
  ...PLATFORMS.map((platform) => closed(platform, {}, 4)),
  ...PLATFORMS.map((platform) => closed(platform, ANY_SESSION, 3)),
]

const GAPS: readonly Configuration[] = [
  {
    group: 'gap',
    name: 'nothing off, bound',
    world: world({}),
    depth: 4,
    finds: [],
  },
  {
    group: 'gap',
    name: 'CONFIRM_LINK off, and a platform that binds nothing and repeats everything',
    world: world({ platform: WORST }),
    depth: 4,
    finds: ['theft'],
  },
  {
    group: 'gap',
    name: 'the same, the session not repeated, PIN_SESSION=no',
    world: world({ settings: ANY_SESSION, platform: { bound: false, repeats: 'request' } }),
    depth: 4,
    finds: ['theft'],
  },
  {
    group: 'gap',
    name: 'CONFIRM_LINK off, PIN_SESSION=no, bound: the planted account',
    world: world({ settings: ANY_SESSION }),
    depth: 4,
    finds: ['theft'],
  },
]

function taken(
  without: string,
  given: Given,
  finds: readonly Kind[],
  depth = 4,
  waits: readonly number[] = [],
): Configuration {
  return { group: 'check', name: without, without, world: world(given), depth, finds, waits }
}

const ALONE: Partial<People> = { disguise: 'never', samAlone: true }
const HONEST: Partial<People> = { disguise: 'never' }
const UNBOUND: Partial<Platform> = { bound: false }
const BY_ADDRESS: Settings = { PIN_USER_AGENT: 'no', PIN_IP_ADDRESS: 'yes' }

/** Each finds nothing in this world while its check is there: `npm run explore -- --with-checks`. */
const CHECKS: readonly Configuration[] = [
  taken('the hint is not looked at', {}, ['theft']),
  taken('the hint of any session is good', {}, ['theft']),
  taken('a hint without a session is one of every session', {}, ['theft']),
  taken('the session is not pinned', { platform: UNBOUND }, ['theft']),
  taken('the user agent is not pinned', { platform: WORST, people: HONEST }, ['theft']),
  taken('another browser at the nested login is passed over', { platform: WORST, people: HONEST }, [
    'theft',
  ]),
  taken('the address is not pinned', { settings: BY_ADDRESS, platform: WORST, people: HONEST }, [
    'theft',
  ]),
  taken('any connection is the one that was asked for', {}, ['limit']),
  taken('what was linked meanwhile is linked again', {}, ['limit']),
  taken('an account is never full', {}, ['limit']),
  taken('an attempt has no end', {}, ['late'], 4, [1_000]),
  taken('the way back links without a confirmation', { settings: CONFIRM, platform: WORST }, [
    'theft',
  ]),
  taken(
    'a confirmation fills an account beyond its limit',
    { settings: CONFIRM, people: ALONE },
    ['limit'],
    5,
  ),
  taken('checkAbsorbed: accounts are always merged', { people: ALONE }, ['many'], 5),
  taken('a confirmation is good for ever', { settings: CONFIRM }, ['late'], 4, [310]),
]

function left(name: string, given: Given, finds: readonly Kind[], depth = 4): Configuration {
  const settings = { ...CONFIRM, ...given.settings }
  return { group: 'left', name, world: world({ ...given, settings }), depth, finds }
}

const WATCHED: Partial<People> = { disguise: 'always', sees: true }

const LEFT: readonly Configuration[] = [
  left('improper application, bound', { application: 'improper' }, []),
  left(
    'improper application, bound, PIN_SESSION=no',
    { application: 'improper', settings: ANY_SESSION },
    ['theft'],
  ),
  left(
    'improper application, not bound, repeats nothing',
    { application: 'improper', platform: UNBOUND },
    [],
  ),
  left(
    'improper application, not bound, repeats everything',
    { application: 'improper', platform: WORST },
    ['theft'],
  ),
  left('proper application, Sam sees Alex’s URLs, bound', { people: WATCHED }, ['theft']),
  left(
    'proper application, Sam sees Alex’s URLs, not bound, repeats everything',
    { people: WATCHED, platform: WORST },
    ['theft'],
  ),
  left(
    'proper application, Alex links from an account that is not hers',
    { people: { wary: false } },
    ['theft'],
  ),
  left(
    'CONFIRM_LINK off, `state` of /continue reusable, IDENTITIES_PER_CONNECTION=2',
    {
      people: ALONE,
      platform: { reuse: true },
      settings: { CONFIRM_LINK: 'no', IDENTITIES_PER_CONNECTION: '2' },
    },
    ['twice'],
  ),
  left('a confirmation sent again after an unlink', { people: ALONE }, ['again'], 6),
  left('ALLOW_MERGE=yes', { people: ALONE, settings: { ALLOW_MERGE: 'yes' } }, ['many'], 5),
]

/** Whether a search has found what it had to, and nothing else. */
export function isAsExpected(
  { finds }: Configuration,
  found: readonly { readonly kind: Kind }[],
): boolean {
  const kinds = found
    .map(({ kind }) => kind)
    .filter((kind) => kind !== 'again' || finds.includes(kind))
  return finds.every((kind) => kinds.includes(kind)) && (finds.length > 0 || kinds.length === 0)
}

export const CONFIGURATIONS: readonly Configuration[] = [...CLOSED, ...GAPS, ...CHECKS, ...LEFT]
