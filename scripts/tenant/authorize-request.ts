/**
 * What the platform takes of an authorization request, and what of it Actions see: the form of custom
 * parameters, and what a third-party application may ask. Pure, no I/O.
 *
 * @see https://auth0.com/docs/get-started/applications/third-party-applications/security-controls
 */

import type { Application } from './applications.ts'
import { filterParameters, one } from './http.ts'
import type { Parameters } from './log.ts'
import { words } from './transaction.ts'

/** Why a request is refused: an OAuth error and its description. */
export interface Refusal {
  readonly error: string
  readonly description: string
}

export interface RequestRules {
  /**
   * Of custom parameters' values. `documented`: what the login page's templates take. Whether that
   * holds for pushed requests too, no document says: a hint is longer.
   */
  readonly customValues: 'any' | 'documented'
}

const PREFIX = 'ext-'

/**
 * One request brings no more of them, under names and with values of this form.
 *
 * @see https://auth0.com/docs/customize/login-pages/universal-login/customize-templates
 */
const MAX_CUSTOM_PARAMETERS = 10
const CUSTOM_NAME = /^ext-[\w-]{1,28}$/
const CUSTOM_VALUE = /^[-\w.*~@+ /:]{1,255}$/

/** Of a strict third-party application; custom ones beside them. */
const STRICT_PARAMETERS = new Set([
  'acr_values',
  'audience',
  'authorization_details',
  'client_id',
  'code_challenge',
  'code_challenge_method',
  'connection',
  'correlation_id',
  'display',
  'dpop_jkt',
  'login_hint',
  'max_age',
  'nonce',
  'prompt',
  'redirect_uri',
  'resource',
  'response_type',
  'scope',
  'state',
  'ui_locales',
])

const OIDC_SCOPES = ['openid', 'profile', 'email']

/** The default since 2026; the mode of an older one is `permissive`. */
export const isStrict = ({ firstParty, values }: Application): boolean =>
  !firstParty && values.third_party_security_mode !== 'permissive'

const isCustom = (name: string): boolean => name.startsWith(PREFIX)

/** All that Actions see of a pushed request, and of one that a third-party application makes. */
export const customParameters = (parameters: Parameters): Parameters =>
  filterParameters(parameters, isCustom)

/** Strict applications get no ID token: neither scopes of OpenID Connect nor a nonce mean anything. */
export function grantedParameters(application: Application, parameters: Parameters): Parameters {
  if (!isStrict(application)) return parameters
  const scopes = words(one(parameters, 'scope')).filter((scope) => !OIDC_SCOPES.includes(scope))
  const { nonce: _nonce, scope: _scope, ...others } = parameters
  return scopes.length === 0 ? others : { ...others, scope: scopes.join(' ') }
}

/** `undefined`: the request is taken. */
export function refuseRequest(
  application: Application,
  parameters: Parameters,
  rules: RequestRules,
): Refusal | undefined {
  const custom = refuseCustom(customParameters(parameters), rules)
  const problem = custom ?? (isStrict(application) ? refuseStrict(parameters) : undefined)
  return typeof problem === 'string' ? { error: 'invalid_request', description: problem } : problem
}

function refuseCustom(custom: Parameters, { customValues }: RequestRules): string | undefined {
  const parameters = Object.entries(custom)
  if (parameters.length > MAX_CUSTOM_PARAMETERS) {
    const most = `less than or equal to ${MAX_CUSTOM_PARAMETERS} keys with "${PREFIX}" prefix`
    return `error parsing ext params: must have ${most}`
  }
  for (const [name, value] of parameters) {
    if (!CUSTOM_NAME.test(name)) return `error parsing ext params: "${name}" is not allowed`
    if (Array.isArray(value)) return `error parsing ext params: "${name}" is not unique`
    if (customValues === 'documented' && !CUSTOM_VALUE.test(String(value)))
      return `error parsing ext params: "${name}" fails to match the required pattern`
  }
  return undefined
}

function refuseStrict(parameters: Parameters): string | Refusal | undefined {
  const unsupported = Object.keys(parameters).find(
    (name) => !STRICT_PARAMETERS.has(name) && !isCustom(name),
  )
  if (unsupported !== undefined) return `unsupported parameter: ${unsupported}`
  const responseType = one(parameters, 'response_type')
  if (responseType !== 'code') {
    const description = `response_type ${responseType ?? ''} is not supported`
    return { error: 'unsupported_response_type', description }
  }
  return one(parameters, 'code_challenge') === undefined ? 'PKCE is required' : undefined
}
