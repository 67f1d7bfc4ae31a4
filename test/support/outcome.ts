/**
 * How a login ended, in words, for whoever reads of a test that failed. Pure, no I/O: takes a run of a
 * handler or what the application got, and gives back its code, its redirect and a sentence.
 */

import type { Run } from '../../scripts/testing/flow.ts'
import type { Linked } from '../../scripts/testing/tenant-double.ts'

/** What an application got: a type of the local tenant's, but for what no matcher reads. */
type Got =
  | { readonly type: 'tokens'; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly type: 'denied'; readonly error: string; readonly description: string }

export interface Told {
  /** `undefined`: it was not denied. */
  readonly code: string | undefined
  /** A denial, and nothing beside it. */
  readonly isDenialAlone: boolean
  readonly redirect: URL | undefined
  /** The Action asked the platform for nothing; `undefined`: an application cannot know. */
  readonly isUntouched: boolean | undefined
  /** What it linked, if somebody counted. */
  readonly links: readonly Linked[] | undefined
  readonly sentence: string
}

const LEFT = Symbol('what a run left behind')

/** What a run has left behind outside of itself. */
export interface Left {
  readonly links: readonly Linked[]
  readonly lines: readonly string[]
}

/** The run, with what it left behind; a copy of it keeps that. */
export function withLeft<T extends Run>(run: T, left: Left): T {
  return Object.assign(run, { [LEFT]: left })
}

export function tell(outcome: unknown): Told {
  if (isRun(outcome)) return tellRun(outcome)
  if (isGot(outcome)) return tellGot(outcome)
  throw new TypeError(`this is neither a run nor what an application got: ${String(outcome)}`)
}

const isRun = (value: unknown): value is Run & { readonly [LEFT]?: Left } =>
  typeof value === 'object' && value !== null && 'commands' in value

const isGot = (value: unknown): value is Got =>
  typeof value === 'object' &&
  value !== null &&
  'type' in value &&
  (value.type === 'tokens' || value.type === 'denied')

function tellRun(run: Run & { readonly [LEFT]?: Left }): Told {
  const { commands, denial, redirect, [LEFT]: left } = run
  const lines = left?.lines ?? []
  return {
    code: denial?.split(':')[0],
    isDenialAlone: denial !== undefined && commands.length === 1,
    redirect,
    isUntouched: commands.length === 0,
    links: left?.links,
    sentence: [wordsOf(run, left), ...lines.map((line) => `  ${line}`)].join('\n'),
  }
}

function wordsOf({ commands, denial, redirect, claims }: Run, left: Left | undefined): string {
  const others = commands.filter(({ type }) => type !== 'access.deny').map(({ type }) => type)
  if (denial !== undefined) {
    return `it was denied: ${denial}${others.length > 0 ? ` And it called ${others.join(', ')}` : ''}`
  }
  if (redirect !== undefined) {
    const connection = redirect.searchParams.get('connection')
    return `it redirects to ${redirect.origin}${redirect.pathname}, connection ${connection}`
  }
  const linked = left?.links.map(({ identity, primary }) => `${identity} to ${primary}`) ?? []
  return [
    'it went on',
    commands.length === 0 ? ', untouched' : `, with ${others.join(', ')}`,
    Object.keys(claims).length > 0 ? ` ${JSON.stringify(claims).slice(0, 160)}` : '',
    linked.length > 0 ? `, and linked ${linked.join(', ')}` : left && ', and linked nothing',
  ].join('')
}

function tellGot(got: Got): Told {
  const description = got.type === 'denied' ? got.description : undefined
  return {
    code: description?.split(':')[0],
    isDenialAlone: got.type === 'denied',
    redirect: undefined,
    isUntouched: undefined,
    links: undefined,
    sentence:
      got.type === 'denied'
        ? `the application was denied: ${got.error}, ${got.description}`
        : `the application got tokens of ${got.claims.sub}`,
  }
}
