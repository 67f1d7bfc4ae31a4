/**
 * Fixed examples of what a tenant holds and what is wanted of it, each with overrides. Data only.
 */
import type { Patient } from '../../scripts/deploy/checks/finding.ts'
import {
  fingerprintsOf,
  type Metadata,
  readMemory,
  writeMemory,
} from '../../scripts/deploy/memory.ts'
import type { Bound } from '../../scripts/deploy/order.ts'
import { readAsAction, type Values } from '../../scripts/deploy/settings.ts'
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

const SECRETS = { AUTH0_CLIENT_SECRET: CLIENT_SECRET, ACTION_SECRET }
/** Made once: they are slow on purpose. */
const fingerprints = fingerprintsOf(SECRETS, CLIENT_ID)

/** What a deployment would have kept of these settings, none of them secret. */
export function remembered(settings: Values = {}, version = 3): Metadata {
  const values = { AUTH0_DOMAIN: DOMAIN, AUTH0_CLIENT_ID: CLIENT_ID, ...SECRETS, ...settings }
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

const HEALTHY = {
  AUTH0_DOMAIN: DOMAIN,
  AUTH0_CLIENT_ID: CLIENT_ID,
  ALLOWED_CONNECTIONS: 'google-oauth2',
  ENFORCE_EMAIL_VERIFICATION: 'yes',
  PRIMARY_MAX_AUTH_AGE: '600',
  CONFIRM_LINK: 'yes',
  RESULT_CLAIM: 'https://app.example.com/linking',
}

/** What the doctor sees of a tenant in which all is well, with these settings besides. */
export function patient(overrides: Partial<Patient> = {}, settings: Values = {}): Patient {
  const values = { ...HEALTHY, ...settings }
  const understood = readAsAction(values)
  const usable = typeof understood === 'string' ? readAsAction(HEALTHY) : understood
  if (typeof usable === 'string') throw new Error(usable)
  const {
    action: present,
    bindings,
    companion: application,
  } = deployed({
    action: action({
      secretNames: [...Object.keys(values), 'AUTH0_CLIENT_SECRET', 'ACTION_SECRET'],
    }),
    companion: companion({ metadata: remembered(values) }),
  })
  return {
    domain: DOMAIN,
    actionName: NAME,
    code: CODE,
    action: present,
    bindings,
    companion: application,
    surroundings: surroundings(),
    applications: [],
    tokenLifetimeSeconds: 86_400,
    mfaByActions: undefined,
    developerKeyClients: {},
    memory: readMemory(application?.metadata ?? {}),
    given: { AUTH0_DOMAIN: DOMAIN },
    values,
    valuesFrom: 'deployment',
    settings: usable,
    ...overrides,
  }
}
