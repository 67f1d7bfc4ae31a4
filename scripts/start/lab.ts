/**
 * Everything that `npm start` opens: a local tenant with the Action in it, the application, and the
 * inspector that watches both. Listens on loopback, watches the sources; gives back the addresses.
 */

import { randomBytes } from 'node:crypto'
import type { Home } from '../home.ts'
import { CONNECTIONS, PARTNER_CONNECTION } from '../tenant/connections.ts'
import { readForm, toParameters } from '../tenant/http.ts'
import { startTenant, type Tenant } from '../tenant/index.ts'
import type { LogEntry } from '../tenant/log.ts'
import type { Exchange } from './application/exchange.ts'
import { type ApplicationConfig, createApplication } from './application.ts'
import { createDeployments } from './deployments.ts'
import type { CacheState, Entry } from './flow.ts'
import { createFlows } from './flows.ts'
import { createHappenings, type Happenings } from './happenings.ts'
import { createInspector } from './inspector.ts'
import { readPublic } from './public-files.ts'
import { createSettings, EXAMPLE_CLAIM, type Settings } from './settings.ts'
import { CALENDAR_PATH, createTokenVault } from './token-vault.ts'
import { createTroubles } from './troubles.ts'
import { openWebServer, type WebServer } from './web-server.ts'

export interface LabOptions {
  /** The Action's bundle, to begin with. */
  readonly code: string
  /** The folder that holds `src`, to deploy edits from. */
  readonly root: string
  /** Default: nothing is edited here. */
  readonly watchSources?: Home['watchSources']
  /** 0: any free one, of this and the next two. */
  readonly port: number
  readonly httpsPort: number
  readonly httpPort: number
}

export interface Lab {
  readonly url: string
  readonly inspectorUrl: string
  readonly tenant: Tenant
  close(): Promise<void>
}

/** Of the tenant's own log, which nothing here reads. */
const MAX_LOG_ENTRIES = 2_000

const READER: Pick<ApplicationConfig, 'management'>['management'] = {
  clientId: 'exampleAccountReaderClientId0001',
  clientSecret: randomBytes(24).toString('base64url'),
}

function cacheStateOf({ cache }: Tenant): CacheState {
  const entries = cache.entries().map(({ expiresAt, key, value }) => ({
    key,
    bytes: Buffer.byteLength(value),
    forMs: Math.max(expiresAt - Date.now(), 0),
  }))
  return { entries, bytes: cache.sizeBytes() }
}

export async function openLab(options: LabOptions): Promise<Lab> {
  const server = await openWebServer(options.port)
  try {
    return await openAt(server, options)
  } catch (error) {
    await server.close()
    throw error
  }
}

async function openAt(server: WebServer, options: LabOptions): Promise<Lab> {
  const origin = `http://localhost:${server.port}`
  const happenings = createHappenings()
  const vault = createTokenVault()
  const tenant: Tenant = await startTenant({
    httpPort: options.httpPort,
    httpsPort: options.httpsPort,
    onEvent: (entry) => void happenings.emit('tenant', entry),
    // For the attack of a planted account; no page offers it.
    moreConnections: [PARTNER_CONNECTION],
    answerFirst: (exchange) => vault.answer(exchange, tenant),
    // The inspector has the application beside it, whose logins are at the tenant.
    framedBy: () => origin,
  })
  const settings = createSettings(tenant)
  const troubles = createTroubles(tenant)
  const deployments = createDeployments({ tenant, settings, happenings, code: options.code })
  const flows = createFlows({
    isClient: (clientId) => tenant.applications.find(clientId) !== undefined,
  })
  const seen = (entry: LogEntry): Entry => {
    if (entry.kind !== 'action') return entry
    return { ...entry, version: deployments.current().version, cache: cacheStateOf(tenant) }
  }
  happenings.on('tenant', vault.hear)
  happenings.on('tenant', troubles.hear)
  happenings.on('tenant', (entry) => flows.add(seen(entry)))
  happenings.on('application', flows.add)
  keepLogShort(tenant, happenings)
  const inspector = createInspector({
    origin,
    tenant,
    flows,
    settings,
    troubles,
    deployments,
    happenings,
  })
  const application = openApplication(tenant, origin, settings)

  server.serve({
    async handle(request) {
      const { pathname } = new URL(request.url)
      const own = request.method === 'GET' ? await readPublic(pathname) : undefined
      const response = own ?? (await inspector.answer(request))
      return response ?? noted(request, application, happenings)
    },
    tenantOrigins: [tenant.canonicalFrontDoor, tenant.customFrontDoor],
    rewriteLocation: tenant.frontDoorOf,
  })
  const rebuilder = await options.watchSources?.(options.root, deployments.rebuilt)

  return {
    url: origin,
    inspectorUrl: `${origin}/inspector`,
    tenant,
    async close() {
      await rebuilder?.close()
      inspector.close()
      await server.close()
      await tenant.close()
    },
  }
}

type Answer = (exchange: Exchange) => Promise<Response>

function openApplication(tenant: Tenant, origin: string, settings: Settings): Answer {
  tenant.applications.put({
    ...tenant.applications.deployer,
    ...READER,
    name: 'Example Account Reader',
    caller: 'application',
    managementScopes: ['read:users'],
  })
  const { clientId, clientSecret } = tenant.applications.web
  return createApplication({
    domain: tenant.canonicalDomain,
    clientId,
    clientSecret,
    baseUrl: origin,
    sessionSecret: randomBytes(32).toString('base64url'),
    management: READER,
    connections: CONNECTIONS.map(({ name }) => name),
    calendarUrl: `https://${tenant.canonicalDomain}${CALENDAR_PATH}`,
    resultClaim: EXAMPLE_CLAIM,
    identitiesPerConnection: () => Number(settings.secrets().IDENTITIES_PER_CONNECTION ?? 1),
  })
}

/** The application's requests are shown as the tenant's are. */
async function noted(request: Request, answer: Answer, happenings: Happenings): Promise<Response> {
  const atMs = Date.now()
  const started = performance.now()
  const body = await request.text()
  const url = new URL(request.url)
  const form = new URLSearchParams(body)
  const response = await answer({ request, url, form, headers: new Headers() })
  const location = response.headers.get('location')
  happenings.emit('application', {
    kind: 'application',
    atMs,
    durationMs: Math.round((performance.now() - started) * 100) / 100,
    method: request.method,
    path: url.pathname,
    query: toParameters(url.searchParams),
    form: readForm(Object.fromEntries(request.headers), Buffer.from(body)),
    status: response.status,
    ...(location === null ? {} : { location }),
  })
  return response
}

function keepLogShort(tenant: Tenant, happenings: Happenings): void {
  let entries = 0
  happenings.on('tenant', () => {
    entries += 1
    if (entries <= MAX_LOG_ENTRIES) return
    entries = 0
    tenant.clearLog()
  })
}
