/** Questions 8 to 10 and 12: other ways for a nested login to end, limits, and a second factor. */
import { totp } from '../../tenant/totp.ts'
import { ASK, PROBE_DENIAL, START_CLAIM } from '../probe.ts'
import {
  denialOf,
  finish,
  goOn,
  logInPrimary,
  NoAnswer,
  park,
  type Question,
  redeemNested,
  runProbe,
  type Stage,
  seenIn,
  wayBackOf,
} from '../stage.ts'
import { no, told, unknown, yes } from '../verdict.ts'

const isRefusal = (status = 0): boolean => status >= 400 && status < 500 && status !== 429

export const askFormPost: Question = async (stage) => {
  const { note } = stage
  const ran = await runProbe(stage, { nested: { response_mode: 'form_post' } })
  const step = wayBackOf(ran.visitor)
  if (step === undefined) throw new NoAnswer('the browser never came to /continue')
  if (step.method !== 'POST') throw new NoAnswer(`the answer came by ${step.method}`)
  if (ran.stop.type === 'page') {
    const { status } = ran.stop
    if (!isRefusal(status)) throw new NoAnswer('the POST ends at a page that is not known')
    note(no('form_post', `/continue answers a POST with ${status}`))
    return
  }
  if (ran.result?.type === 'denied') throw new NoAnswer(`it ends in ${denialOf(ran.result)}`)
  if (ran.back === undefined) throw new NoAnswer('the probe did not tell what it saw')
  const where = ran.back.body.includes('code') ? 'event.request.body' : 'a place not seen'
  note(yes('form_post', `the way back was run; the code is in ${where}`))
}

/** Longer than the prefix, and no longer than a denial of the Action. */
const NESTED_DENIAL_CHARACTERS = 60

export const askDenials: Question = async (stage) => {
  await askNestedDenial(stage)
  const { note } = stage
  const parked = await park(stage)
  const stop = await parked.visitor.cancel()
  if (stop === undefined) throw new NoAnswer('the login page has nothing that cancels')
  await finish(parked, stop)
  const back = wayBackOf(parked.visitor)
  if (back === undefined) throw new NoAnswer('after a cancel nothing comes to /continue')
  const error = (back.url.searchParams.get('error') ?? '').replaceAll(/[^a-z_]/g, '')
  note(told('cancel_told', error === 'access_denied', error === '' ? 'no error' : error))
}

async function askNestedDenial(stage: Stage): Promise<void> {
  const { note } = stage
  const asked = `deny=${NESTED_DENIAL_CHARACTERS}`
  const { visitor } = await runProbe(stage, { nested: { [ASK]: asked } })
  const query = wayBackOf(visitor)?.url.searchParams
  if (query === undefined) note(unknown('denial_described', 'nothing came to /continue'))
  else if (!query.has('error')) note(unknown('denial_described', 'the nested login was not denied'))
  else {
    const whole = PROBE_DENIAL.padEnd(NESTED_DENIAL_CHARACTERS, 'x')
    const same = query.get('error_description') === whole
    note(told('denial_described', same, same ? 'it is whole' : 'it says something else'))
  }
}

const HINT_CHARACTERS = 16_384
/** Of a denial of the Action, at most. */
const DENIAL_CHARACTERS = 120
const METADATA_CHARACTERS = 8_192

export const askLimits: Question = async (stage) => {
  await askLongHint(stage)
  await askLongDenial(stage)
  const { note } = stage
  const { back, result } = await runProbe(stage, { metadata: METADATA_CHARACTERS })
  if (result?.type === 'denied')
    throw new NoAnswer(`with long metadata the login ends in ${denialOf(result)}`)
  if (back === undefined) throw new NoAnswer('the probe did not tell what it saw')
  const length = back.metadata[`${ASK}_long`]
  const evidence = length === undefined ? 'it is not there' : `${length} characters`
  note(told('long_metadata', length === METADATA_CHARACTERS, evidence))
}

async function askLongHint(stage: Stage): Promise<void> {
  const { application, newVisitor, note, scene } = stage
  const fact = 'long_hint'
  const visitor = await newVisitor()
  const app = await application()
  const hint = 'h'.repeat(HINT_CHARACTERS)
  const attempt = await app.start({ connection: scene.primary.connection, id_token_hint: hint })
  const first = await visitor.open(attempt.url)
  if (first.type === 'page' && first.kind === 'other') {
    if (isRefusal(first.status)) note(no(fact, `/authorize answers ${first.status}`))
    else note(unknown(fact, 'a page that is not known'))
    return
  }
  const stop = first.type === 'callback' ? first : await visitor.logIn(scene.primary)
  const result = stop.type === 'callback' ? await attempt.complete(stop.url) : undefined
  const seen = result?.type === 'tokens' ? seenIn(result.claims, START_CLAIM) : undefined
  if (seen === undefined) note(unknown(fact, 'the probe did not tell what it saw'))
  else note(told(fact, seen.hint === HINT_CHARACTERS, `${seen.hint ?? 0} characters`))
}

async function askLongDenial(stage: Stage): Promise<void> {
  const { newVisitor, note } = stage
  const asked = { [ASK]: `deny=${DENIAL_CHARACTERS}` }
  const result = await logInPrimary(stage, await newVisitor(), asked)
  if (result.type === 'tokens') note(unknown('long_denial', 'the login was not denied'))
  else {
    const whole = result.description === PROBE_DENIAL.padEnd(DENIAL_CHARACTERS, 'x')
    note(told('long_denial', whole, `${result.description.length} characters`))
  }
}

export const askSecondFactor: Question = async (stage) => {
  const { management, mfaByActions, note, objects, scene } = stage
  if (mfaByActions === undefined) throw new NoAnswer('the tenant does not show its switch')
  if (!mfaByActions) throw new NoAnswer('"Customize MFA Factors using Actions" is off')
  const { other } = scene
  try {
    await management.client.users.authenticationMethods.create(other.userId, {
      type: 'totp',
      name: 'rehearsal',
      totp_secret: objects.totpSecret,
    })
  } catch {
    throw new NoAnswer('no second factor could be enrolled (create:authentication_methods)')
  }
  const parked = await park(stage, { second: other, nested: { [ASK]: 'mfa=1' } })
  let challenged = false
  const ran = await goOn(parked, other, () => {
    challenged = true
    return totp(objects.totpSecret, Date.now())
  })
  const wentOn = ran.result?.type === 'tokens'
  if (!wentOn) throw new NoAnswer(`the login does not go on${challenged ? ' after the code' : ''}`)
  if (challenged) {
    note(yes('nested_mfa', 'a code is asked for, and the way back runs after it'))
    return
  }
  const seen = seenIn(await redeemNested(stage, ran), START_CLAIM)
  if (seen !== undefined && !(ASK in seen.query))
    throw new NoAnswer('the nested event does not show what the probe was to do')
  if (seen?.factors === undefined || seen.factors.length === 0)
    throw new NoAnswer('Actions do not see the factor that was enrolled')
  note(no('nested_mfa', 'nothing is asked for, although Actions see the factor'))
}
