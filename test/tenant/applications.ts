/**
 * The applications that are registered at the tenant: an ordinary web application, the companion of
 * the account-linking Action, and one that deploys by the Management API. Data only, no I/O.
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
}

export interface Applications {
  readonly web: Application
  readonly thirdParty: Application
  readonly companion: Application
  readonly deployer: Application
  readonly all: readonly Application[]
  find(clientId: string | undefined): Application | undefined
}

const secret = (): string => randomBytes(24).toString('base64url')

const USER_GRANTS = ['authorization_code', 'refresh_token', 'implicit']

export function registerApplications(domains: readonly string[]): Applications {
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
  }
  const thirdParty: Application = {
    ...web,
    clientId: 'exampleThirdPartyClientId0000001',
    clientSecret: secret(),
    name: 'Example Partner Application',
    firstParty: false,
  }
  const companion: Application = {
    clientId: 'exampleCompanionClientId00000001',
    clientSecret: secret(),
    name: 'Account Linking',
    caller: 'action',
    firstParty: true,
    grantTypes: ['authorization_code'],
    redirectUris: domains.map((domain) => `https://${domain}/continue`),
    anyLocalPort: false,
    managementScopes: ['update:users'],
  }
  const deployer: Application = {
    clientId: 'exampleDeployerClientId000000001',
    clientSecret: secret(),
    name: 'Example Deployment',
    caller: 'script',
    firstParty: true,
    grantTypes: [],
    redirectUris: [],
    anyLocalPort: false,
    managementScopes: ['read:actions', 'create:actions', 'update:actions', 'read:users'],
  }
  const all = [web, thirdParty, companion, deployer]
  return {
    web,
    thirdParty,
    companion,
    deployer,
    all,
    find: (clientId) => all.find((application) => application.clientId === clientId),
  }
}

const LOCAL_CALLBACK = /^http:\/\/(localhost|127\.0\.0\.1):\d{1,5}\/callback$/

export function redirectUriAllowed(application: Application, uri: string): boolean {
  if (application.redirectUris.includes(uri)) return true
  return application.anyLocalPort && LOCAL_CALLBACK.test(uri)
}
