/**
 * Whether this browser's person wants to be asked before a login is linked: a switch of the application,
 * kept in a cookie. No I/O.
 */

import { readCookies, removeCookie, setCookie } from './cookies.ts'
import type { Exchange } from './exchange.ts'

const ASK_FIRST = 'example-application-ask-first'

export const asksFirst = (exchange: Exchange): boolean => readCookies(exchange)[ASK_FIRST] === 'yes'

export function setAskFirst(exchange: Exchange): void {
  if (exchange.form.get('on') === 'yes') setCookie(exchange, ASK_FIRST, 'yes')
  else removeCookie(exchange, ASK_FIRST)
}
