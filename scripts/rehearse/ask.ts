/**
 * Asks the questions, one after the other, each with browsers of its own. What stands in the way of one
 * makes it "could not tell", and the next is asked; only a stop ends it all. Drives browsers and talks to
 * the tenant; gives back the answers, and pictures of where it was lost.
 */
import type { Browser } from 'playwright-core'
import { codeOf, Problem } from '../deploy/problems.ts'
import { openApplication } from '../tenant/web-application.ts'
import { CALLBACK } from './objects.ts'
import { askDenials, askFormPost, askLimits, askSecondFactor } from './questions/answers.ts'
import { askBound } from './questions/bound.ts'
import { askConfirmation, askCustomDomain, askLink } from './questions/links.ts'
import { askSession } from './questions/session.ts'
import { askStatuses } from './questions/statuses.ts'
import { askNestedToken, askWayBack } from './questions/wayback.ts'
import { deployAction, type Scene, type SetupOptions } from './setup.ts'
import { NoAnswer, type Parameters, type Question, type Stage } from './stage.ts'
import { type Answer, type Fact, type QuestionNumber, toAnswer } from './verdict.ts'
import { Lost, openVisitor, type Visitor } from './visitor.ts'

export interface AskOptions extends SetupOptions {
  readonly scene: Scene
  readonly browser: Browser
  readonly only: readonly QuestionNumber[]
  readonly mfaByActions: boolean | undefined
  readonly pageTimeoutMs: number
  readonly settleMs: number
  readonly ignoreHTTPSErrors: boolean
  readonly onAnswer: (answer: Answer) => void
  readonly onLost: (number: QuestionNumber, lost: Lost) => void
}

/** What needs the probe alone comes first: the Action is set as it was found. */
const ORDER: readonly (readonly [QuestionNumber, Question])[] = [
  [2, askSession],
  [4, askWayBack],
  [6, askNestedToken],
  [3, askBound],
  [8, askFormPost],
  [9, askDenials],
  [10, askLimits],
  [7, askStatuses],
  [1, askLink],
  [11, askCustomDomain],
  [5, askConfirmation],
  // A factor stays enrolled: nobody logs in as this user afterwards.
  [12, askSecondFactor],
]

export async function askAll(options: AskOptions): Promise<readonly Answer[]> {
  const { only, onAnswer, onLost, signal } = options
  const facts: Fact[] = []
  const answers: Answer[] = []
  let deployed: string | undefined
  const applications = new Map<string, ReturnType<typeof openApplication>>()

  const done = new Map<string, Promise<unknown>>()

  const shared: Omit<Stage, 'newVisitor' | 'note'> = {
    ...options,
    domain: options.management.domain,
    verdictOf: (name) => facts.find(({ fact }) => fact === name)?.verdict,
    application(domain = options.management.domain) {
      const { asking } = options.scene
      const known = applications.get(domain)
      const app = known ?? openApplication({ domain, ...asking, redirectUri: CALLBACK })
      applications.set(domain, app)
      return app
    },
    once<T>(what: string, run: () => Promise<T>): Promise<T> {
      const known = (done.get(what) as Promise<T> | undefined) ?? run()
      done.set(what, known)
      return known
    },
    async withSettings(settings: Parameters) {
      const wanted = JSON.stringify(settings)
      if (deployed !== wanted) await deployAction(options, options.scene, settings)
      deployed = wanted
    },
  }

  for (const [number, ask] of ORDER) {
    if (!only.includes(number)) continue
    signal.throwIfAborted()
    const visitors: Visitor[] = []
    const found: Fact[] = []
    let why = 'it was not asked'
    try {
      await ask({
        ...shared,
        note: (fact) => void found.push(fact),
        async newVisitor() {
          const { browser, ignoreHTTPSErrors, pageTimeoutMs: timeoutMs, settleMs } = options
          const given = { browser, ignoreHTTPSErrors, settleMs, signal, timeoutMs }
          const visitor = await openVisitor(given)
          visitors.push(visitor)
          return visitor
        },
      })
    } catch (error) {
      signal.throwIfAborted()
      why = reasonOf(error).replaceAll(options.management.domain, '(the tenant)')
      if (error instanceof Lost) onLost(number, error)
    } finally {
      await Promise.all(visitors.map((visitor) => visitor.close().catch(() => {})))
    }
    const answer = toAnswer(number, found, why)
    facts.push(...answer.facts)
    answers.push(answer)
    onAnswer(answer)
  }
  return answers.toSorted((one, other) => one.number - other.number)
}

/** Nothing of the tenant's: a message of somebody else is not repeated. */
function reasonOf(error: unknown): string {
  if (error instanceof NoAnswer || error instanceof Lost || error instanceof Problem)
    return error.message
  const code = codeOf(error)
  return /^[\w ]{1,60}$/.test(code) ? `something went wrong (${code})` : 'something went wrong'
}
