/**
 * Drives the second phase of a link as the platform does: the exchange of a refresh token, and the login
 * that confirms. Builds events; no I/O.
 */
import type { PostLoginEvent } from '../../src/platform.ts'
import { changeEvent, type EventOverrides } from './event.ts'

/**
 * The exchange of a refresh token that this login has given out: no transaction, no browser, and the
 * parameters of the request in its body.
 */
export function refreshEvent(
  login: PostLoginEvent,
  parameters: Readonly<Record<string, unknown>> = {},
  overrides: EventOverrides = {},
): PostLoginEvent {
  const { hostname } = login.request
  const { transaction: _, ...rest } = login
  const body = { grant_type: 'refresh_token', client_id: login.client.client_id, ...parameters }
  const exchange: PostLoginEvent = {
    ...rest,
    request: { method: 'POST', query: {}, body, ...(hostname === undefined ? {} : { hostname }) },
    session: {},
  }
  return changeEvent(exchange, overrides)
}

/** A login of the same session that asks for nothing but the confirmation, without a page. */
export function confirmEvent(
  login: PostLoginEvent,
  parameters: Readonly<Record<string, unknown>>,
  overrides: EventOverrides = {},
): PostLoginEvent {
  const scopes = ['openid', 'confirm_link']
  const asked: EventOverrides = {
    request: { query: { scope: scopes.join(' '), ...parameters } },
    transaction: { requested_scopes: scopes, prompt: ['none'], metadata: {} },
  }
  const { query: _, ...request } = login.request
  return changeEvent(changeEvent({ ...login, request }, asked), overrides)
}
