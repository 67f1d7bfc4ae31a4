/**
 * What a rehearsal prints: a table for the terminal, and a page of Markdown to paste into an issue. Pure;
 * neither names the tenant.
 */
import type { painter } from '../deploy/text-report.ts'
import { wrap } from '../wrap.ts'
import { adviceFor, advisedSettings } from './advice.ts'
import { allFacts, type Rehearsal } from './file.ts'
import { NEVER_LIVE } from './kept.ts'
import { type Answer, FACTS, type Fact, type Verdict } from './verdict.ts'

type Paint = ReturnType<typeof painter>

const MARKS = {
  yes: ['green', '✓', 'yes'],
  no: ['red', '✗', 'no'],
  'could not tell': ['yellow', '?', 'could not tell'],
} as const satisfies Readonly<Record<Verdict, readonly [string, string, string]>>

export const LOCAL_ONLY =
  'This was the local tenant, whose answers are made up: it says nothing about Auth0.'

/** What has to be said of all of it. */
export const caveatsOf = ({ tenant }: Rehearsal, everLive: boolean): readonly string[] => [
  ...(tenant === 'local' ? [LOCAL_ONLY] : []),
  ...(everLive ? [] : [NEVER_LIVE]),
]

export function toTable(
  { answers }: Rehearsal,
  caveats: readonly string[],
  paint: Paint,
  columns = 80,
): string {
  const width = Math.min(columns, 100)
  const lines = answers.flatMap(({ facts, number, question, verdict }) => {
    const [colour, mark, word] = MARKS[verdict]
    const head = `${String(number).padStart(2)}  ${paint(colour, mark)} ${question}`
    return [
      `${head} ${paint('bold', word)}`,
      ...facts.flatMap((fact) => toLines(fact, paint, width)),
      '',
    ]
  })
  const settings = settingsOf(answers)
  return [
    ...lines,
    settings === '' ? 'No setting has to differ from its default.' : `Settings: ${settings}`,
    ...caveats.flatMap((caveat) => wrap(caveat, width)),
  ].join('\n')
}

function toLines(fact: Fact, paint: Paint, width: number): readonly string[] {
  const [colour, mark, word] = MARKS[fact.verdict]
  const sentence = `${FACTS[fact.fact][1]}: ${word}; ${fact.evidence}`
  const [first = '', ...rest] = wrap(sentence, width - 8)
  const { follows } = adviceFor(fact) ?? {}
  const advice = follows === undefined ? [] : wrap(follows, width - 10)
  return [
    `      ${paint(colour, mark)} ${first}`,
    ...rest.map((line) => `        ${line}`),
    ...advice.map((line, index) => `        ${index === 0 ? paint('bold', '→') : ' '} ${line}`),
  ]
}

const settingsOf = (answers: readonly Answer[]): string =>
  Object.entries(advisedSettings(allFacts(answers)))
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

export function toMarkdown(rehearsal: Rehearsal, caveats: readonly string[]): string {
  const { action, answers, at, browser, tenant } = rehearsal
  const counts = (verdict: Verdict) => answers.filter((one) => one.verdict === verdict).length
  const settings = settingsOf(answers)
  const head = [
    '# A rehearsal of account linking',
    '',
    `${at.slice(0, 10)}, Action \`${action}\`, ${cell(browser)}, ${tenant === 'live' ? 'a tenant at Auth0' : 'the local tenant'}. ${counts('yes')} yes, ${counts('no')} no, ${counts('could not tell')} could not tell.`,
    ...caveats.flatMap((caveat) => ['', `**${caveat}**`]),
    '',
    settings === ''
      ? 'No setting has to differ from its default.'
      : `**Set** ${settings
          .split(' ')
          .map((one) => `\`${one}\``)
          .join(', ')}.`,
  ]
  const sections = answers.flatMap(({ facts, number, question, verdict }) => [
    '',
    `## ${number}. ${question} ${verdict[0]?.toUpperCase()}${verdict.slice(1)}`,
    '',
    '| | verdict | evidence | what follows |',
    '| --- | --- | --- | --- |',
    ...facts.map((fact) => {
      const follows = adviceFor(fact)?.follows ?? ''
      return `| ${cell(FACTS[fact.fact][1])} | ${fact.verdict} | ${cell(fact.evidence)} | ${cell(follows)} |`
    }),
  ])
  return `${[...head, ...sections].join('\n')}\n`
}
