/**
 * Small parts of HTTP that the tenant's files share: reading a request into data, and answering. The
 * only I/O is the reading of a request's body.
 */

import { type IncomingHttpHeaders, IncomingMessage, type ServerResponse } from 'node:http'
import { stringifySetCookie } from 'cookie'
import { type Html, textOf } from './html.ts'
import type { Channel, Parameters } from './log.ts'

/** One request to the tenant, whichever listener it came in by. */
export interface Exchange {
  readonly channel: Channel
  /** The tenant's domain that was asked for, with its port. */
  readonly domain: string
  readonly method: string
  /** As the tenant sees itself: `https://<domain>/…`. */
  readonly url: URL
  readonly query: Parameters
  readonly form: Parameters
  readonly json: unknown
  readonly body: Buffer
  readonly headers: IncomingHttpHeaders
  readonly cookies: Readonly<Record<string, string | undefined>>
  readonly ip: string
  readonly userAgent: string | undefined
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Tells the log which client it was. */
  identify(clientId: string): void
}

const MAX_BODY_BYTES = 1024 * 1024

export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of req) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Error('the body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A name that comes once gives a string, a repeated one an array, as in `event.request.query`. */
export function toParameters(search: URLSearchParams): Parameters {
  const names = [...new Set(search.keys())]
  return Object.fromEntries(
    names.map((name) => {
      const values = search.getAll(name)
      return [name, values.length === 1 && values[0] !== undefined ? values[0] : values]
    }),
  )
}

export function toSearch(parameters: Parameters): URLSearchParams {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) search.append(name, one)
  }
  return search
}

/** The one value of a parameter; `undefined` where there is none, or several. */
export function one(parameters: Parameters, name: string): string | undefined {
  const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
  return typeof value === 'string' ? value : undefined
}

export function filterParameters(
  parameters: Parameters,
  keep: (name: string) => boolean,
): Parameters {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => keep(name)))
}

export function readForm(headers: IncomingHttpHeaders, body: Buffer): Parameters {
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return {}
  return toParameters(new URLSearchParams(body.toString()))
}

export function readJson(headers: IncomingHttpHeaders, body: Buffer): unknown {
  if (!headers['content-type']?.startsWith('application/json')) return undefined
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
  res.end(body === undefined ? undefined : JSON.stringify(body))
}

const COOKIE = { path: '/', httpOnly: true, sameSite: 'lax', secure: true } as const

/** For as long as the browser is open. */
export function setCookie(res: ServerResponse, name: string, value: string): void {
  res.appendHeader('set-cookie', stringifySetCookie(name, value, COOKIE))
}

export function sendPage(res: ServerResponse, status: number, page: Html): void {
  res.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    'referrer-policy': 'no-referrer',
  })
  res.end(textOf(page))
}

export function redirect(res: ServerResponse, location: string): void {
  res.writeHead(303, { location, 'cache-control': 'no-store' })
  res.end()
}

export interface Presented {
  readonly method: string
  readonly path: string
  readonly headers?: IncomingHttpHeaders
  readonly body?: Buffer
}

/**
 * The request as the authorization server shall see it: by https at the domain itself, with the
 * method, path and body given. Its body has been read already, so it is a new one.
 */
export function present(exchange: Exchange, presented: Presented): IncomingMessage {
  const { method, path, body = Buffer.alloc(0) } = presented
  const req = new IncomingMessage(exchange.req.socket)
  const { 'content-length': _length, 'transfer-encoding': _encoding, ...headers } = exchange.headers
  req.method = method
  req.url = path
  req.httpVersion = '1.1'
  // Its body is here already: otherwise its end would take the connection along.
  req.complete = true
  req.headers = {
    ...headers,
    host: exchange.domain,
    'x-forwarded-proto': 'https',
    ...(body.length === 0 ? {} : { 'content-length': String(body.length) }),
    ...presented.headers,
  }
  req.push(body.length === 0 ? null : body)
  if (body.length > 0) req.push(null)
  return req
}
