/** Question 3: the nested URL of one browser, opened and finished in another. */
import { PROBE_DENIAL } from '../probe.ts'
import { NoAnswer, park, type Question, runProbe, wayBackOf } from '../stage.ts'
import { type Fact, no, unknown, yes } from '../verdict.ts'
import type { Stop } from '../visitor.ts'

const FACT = 'continue_bound'

/** What an authorization server says that does not know the browser. */
const REFUSALS = ['access_denied', 'invalid_request', 'login_required', 'unauthorized']

export const askBound: Question = async (stage) => {
  const { newVisitor, note, scene } = stage
  // The same in one browser: without it a refusal would prove nothing.
  const control = await runProbe(stage, { back: 'deny' })
  if (!hasRun(control.stop)) throw new NoAnswer('the way back does not run in its own browser')
  const attacker = await park(stage, { back: 'deny', second: scene.other })
  const victim = await newVisitor()
  const first = await victim.open(attacker.nestedUrl)
  if (first.type === 'page' && first.kind === 'other')
    throw new NoAnswer('the other browser meets a page that is not known')
  const stop = first.type === 'callback' ? first : await victim.logIn(scene.other)
  const step = wayBackOf(victim)
  if (step === undefined) throw new NoAnswer('the other browser never came to /continue')
  const fact = judge(stop)
  if (fact.verdict !== 'yes') {
    note(fact)
    return
  }
  const again = await attacker.visitor.open(step.url)
  const after = hasRun(again) ? 'goes on with it' : 'is refused it too'
  note({ ...fact, evidence: `${fact.evidence}; the first browser ${after}` })
}

/** The probe's way back was run: it says so, or tokens came. */
const hasRun = (stop: Stop): boolean =>
  stop.type === 'callback' &&
  (stop.url.searchParams.has('code') ||
    (stop.url.searchParams.get('error_description') ?? '').startsWith(PROBE_DENIAL.trim()))

function judge(stop: Stop): Fact {
  if (hasRun(stop)) return no(FACT, 'the way back was run in the other browser')
  if (stop.type === 'page') {
    const { status = 0 } = stop
    return status >= 400 && status < 500 && status !== 429
      ? yes(FACT, `/continue answers ${status} in the other browser`)
      : unknown(FACT, `/continue ends at a page in the other browser (${status || 'no answer'})`)
  }
  const error = stop.url.searchParams.get('error') ?? ''
  return REFUSALS.includes(error)
    ? yes(FACT, `/continue ends in ${error} in the other browser`)
    : unknown(FACT, 'the other browser comes to the callback with another error')
}
