/** Question 2: the session in an ID token, and in the one of a refresh. */
import { START_CLAIM } from '../probe.ts'
import { denialOf, hash, logInPrimary, NoAnswer, type Question, seenIn } from '../stage.ts'
import { no, told, unknown, yes } from '../verdict.ts'

export const askSession: Question = async (stage) => {
  const { application, newVisitor, note } = stage
  const visitor = await newVisitor()
  const result = await logInPrimary(stage, visitor, {
    scope: 'openid profile email offline_access',
  })
  if (result.type === 'denied') throw new NoAnswer(`a plain login ends in ${denialOf(result)}`)
  const { sid } = result.claims
  const has = typeof sid === 'string' && sid !== ''
  note(told('hint_has_sid', has, has ? 'the ID token has sid' : 'the ID token has no sid'))
  const session = seenIn(result.claims, START_CLAIM)?.session
  if (!has) note(unknown('sid_is_session', 'there is no sid'))
  else if (session === undefined)
    note(unknown('sid_is_session', 'the probe did not tell a session id'))
  else {
    const same = hash(stage, sid) === session
    const evidence = same ? 'event.session.id is sid' : 'event.session.id is another than sid'
    note(told('sid_is_session', same, evidence))
  }
  if (!has) throw new NoAnswer('there is no sid to compare')
  if (result.refreshToken === undefined) throw new NoAnswer('no refresh token was given')
  const app = await application()
  const refreshed = await app.refresh(result.refreshToken).catch(() => undefined)
  if (refreshed === undefined || refreshed.idToken === '')
    throw new NoAnswer('the refresh gave no ID token')
  if (refreshed.claims.sid === sid)
    note(yes('sid_after_refresh', 'the refreshed ID token has the same sid'))
  else {
    const what = refreshed.claims.sid === undefined ? 'no' : 'another'
    note(no('sid_after_refresh', `the refreshed ID token has ${what} sid`))
  }
}
