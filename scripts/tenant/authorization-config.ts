/**
 * How `oidc-provider` is made to behave like Auth0: routes, claims, prompts and answers. Pure, but for
 * the two methods of a provider that it replaces.
 */

import {
  type ClientMetadata,
  type Configuration,
  type ErrorOut,
  interactionPolicy,
  type KoaContextWithOIDC,
  type Provider,
  type ResponseType,
} from 'oidc-provider'
import { type Application, type Applications, redirectUriAllowed } from './applications.ts'
import type { BoundedMap } from './bounded.ts'
import { textOf } from './html.ts'
import { page } from './pages.ts'
import type { PlatformAnswers } from './platform-answers.ts'
import type { StoredUser } from './store.ts'

const SCOPES = ['openid', 'profile', 'email', 'offline_access']

/** RFC 7009 2.1. */
async function revokesOwnTokens(
  _ctx: KoaContextWithOIDC,
  client: { readonly clientId: string },
  token: { readonly clientId?: string | undefined },
): Promise<boolean> {
  return token.clientId === client.clientId
}

export const STATIC_CONFIGURATION = {
  claims: {
    openid: ['sub'],
    profile: ['name', 'nickname', 'picture', 'updated_at'],
    email: ['email', 'email_verified'],
  },
  conformIdTokenClaims: false,
  // Otherwise a second login of one session would take the first one's unused code along.
  expiresWithSession: async () => false,
  features: {
    devInteractions: { enabled: false },
    pushedAuthorizationRequests: { enabled: true },
    revocation: { enabled: true, allowedPolicy: revokesOwnTokens },
    userinfo: { enabled: true },
  },
  pkce: { required: () => false },
  responseTypes: ['code', 'id_token', 'id_token token', 'code id_token', 'code id_token token'],
  routes: {
    authorization: '/authorize',
    end_session: '/oidc/logout',
    jwks: '/.well-known/jwks.json',
    pushed_authorization_request: '/oauth/par',
    revocation: '/oauth/revoke',
    token: '/oauth/token',
    userinfo: '/userinfo',
  },
  scopes: SCOPES,
  ttl: {
    AccessToken: 86_400,
    AuthorizationCode: 600,
    Grant: 86_400,
    IdToken: 36_000,
    RefreshToken: 86_400,
    Session: 86_400,
  },
} satisfies Configuration

export function policy(actionsWantPage: (ctx: KoaContextWithOIDC) => Promise<boolean>) {
  const { base, Check, Prompt } = interactionPolicy
  const login = base().get('login')
  if (login === undefined) throw new Error('oidc-provider has no prompt login')
  const gone = (ctx: KoaContextWithOIDC) =>
    ctx.oidc.session?.accountId !== undefined && !ctx.oidc.account
  login.checks.push(
    new Check('user_gone', 'the user of the session is gone', 'login_required', gone),
  )
  // `prompt=consent` is understood, since `offline_access` hangs on it, and asks nobody anything.
  const consent = new Prompt({ name: 'consent', requestable: true })
  consent.checks.clear()
  const actions = new Prompt(
    { name: 'actions' },
    new Check('actions', 'an Action wants a page', 'interaction_required', actionsWantPage),
  )
  return [login, consent, actions]
}

export function toClient(application: Application): ClientMetadata {
  const { clientId, clientSecret, grantTypes, name, redirectUris } = application
  return {
    client_id: clientId,
    client_secret: clientSecret,
    client_name: name,
    // The other ones are not the authorization server's business here.
    grant_types: grantTypes.filter((grant) => USER_GRANTS.includes(grant)),
    redirect_uris: redirectUris,
    response_types: responseTypesOf(grantTypes),
    token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: 'RS256',
  }
}

const USER_GRANTS = ['authorization_code', 'implicit', 'refresh_token']

function responseTypesOf(grantTypes: readonly string[]): readonly ResponseType[] {
  if (grantTypes.includes('implicit')) return STATIC_CONFIGURATION.responseTypes
  return grantTypes.includes('authorization_code') ? ['code'] : []
}

export function toAccount(user: StoredUser) {
  const { user_id: sub, name, nickname, picture, updated_at, email, email_verified } = user
  const claims = { sub, name, nickname, picture, updated_at, email, email_verified }
  return { accountId: sub, claims: async () => claims }
}

/** Every authorization is a grant of its own, by which its tokens find the claims of its Actions. */
export async function loadExistingGrant({ oidc }: KoaContextWithOIDC) {
  const { account, client, provider } = oidc
  if (account === undefined || client === undefined) return undefined
  const { accountId } = account
  const grant = new provider.Grant({ accountId, clientId: client.clientId })
  grant.addOIDCScope(SCOPES.join(' '))
  await grant.save()
  return grant
}

export function renderError(ctx: KoaContextWithOIDC, out: ErrorOut): void {
  ctx.type = 'html'
  const { error = 'error', error_description: description = '' } = out
  ctx.body = textOf(page({ title: 'This login cannot go on', text: `${error}: ${description}` }))
}

/** Of any request: not every one is a login's. */
type Answer = Pick<KoaContextWithOIDC, 'body' | 'path' | 'status'>

/** At /oauth/token Auth0 answers otherwise than RFC 6749 5.2 says. */
export function answerLikeAuth0(ctx: Answer): void {
  if (ctx.path !== '/oauth/token') return
  const { error } = (ctx.body ?? {}) as { readonly error?: string }
  if (error === 'invalid_grant' || error === 'access_denied') ctx.status = 403
  if (error !== 'invalid_client') return
  ctx.status = 401
  ctx.body = { error: 'access_denied', error_description: 'Unauthorized' }
}

/** The front door takes `iss` (RFC 9207) out of authorization responses, as Auth0 sends none. */
export function describeLikeAuth0(ctx: Answer): void {
  if (ctx.path !== '/.well-known/openid-configuration') return
  const metadata = ctx.body as Readonly<Record<string, unknown>>
  ctx.body = { ...metadata, authorization_response_iss_parameter_supported: false }
}

export function allowRedirectUris(provider: Provider, applications: Applications): void {
  provider.Client.prototype.redirectUriAllowed = function allowed(uri) {
    const { clientId } = this as { readonly clientId: string }
    const application = applications.find(clientId)
    return application !== undefined && redirectUriAllowed(application, uri)
  }
}

/** ID tokens carry Auth0's `sid` and whatever claims the Actions have set. */
export function addClaims(
  provider: Provider,
  claimsOfGrants: Pick<BoundedMap<string, Readonly<Record<string, unknown>>>, 'get'>,
  answers: Pick<PlatformAnswers, 'sid' | 'authTime'>,
): void {
  const { payload } = provider.IdToken.prototype
  provider.IdToken.prototype.payload = async function withClaims() {
    const { entities, session } = this.ctx.oidc
    const { AuthorizationCode, Grant, RefreshToken } = entities
    const sid = AuthorizationCode?.sessionUid ?? RefreshToken?.sessionUid ?? session?.uid
    const custom = Grant === undefined ? {} : claimsOfGrants.get(Grant.jti)
    const { auth_time: authTime, ...claims } = await payload.call(this)
    const isRefresh = RefreshToken !== undefined && AuthorizationCode === undefined
    const isShown = answers.sid === 'given' || (answers.sid !== 'never' && !isRefresh)
    return {
      ...claims,
      ...(answers.authTime === 'dropped' || authTime === undefined ? {} : { auth_time: authTime }),
      ...custom,
      ...(isShown ? { sid } : {}),
    }
  }
}
