/**
 * The two loopback listeners. *https* is the issuer and the back channel. *http* is the front door for
 * browsers, which would not trust the certificate: there every redirect to `https://<domain>/…` is
 * rewritten to the front door itself, and cookies lose `Secure`. Both hand requests to one handler, as
 * data; injected faults and delays are applied here, and each request is logged.
 */

import {
  createServer as createHttpServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { parseCookie } from 'cookie'
import type { Certificate } from './certificate.ts'
import type { Faults, LocalTenantFault } from './faults.ts'
import { type Exchange, readBody, readForm, readJson, sendJson, toParameters } from './http.ts'
import type { Caller, Channel, Log } from './log.ts'

const LOOPBACK = '127.0.0.1'

/** Node's own limit is 16 kB, which one hint fills. */
const MAX_HEADER_BYTES = 128 * 1024

/** The request header by which a run of an Action is known; never part of an event. */
export const RUN_HEADER = 'x-tenant-run'

/** The canonical domain and the custom one, each by its https address and its front door. */
export interface Addresses {
  /** `localhost:<port>` */
  readonly canonicalDomain: string
  /** `127.0.0.1:<port>` */
  readonly customDomain: string
  /** `http://localhost:<port>` */
  readonly canonicalFrontDoor: string
  /** `http://127.0.0.1:<port>` */
  readonly customFrontDoor: string
}

export interface FrontDoorOptions {
  readonly certificate: Certificate
  /** 0: any free one. */
  readonly httpsPort: number
  readonly httpPort: number
  readonly log: Log
  readonly faults: Faults
  readonly backChannelDelayMs: () => number
  /** Whose client this is, for the log. */
  readonly callerOf: (clientId: string | undefined) => Caller
  /** The one origin whose pages may show the tenant's in a frame; like Auth0, by default none. */
  readonly framedBy: () => string | undefined
}

export interface FrontDoor {
  readonly addresses: Addresses
  /** From here on requests are answered. */
  serve(handler: (exchange: Exchange) => Promise<void>): void
  close(): Promise<void>
}

export async function openFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const { certificatePem: cert, privateKeyPem: key } = options.certificate
  let handler: (exchange: Exchange) => Promise<void> = async ({ res }) => {
    sendJson(res, 503, { error: 'the tenant is starting' })
  }
  const servers: Readonly<Record<Channel, Server>> = {
    back: createHttpsServer(
      { cert, key, maxHeaderSize: MAX_HEADER_BYTES },
      (req, res) => void accept('back', req, res),
    ),
    front: createHttpServer(
      { maxHeaderSize: MAX_HEADER_BYTES },
      (req, res) => void accept('front', req, res),
    ),
  }
  const httpsPort = await listen(servers.back, options.httpsPort)
  const httpPort = await listen(servers.front, options.httpPort).catch(async (error) => {
    await close(servers.back)
    throw error
  })
  const addresses: Addresses = {
    canonicalDomain: `localhost:${httpsPort}`,
    customDomain: `${LOOPBACK}:${httpsPort}`,
    canonicalFrontDoor: `http://localhost:${httpPort}`,
    customFrontDoor: `http://${LOOPBACK}:${httpPort}`,
  }

  async function accept(channel: Channel, req: IncomingMessage, res: ServerResponse) {
    try {
      const run = Number(req.headers[RUN_HEADER] ?? 0)
      delete req.headers[RUN_HEADER]
      const exchange = await toExchange({ channel, req, res, run }, addresses, options)
      if (exchange === undefined)
        return sendJson(res, 421, { error: 'not a domain of this tenant' })
      rewriteHeaders(exchange, addresses, options.framedBy() ?? "'none'")
      await answer(exchange, run > 0)
    } catch (error) {
      if (res.headersSent) res.destroy()
      else sendJson(res, 500, { error: error instanceof Error ? error.message : String(error) })
    }
  }

  async function answer(exchange: Exchange, ofRun: boolean): Promise<void> {
    const { method, url, res, channel } = exchange
    const fault = options.faults.take({ method, path: url.pathname, ofRun })
    if (fault !== undefined) faulty.add(exchange.req)
    const delayMs = (channel === 'back' ? options.backChannelDelayMs() : 0) + (fault?.delayMs ?? 0)
    if (delayMs > 0) await options.faults.wait(delayMs)
    if (fault !== undefined && applyFault(fault, res)) return
    await handler(exchange)
  }

  return {
    addresses,
    serve: (given) => {
      handler = given
    },
    close: async () => {
      await Promise.all(Object.values(servers).map(close))
    },
  }
}

const faulty = new WeakSet<IncomingMessage>()

/** Whether the fault was all there is to answer. */
function applyFault(fault: LocalTenantFault, res: ServerResponse): boolean {
  if (fault.break === 'hang') return true
  if (fault.break === 'reset') {
    res.destroy()
    return true
  }
  if (fault.break === 'lose') {
    res.end = () => res.destroy()
    return false
  }
  if (fault.status === undefined && fault.body === undefined) return false
  res.writeHead(fault.status ?? 200, { 'content-type': 'application/json', ...fault.headers })
  res.end(fault.body)
  return true
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy = error.code === 'EADDRINUSE'
      reject(busy ? new Error(`Port ${port} is in use; give another one`) : error)
    })
    server.listen(port, LOOPBACK, () => resolve((server.address() as AddressInfo).port))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

const BROWSER_PATHS = /^\/(authorize|continue|u|upstream|v2\/logout|oidc\/logout)(\/|$)/

/** A request as it came, and the run of an Action that sent it: 0 for none. */
interface Arrival {
  readonly channel: Channel
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly run: number
}

async function toExchange(
  { channel, req, res, run }: Arrival,
  addresses: Addresses,
  { log, callerOf }: FrontDoorOptions,
): Promise<Exchange | undefined> {
  const begun = log.begin()
  const body = await readBody(req)
  const domain = domainOf(channel, req.headers.host, addresses)
  if (domain === undefined) return undefined
  const { method = 'GET', headers } = req
  const url = new URL(`https://${domain}${req.url ?? '/'}`)
  const forwarded = headers['x-forwarded-for']
  let clientId: string | undefined
  const exchange: Exchange = {
    channel,
    domain,
    method,
    url,
    query: toParameters(url.searchParams),
    form: readForm(headers, body),
    json: readJson(headers, body),
    body,
    headers,
    cookies: parseCookie(headers.cookie ?? ''),
    ip: [forwarded].flat()[0]?.split(',')[0]?.trim() ?? LOOPBACK,
    userAgent: headers['user-agent'],
    req,
    res,
    identify: (known) => {
      clientId = known
    },
  }
  const answered = captureAnswer(res)
  const caller = (): Caller => {
    if (run > 0) return 'action'
    return channel === 'front' || BROWSER_PATHS.test(url.pathname) ? 'browser' : callerOf(clientId)
  }
  res.once('close', () => {
    const location = res.getHeader('location')
    log.add({
      kind: 'http',
      sequence: begun.sequence,
      atMs: begun.atMs,
      durationMs: begun.elapsedMs(),
      channel,
      caller: caller(),
      clientId,
      ...(run > 0 ? { run } : {}),
      method,
      domain,
      path: url.pathname,
      query: exchange.query,
      form: exchange.form,
      json: exchange.json,
      userAgent: exchange.userAgent,
      ...(res.writableFinished ? { status: res.statusCode } : {}),
      ...(typeof location === 'string' ? { location } : {}),
      ...answered(),
      faulty: faulty.has(req),
    })
  })
  return exchange
}

/** What is said in JSON, for the log. */
function captureAnswer(res: ServerResponse): () => { readonly answer?: unknown } {
  const end = res.end.bind(res)
  let text = ''
  const capturing = (body?: string | Buffer) => {
    if (String(res.getHeader('content-type')).includes('json')) text = String(body ?? '')
    return body === undefined ? end() : end(body)
  }
  res.end = capturing as typeof res.end
  return () => {
    try {
      return text === '' ? {} : { answer: JSON.parse(text) }
    } catch {
      return {}
    }
  }
}

function domainOf(channel: Channel, host: string | undefined, addresses: Addresses) {
  const { canonicalDomain, customDomain, canonicalFrontDoor, customFrontDoor } = addresses
  const hosts =
    channel === 'back'
      ? [canonicalDomain, customDomain]
      : [new URL(canonicalFrontDoor).host, new URL(customFrontDoor).host]
  if (host === hosts[0]) return canonicalDomain
  return host === hosts[1] ? customDomain : undefined
}

/** The address at which a browser reaches what the tenant knows as `https://<domain>/…`. */
export function toFrontDoor(location: string, addresses: Addresses): string {
  const pairs = [
    [`https://${addresses.canonicalDomain}/`, `${addresses.canonicalFrontDoor}/`],
    [`https://${addresses.customDomain}/`, `${addresses.customFrontDoor}/`],
  ] as const
  const pair = pairs.find(([origin]) => location.startsWith(origin))
  return pair === undefined ? location : pair[1] + location.slice(pair[0].length)
}

/** Auth0 does not send `iss` (RFC 9207) with its authorization responses. */
function withoutIssuer(location: string, domain: string): string {
  const url = URL.parse(location)
  if (url?.searchParams.get('iss') !== `https://${domain}/`) return location
  url.searchParams.delete('iss')
  return url.href
}

/** Of every page, the authorization server's own too: beside its policy, who may frame it. */
function limitFrames(res: ServerResponse, framedBy: string): void {
  if (!String(res.getHeader('content-type')).startsWith('text/html')) return
  const own = [res.getHeader('content-security-policy') ?? []].flat()
  res.setHeader('content-security-policy', [...own, `frame-ancestors ${framedBy}`].join('; '))
}

function rewriteHeaders(
  { channel, domain, res }: Exchange,
  addresses: Addresses,
  framedBy: string,
): void {
  const writeHead = res.writeHead.bind(res)
  const rewriting = (status: number, headers: OutgoingHttpHeaders = {}) => {
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) res.setHeader(name, value)
    }
    const location = res.getHeader('location')
    if (typeof location === 'string') {
      const plain = withoutIssuer(location, domain)
      res.setHeader('location', channel === 'front' ? toFrontDoor(plain, addresses) : plain)
    }
    limitFrames(res, framedBy)
    const cookies = [res.getHeader('set-cookie') ?? []].flat().map(String)
    if (channel === 'front' && cookies.length > 0) {
      res.setHeader(
        'set-cookie',
        cookies.map((cookie) => cookie.replace(/; secure/i, '')),
      )
    }
    return writeHead(status)
  }
  res.writeHead = rewriting as typeof res.writeHead
}
