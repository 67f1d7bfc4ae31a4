/**
 * The attacks that the Action is to withstand, in the words of its contract, and those that were found
 * besides. Each is attacked under its own words in a test file of this folder; `rows.test.ts` holds
 * the list against the files.
 */

import { describe } from 'vitest'

export const ROWS = {
  forcedRequest: 'a page sends the victim to /authorize with a link scope',
  plantedAccount:
    'the victim’s browser is logged in as the attacker first, with the attacker’s own fresh hint',
  foreignSession: 'a hint that no session stands behind: password grant, device, another browser',
  parkedAttempt: 'a parked attempt finished a day later, after a password reset, by a blocked user',
  editedRequest:
    'any of NESTED_PARAMS, or the scopes of a consent, taken out of the nested URL or changed',
  confirmedElsewhere:
    'a victim is handed a nested URL of the attacker’s, every pinned value equal, nothing bound: CONFIRM_LINK',
  confirmation:
    'a confirmation of another user, client, domain or organization; altered; too old; under another ACTION_SECRET; twice; the ID token of another login',
  badHint:
    'hints: absent, not a JWT, of others, expired, from the future, of a wrong algorithm or key, altered, a logout token, 200 kB long',
  foreignCode:
    'a code from another transaction, another user, an earlier attempt for another connection',
  twoAttempts: 'two attempts at once in one session',
  weakSecret: 'empty or short ACTION_SECRET',
  otherPlace:
    'the way back in another browser, session or address; another ACTION_SECRET; metadata altered, lost, or of another transaction',
  fixation:
    'the nested URL opened in another browser or from another address, the platform repeating the first request’s values on the way back',
  foreignHost: 'a hostname with / or @, or of another host',
  widenedScope: 'connection_scope= widened in the browser past the list',
  changedRequest: 'connection= or nonce= changed in the browser',
  injection:
    'a connection or scope outside the lists; a connection name that holds &, #, CR, LF; repeated parameters',
  badIdToken:
    'nested ID token: bad signature, wrong iss, aud, azp, nonce, none, expired, auth_time old or missing, no connection claim',
  takenIdentity: 'an account with linked identities, or linked elsewhere',
  email: 'unverified e-mail on either side; e-mail that does not match',
  mfa: 'MFA: enrolled and not done, factors unreadable, not enrolled under always',
  companionAsks: 'the companion asks for a link',
  replay: 'a replayed way back',
  badCallback: 'error= with markup; code and error together; no code; code twice',
  poisonedCache: 'cache entries poisoned, of another Action, throwing, refusing',
  trouble:
    'a tenant that hangs, resets, answers 4xx, 5xx, 429, HTML, truncated JSON, at every call',
  lostAnswer: 'a link that happened but was not answered',
  unlink: 'unlink: the main identity, another user’s, an unknown one, coming back as someone else',
  otherFlows: 'refresh tokens, password grants, token exchange, SAML, WS-Fed, CIBA',
  // Beyond the contract's list.
  otherMode: 'the code or the record of a consent or an unlink, used for a link',
  weakenedRequest: 'parameters of the nested request taken away or added in the browser',
  redirectedTenant: 'an answer that sends the Action to another host',
  race: 'one way back taken twice at the same moment',
  otherAction: 'another Action of the trigger changes metadata, claims, cache entries',
  sharedFetch: 'one login waits for the request of another that hangs',
  names: 'names that mean something to JavaScript, in parameters and claims',
  log: 'line ends and markup in what is logged',
} as const

export type Row = keyof typeof ROWS

/** A group of tests for this attack. */
export function attack(row: Row, define: () => void): void {
  describe(ROWS[row], define)
}
