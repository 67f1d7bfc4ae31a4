/**
 * A browser's own session at an upstream provider, as it has one at its mail provider: begun at
 * `/upstream/<connection>/login`, outside any login at the tenant. While it lasts the provider asks
 * nothing, unless the request says `prompt`. Kept in a cookie; reads and writes headers.
 */

import type { Connection } from './connections.ts'
import { type Exchange, one, setCookie } from './http.ts'
import { words } from './transaction.ts'

export interface ProviderSessions {
  /** The e-mail address of whoever is logged in at the provider. */
  personAt(connection: Connection, exchange: Exchange): string | undefined
  begin(connection: Connection, exchange: Exchange, email: string): void
}

const ASK_AGAIN = ['login', 'select_account', 'consent']

export function createProviderSessions(cookiePrefix: string): ProviderSessions {
  const cookieOf = ({ id }: Connection): string => `${cookiePrefix}_at_${id}`
  return {
    personAt(connection, { cookies, query }) {
      const email = cookies[cookieOf(connection)]
      const asks = words(one(query, 'prompt')).some((prompt) => ASK_AGAIN.includes(prompt))
      return email === undefined || asks ? undefined : email
    },
    begin(connection, { res }, email) {
      setCookie(res, cookieOf(connection), email)
    },
  }
}
