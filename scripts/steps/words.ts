/**
 * What the tenant has logged, in words: what a request asks for, how a login ended, what a run of the
 * Action came to. The demo and the inspector say it alike. Pure; who shows parameters beside the words
 * masks them by `decode.ts`.
 */

import type { ActionEntry, HttpEntry, LoginEntry, Parameters } from '../tenant/log.ts'
import type { Command } from '../testing/api.ts'
import { readPath } from './decode.ts'

export const textOf = (parameters: Parameters, name: string): string =>
  [parameters[name] ?? ''].flat().join(' ')

/** Whether it is the Action's own request, for the second login. */
export const isNested = (parameters: Parameters): boolean =>
  textOf(parameters, 'redirect_uri').endsWith('/continue')

function authorizeWords({ query, form, location }: HttpEntry): string {
  const given = { ...query, ...form }
  const scope = textOf(given, 'scope').split(' ')
  const connection = textOf(given, 'requested_connection')
  if (scope.includes('unlink_account')) return `asks to unlink ${connection}`
  if (scope.includes('link_account')) return `asks to link ${connection}`
  if (isNested(given)) return 'goes to the nested login'
  return location?.includes('/callback')
    ? 'logs in, with the session that is there'
    : 'goes to log in'
}

/** The tenant's two addresses of it. */
export const isLogOut = (path: string): boolean => path === '/v2/logout' || path === '/oidc/logout'

function upstreamWords(connection: string, { form, location = '', method }: HttpEntry): string {
  if (method === 'GET') {
    const what = location === '' ? 'sees the login page of' : 'is logged in without a page by'
    return `${what} ${readPath(connection)}`
  }
  if (textOf(form, 'action') === 'cancel') return 'cancels the login'
  return `logs in as ${textOf(form, 'person') || textOf(form, 'email')}`
}

function browserWords(entry: HttpEntry): string {
  const { location = '', method, path } = entry
  if (path === '/authorize') return authorizeWords(entry)
  if (path === '/continue') return 'comes back from the nested login'
  if (path === '/u/login') return 'chooses a connection'
  if (path === '/u/challenge')
    return method === 'GET' ? 'is asked for a factor' : 'gives the factor'
  if (isLogOut(path)) return 'ends the session'
  const [, upstream] = /^\/upstream\/([^/]+)\//.exec(path) ?? []
  if (upstream !== undefined) return upstreamWords(upstream, entry)
  const target = URL.parse(location)?.pathname
  if (target === '/continue') return 'leaves the nested login'
  if (target === '/callback') return 'goes back to the application'
  return 'goes on'
}

/** The second phase of a link. */
export const isConfirmation = ({ form, path }: HttpEntry): boolean =>
  path === '/oauth/token' && form.link_confirmation !== undefined

function tokenWords(entry: HttpEntry): string {
  const { form, json } = entry
  if (isConfirmation(entry)) return 'confirms the link'
  const { grant_type } = { ...(json as { readonly grant_type?: unknown } | undefined), ...form }
  const grant = String(grant_type ?? '')
  if (grant === 'authorization_code') return 'redeems the code'
  if (grant === 'client_credentials') return 'gets a Management token'
  if (grant.endsWith('federated-connection-access-token'))
    return 'asks for a token of the connection'
  return 'asks for tokens'
}

/** Method and path of what is not a browser's, and what it does; the first that fits. */
const CALLS: readonly (readonly [RegExp, string | ((entry: HttpEntry) => string)])[] = [
  [/ \/oauth\/token$/, tokenWords],
  [/ \/oauth\/revoke$/, 'revokes the refresh token'],
  [/ \/\.well-known\/jwks\.json$/, 'reads the keys'],
  [/ \/\.well-known\/openid-configuration$/, 'reads the configuration'],
  [/^POST .*\/identities$/, 'links the identity'],
  [/^DELETE .*\/identities\//, 'unlinks the identity'],
  [/ \/api\/v2\/users\//, 'reads the account'],
  [/ \/example-calendar\//, 'reads the calendar'],
  [/^PATCH .*\/bindings$/, 'binds it to post-login'],
  [/^GET .*\/bindings$/, 'reads what is bound to post-login'],
  [/^PATCH \/api\/v2\/clients\//, 'keeps the settings there'],
  [/^GET \/api\/v2\/clients\//, 'reads the companion application'],
  [/^GET \/api\/v2\/custom-domains$/, 'reads the custom domains'],
  [/^POST .*\/actions\/actions$/, 'creates the Action'],
  [/^GET .*\/actions\/actions$/, 'looks for the Action'],
  [/^POST .*\/actions\/actions\/[^/]+\/deploy$/, 'deploys it'],
  [
    /^GET .*\/actions\/actions\/[^/]+$/,
    ({ answer }) => (isDeployed(answer) ? 'sees that it is deployed' : 'waits until it is built'),
  ],
]

const isDeployed = (answer: unknown): boolean =>
  (answer as { readonly all_changes_deployed?: boolean } | undefined)?.all_changes_deployed === true

function callWords(entry: HttpEntry): string {
  const asked = `${entry.method} ${entry.path}`
  const [, words] = CALLS.find(([pattern]) => pattern.test(asked)) ?? []
  if (words === undefined) return `${entry.method} ${readPath(entry.path)}`
  return typeof words === 'function' ? words(entry) : words
}

export const requestWords = (entry: HttpEntry): string =>
  entry.caller === 'browser' ? browserWords(entry) : callWords(entry)

export function loginWords({ created, result, userId }: LoginEntry): string {
  return {
    success: `${userId} is logged in${created ? ', a new user' : ''}`,
    cancelled: 'the login is given up',
    refused: 'the login is refused',
  }[result]
}

/** RESULT_CLAIM tells how it ended. */
function claimWords(value: unknown): string {
  const { status } = (value ?? {}) as { readonly status?: unknown }
  return typeof status === 'string'
    ? `tells the application: ${status}`
    : 'sets a claim of the ID token'
}

function commandWords(command: Command): string {
  switch (command.type) {
    case 'access.deny':
      return `denies ${command.reason.split(':')[0]}`
    case 'redirect.sendUserTo':
      return 'sends the user to the nested login'
    case 'authentication.challengeWithAny':
      return 'challenges a factor'
    case 'idToken.setCustomClaim':
      return claimWords(command.value)
    case 'user.setUserMetadata':
      return 'sets user metadata'
    case 'transaction.setMetadata':
      return 'keeps metadata'
  }
}

/** Of what a run asked of the platform, that which says most. */
export function runWords({ commands, error }: ActionEntry): string {
  if (error !== undefined) return error
  const telling =
    commands.find(({ type }) => type === 'access.deny') ??
    commands.find(({ type }) => type === 'redirect.sendUserTo') ??
    commands.find(({ type }) => type === 'authentication.challengeWithAny') ??
    commands[0]
  return telling === undefined ? 'lets the login go on' : commandWords(telling)
}

/** What the Action's own line says of the end; `undefined` where the end is still to come. */
export function outcomeOf({ commands, lines, nested }: ActionEntry): string | undefined {
  if (nested || commands.some(({ type }) => type === 'redirect.sendUserTo')) return undefined
  return lines.flatMap((line) => /:outcome (\w+)/.exec(line)?.[1] ?? []).at(-1)
}
