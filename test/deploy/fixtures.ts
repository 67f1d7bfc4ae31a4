/**
 * Fixed examples of what a tenant holds and what is wanted of it, each with overrides. Data only.
 */
import { fingerprintsOf, type Metadata, writeMemory } from '../../scripts/deploy/memory.ts'
import type { Bound } from '../../scripts/deploy/order.ts'
import type { Values } from '../../scripts/deploy/settings.ts'
import type {
  Application,
  DeployedAction,
  DeployedVersion,
  Snapshot,
  Surroundings,
  TenantConnection,
} from '../../scripts/deploy/snapshot.ts'
import type { Wanted } from '../../scripts/deploy/steps.ts'

export const DOMAIN = 'tenant.example.com'
export const CLIENT_ID = 'exampleCompanionClientId00000001'
export const CLIENT_SECRET = 'example-client-secret-of-the-companion'
export const ACTION_SECRET = 'example-action-secret-of-32-characters-or-more'
export const CODE = 'exports.onExecutePostLogin = async () => {}\n'
export const NAME = 'account-linking'

export const wanted = (overrides: Partial<Wanted> = {}): Wanted => ({
  actionName: NAME,
  code: CODE,
  settings: { AUTH0_DOMAIN: DOMAIN },
  position: 'last',
  provision: true,
  ...overrides,
})

/** What a deployment would have kept of these settings. */
export function remembered(settings: Values = {}, version = 3): Metadata {
  const values = {
    AUTH0_DOMAIN: DOMAIN,
    AUTH0_CLIENT_ID: CLIENT_ID,
    AUTH0_CLIENT_SECRET: CLIENT_SECRET,
    ACTION_SECRET,
    ...settings,
  }
  const fingerprints = fingerprintsOf(values, CLIENT_ID)
  const patch = writeMemory({}, NAME, values, { version, fingerprints })
  return Object.fromEntries(Object.entries(patch).map(([name, value]) => [name, String(value)]))
}

export const companion = (overrides: Partial<Application> = {}): Application => ({
  clientId: CLIENT_ID,
  name: 'Account linking (account-linking)',
  appType: 'regular_web',
  firstParty: true,
  oidcConformant: true,
  grantTypes: ['authorization_code', 'client_credentials'],
  authenticationMethod: 'client_secret_post',
  algorithm: 'RS256',
  idTokenLifetimeSeconds: 36_000,
  callbacks: [`https://${DOMAIN}/continue`],
  otherAddresses: [],
  requiresPar: false,
  requiresOrganization: false,
  metadata: remembered(),
  clientSecret: CLIENT_SECRET,
  ...overrides,
})

export const version = (overrides: Partial<DeployedVersion> = {}): DeployedVersion => ({
  id: 'ver_3',
  number: 3,
  built: true,
  secretNames: undefined,
  code: CODE,
  runtime: 'node22',
  dependencies: 0,
  ...overrides,
})

export const action = (overrides: Partial<DeployedAction> = {}): DeployedAction => ({
  id: 'act_1',
  code: CODE,
  runtime: 'node22',
  trigger: 'post-login v3',
  dependencies: 0,
  secretNames: ['AUTH0_DOMAIN', 'AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET', 'ACTION_SECRET'],
  secretStates: '',
  status: 'built',
  allChangesDeployed: true,
  secretsDeployed: true,
  running: version(),
  ...overrides,
})

export const connection = (overrides: Partial<TenantConnection> = {}): TenantConnection => ({
  id: 'con_1',
  name: 'google-oauth2',
  strategy: 'google-oauth2',
  enabled: true,
  developerKeys: false,
  ...overrides,
})

export const bound = (id: string, actionId = `act_of_${id}`): Bound => ({
  id,
  displayName: `Action of ${id}`,
  actionId,
})

export const OURS = bound('bin_ours', 'act_1')

export const surroundings = (overrides: Partial<Surroundings> = {}): Surroundings => ({
  grant: { id: 'cgr_1', scopes: ['update:users'], allScopes: false },
  connections: [connection()],
  customDomains: [],
  ...overrides,
})

/** A tenant that has all that `wanted()` asks for. */
export const deployed = (overrides: Partial<Snapshot> = {}): Snapshot => ({
  action: action(),
  bindings: [bound('bin_a'), OURS],
  companion: companion(),
  surroundings: surroundings(),
  ...overrides,
})

/** A tenant that has nothing of ours. */
export const empty = (overrides: Partial<Snapshot> = {}): Snapshot => ({
  action: undefined,
  bindings: [],
  companion: undefined,
  surroundings: surroundings({ grant: undefined, connections: [connection({ enabled: false })] }),
  ...overrides,
})
