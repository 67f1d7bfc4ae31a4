/**
 * The applications that are registered at the tenant: an ordinary web application, the companion of
 * the account-linking Action, and one that deploys by the Management API; more come by that. In
 * memory, no I/O.
 */

import { randomBytes } from 'node:crypto'
import type { Caller } from './log.ts'

export interface Application {
  readonly clientId: string
  readonly clientSecret: string
  readonly name: string
  /** Who is behind its requests, for the log. */
  readonly caller: Caller
  readonly firstParty: boolean
  readonly grantTypes: readonly string[]
  readonly redirectUris: readonly string[]
  /** Any port of `http://localhost:<port>/callback` will do. */
  readonly anyLocalPort: boolean
  /** Its client grant for the Management API. */
  readonly managementScopes: readonly string[]
  /** What else the Management API knows of it, by the API's own names. */
  readonly values: Readonly<Record<string, unknown>>
}

export interface Applications {
  readonly web: Application
  readonly thirdParty: Application
  readonly companion: Application
  readonly deployer: Application
  readonly all: readonly Application[]
  find(clientId: string | undefined): Application | undefined
  /** Registers it, or replaces the one of this id. */
  put(application: Application): void
  remove(clientId: string): void
}

const secret = (): string => randomBytes(24).toString('base64url')

const USER_GRANTS = ['authorization_code', 'refresh_token', 'implicit']

const VALUES = {
  app_type: 'regular_web',
  oidc_conformant: true,
  token_endpoint_auth_method: 'client_secret_post',
  jwt_configuration: { alg: 'RS256', lifetime_in_seconds: 36_000, secret_encoded: false },
  client_metadata: {},
}

const DEPLOYER_SCOPES = [
  'read:actions',
  'create:actions',
  'update:actions',
  'delete:actions',
  'read:users',
  'create:users',
  'update:users',
  'delete:users',
  'create:authentication_methods',
  'read:clients',
  'create:clients',
  'update:clients',
  'delete:clients',
  'read:client_keys',
  'read:client_grants',
  'create:client_grants',
  'update:client_grants',
  'read:connections',
  'create:connections',
  'update:connections',
  'delete:connections',
  'read:connections_options',
  'update:connections_options',
  'read:custom_domains',
  'read:resource_servers',
  'read:tenant_settings',
]

export interface Registration {
  /** `none`: nobody has made one yet. */
  readonly companion: 'registered' | 'none'
  /** `permissive`: made before third-party applications became strict. */
  readonly thirdParty: 'strict' | 'permissive'
}

export function registerApplications(
  domains: readonly string[],
  { companion: registered, thirdParty: mode }: Registration,
): Applications {
  const web: Application = {
    clientId: 'exampleWebApplicationClientId001',
    clientSecret: secret(),
    name: 'Example Web Application',
    caller: 'application',
    firstParty: true,
    grantTypes: USER_GRANTS,
    redirectUris: ['https://app.example.com/callback'],
    anyLocalPort: true,
    managementScopes: [],
    values: { ...VALUES, allowed_logout_urls: ['https://app.example.com/'] },
  }
  const thirdParty: Application = {
    ...web,
    clientId: `${mode === 'strict' ? 'tpc_' : ''}exampleThirdPartyClientId0000001`,
    clientSecret: secret(),
    name: 'Example Partner Application',
    firstParty: false,
    grantTypes: mode === 'strict' ? ['authorization_code', 'refresh_token'] : USER_GRANTS,
    values: { ...web.values, third_party_security_mode: mode },
  }
  const companion: Application = {
    clientId: 'exampleCompanionClientId00000001',
    clientSecret: secret(),
    name: 'Account Linking',
    caller: 'action',
    firstParty: true,
    grantTypes: ['authorization_code', 'client_credentials'],
    redirectUris: domains.map((domain) => `https://${domain}/continue`),
    anyLocalPort: false,
    managementScopes: ['update:users'],
    values: VALUES,
  }
  const deployer: Application = {
    clientId: 'exampleDeployerClientId000000001',
    clientSecret: secret(),
    name: 'Example Deployment',
    caller: 'script',
    firstParty: true,
    grantTypes: ['client_credentials'],
    redirectUris: [],
    anyLocalPort: false,
    managementScopes: DEPLOYER_SCOPES,
    values: { ...VALUES, app_type: 'non_interactive' },
  }
  const first = [web, thirdParty, ...(registered === 'none' ? [] : [companion]), deployer]
  const all = new Map(first.map((application) => [application.clientId, application]))
  return {
    web,
    thirdParty,
    companion,
    deployer,
    get all() {
      return [...all.values()]
    },
    find: (clientId) => all.get(clientId ?? ''),
    put: (application) => void all.set(application.clientId, application),
    remove: (clientId) => void all.delete(clientId),
  }
}

const LOCAL_CALLBACK = /^http:\/\/(localhost|127\.0\.0\.1):\d{1,5}\/callback$/

export function redirectUriAllowed(application: Application, uri: string): boolean {
  if (application.redirectUris.includes(uri)) return true
  return application.anyLocalPort && LOCAL_CALLBACK.test(uri)
}
