/**
 * An agent that reads its user's calendar: it asks the tenant for a token of the connection, and the
 * calendar for today. Sends one or two requests; gives back what it has to say, or that it needs a token.
 */

import type { ServerClient } from '@auth0/auth0-server-js'
import type { Identity } from './account.ts'
import type { Exchange } from './exchange.ts'
import type { Stores } from './sessions.ts'

export const QUESTION = 'What is on my calendar today?'

export const CALENDAR = {
  connection: 'google-oauth2',
  scope: 'https://www.googleapis.com/auth/calendar.readonly',
} as const

export type CalendarAnswer =
  | { readonly type: 'said'; readonly lines: readonly string[] }
  | { readonly type: 'no token'; readonly why: string }

/** Where several accounts have one: whose is meant, it has to be told. */
export const WHICH = 'You have several accounts there. Which one do you mean?'

export const questionFor = ({ id, label = id }: Identity): string =>
  `What is on the calendar of ${label} today?`

/** Its last words after a denial. */
export const giveUp = (code: string | undefined): string =>
  `The request was ${code === 'link_cancelled' ? 'given up' : 'denied'}. I stop here.`

export interface CalendarOfWhom {
  readonly calendarUrl: string
  /** `provider|user_id`, where the account has such an identity. */
  readonly identity: string | undefined
  readonly stores: Pick<Stores, 'changeSession' | 'readSession'>
}

/** The tenant knows identities of one connection by their ids there, without the provider. */
const hintOf = (identity: string | undefined): string | undefined =>
  identity?.slice(identity.indexOf('|') + 1)

/** The SDK gives the first token of a connection that it keeps, whosever it is: none but this one stays. */
async function forgetOthers(exchange: Exchange, loginHint: string | undefined, of: CalendarOfWhom) {
  const { connectionTokenSets = [] } = (await of.stores.readSession(exchange)) ?? {}
  const own = connectionTokenSets.filter((one) => one.loginHint === loginHint)
  if (own.length < connectionTokenSets.length)
    await of.stores.changeSession(exchange, { connectionTokenSets: own })
}

export async function askForCalendar(
  auth0: ServerClient<Exchange>,
  exchange: Exchange,
  of: CalendarOfWhom,
): Promise<CalendarAnswer> {
  const { connection } = CALENDAR
  const loginHint = hintOf(of.identity)
  const wanted = loginHint === undefined ? { connection } : { connection, loginHint }
  let token: string
  try {
    await forgetOthers(exchange, loginHint, of)
    token = (await auth0.getAccessTokenForConnection(wanted, exchange)).accessToken
  } catch (error) {
    const { cause, message } = error as { readonly cause?: { error?: string }; message: string }
    return { type: 'no token', why: `No token for ${connection}: ${cause?.error ?? message}.` }
  }
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(of.calendarUrl, { headers }).catch(() => undefined)
  if (response?.status === 401) {
    return { type: 'no token', why: `The token for ${connection} is good no more.` }
  }
  if (response?.ok !== true) return { type: 'said', lines: ['The calendar does not answer.'] }
  const { events, owner } = (await response.json()) as {
    readonly owner: string
    readonly events: readonly { readonly time: string; readonly title: string }[]
  }
  return {
    type: 'said',
    lines: [
      `I have a token of ${owner}, and ${events.length} events:`,
      ...events.map(({ time, title }) => `${time} ${title}`),
    ],
  }
}
