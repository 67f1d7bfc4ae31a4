/**
 * The second phase of a link (CONFIRM_LINK): what the claim of an ID token says of the link, and the
 * exchange of the refresh token that confirms it. Sends one request to the tenant.
 */

import type { StateData } from '@auth0/auth0-server-js'

/** RESULT_CLAIM of an ID token. */
export interface LinkResult {
  readonly status?: string
  readonly connection?: string
  readonly confirmation?: string
}

export interface ConfirmConfig {
  readonly domain: string
  readonly clientId: string
  readonly clientSecret: string
  readonly resultClaim: string
}

/** A denial by the token endpoint, in the shape of the SDK's errors. */
class ExchangeError extends Error {
  override readonly name = 'ExchangeError'
}

/** Somebody waits for the page: the Action has 15 seconds at most. */
const LIMIT_MS = 20_000

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** It came from the token endpoint itself: nobody has to verify it once more. */
function claimOf(idToken: unknown, resultClaim: string): LinkResult {
  const [, payload = ''] = String(idToken).split('.')
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}')
  const result = isRecord(claims) ? claims[resultClaim] : undefined
  return isRecord(result) ? result : {}
}

export function createConfirmations(config: ConfirmConfig) {
  const { clientId, clientSecret, domain, resultClaim } = config

  return {
    /** The SDK keeps the claims of the first login as the `user`: the newest are in the ID token. */
    read: (session: StateData | undefined): LinkResult => claimOf(session?.idToken, resultClaim),

    /**
     * Nobody but this session's own refresh token confirms. Gives back what became of the link, and the
     * next refresh token where the tenant rotates them; a denial is thrown.
     */
    async confirm({ refreshToken = '' }: StateData, confirmation: string) {
      const response = await fetch(`https://${domain}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          client_id: clientId,
          client_secret: clientSecret,
          refresh_token: refreshToken,
          link_confirmation: confirmation,
        }),
        signal: AbortSignal.timeout(LIMIT_MS),
      })
      const answer: unknown = await response.json()
      if (!response.ok || !isRecord(answer)) {
        throw new ExchangeError('the link was not confirmed', { cause: answer })
      }
      const { id_token: idToken, refresh_token: next } = answer
      return {
        result: claimOf(idToken, resultClaim),
        refreshToken: typeof next === 'string' ? next : refreshToken,
      }
    },
  }
}
