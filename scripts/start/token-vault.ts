/**
 * What the local tenant does not have by itself, for the agent: tokens of upstream providers, by
 * Auth0's token exchange, and the calendar that such a token opens. Answers those two requests on the
 * back channel; which refresh token is whose, and what was consented to, it hears from the tenant.
 *
 * @see https://auth0.com/docs/secure/tokens/token-vault
 */

import { randomBytes } from 'node:crypto'
import { decodeJwt } from 'jose'
import { createBoundedMap } from '../tenant/bounded.ts'
import { type Exchange, one, sendJson } from '../tenant/http.ts'
import type { Tenant } from '../tenant/index.ts'
import type { LogEntry } from '../tenant/log.ts'
import { CALENDAR } from './application/agent.ts'

const GRANT = 'urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token'
const LIFETIME_SECONDS = 3_600

/** Of each: what is older belongs to sessions that nobody uses any more. */
const MAX_REMEMBERED = 1_000

export const CALENDAR_PATH = '/example-calendar/events'

const EVENTS = [
  { time: '09:30', title: 'Stand-up' },
  { time: '11:00', title: 'Review of the linking flow' },
  { time: '15:30', title: 'Coffee with Sam Example' },
]

/** Whose token. */
interface Asked {
  readonly userId: string
  readonly connection: string
  /** The id of the identity at its provider, where there are several. */
  readonly loginHint: string | undefined
}

interface Consent {
  readonly identity: string
  readonly owner: string
  readonly scope: string
}

export interface TokenVault {
  /** Hears what happens at the tenant. */
  hear(entry: LogEntry): void
  /** Whether it was one of its two requests. */
  answer(exchange: Exchange, tenant: Tenant): Promise<boolean>
}

export function createTokenVault(): TokenVault {
  const owners = createBoundedMap<string, string>(MAX_REMEMBERED)
  const consents = createBoundedMap<string, string>(MAX_REMEMBERED)
  const issued = createBoundedMap<string, Asked>(MAX_REMEMBERED)

  /** The scopes that this user's identity of the connection has been granted upstream, and whose it is. */
  function consentOf(
    tenant: Tenant,
    { connection, loginHint, userId }: Asked,
  ): Consent | undefined {
    const { email = '', identities = [] } = tenant.users.get(userId) ?? {}
    return identities
      .filter((one) => one.connection === connection)
      .filter(({ user_id }) => loginHint === undefined || user_id === loginHint)
      .flatMap(({ profileData, provider, user_id }) => {
        const scope = consents.get(`${connection} ${provider}|${user_id}`)
        const owner = String(profileData?.email ?? email)
        return scope === undefined ? [] : [{ identity: user_id, owner, scope }]
      })[0]
  }

  function exchangeToken({ form, identify, res }: Exchange, tenant: Tenant): void {
    const application = tenant.applications.find(one(form, 'client_id'))
    const secret = one(form, 'client_secret')
    if (application === undefined || application.clientSecret !== secret) {
      sendJson(res, 401, { error: 'invalid_client', error_description: 'Unauthorized' })
      return
    }
    identify(application.clientId)
    const userId = owners.get(one(form, 'subject_token') ?? '')
    const connection = one(form, 'connection') ?? ''
    const loginHint = one(form, 'login_hint')
    const consent =
      userId === undefined ? undefined : consentOf(tenant, { userId, connection, loginHint })
    if (userId === undefined || consent === undefined) {
      sendJson(res, 401, {
        error: 'federated_connection_refresh_token_not_found',
        error_description: 'Federated connection Refresh Token not found.',
      })
      return
    }
    const token = randomBytes(24).toString('base64url')
    issued.set(token, { userId, connection, loginHint: consent.identity })
    sendJson(res, 200, {
      access_token: token,
      scope: consent.scope,
      expires_in: LIFETIME_SECONDS,
      issued_token_type: 'http://auth0.com/oauth/token-type/federated-connection-access-token',
      token_type: 'Bearer',
    })
  }

  function readCalendar({ headers, identify, res }: Exchange, tenant: Tenant): void {
    identify(tenant.applications.web.clientId)
    const [, token = ''] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? []
    const asked = issued.get(token)
    // Unlinked meanwhile: the token goes with the identity.
    const consent = asked && consentOf(tenant, asked)
    const allowed = consent?.scope.split(/[ ,]/).includes(CALENDAR.scope) === true
    if (allowed) sendJson(res, 200, { owner: consent.owner, events: EVENTS })
    else sendJson(res, 401, { error: 'invalid_token' })
  }

  return {
    hear(entry) {
      if (entry.kind === 'login' && entry.result === 'success' && entry.identity !== undefined) {
        const { connection, connectionScope, identity } = entry
        if (connectionScope !== undefined)
          consents.set(`${connection} ${identity}`, connectionScope)
      }
      if (entry.kind !== 'http' || entry.path !== '/oauth/token') return
      const { id_token, refresh_token } = (entry.answer ?? {}) as Readonly<Record<string, unknown>>
      if (typeof id_token !== 'string' || typeof refresh_token !== 'string') return
      owners.set(refresh_token, String(decodeJwt(id_token).sub))
    },
    async answer(exchange, tenant) {
      const { channel, form, method, url } = exchange
      if (channel !== 'back') return false
      const route = `${method} ${url.pathname}`
      if (route === `GET ${CALENDAR_PATH}`) readCalendar(exchange, tenant)
      else if (route === 'POST /oauth/token' && one(form, 'grant_type') === GRANT) {
        exchangeToken(exchange, tenant)
      } else return false
      return true
    },
  }
}
