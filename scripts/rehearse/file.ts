/**
 * `rehearsal.json`: what a rehearsal found, without the tenant's name, written to be kept and read again.
 * Pure; whoever reads it back gets facts by their names, or one sentence that says what is wrong with it.
 */
import {
  type Answer,
  FACT_NAMES,
  type Fact,
  type FactName,
  isFactName,
  isQuestionNumber,
  type Verdict,
} from './verdict.ts'

const FORMAT = 1

export interface Rehearsal {
  /** ISO 8601. */
  readonly at: string
  /** Of the Action that was rehearsed: the beginning of its SHA-256. */
  readonly action: string
  /** `local`: the tenant that comes with this project, whose answers are made up. */
  readonly tenant: 'local' | 'live'
  readonly browser: string
  readonly answers: readonly Answer[]
}

export const toDocument = (
  { answers, ...about }: Rehearsal,
  settings: Readonly<Record<string, string>>,
): object => ({ rehearsal: FORMAT, ...about, settings, answers })

export interface KeptRehearsal extends Omit<Rehearsal, 'answers' | 'browser'> {
  readonly facts: ReadonlyMap<FactName, Fact>
}

const VERDICTS: readonly string[] = ['yes', 'no', 'could not tell'] satisfies readonly Verdict[]

type Values = Readonly<Record<string, unknown>>

const record = (value: unknown): Values | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Values)
    : undefined

export function readRehearsal(text: string): KeptRehearsal | { readonly problem: string } {
  const problem = { problem: 'it is no rehearsal.json of this version: rehearse again' }
  const document = parse(text)
  const { action, answers, at, rehearsal, tenant } = document ?? {}
  if (rehearsal !== FORMAT || typeof action !== 'string' || !Array.isArray(answers)) return problem
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) return problem
  if (tenant !== 'local' && tenant !== 'live') return problem
  const found = answers.map(record).flatMap((answer) => {
    const isAnswer = isQuestionNumber(Number(answer?.number)) && Array.isArray(answer?.facts)
    return isAnswer ? (answer.facts as readonly unknown[]) : [undefined]
  })
  const facts = found.map(readFact)
  if (!facts.every((fact) => fact !== undefined)) return problem
  return { at, action, tenant, facts: new Map(facts.map((fact) => [fact.fact, fact])) }
}

function readFact(value: unknown): Fact | undefined {
  const { evidence, fact, verdict } = record(value) ?? {}
  if (typeof fact !== 'string' || !isFactName(fact) || typeof evidence !== 'string')
    return undefined
  if (typeof verdict !== 'string' || !VERDICTS.includes(verdict)) return undefined
  return { fact, evidence, verdict: verdict as Verdict }
}

function parse(text: string): Values | undefined {
  try {
    return record(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** In the order of the questions. */
export const allFacts = (answers: readonly Answer[]): readonly Fact[] =>
  FACT_NAMES.flatMap((name) => answers.flatMap(({ facts }) => facts.filter((f) => f.fact === name)))
