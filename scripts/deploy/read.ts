/**
 * Reads what a tenant holds: every page, and of long lists only the fields that are used. Writes
 * nothing. A read that fails ends in a `Problem`.
 */
import type { Management as Api } from 'auth0'
import { isPermitted } from './adopt.ts'
import type { Management } from './management.ts'
import { type Metadata, readMemory } from './memory.ts'
import type { Bound } from './order.ts'
import { isAbsent, isNotOffered, Problem, toProblem } from './problems.ts'
import type {
  Application,
  BuildStatus,
  CustomDomain,
  DeployedAction,
  DeployedVersion,
  Grant,
  Snapshot,
  Surroundings,
  TenantConnection,
} from './snapshot.ts'

export const TRIGGER = 'post-login'

const APPLICATION_FIELDS = [
  'client_id',
  'name',
  'app_type',
  'is_first_party',
  'oidc_conformant',
  'grant_types',
  'token_endpoint_auth_method',
  'jwt_configuration',
  'callbacks',
  'allowed_origins',
  'web_origins',
  'allowed_logout_urls',
  'initiate_login_uri',
  'require_pushed_authorization_requests',
  'organization_usage',
  'client_metadata',
]

export interface Reading {
  readonly actionName: string
  /** The companion, where it is known by its id. */
  readonly clientId: string | undefined
  readonly surroundings: boolean
}

export async function readSnapshot(
  management: Management,
  { actionName, clientId, surroundings }: Reading,
): Promise<Snapshot> {
  const action = await readAction(management, actionName)
  const bindings = await readBindings(management)
  const companion = await readCompanion(management, actionName, clientId)
  return {
    action,
    bindings,
    companion,
    surroundings: surroundings ? await readSurroundings(management, companion) : undefined,
  }
}

/** Looked up by its name, which the platform does not say how it compares; read by its id. */
export async function readAction(
  management: Management,
  name: string,
): Promise<DeployedAction | undefined> {
  const id = await reading('the Actions', async () => {
    const { items } = await readPages((paging) =>
      management.client.actions.list({ actionName: name, ...paging }),
    )
    return items.find((action) => action.name === name)?.id
  })
  return id === undefined ? undefined : readActionById(management, id)
}

export async function readActionById({ client }: Management, id: string): Promise<DeployedAction> {
  return toAction(await reading('the Action', () => client.actions.get(id)))
}

function toAction(action: Api.GetActionResponseContent): DeployedAction {
  const { deployed_version: running, supported_triggers: [trigger] = [] } = action
  return {
    id: action.id ?? '',
    code: action.code ?? '',
    runtime: action.runtime ?? '',
    trigger: `${trigger?.id} ${trigger?.version ?? ''}`.trim(),
    dependencies: action.dependencies?.length ?? 0,
    secretNames: namesOf(action.secrets ?? []),
    secretStates: secretStates(action.secrets),
    status: (action.status ?? 'pending') as BuildStatus,
    allChangesDeployed: action.all_changes_deployed ?? false,
    secretsDeployed:
      action.all_changes_deployed === true ||
      secretStates(action.secrets) === secretStates(running?.secrets),
    running: running && toVersion(running),
  }
}

const toVersion = (version: Api.ActionVersion | Api.ActionDeployedVersion): DeployedVersion => ({
  id: version.id ?? '',
  number: version.number ?? 0,
  built: version.status === 'built',
  secretNames: version.secrets && namesOf(version.secrets),
  code: version.code ?? '',
  runtime: version.runtime ?? '',
  dependencies: version.dependencies?.length ?? 0,
})

export async function readVersions(
  { client }: Management,
  actionId: string,
): Promise<readonly DeployedVersion[]> {
  return reading('the versions', async () => {
    const { items } = await readPages((paging) => client.actions.versions.list(actionId, paging))
    return items.map(toVersion)
  })
}

const namesOf = (secrets: readonly Api.ActionSecretResponse[]): readonly string[] =>
  secrets.flatMap(({ name }) => name ?? [])

/** Values cannot be read; when each was set can. */
const secretStates = (secrets: readonly Api.ActionSecretResponse[] | undefined): string =>
  (secrets ?? [])
    .map(({ name, updated_at: updatedAt }) => `${name} ${updatedAt}`)
    .sort()
    .join()

/** All of them, in order: a list that is not whole must never be written back. */
export async function readBindings({ client }: Management): Promise<readonly Bound[]> {
  return reading('the bindings', async () => {
    const { items, total = 0 } = await readPages((paging) =>
      client.actions.triggers.bindings.list(TRIGGER, paging),
    )
    if (items.length < total)
      throw new Problem(
        `The tenant shows ${items.length} of ${total} bindings: run the same command again`,
      )
    return items.map(({ id = '', display_name: displayName = '', action }) => ({
      id,
      displayName,
      actionId: action?.id ?? '',
    }))
  })
}

/** Whole: to name the secret where it may not be read would be refused. `undefined`: there is none. */
export async function readApplication(
  { client }: Management,
  clientId: string,
): Promise<Application | undefined> {
  return reading(`the application ${clientId}`, async () => {
    try {
      return toApplication(await client.clients.get(clientId))
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  })
}

interface NumberedPage<T> {
  readonly data: readonly T[]
  readonly response: { readonly total?: number | undefined }
}

/** More are refused on the public cloud. */
const PAGE_SIZE = 50

/**
 * A short list, page by page until all are there. The SDK takes a short page for the last one; a tenant
 * may put fewer on a page than were asked for.
 */
async function readPages<T>(
  list: (paging: { readonly page: number; readonly per_page: number }) => Promise<NumberedPage<T>>,
): Promise<{ readonly items: readonly T[]; readonly total: number | undefined }> {
  const items: T[] = []
  for (let page = 0; ; page += 1) {
    const { data, response } = await list({ page, per_page: PAGE_SIZE })
    const { total } = response
    items.push(...data)
    if (data.length === 0 || (total !== undefined && items.length >= total)) return { items, total }
  }
}

/**
 * Without their secrets, even where the token may read them. By checkpoint, as pages by number end at
 * 1,000 records; the SDK has no names for it here.
 *
 * @see https://auth0.com/docs/api/management/v2#pagination
 */
export async function readApplications({ client }: Management): Promise<readonly Application[]> {
  return reading('the applications', async () => {
    const applications: Application[] = []
    const asked = { fields: APPLICATION_FIELDS.join(','), include_fields: true, is_global: false }
    // What the SDK would else ask for by itself.
    const unnumbered = { page: null, per_page: null, include_totals: null }
    for (let from: string | undefined; ; ) {
      const { data, response } = await client.clients.list(
        { ...asked, ...unnumbered },
        { queryParams: { take: PAGE_SIZE, ...(from === undefined ? {} : { from }) } },
      )
      // Taken for none, a second companion would be made.
      if (response.clients === undefined)
        throw new Problem('The tenant lists its applications in a form that is not known here')
      applications.push(...data.map(toApplication))
      const { next } = response as { readonly next?: string | null }
      if (!next) return applications
      from = next
    }
  })
}

/** By its id where it is given, else by its mark. */
export async function readCompanion(
  management: Management,
  actionName: string,
  clientId: string | undefined,
): Promise<Application | undefined> {
  const id = clientId ?? (await findCompanion(management, actionName))
  if (id === undefined) return undefined
  if (id === (await management.readClientId()))
    throw new Problem(
      `${id} is the application that deploys: the companion is another one, with update:users only. Correct LINK_AUTH0_CLIENT_ID, or leave it out`,
    )
  return readApplication(management, id)
}

async function findCompanion(
  management: Management,
  actionName: string,
): Promise<string | undefined> {
  const all = await readApplications(management)
  const marked = all.filter(({ metadata }) => readMemory(metadata).action === actionName)
  if (marked.length < 2) return marked[0]?.clientId
  // A mark anybody may write; the permission nobody has but what was made a companion.
  const permitted: string[] = []
  for (const { clientId } of marked)
    if (isPermitted(await readGrant(management, clientId))) permitted.push(clientId)
  if (permitted.length === 1) return permitted[0]
  throw new Problem(
    `Several applications are marked as companions of ${actionName}: delete those that you do not know, or set LINK_AUTH0_CLIENT_ID to the one that is yours, of ${marked.map(({ clientId }) => clientId).join(', ')}`,
  )
}

function toApplication(client: Api.Client): Application {
  return {
    clientId: client.client_id ?? '',
    name: client.name ?? '',
    appType: client.app_type ?? '',
    firstParty: client.is_first_party ?? true,
    oidcConformant: client.oidc_conformant ?? false,
    grantTypes: client.grant_types ?? [],
    authenticationMethod: client.token_endpoint_auth_method ?? '',
    algorithm: client.jwt_configuration?.alg ?? '',
    idTokenLifetimeSeconds: client.jwt_configuration?.lifetime_in_seconds,
    callbacks: client.callbacks ?? [],
    otherAddresses: [
      ...(client.allowed_origins ?? []),
      ...(client.web_origins ?? []),
      ...(client.allowed_logout_urls ?? []),
      ...(client.initiate_login_uri ? [client.initiate_login_uri] : []),
    ],
    requiresPar: client.require_pushed_authorization_requests ?? false,
    requiresOrganization: client.organization_usage === 'require',
    metadata: toMetadata(client.client_metadata),
    clientSecret: client.client_secret,
  }
}

const toMetadata = (metadata: Readonly<Record<string, unknown>> | undefined): Metadata =>
  Object.fromEntries(
    Object.entries(metadata ?? {}).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  )

export async function readSurroundings(
  management: Management,
  companion: Application | undefined,
): Promise<Surroundings> {
  return {
    grant: companion && (await readGrant(management, companion.clientId)),
    connections: await readConnections(management, companion?.clientId),
    customDomains: await readCustomDomains(management),
  }
}

async function readGrant({ client, audience }: Management, clientId: string) {
  return reading('the client grants', async () => {
    const asked = { client_id: clientId, audience }
    for await (const { id, scope, ...grant } of await client.clientGrants.list(asked)) {
      // A grant for users' tokens, which the companion has no use for, is another one.
      if (grant.subject_type === 'user' || id === undefined) continue
      const found: Grant = { id, scopes: scope ?? [], allScopes: grant.allow_all_scopes ?? false }
      return found
    }
    return undefined
  })
}

async function readConnections(
  { client }: Management,
  clientId: string | undefined,
): Promise<readonly TenantConnection[]> {
  return reading('the connections', async () => {
    const enabled = new Set<string>()
    if (clientId !== undefined)
      for await (const { id } of await client.clients.connections.get(clientId, { fields: 'id' }))
        if (id !== undefined) enabled.add(id)
    const connections: TenantConnection[] = []
    // Whole: to name the options where they may not be read would be refused.
    for await (const one of await client.connections.list())
      connections.push(toConnection(one, enabled))
    return connections
  })
}

/** All others are social ones, for which Auth0 lends its developer keys where there are no own. */
const NOT_SOCIAL =
  'ad adfs auth0 auth0-adldap auth0-oidc custom email google-apps ip oauth1 oauth2 office365 oidc okta pingfederate samlp sms waad'.split(
    ' ',
  )

function toConnection(
  connection: Api.ConnectionForList,
  enabled: ReadonlySet<string>,
): TenantConnection {
  const { id = '', name = '', strategy = '', options } = connection
  return {
    id,
    name,
    strategy,
    enabled: enabled.has(id) || connection.is_domain_connection === true,
    developerKeys: NOT_SOCIAL.includes(strategy) ? false : lacksKeys(options),
  }
}

/**
 * Without read:connections_options the options are not shown.
 *
 * @see https://auth0.com/docs/troubleshoot/product-lifecycle/deprecations-and-migrations/migrate-connection-options-scope
 */
function lacksKeys(options: Readonly<Record<string, unknown>> | undefined): boolean | undefined {
  return options === undefined ? undefined : !options.client_id
}

export async function readCustomDomains({ client }: Management): Promise<readonly CustomDomain[]> {
  return reading('the custom domains', async () => {
    try {
      const domains = await client.customDomains.list()
      return domains.map(({ domain, status }) => ({ domain, ready: status === 'ready' }))
    } catch (error) {
      if (isNotOffered(error)) return []
      throw error
    }
  })
}

/** By the id of a connection with developer keys, of which there are few: the applications that have it. */
export async function readDeveloperKeyClients(
  { client }: Management,
  connections: readonly TenantConnection[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  return reading('the applications of the connections', async () => {
    const found: Record<string, readonly string[]> = {}
    for (const { id, developerKeys } of connections) {
      if (!developerKeys) continue
      const clients: string[] = []
      for await (const one of await client.connections.clients.get(id)) clients.push(one.client_id)
      found[id] = clients
    }
    return found
  })
}

/**
 * "Customize MFA Factors using Actions". `undefined`: the tenant does not show it.
 *
 * @see https://auth0.com/docs/api/management/v2/tenants/tenant-settings-route
 */
export async function readMfaByActions({ client }: Management): Promise<boolean | undefined> {
  const fields = 'customize_mfa_in_postlogin_action'
  const settings = await reading('the settings of the tenant', () =>
    client.tenants.settings.get({ fields, include_fields: true }),
  )
  return settings[fields]
}

/** What the doctor wants to know besides. `undefined`: it cannot be read. */
export async function readTokenLifetime({
  client,
  audience,
}: Management): Promise<number | undefined> {
  const api = await reading('the Management API', () => client.resourceServers.get(audience))
  return api.token_lifetime
}

async function reading<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw toProblem(error, `Reading ${what}`)
  }
}
