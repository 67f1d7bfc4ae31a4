/**
 * An ordinary web application of the tenant, without its web server: it makes authorization requests
 * with `openid-client`, and redeems what comes back to its callback. Talks to the tenant's back
 * channel; gives back tokens, or the denial.
 */

import * as client from 'openid-client'
import type { Application } from './applications.ts'
import type { Tenant } from './index.ts'

export interface TokenResult {
  readonly type: 'tokens'
  readonly idToken: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly accessToken: string
  readonly refreshToken: string | undefined
}

/** What the application has in the end: tokens, or `error` and `error_description` of the denial. */
export type LoginResult =
  | TokenResult
  | { readonly type: 'denied'; readonly error: string; readonly description: string }

export interface LoginAttempt {
  /** Where to send the browser. */
  readonly url: URL
  /** Redeems the request that arrived at the callback. */
  complete(callback: URL): Promise<LoginResult>
}

export interface WebApplication {
  readonly redirectUri: string
  /** A login; `parameters` are added to the authorization request. */
  start(parameters?: Readonly<Record<string, string>>): Promise<LoginAttempt>
  /** The same, pushed (RFC 9126). */
  push(parameters?: Readonly<Record<string, string>>): Promise<LoginAttempt>
  /** New tokens for a refresh token; `parameters` are added to the request. A refusal rejects. */
  refresh(refreshToken: string, parameters?: Readonly<Record<string, string>>): Promise<TokenResult>
  /** Tokens without a browser; the application needs the grant `password`. A refusal rejects. */
  logInByPassword(email: string, password: string): Promise<TokenResult>
}

export interface WebApplicationOptions {
  /** Default: the canonical one. */
  readonly domain?: string
  readonly application?: Application
  readonly redirectUri?: string
}

/**
 * Makes a web application of a local tenant: `start` gives the URL for the browser, `complete` takes
 * the URL at which the browser came back. A denial is a result, not an error; anything else that is
 * wrong with the answer (state, nonce, signature) rejects.
 */
export async function createWebApplication(
  tenant: Tenant,
  options: WebApplicationOptions = {},
): Promise<WebApplication> {
  const { domain = tenant.canonicalDomain, application = tenant.applications.web } = options
  const { redirectUri = 'http://localhost:3000/callback' } = options
  const { clientId, clientSecret } = application
  return openApplication({ domain, clientId, clientSecret, redirectUri })
}

/** The same, of any tenant. */
export async function openApplication({
  domain,
  clientId,
  clientSecret,
  redirectUri,
}: {
  readonly domain: string
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
}): Promise<WebApplication> {
  const authentication = client.ClientSecretPost(clientSecret)
  const issuer = new URL(`https://${domain}/`)
  const configuration = await client.discovery(issuer, clientId, undefined, authentication)

  async function request(given: Readonly<Record<string, string>>) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier()
    const expectedNonce = client.randomNonce()
    const expectedState = client.randomState()
    const parameters = {
      scope: 'openid profile email',
      redirect_uri: redirectUri,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      nonce: expectedNonce,
      state: expectedState,
      ...given,
    }
    const complete = async (callback: URL): Promise<LoginResult> => {
      try {
        const tokens = await client.authorizationCodeGrant(configuration, callback, {
          pkceCodeVerifier,
          expectedNonce,
          expectedState,
          idTokenExpected: true,
        })
        return toResult(tokens)
      } catch (error) {
        if (!(error instanceof client.AuthorizationResponseError)) throw error
        return { type: 'denied', error: error.error, description: error.error_description ?? '' }
      }
    }
    return { parameters, complete }
  }

  return {
    redirectUri,
    async start(given = {}) {
      const { parameters, complete } = await request(given)
      return { url: client.buildAuthorizationUrl(configuration, parameters), complete }
    },
    async push(given = {}) {
      const { parameters, complete } = await request(given)
      return { url: await client.buildAuthorizationUrlWithPAR(configuration, parameters), complete }
    },
    async refresh(refreshToken, parameters = {}) {
      return toResult(await client.refreshTokenGrant(configuration, refreshToken, parameters))
    },
    async logInByPassword(username, password) {
      const parameters = { username, password, scope: 'openid profile email' }
      return toResult(await client.genericGrantRequest(configuration, 'password', parameters))
    },
  }
}

function toResult(
  tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
): TokenResult {
  return {
    type: 'tokens',
    idToken: tokens.id_token ?? '',
    claims: tokens.claims() ?? {},
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
  }
}
