/**
 * An agent that reads its user's calendar: it asks the tenant for a token of the connection, and the
 * calendar for today. Sends one or two requests; gives back what it has to say, or that it needs a token.
 */

import type { ServerClient } from '@auth0/auth0-server-js'
import type { Exchange } from './exchange.ts'

export const QUESTION = 'What is on my calendar today?'

export const CALENDAR = {
  connection: 'google-oauth2',
  scope: 'https://www.googleapis.com/auth/calendar.readonly',
} as const

export type CalendarAnswer =
  | { readonly type: 'said'; readonly lines: readonly string[] }
  | { readonly type: 'no token'; readonly why: string }

/** Its last words after a denial. */
export const giveUp = (code: string | undefined): string =>
  `The request was ${code === 'link_cancelled' ? 'given up' : 'denied'}. I stop here.`

export async function askForCalendar(
  auth0: ServerClient<Exchange>,
  exchange: Exchange,
  calendarUrl: string,
): Promise<CalendarAnswer> {
  const { connection } = CALENDAR
  let token: string
  try {
    token = (await auth0.getAccessTokenForConnection({ connection }, exchange)).accessToken
  } catch (error) {
    const { cause, message } = error as { readonly cause?: { error?: string }; message: string }
    return { type: 'no token', why: `No token for ${connection}: ${cause?.error ?? message}.` }
  }
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(calendarUrl, { headers }).catch(() => undefined)
  if (response?.status === 401) {
    return { type: 'no token', why: `The token for ${connection} is good no more.` }
  }
  if (response?.ok !== true) return { type: 'said', lines: ['The calendar does not answer.'] }
  const { events } = (await response.json()) as {
    readonly events: readonly { readonly time: string; readonly title: string }[]
  }
  return {
    type: 'said',
    lines: [
      `I have a token, and ${events.length} events:`,
      ...events.map(({ time, title }) => `${time} ${title}`),
    ],
  }
}
