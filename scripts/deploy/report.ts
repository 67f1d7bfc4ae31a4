/**
 * What a run tells while it goes: an interface with two voices, lines for people and one JSON document
 * for machines. Every word passes a filter that knows all secrets of the run, and is written so that
 * whatever the tenant put into it stays text.
 */
import { printable, printableJson } from './printable.ts'
import type { Change, Plan, Step } from './steps.ts'

export interface Report {
  /** From here on this text appears nowhere. */
  hide(secret: string): void
  plan(plan: Plan): void
  /** A step begins; `progress` may tell how it goes, `done` ends it. */
  begin(step: Step): void
  progress(text: string): void
  done(text: string): void
  /** Something to know. */
  note(text: string): void
  /** A request is tried again after this. */
  wait(waitMs: number, why: string): void
  /** The last word of a run that went well. */
  end(summary: Summary): void
  /** The last word of one that did not. */
  fail(message: string): void
}

export interface Summary {
  readonly text: string
  readonly changed: boolean
  readonly running: { readonly version: number; readonly sha256: string } | undefined
}

export interface Sink {
  readonly write: (text: string) => unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export interface Frame {
  readonly command: 'deploy' | 'rollback'
  readonly tenant: string
  readonly action: string
  readonly dryRun: boolean
}

/** Shorter ones would turn up in any word. */
const MIN_SECRET_CHARACTERS = 4

const MAX_LINE_CHARACTERS = 500

/** Replaces every secret that it has been told of, the longest first: one may be part of another. */
export function createFilter() {
  const secrets = new Set<string>()
  const clean = (text: string): string =>
    [...secrets]
      .sort((one, other) => other.length - one.length)
      .reduce((rest, secret) => rest.replaceAll(secret, '(secret)'), text)
  /** What somebody else wrote is cut once no secret is in it. */
  const cut = (text: string): string => {
    const line = clean(text)
    return line.length > MAX_LINE_CHARACTERS ? `${line.slice(0, MAX_LINE_CHARACTERS)}…` : line
  }
  return {
    hide: (secret: string): void => {
      if (secret.length >= MIN_SECRET_CHARACTERS) secrets.add(secret)
    },
    /** As a value of a document. */
    cut,
    /** As a part of a line, before it is wrapped or coloured. */
    tell: (text: string): string => printable(clean(text)),
    tellCut: (text: string): string => printable(cut(text)),
    /** As JSON, where a secret may stand with its quotes escaped. */
    cleanJson: (value: unknown): string =>
      printableJson(
        JSON.stringify(value, (_, one) => (typeof one === 'string' ? clean(one) : one), 2),
      ),
  }
}

interface StepEntry {
  readonly step: Step['kind']
  readonly title: string
  readonly changes: readonly Change[]
  state: 'planned' | 'begun' | 'done'
  result?: string
  milliseconds?: number
}

/** One document on stdout when all is over; the error line on stderr besides. */
export function createJsonReport(frame: Frame, stdout: Sink, stderr: Sink): Report {
  const { hide, cut, tellCut, cleanJson } = createFilter()
  let steps: readonly StepEntry[] = []
  const notes: string[] = []
  const waits: { readonly milliseconds: number; readonly why: string }[] = []
  let begun: { readonly entry: StepEntry; readonly at: number } | undefined
  const print = (values: object): void => {
    const document = { ...frame, ...values, steps, notes, waits }
    stdout.write(`${cleanJson(document)}\n`)
  }
  return {
    hide,
    plan(plan) {
      steps = plan.steps.map(({ kind: step, title, changes }) => ({
        step,
        title,
        changes,
        state: 'planned',
      }))
      notes.push(...plan.notes)
    },
    begin({ kind, title }) {
      const entry = steps.find((one) => one.step === kind && one.title === title)
      if (entry === undefined) return
      entry.state = 'begun'
      begun = { entry, at: performance.now() }
    },
    progress: () => {},
    done(result) {
      if (begun === undefined) return
      const milliseconds = Math.round(performance.now() - begun.at)
      Object.assign(begun.entry, { state: 'done', result, milliseconds })
    },
    note: (text) => void notes.push(cut(text)),
    wait: (milliseconds, why) => void waits.push({ milliseconds, why }),
    end: ({ text, changed, running }) => print({ ok: true, summary: text, changed, running }),
    fail(message) {
      print({ ok: false, error: cut(message) })
      stderr.write(`${frame.command}: ${tellCut(message)}\n`)
    },
  }
}

/** For a caller that has words of its own. */
export const createSilentReport = (): Report => ({
  hide: () => {},
  plan: () => {},
  begin: () => {},
  progress: () => {},
  done: () => {},
  note: () => {},
  wait: () => {},
  end: () => {},
  fail: () => {},
})

/** One line, whatever was thrown. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n')[0] ?? text
}
