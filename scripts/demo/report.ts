/**
 * Writes the demo to standard output: chapter by chapter as text, or at the end as JSON.
 */

import { styleText } from 'node:util'
import { commandLine } from '../home.ts'
import { wrapAll } from '../wrap.ts'
import type { DemoOptions } from './options.ts'
import { type Format, renderAccount, renderChapter, type Screen } from './render.ts'
import type { Chapter, Listener, Story } from './story.ts'
import { type Step, toSteps } from './timeline.ts'

const MIN_COLUMNS = 60
const MAX_COLUMNS = 120
const DEFAULT_COLUMNS = 80

/** The demo has shown what it promises. */
export function isAsPromised(story: Story): boolean {
  const { accountIsLinked, accountIsUnlinked, linkIsPending, wrongHintIsDenied } = story
  return linkIsPending && accountIsLinked && wrongHintIsDenied && accountIsUnlinked
}

export interface Reporter extends Listener {
  readonly onEnd: (story: Story) => void
}

interface ToldChapter {
  readonly title: string
  readonly steps: readonly Step[]
}

function openScreen(): Screen {
  const columns = process.stdout.columns ?? DEFAULT_COLUMNS
  return {
    columns: Math.min(Math.max(columns, MIN_COLUMNS), MAX_COLUMNS),
    // `styleText` leaves a stream that is no terminal plain, and honours NO_COLOR.
    paint: (format: Format, text: string) => styleText(format, text, { stream: process.stdout }),
  }
}

export function createReporter({ json, verbose }: DemoOptions): Reporter {
  const screen = openScreen()
  const told: ToldChapter[] = []
  const say = (text: string): void => {
    if (!json) process.stdout.write(`${text}\n`)
  }

  return {
    onStart: ({ action, tenant }) => {
      const text =
        `dist/action.js, ${action.bytes.toLocaleString('en')} bytes, is deployed to a tenant ` +
        `on this machine, https://${tenant.domain}/, that runs Actions as the platform does. ` +
        `A browser, an application and the Action do the rest.`
      say('')
      say(
        screen.paint('bold', 'client-initiated-account-linking: a link and an unlink, end to end'),
      )
      for (const line of wrapAll(text, screen.columns - 2)) say(`  ${line}`)
      say(
        screen.paint(
          'dim',
          '  Left: milliseconds since the start. Right: how long, and the status.',
        ),
      )
    },

    onChapter: ({ entries, title }: Chapter, startedAtMs, names) => {
      const steps = toSteps(entries, startedAtMs, names, verbose)
      told.push({ title, steps })
      say(renderChapter(told.length, title, steps, screen).trimEnd())
    },

    onEnd: (story) => {
      if (json) process.stdout.write(`${JSON.stringify(toData(story, told), null, 2)}\n`)
      else say(renderEnd(story, screen, verbose))
    },
  }
}

function toData(story: Story, chapters: readonly ToldChapter[]) {
  const { account, action, accountIsLinked, accountIsUnlinked, denied, linkIsPending } = story
  const { tenant, unlinked, wrongHintIsDenied } = story
  return {
    ok: isAsPromised(story),
    tenant,
    action,
    chapters,
    account,
    pending: { ok: linkIsPending, tokensOf: subjectOf(story.pending) },
    linked: { ok: accountIsLinked, tokensOf: subjectOf(story.linked) },
    denied: { ok: wrongHintIsDenied, ...(denied.type === 'denied' ? denied : {}) },
    unlinked: { ok: accountIsUnlinked, tokensOf: subjectOf(unlinked) },
  }
}

const subjectOf = (result: Story['linked']): string | undefined =>
  result.type === 'tokens' ? String(result.claims.sub) : undefined

function renderEnd(story: Story, screen: Screen, verbose: boolean): string {
  const { account, accountIsLinked, accountIsUnlinked, action, denied } = story
  const { linked, linkIsPending, pending, unlinked, wrongHintIsDenied } = story
  const mark = (ok: boolean, yes: string, no: string): string =>
    ok ? screen.paint('green', `✓ ${yes}`) : screen.paint('red', `✗ ${no}`)
  const why = (result: Story['linked']): string =>
    result.type === 'denied' ? result.description : 'the login went on'
  const [start, wayBack, confirmation] = runsOf(story)
  return [
    '',
    screen.paint('bold', `The account ${account.before.userId}`),
    renderAccount('before', account.before, screen),
    renderAccount('linked', account.linked, screen),
    renderAccount('unlinked', account.unlinked, screen),
    '',
    `  ${mark(linkIsPending, 'pending: the second login is proved, and nothing is changed yet', `not pending: ${why(pending)}`)}`,
    `  ${mark(accountIsLinked, 'linked: two logins, one account, the user id is what it was', `not linked: ${why(linked)}`)}`,
    `  ${mark(wrongHintIsDenied, `denied: ${why(denied)}`, `not denied for its hint: ${why(denied)}`)}`,
    `  ${mark(accountIsUnlinked, 'unlinked: the main identity is left, the other is an account again', `not unlinked: ${why(unlinked)}`)}`,
    ...[
      `The Action: ${(action.bytes / 1000).toFixed(1)} kB and no npm dependency.`,
      `Round trips with nothing cached: ${start} at the start, ${wayBack} on the way back, ${confirmation} to confirm.`,
      ...(verbose
        ? []
        : [`"${commandLine('demo', '--verbose')}" shows parameters, log and tokens.`]),
    ].map((line) => screen.paint('dim', `  ${line}`)),
    '',
  ].join('\n')
}

/** Round trips of the three runs that made the link. */
function runsOf({ chapters }: Story): readonly [number, number, number] {
  const runs = chapters.flatMap(({ entries }) =>
    entries.filter((entry) => entry.kind === 'action' && entry.roundTrips > 0),
  )
  const [start = 0, wayBack = 0, confirmation = 0] = runs.map((run) =>
    run.kind === 'action' ? run.roundTrips : 0,
  )
  return [start, wayBack, confirmation]
}
