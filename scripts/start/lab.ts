/**
 * Everything that `npm start` opens: a local tenant with the Action in it, the application, and the
 * inspector that watches both. Listens on loopback, watches the sources; gives back the addresses.
 */

import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Home } from '../home.ts'
import type { Applications } from '../tenant/applications.ts'
import { CONNECTIONS, PARTNER_CONNECTION } from '../tenant/connections.ts'
import { readForm, toParameters } from '../tenant/http.ts'
import { startTenant, type Tenant } from '../tenant/index.ts'
import type { LogEntry } from '../tenant/log.ts'
import type { Exchange } from './application/sessions.ts'
import { type ApplicationConfig, createApplication } from './application.ts'
import type { ApplicationEntry, CacheState, Entry } from './flow.ts'
import { createFlows } from './flows.ts'
import { createInspector, type Deployment, type Inspector } from './inspector.ts'
import { createSettings } from './settings.ts'
import { CALENDAR_PATH, createTokenVault } from './token-vault.ts'
import { createTroubles, type Troubles } from './troubles.ts'
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

const ACTION_NAME = 'account-linking'

/** Of the tenant's own log, which nothing here reads. */
const MAX_LOG_ENTRIES = 2_000

const READER: Pick<ApplicationConfig, 'management'>['management'] = {
  clientId: 'exampleAccountReaderClientId0001',
  clientSecret: randomBytes(24).toString('base64url'),
}

const PUBLIC: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/base.css': ['base.css', 'text/css'],
  '/application.css': ['application.css', 'text/css'],
  '/inspector': ['inspector.html', 'text/html'],
  '/inspector/': ['inspector.html', 'text/html'],
  '/inspector.css': ['inspector.css', 'text/css'],
  '/inspector.js': ['inspector.js', 'text/javascript'],
  '/diagram.js': ['diagram.js', 'text/javascript'],
  '/panels.js': ['panels.js', 'text/javascript'],
  '/dom.js': ['dom.js', 'text/javascript'],
}

async function readPublic(path: string): Promise<Response | undefined> {
  const [file, type] = PUBLIC[path] ?? []
  if (file === undefined) return undefined
  const text = await readFile(new URL(`public/${file}`, import.meta.url), 'utf8')
  const headers = { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-cache' }
  return new Response(text, { headers })
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
  let applications: Applications | undefined
  const isClient = (clientId: string): boolean => applications?.find(clientId) !== undefined
  const flows = createFlows({ isClient })
  const vault = createTokenVault()
  let deployment: Deployment = { version: 0, bytes: 0, atMs: 0, reason: '' }
  /** What is wrong with the sources as they are now. */
  let problem: string | undefined
  let code = options.code
  let troubles: Troubles | undefined
  let inspector: Inspector | undefined
  let url: string | undefined
  let logEntries = 0

  function hear(entry: LogEntry): void {
    vault.hear(entry)
    troubles?.hear(entry)
    const { version } = deployment
    const seen: Entry =
      entry.kind === 'action' ? { ...entry, version, cache: cacheStateOf(tenant) } : entry
    flows.add(seen)
    logEntries += 1
    if (logEntries > MAX_LOG_ENTRIES) {
      logEntries = 0
      tenant.clearLog()
    }
    inspector?.hear(entry)
  }

  const tenant: Tenant = await startTenant({
    httpPort: options.httpPort,
    httpsPort: options.httpsPort,
    onEvent: hear,
    // For the attack of a planted account; no page offers it.
    moreConnections: [PARTNER_CONNECTION],
    answerFirst: (exchange) => vault.answer(exchange, tenant),
    // The inspector has the application beside it, whose logins are at the tenant.
    framedBy: () => url,
  })
  applications = tenant.applications
  const settings = createSettings(tenant)
  troubles = createTroubles(tenant)

  function deploy(reason: string, tookMs?: number): void {
    tenant.install({ name: ACTION_NAME, code, secrets: settings.secrets() })
    const version = tenant.actions.findByName(ACTION_NAME)?.deployed?.number ?? 0
    const bytes = Buffer.byteLength(code)
    const more = {
      ...(tookMs === undefined ? {} : { tookMs }),
      ...(problem === undefined ? {} : { problem }),
    }
    deployment = { version, bytes, atMs: Date.now(), reason, ...more }
    inspector?.deployed()
  }
  deploy('built')

  let handle = async (_request: Request): Promise<Response> =>
    new Response('Starting', { status: 503 })
  const server = await openServer(options, tenant, (request) => handle(request))
  const origin = `http://localhost:${server.port}`
  url = origin
  inspector = createInspector({
    origin,
    tenant,
    flows,
    settings,
    troubles,
    deployment: () => deployment,
    redeploy: deploy,
  })

  tenant.applications.put({
    ...tenant.applications.deployer,
    ...READER,
    name: 'Example Account Reader',
    caller: 'application',
    managementScopes: ['read:users'],
  })
  const { clientId, clientSecret } = tenant.applications.web
  const application = createApplication({
    domain: tenant.canonicalDomain,
    clientId,
    clientSecret,
    baseUrl: origin,
    sessionSecret: randomBytes(32).toString('base64url'),
    management: READER,
    connections: CONNECTIONS.map(({ name }) => name),
    calendarUrl: `https://${tenant.canonicalDomain}${CALENDAR_PATH}`,
  })

  handle = async (request) => {
    const own =
      request.method === 'GET' ? await readPublic(new URL(request.url).pathname) : undefined
    const response = own ?? (await inspector?.answer(request))
    return response ?? noted(request, application)
  }

  /** The application's requests are shown as the tenant's are. */
  async function noted(
    request: Request,
    answer: (exchange: Exchange) => Promise<Response>,
  ): Promise<Response> {
    const atMs = Date.now()
    const started = performance.now()
    const body = await request.text()
    const url = new URL(request.url)
    const form = new URLSearchParams(body)
    const response = await answer({ request, url, form, headers: new Headers() })
    const location = response.headers.get('location')
    const entry: ApplicationEntry = {
      kind: 'application',
      atMs,
      durationMs: Math.round((performance.now() - started) * 100) / 100,
      method: request.method,
      path: url.pathname,
      query: toParameters(url.searchParams),
      form: readForm(Object.fromEntries(request.headers), Buffer.from(body)),
      status: response.status,
      ...(location === null ? {} : { location }),
    }
    flows.add(entry)
    inspector?.changed()
    return response
  }

  const rebuilder = await options.watchSources?.(options.root, (rebuilt) => {
    if (rebuilt.type === 'built') {
      code = rebuilt.code
      problem = undefined
      deploy(`src/${rebuilt.file} changed`, rebuilt.durationMs)
      return
    }
    const reason = `src/${rebuilt.file} changed`
    problem = `the sources do not build, ${rebuilt.why}`
    deployment = { ...deployment, atMs: Date.now(), reason, problem }
    inspector?.changed()
  })

  return {
    url: origin,
    inspectorUrl: `${origin}/inspector`,
    tenant,
    async close() {
      await rebuilder?.close()
      inspector?.close()
      await server.close()
      await tenant.close()
    },
  }
}

/** No port stays open when the server does not come up. */
async function openServer(
  { port }: LabOptions,
  tenant: Tenant,
  handle: (request: Request) => Promise<Response>,
): Promise<WebServer> {
  try {
    return await openWebServer({
      port,
      handle,
      tenantOrigins: [tenant.canonicalFrontDoor, tenant.customFrontDoor],
      rewriteLocation: tenant.frontDoorOf,
    })
  } catch (error) {
    await tenant.close()
    throw error
  }
}
