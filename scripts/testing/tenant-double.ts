/**
 * A tenant in this process: an answerer for the four endpoints that the Action calls, behind the
 * signature of `fetch`. No sockets. It checks what Auth0 checks (client, PKCE, audience, token, who is
 * linked to whom), keeps the users, records every request, and can be told to fail.
 */

import { createHash } from 'node:crypto'
import { type Answer, type Fault, isApplied, play, respond, unreachable } from './faults.ts'
import { type KeyName, publishedKey } from './keys.ts'
import {
  CANONICAL_DOMAIN,
  COMPANION_ID,
  COMPANION_SECRET,
  CUSTOM_DOMAIN,
  type Person,
  PRIMARY,
  SECONDARY,
  STRANGER,
} from './people.ts'
import { type Claims, type SigningKey, signJwt } from './sign.ts'

/** The endpoints that the Action calls: the keys, the two grants of `/oauth/token`, link and unlink. */
export type Route = 'jwks' | 'code' | 'client-credentials' | 'link' | 'unlink'

export interface TenantRequest {
  /** `undefined`: the tenant has no such endpoint. */
  readonly route: Route | undefined
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface TenantOptions {
  /** Default: `CANONICAL_DOMAIN`. */
  readonly canonicalDomain?: string
  /** Default: `CUSTOM_DOMAIN`. */
  readonly customDomains?: readonly string[]
  /** Of the companion application. Default: as in `SECRETS`. */
  readonly clientId?: string
  readonly clientSecret?: string
  /** Default: `PRIMARY`, `SECONDARY` and `STRANGER`. */
  readonly users?: readonly Person[]
  /** The keys that the tenant publishes. */
  readonly keys?: readonly KeyName[]
  /** How long a Management token lives. Default: a day. */
  readonly managementTokenSeconds?: number
  /** The clock, in milliseconds since the epoch. */
  readonly now?: () => number
}

/** How the second login went, and what its ID token is to look like. */
export interface SecondLogin {
  readonly user: Person
  /** Claims that Actions have set, and whatever else differs from a good token: `undefined` removes. */
  readonly claims?: Claims
  readonly header?: Claims
  readonly key?: SigningKey
  /** The token endpoint leaves the ID token out, or sends this instead. */
  readonly idToken?: string | null
}

export interface Linked {
  /** The user id of the account. */
  readonly primary: string
  /** `provider|user_id` of the identity. */
  readonly identity: string
}

export interface TenantDouble {
  /** For the place of the global `fetch`. Another host is unreachable: it rejects as `fetch` does. */
  readonly fetch: typeof globalThis.fetch
  /** Every request, in order. Live. */
  readonly requests: readonly TenantRequest[]
  /** How often a route was called; of all of them without an argument. */
  calls(route?: Route): number
  /** Signs with the tenant's key, unless told otherwise. Nothing is added to the claims. */
  signIdToken(claims: Claims, header?: Claims, key?: SigningKey): Promise<string>
  /** The nested authorization: checks the request as Auth0 does, and gives the code of that login. */
  authorize(url: string, login: SecondLogin): string
  /** The next calls of a route fail, one fault a call, in this order. */
  fail(route: Route, ...faults: readonly Fault[]): void
  /** Every call of a route fails from now on. */
  failAlways(route: Route, fault: Fault): void
  /** Publishes these keys from now on. */
  publish(...keys: readonly KeyName[]): void
  /** No Management token that was issued so far is good any more. */
  revokeTokens(): void
  /** As it is now; `undefined`: there is none, or it was linked to another account. */
  user(userId: string): Person | undefined
  /** What was linked and unlinked, in order, however the answer got lost. */
  readonly links: readonly Linked[]
  readonly unlinks: readonly Linked[]
}

interface Code {
  readonly domain: string
  readonly request: URLSearchParams
  readonly login: SecondLogin
  readonly issuedAtSeconds: number
}

const REDIRECTS = [301, 302, 303, 307, 308]
const CODE_LIFETIME_SECONDS = 600
const ID_TOKEN_LIFETIME_SECONDS = 36_000
const DAY_SECONDS = 86_400

const IDENTITIES = /^\/api\/v2\/users\/([^/]+)\/identities$/
const IDENTITY = /^\/api\/v2\/users\/([^/]+)\/identities\/([^/]+)\/([^/]+)$/

const oauthError = (status: number, error: string, description: string): Answer => ({
  status,
  body: { error, error_description: description },
})

const apiError = (status: number, error: string, message: string): Answer => ({
  status,
  body: { statusCode: status, error, message },
})

const name = ({ provider, user_id }: { provider: string; user_id: string }): string =>
  `${provider}|${user_id}`

function routeOf(method: string, url: URL, body: string): Route | undefined {
  const at = `${method} ${url.pathname}`
  if (at === 'GET /.well-known/jwks.json') return 'jwks'
  if (at === 'POST /oauth/token') {
    const grant = new URLSearchParams(body).get('grant_type')
    return grant === 'client_credentials' ? 'client-credentials' : 'code'
  }
  if (method === 'POST' && IDENTITIES.test(url.pathname)) return 'link'
  if (method === 'DELETE' && IDENTITY.test(url.pathname)) return 'unlink'
  return undefined
}

/**
 * Makes a tenant without sockets, for the Action's own requests: `fetch` answers as Auth0 does,
 * errors included, and never reaches a network. `authorize` throws where Auth0 would show an error page
 * instead of the login.
 *
 * @see https://auth0.com/docs/api/authentication
 * @see https://auth0.com/docs/api/management/v2/users/post-identities
 */
export function createTenantDouble(options: TenantOptions = {}): TenantDouble {
  const {
    canonicalDomain = CANONICAL_DOMAIN,
    customDomains = [CUSTOM_DOMAIN],
    clientId = COMPANION_ID,
    clientSecret = COMPANION_SECRET,
    managementTokenSeconds = DAY_SECONDS,
    now = Date.now,
  } = options
  const domains = [canonicalDomain, ...customDomains]
  const users = new Map<string, Person>()
  for (const user of options.users ?? [PRIMARY, SECONDARY, STRANGER]) users.set(user.user_id, user)
  const requests: TenantRequest[] = []
  const links: Linked[] = []
  const unlinks: Linked[] = []
  const codes = new Map<string, Code>()
  const tokens = new Map<string, { readonly domain: string; readonly expiresAtSeconds: number }>()
  const faults = new Map<Route, Fault[]>()
  const standing = new Map<Route, Fault>()
  let published: readonly KeyName[] = options.keys ?? ['current', 'next']
  let issued = 0

  const nowSeconds = (): number => Math.floor(now() / 1000)
  const serial = (): string => String(++issued).padStart(4, '0')

  function authorize(url: string, login: SecondLogin): string {
    const { host, pathname, searchParams: request, protocol } = new URL(url)
    const expected: readonly (readonly [string, unknown, unknown])[] = [
      ['scheme', protocol, 'https:'],
      ['path', pathname, '/authorize'],
      ['domain', domains.includes(host), true],
      ['client_id', request.get('client_id'), clientId],
      ['response_type', request.get('response_type'), 'code'],
      ['redirect_uri', request.get('redirect_uri'), `https://${host}/continue`],
      ['code_challenge_method', request.get('code_challenge_method'), 'S256'],
      ['code_challenge', request.get('code_challenge')?.length, 43],
    ]
    for (const [what, is, shouldBe] of expected) {
      if (is !== shouldBe) throw new Error(`/authorize: ${what} is ${is}, not ${shouldBe}`)
    }
    for (const key of request.keys()) {
      if (request.getAll(key).length > 1) throw new Error(`/authorize: ${key} is given twice`)
    }
    const code = `example-code-${serial()}`
    codes.set(code, { domain: host, request, login, issuedAtSeconds: nowSeconds() })
    return code
  }

  function idTokenOf({ domain, request, login, issuedAtSeconds }: Code): string | undefined {
    if (login.idToken !== undefined) return login.idToken ?? undefined
    const { user } = login
    const scopes = (request.get('scope') ?? '').split(' ')
    const claims = {
      ...(scopes.includes('profile') ? { name: user.name } : {}),
      ...(scopes.includes('email')
        ? { email: user.email, email_verified: user.email_verified }
        : {}),
      iss: `https://${domain}/`,
      aud: clientId,
      sub: user.user_id,
      iat: nowSeconds(),
      exp: nowSeconds() + ID_TOKEN_LIFETIME_SECONDS,
      sid: `example-nested-session-${issued}`,
      nonce: request.get('nonce') ?? undefined,
      auth_time: request.has('max_age') ? issuedAtSeconds : undefined,
      ...login.claims,
    }
    return signJwt(claims, login.header, login.key)
  }

  function exchange(url: URL, form: URLSearchParams): Answer {
    const code = codes.get(form.get('code') ?? '')
    const refused = (why: string): Answer => oauthError(403, 'invalid_grant', why)
    if (code === undefined) return refused('Invalid authorization code')
    if (code.domain !== url.host) return refused('Invalid authorization code')
    // A code works once, and an attempt with the wrong verifier uses it up.
    codes.delete(form.get('code') ?? '')
    if (nowSeconds() > code.issuedAtSeconds + CODE_LIFETIME_SECONDS) {
      return refused('The authorization code has expired')
    }
    if (form.get('redirect_uri') !== code.request.get('redirect_uri')) {
      return refused('The redirect URI is another one')
    }
    const verifier = form.get('code_verifier') ?? ''
    // RFC 7636, section 4.6
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    if (!/^[\w.~-]{43,128}$/.test(verifier) || challenge !== code.request.get('code_challenge')) {
      return refused('Failed to verify code verifier')
    }
    return {
      status: 200,
      body: {
        access_token: `example-nested-access-token-${serial()}`,
        id_token: idTokenOf(code),
        scope: code.request.get('scope'),
        expires_in: DAY_SECONDS,
        token_type: 'Bearer',
      },
    }
  }

  function managementToken(url: URL, form: URLSearchParams): Answer {
    const audience = `https://${canonicalDomain}/api/v2/`
    if (form.get('audience') !== audience) {
      return oauthError(403, 'access_denied', 'Service not enabled within domain')
    }
    const iat = nowSeconds()
    const exp = iat + managementTokenSeconds
    const claims = {
      iss: `https://${url.host}/`,
      sub: `${clientId}@clients`,
      aud: audience,
      iat,
      exp,
      scope: 'update:users',
      gty: 'client-credentials',
      azp: clientId,
      jti: serial(),
    }
    const token = signJwt(claims)
    tokens.set(token, { domain: url.host, expiresAtSeconds: exp })
    const { scope } = claims
    const expires_in = managementTokenSeconds
    return { status: 200, body: { access_token: token, scope, expires_in, token_type: 'Bearer' } }
  }

  function token(url: URL, form: URLSearchParams): Answer {
    // client_secret_post: the only method that the companion has.
    const known = form.get('client_id') === clientId && form.get('client_secret') === clientSecret
    if (!known) return oauthError(401, 'access_denied', 'Unauthorized')
    const grant = form.get('grant_type')
    if (grant === 'authorization_code') return exchange(url, form)
    if (grant === 'client_credentials') return managementToken(url, form)
    return oauthError(403, 'unauthorized_client', 'Grant type not allowed for the client')
  }

  /** What is wrong with the caller, if anything. */
  function refusal(url: URL, headers: Headers): Answer | undefined {
    const bearer = /^Bearer (.+)$/.exec(headers.get('authorization') ?? '')?.[1]
    const known = tokens.get(bearer ?? '')
    if (known === undefined || known.domain !== url.host) {
      return apiError(401, 'Unauthorized', 'Invalid token')
    }
    if (known.expiresAtSeconds <= nowSeconds()) {
      return apiError(401, 'Unauthorized', 'Expired token received for JSON Web Token validation')
    }
    return undefined
  }

  const accountWith = (identity: string): Person | undefined =>
    [...users.values()].find((user) => user.identities.some((one) => name(one) === identity))

  function link(userId: string, body: string): Answer {
    const given = parseJson(body)
    const { provider, user_id } = given
    if (typeof provider !== 'string' || typeof user_id !== 'string') {
      return apiError(400, 'Bad Request', 'Payload validation error')
    }
    const primary = users.get(userId)
    if (primary === undefined) return apiError(404, 'Not Found', 'The user does not exist.')
    const identity = name({ provider, user_id })
    if (identity === userId) {
      return apiError(400, 'Bad Request', 'Main identity and the new one are the same.')
    }
    const owner = accountWith(identity)
    if (owner === undefined) return apiError(404, 'Not Found', 'The user does not exist.')
    if (owner.user_id !== identity) {
      return apiError(409, 'Conflict', 'Specified identity already linked to another user.')
    }
    const identities = [...primary.identities, ...owner.identities]
    users.set(userId, { ...primary, identities })
    users.delete(owner.user_id)
    links.push({ primary: userId, identity })
    return { status: 201, body: identities }
  }

  function unlink(userId: string, provider: string, user_id: string): Answer {
    const account = users.get(userId)
    const identity = name({ provider, user_id })
    const found = account?.identities.find((one) => name(one) === identity)
    if (account === undefined || found === undefined) {
      return apiError(404, 'Not Found', 'The user or the identity does not exist.')
    }
    if (identity === userId) {
      return apiError(400, 'Bad Request', 'The main identity cannot be removed.')
    }
    const identities = account.identities.filter((one) => one !== found)
    users.set(userId, { ...account, identities })
    users.set(identity, {
      user_id: identity,
      email_verified: false,
      name: identity,
      identities: [found],
    })
    unlinks.push({ primary: userId, identity })
    return { status: 200, body: identities }
  }

  function answer(route: Route, url: URL, headers: Headers, body: string): Answer {
    if (route === 'jwks') return { status: 200, body: { keys: published.map(publishedKey) } }
    if (route !== 'link' && route !== 'unlink') return token(url, new URLSearchParams(body))
    const refused = refusal(url, headers)
    if (refused !== undefined) return refused
    const [, userId = '', provider = '', identityId = ''] = (
      (route === 'link' ? IDENTITIES : IDENTITY).exec(url.pathname) ?? []
    ).map(decodeURIComponent)
    return route === 'link' ? link(userId, body) : unlink(userId, provider, identityId)
  }

  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await answerOnce(input, init)
    const location = response.headers.get('location')
    if (location === null || !REDIRECTS.includes(response.status)) return response
    const { redirect, url } = new Request(input, init)
    if (redirect === 'error') throw new TypeError('fetch failed')
    return redirect === 'manual' ? response : fetch(new URL(location, url))
  }

  const answerOnce: typeof globalThis.fetch = async (input, init) => {
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
    signal?.throwIfAborted()
    const request = new Request(input, init)
    const { method, headers } = request
    const url = new URL(request.url)
    const body = await request.text()
    const route = routeOf(method, url, body)
    requests.push({ route, method, url: url.href, headers: Object.fromEntries(headers), body })
    if (url.protocol !== 'https:' || !domains.includes(url.host)) throw unreachable()
    if (route === undefined) return respond(apiError(404, 'Not Found', 'Not Found'))
    const fault = faults.get(route)?.shift() ?? standing.get(route)
    if (fault === undefined) return respond(answer(route, url, headers, body))
    const own = isApplied(fault) ? answer(route, url, headers, body) : undefined
    return play(fault, own, signal)
  }

  return {
    fetch,
    requests,
    calls: (route) => requests.filter((one) => route === undefined || one.route === route).length,
    signIdToken: async (claims, header, key) => signJwt(claims, header, key),
    authorize,
    fail: (route, ...next) => {
      faults.set(route, [...(faults.get(route) ?? []), ...next])
    },
    failAlways: (route, fault) => {
      standing.set(route, fault)
    },
    publish: (...keys) => {
      published = keys
    },
    revokeTokens: () => tokens.clear(),
    user: (userId) => users.get(userId),
    links,
    unlinks,
  }
}

function parseJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
