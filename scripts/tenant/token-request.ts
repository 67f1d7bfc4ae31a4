/**
 * A run of the Actions at /oauth/token, where there is a request and no browser. Pure, but for the
 * random id of the run's transaction.
 */

import { randomBytes } from 'node:crypto'
import { type Exchange, filterParameters } from './http.ts'
import { tokenParameters } from './management-token.ts'
import {
  type Authentication,
  type LoginTransaction,
  type RequestValues,
  requestValues,
} from './transaction.ts'

/** Actions do not see them. */
const HIDDEN = new Set(['client_assertion', 'client_secret', 'password', 'refresh_token'])

/** What a run of the Actions is about where there is a token request and no browser. */
export function withoutBrowser(
  exchange: Exchange,
  clientId: string,
  authentication: Authentication,
): [LoginTransaction, RequestValues] {
  const { domain } = exchange
  const body = filterParameters(tokenParameters(exchange), (name) => !HIDDEN.has(name))
  const request = { ...requestValues(exchange), body }
  const transaction = {
    id: `txn_${randomBytes(24).toString('base64url')}`,
    nested: false,
    browserless: true,
    domain,
    clientId,
    parameters: body,
    request,
    browserId: '',
    authentication,
  }
  return [transaction, request]
}
