/**
 * Where the application keeps who is logged in: the SDK's own stores, sessions in memory and encrypted
 * cookies in the browser. No I/O.
 */

import {
  type CookieHandler,
  CookieTransactionStore,
  type SessionStore,
  type StateData,
  StatefulStateStore,
} from '@auth0/auth0-server-js'
import { readCookies, removeCookie, setCookie } from './cookies.ts'
import type { Exchange } from './exchange.ts'

function withExchange(exchange: Exchange | undefined): Exchange {
  if (exchange === undefined) throw new Error('the SDK was called without the exchange')
  return exchange
}

export const cookieHandler: CookieHandler<Exchange> = {
  setCookie: (name, value, options, exchange) =>
    setCookie(withExchange(exchange), name, value, options),
  getCookie: (name, exchange) => readCookies(withExchange(exchange))[name],
  getCookies: (exchange) => readCookies(withExchange(exchange)),
  deleteCookie: (name, exchange, options) => removeCookie(withExchange(exchange), name, options),
}

function createSessions(): SessionStore<Exchange> {
  const sessions = new Map<string, StateData>()
  return {
    get: async (id) => sessions.get(id),
    set: async (id, data) => void sessions.set(id, data),
    delete: async (id) => void sessions.delete(id),
    deleteByLogoutToken: async ({ sid }) => {
      for (const [id, { internal }] of sessions) if (internal.sid === sid) sessions.delete(id)
    },
  }
}

/** Under which name the SDK keeps a session. */
const SESSION = '__a0_session'

export function createStores({ sessionSecret: secret }: { readonly sessionSecret: string }) {
  const stateStore = new StatefulStateStore<Exchange>(
    { secret, store: createSessions() },
    cookieHandler,
  )
  return {
    transactionStore: new CookieTransactionStore<Exchange>({ secret }, cookieHandler),
    stateStore,

    readSession: (exchange: Exchange) => stateStore.get(SESSION, exchange),

    /** Changes what the SDK keeps, where there is a session. */
    async changeSession(exchange: Exchange, change: Partial<StateData>): Promise<void> {
      const session = await stateStore.get(SESSION, exchange)
      if (session === undefined) return
      await stateStore.set(SESSION, { ...session, ...change }, false, exchange)
    },
  }
}

export type Stores = ReturnType<typeof createStores>
