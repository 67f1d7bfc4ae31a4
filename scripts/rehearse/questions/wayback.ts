/** Questions 4 and 6: what the event of a way back holds, and the nested ID token. */
import { ASK, type Seen, START_CLAIM } from '../probe.ts'
import {
  denialOf,
  goOn,
  hash,
  NoAnswer,
  type ProbeRun,
  park,
  type Question,
  redeemNested,
  type Stage,
  seenIn,
} from '../stage.ts'
import { no, told, unknown, yes } from '../verdict.ts'
import { USER_AGENT } from '../visitor.ts'

const ANOTHER = `${USER_AGENT} Rehearsal/2`

/** Of the nested request, what the Action holds it to. */
const HELD = ['connection', 'connection_scope', 'max_age', 'nonce', 'access_type']
const MORE = { connection_scope: 'profile', access_type: 'offline' }

const LEEWAY_SECONDS = 30

/** Once for both questions. The browser calls itself another one from the nested login on. */
const run = (stage: Stage): Promise<ProbeRun> => stage.once('way back', () => runAnew(stage))

async function runAnew(stage: Stage): Promise<ProbeRun> {
  const parked = await park(stage, { nested: MORE })
  await parked.visitor.pretend(ANOTHER)
  return goOn(parked, stage.scene.secondary)
}

export const askWayBack: Question = async (stage) => {
  const { note } = stage
  const { back, result, start, stop, visitor } = await run(stage)
  if (stop.type === 'page') return visitor.lose('the way back ends at a page')
  if (result?.type === 'denied') throw new NoAnswer(`the way back ends in ${denialOf(result)}`)
  if (back === undefined)
    throw new NoAnswer("the probe's claim is not in the ID token: nothing tells what it saw")
  const isNew = 'code' in back.query && !(ASK in back.query)
  note(told('request_is_new', isNew, isNew ? 'its query has the code' : 'its query has no code'))
  noteUserAgent(stage, back)
  const kept = `${ASK}_start` in back.metadata
  note(told('metadata_kept', kept, kept ? 'it is there' : 'it is gone'))
  const address = back.address === start?.address ? 'the same as at the start' : 'another one'
  const has = back.address !== undefined
  note(told('address_seen', has, has ? `it is ${address}` : 'it has none'))
  if (start === undefined) throw new NoAnswer('the probe did not tell what it saw at the start')
  noteSame(stage, 'session_kept', 'session id', start.session, back.session)
  noteSame(stage, 'transaction_kept', 'transaction id', start.transaction, back.transaction)
  const same = start.methods.join() === back.methods.join()
  note(told('methods_kept', same, `they are ${same ? 'the same' : 'others'}`))
}

function noteUserAgent(stage: Stage, { agent }: Seen): void {
  const { note } = stage
  if (agent === hash(stage, ANOTHER))
    note(yes('user_agent_is_new', 'it is the one that the browser had on the way back'))
  else if (agent === hash(stage, USER_AGENT))
    note(no('user_agent_is_new', 'it is the one of the request that started'))
  else note(unknown('user_agent_is_new', 'it is neither of the two that the browser had'))
}

function noteSame(
  { note }: Stage,
  fact: 'session_kept' | 'transaction_kept',
  what: string,
  start: string | undefined,
  back: string | undefined,
): void {
  if (start === undefined) note(unknown(fact, `the start has no ${what}`))
  else if (back === undefined) note(no(fact, `the way back has no ${what}`))
  else note(told(fact, start === back, `it is ${start === back ? 'the same' : 'another'} ${what}`))
}

export const askNestedToken: Question = async (stage) => {
  const { note } = stage
  const ran = await run(stage)
  const claims = await redeemNested(stage, ran)
  const { auth_time: authTime, nonce } = claims
  const isNew = typeof authTime === 'number' && authTime >= ran.startedAtSeconds - LEEWAY_SECONDS
  const when = authTime === undefined ? 'is not there' : isNew ? 'is new' : 'is old'
  note(told('nested_auth_time', isNew, `auth_time ${when}`))
  const same = nonce === ran.nested.nonce
  note(told('nested_nonce', same, same ? 'it is the one that was asked' : 'it is not that one'))
  const seen = seenIn(claims, START_CLAIM)
  const has = seen !== undefined
  note(told('nested_claim', has, has ? 'it is there' : 'it is not there'))
  if (seen === undefined) throw new NoAnswer('the claim that would tell is not there')
  const missing = HELD.filter(
    (name) => seen.query[name] !== hash(stage, ran.nested.parameters[name]),
  )
  const whole = missing.length === 0
  note(told('nested_parameters', whole, whole ? HELD.join(', ') : `lacks ${missing.join(', ')}`))
}
