/**
 * What the companion application needs around it: its own values, its permission, its connections. Pure.
 */
import type { Settings } from '../../src/settings.ts'
import { foreignTo, wasDeployed } from './adopt.ts'
import { markCompanion, readMemory } from './memory.ts'
import { CUSTOM_DOMAIN, noApplication } from './problems.ts'
import type { Application, Snapshot, Surroundings } from './snapshot.ts'
import {
  type Change,
  COMPANION_GRANTS,
  COMPANION_SCOPES,
  type CompanionValues,
  type Impossible,
  NOTHING_TO_DO,
  type Plan,
  type Step,
  sameSet,
  show,
  type Wanted,
} from './steps.ts'

export const companionName = (actionName: string): string => `Account linking (${actionName})`

export function planCompanion(
  { actionName, provision, settings: { AUTH0_CLIENT_ID: named } }: Wanted,
  settings: Settings,
  { action, companion, stranger, surroundings }: Snapshot,
): Plan | Impossible {
  const ours = callbacksOf(settings, surroundings ?? { customDomains: [] })
  const known = companion !== undefined && wasDeployed(companion, actionName, action)
  const marked = stranger ?? (named === undefined && !known ? companion : undefined)
  const planted = marked && refuseMarked(marked, actionName, ours)
  if (planted !== undefined) return planted
  if (companion === undefined && named !== undefined) return { problem: noApplication(named) }
  if (companion === undefined && !provision)
    return {
      problem:
        stranger === undefined
          ? 'There is no companion application: add --provision to have it made, or set LINK_AUTH0_CLIENT_ID'
          : `There is no companion application but ${stranger.clientId}, which bears its mark, and anybody may have written that: set LINK_AUTH0_CLIENT_ID to it if you have made it, or add --provision to have one made`,
    }
  if (!provision || surroundings === undefined) return NOTHING_TO_DO
  if (surroundings.customDomains.some(({ domain }) => domain === settings.domain))
    return { problem: CUSTOM_DOMAIN }
  if (companion !== undefined && !known && foreignTo(companion, ours).length > 0)
    return {
      problem: `${companion.clientId} has addresses of an application that people use, or of somebody else's: ${foreignTo(companion, ours).join(', ')}. The companion is one of its own. Leave LINK_AUTH0_CLIENT_ID out to have it made`,
    }
  const other = companion && !known ? otherService(companion, surroundings) : undefined
  if (other !== undefined)
    return {
      problem: `${companion?.clientId} serves something else: ${other}. Leave LINK_AUTH0_CLIENT_ID out to have a companion of its own made`,
    }
  const values = companionValues(actionName, ours, companion)
  const changes = changesOf(values, companion)
  if (changes.length === 0) return NOTHING_TO_DO
  const name = companion?.name ?? companionName(actionName)
  return {
    steps: [
      {
        kind: 'application',
        title: `companion application "${name}"`,
        clientId: companion?.clientId,
        values,
        changes,
      },
    ],
    notes:
      stranger === undefined
        ? []
        : [
            `${stranger.clientId} bears the mark of a companion, and nothing vouches for it: it is given nothing. Delete it if you do not know it, or if a deployment of yours broke off that made it.`,
          ],
  }
}

/** Somebody wants it to be taken for the companion, or has changed what was one. */
function refuseMarked(
  application: Application,
  actionName: string,
  ours: readonly string[],
): Impossible | undefined {
  const foreign = foreignTo(application, ours)
  if (foreign.length === 0) return undefined
  return {
    problem: `${application.clientId} bears the mark of the companion of ${actionName}, and has ${foreign.join(', ')}, which no companion has: made one, it would give update:users to whoever made it. Delete it if you do not know it; if it is yours, take these addresses away and set LINK_AUTH0_CLIENT_ID to it`,
  }
}

/** What would break if it were made a companion. */
function otherService({ appType }: Application, { grant }: Surroundings): string | undefined {
  if (appType === 'non_interactive') return 'it is a machine-to-machine application'
  if (grant?.allScopes) return 'it may use all of the Management API'
  const more = (grant?.scopes ?? []).filter((scope) => !COMPANION_SCOPES.includes(scope))
  return more.length === 0 ? undefined : `at the Management API it has ${more.join(', ')}`
}

export const foreignAddresses = ({ callbacks, otherAddresses }: Application): readonly string[] => [
  ...callbacks.filter((callback) => !callback.endsWith('/continue')),
  ...otherAddresses,
]

/** Where the nested login comes back to: one address for each domain in use. */
export function callbacksOf(
  { domain, customDomains }: Settings,
  surroundings: Pick<Surroundings, 'customDomains'>,
): readonly string[] {
  const domains = [domain, ...customDomains, ...surroundings.customDomains.map((one) => one.domain)]
  return [...new Set(domains)].map((one) => `https://${one}/continue`)
}

function companionValues(
  actionName: string,
  callbacks: readonly string[],
  present: Application | undefined,
): CompanionValues {
  const missing = callbacks.filter((callback) => !present?.callbacks.includes(callback))
  const lifetime = present?.idTokenLifetimeSeconds
  const differs = {
    app_type: present?.appType !== 'regular_web',
    is_first_party: present?.firstParty !== true,
    oidc_conformant: present?.oidcConformant !== true,
    grant_types: !sameSet(present?.grantTypes ?? [], COMPANION_GRANTS),
    token_endpoint_auth_method: present?.authenticationMethod !== 'client_secret_post',
    jwt_configuration: present?.algorithm !== 'RS256',
    callbacks: missing.length > 0,
    require_pushed_authorization_requests: present?.requiresPar === true,
    organization_usage: present?.requiresOrganization === true,
    client_metadata: readMemory(present?.metadata ?? {}).action !== actionName,
  }
  const all: Required<CompanionValues> = {
    app_type: 'regular_web',
    is_first_party: true,
    oidc_conformant: true,
    grant_types: [...COMPANION_GRANTS],
    token_endpoint_auth_method: 'client_secret_post',
    jwt_configuration: { alg: 'RS256', lifetime_in_seconds: lifetime },
    callbacks: [...(present?.callbacks ?? []), ...missing],
    require_pushed_authorization_requests: false,
    organization_usage: 'allow',
    client_metadata: { ...markCompanion(actionName) },
  }
  const names = Object.keys(all) as (keyof CompanionValues)[]
  return Object.fromEntries(names.filter((name) => differs[name]).map((name) => [name, all[name]]))
}

function changesOf(values: CompanionValues, present: Application | undefined): readonly Change[] {
  const before: Readonly<Record<keyof CompanionValues, unknown>> = {
    app_type: present?.appType,
    is_first_party: present?.firstParty,
    oidc_conformant: present?.oidcConformant,
    grant_types: present?.grantTypes,
    token_endpoint_auth_method: present?.authenticationMethod,
    jwt_configuration: present?.algorithm,
    callbacks: present?.callbacks,
    require_pushed_authorization_requests: present?.requiresPar,
    organization_usage: present?.requiresOrganization && 'require',
    client_metadata: present && (readMemory(present.metadata).action ?? ''),
  }
  const after = {
    ...values,
    ...(values.jwt_configuration && { jwt_configuration: values.jwt_configuration.alg }),
    ...(values.client_metadata && { client_metadata: readMemory(values.client_metadata).action }),
  }
  return Object.entries(after).map(([name, value]) => ({
    what: name === 'jwt_configuration' ? 'algorithm' : name === 'client_metadata' ? 'mark' : name,
    before: show(before[name as keyof CompanionValues]),
    after: show(value),
  }))
}

export function planGrant({ settings }: Wanted, { grant }: Surroundings): readonly Step[] {
  if (grant !== undefined && !grant.allScopes && sameSet(grant.scopes, COMPANION_SCOPES)) return []
  const before = grant?.allScopes ? 'all' : show(grant?.scopes)
  return [
    {
      kind: 'grant',
      title: `permission at https://${settings.AUTH0_DOMAIN}/api/v2/`,
      grantId: grant?.id,
      allScopes: grant?.allScopes ?? false,
      changes: [{ what: 'scope', before, after: COMPANION_SCOPES.join(' ') }],
    },
  ]
}

/**
 * Whatever may be linked and, as an unlink has its user log in at the connection of the main identity,
 * whatever users may have as that.
 */
export function isWantedConnection(
  { allowedConnections, allowUnlink }: Settings,
  name: string,
): boolean {
  return allowUnlink || allowedConnections === undefined || allowedConnections.includes(name)
}

export function planConnections(
  settings: Settings,
  { connections }: Surroundings,
): readonly Step[] {
  return connections
    .filter(({ enabled, name }) => !enabled && isWantedConnection(settings, name))
    .map(({ id, name }) => ({
      kind: 'connection',
      title: `connection ${name}`,
      id,
      changes: [{ what: 'companion', before: 'off', after: 'on' }],
    }))
}

export function noteConnections(
  { allowedConnections }: Settings,
  { connections }: Surroundings,
): readonly string[] {
  const unknown = (allowedConnections ?? []).filter(
    (allowed) => !connections.some(({ name }) => name === allowed),
  )
  const linkable = ({ name }: { readonly name: string }) =>
    allowedConnections === undefined || allowedConnections.includes(name)
  const shared = connections.filter((one) => one.developerKeys && linkable(one))
  return [
    ...unknown.map((name) => `ALLOWED_CONNECTIONS names ${name}, which the tenant does not have.`),
    ...shared.map(
      ({ name }) =>
        `${name} has Auth0's developer keys, which are for tests: who logged in with it links nothing. Give it keys of its own at Authentication > Social.`,
    ),
  ]
}
