/**
 * The web server of the application and the inspector, on loopback: from Node's requests to `Request`
 * and back. Every response carries a strict Content-Security-Policy; redirects to the tenant go to its
 * front door, where a browser trusts it.
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readBody } from '../tenant/http.ts'

export interface WebServer {
  readonly port: number
  /** Until then requests wait: a page that is open already goes on with the first answer. */
  serve(site: Site): void
  close(): Promise<void>
}

export interface Site {
  readonly handle: (request: Request) => Promise<Response>
  /** Where the tenant's pages are, which forms lead to and the inspector shows. */
  readonly tenantOrigins: readonly string[]
  readonly rewriteLocation: (location: string) => string
}

const LOOPBACK = '127.0.0.1'

const METHODS = ['GET', 'HEAD', 'POST']

type Listener = (req: IncomingMessage, res: ServerResponse) => void

/** `port` 0: any free one. */
export async function openWebServer(port: number): Promise<WebServer> {
  const site = Promise.withResolvers<Listener>()
  const server = createServer((req, res) => void site.promise.then((answer) => answer(req, res)))
  server.listen(port, LOOPBACK)
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    const busy = error.code === 'EADDRINUSE'
    throw busy ? new Error(`Port ${port} is in use; give another one by --port`) : error
  })
  const opened = (server.address() as AddressInfo).port

  return {
    port: opened,
    serve: (given) => site.resolve(listen(given, opened)),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function listen({ handle, rewriteLocation, tenantOrigins }: Site, port: number): Listener {
  const tenant = tenantOrigins.join(' ')
  const securityHeaders = {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      `form-action 'self' ${tenant}`,
      `frame-src 'self' ${tenant}`,
      "frame-ancestors 'self'",
      "base-uri 'none'",
    ].join('; '),
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  }

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const own = `localhost:${port}`
    const { headers, method = 'GET', url = '/' } = req
    const here = url.startsWith('/') ? URL.parse(`http://${own}${url}`) : null
    if (here === null) return void res.writeHead(400).end('Not a path of this server')
    if (headers.host !== own) return misdirected(res, headers.host, here.href)
    if (!METHODS.includes(method)) {
      return void res
        .writeHead(405, { allow: METHODS.join(', ') })
        .end('Not a method of this server')
    }
    const body = method === 'POST' ? await readBody(req) : undefined
    const request = new Request(here, {
      // HEAD is GET without the body.
      method: method === 'HEAD' ? 'GET' : method,
      headers: Object.entries(headers).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, [value].flat().join(', ')]],
      ),
      body: body === undefined ? null : new Uint8Array(body),
    })
    await send(await handle(request), res, method === 'HEAD')
  }

  async function send(response: Response, res: ServerResponse, isHead: boolean): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) res.setHeader(name, value)
    for (const [name, value] of response.headers) {
      if (name !== 'set-cookie') res.setHeader(name, value)
    }
    // Not every browser takes secure cookies from http, even of this machine.
    const cookies = response.headers.getSetCookie().map((one) => one.replace(/; secure/i, ''))
    if (cookies.length > 0) res.setHeader('set-cookie', cookies)
    const location = response.headers.get('location')
    if (location !== null) res.setHeader('location', rewriteLocation(location))
    res.writeHead(response.status)
    if (isHead) await response.body?.cancel()
    if (isHead || response.body === null) return void res.end()
    const reader = response.body.getReader()
    res.once('close', () => void reader.cancel())
    for (let part = await reader.read(); !part.done; part = await reader.read())
      res.write(part.value)
    res.end()
  }

  return (req, res) => {
    answer(req, res).catch((error: unknown) => {
      console.error(error)
      if (res.headersSent) res.destroy()
      else res.writeHead(500).end('Something went wrong')
    })
  }
}

/** Another name for this machine goes on to the one name; anything else is no business of ours. */
function misdirected(res: ServerResponse, host: string | undefined, here: string): void {
  if (host?.startsWith(`${LOOPBACK}:`) === true) res.writeHead(308, { location: here }).end()
  else res.writeHead(421).end('Not a name of this server')
}
