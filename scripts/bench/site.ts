/**
 * The tenant that Actions are measured against: HTTPS on the loopback around the tenant double of the
 * tests, with the discovery document that an Action may ask for. Runs in the benchmark's own process,
 * apart from the measured ones. Counts round trips, and can delay each.
 */

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { generate } from 'selfsigned'
import { buildEvent } from '../testing/event.ts'
import { hintClaims } from '../testing/flow.ts'
import { COMPANION_ID, COMPANION_SECRET, SECONDARY } from '../testing/people.ts'
import { createTenantDouble } from '../testing/tenant-double.ts'
import { DOMAIN } from './protocol.ts'

export interface Site {
  readonly port: number
  readonly certificatePem: string
  /** Milliseconds that every answer waits. */
  setDelayMs(delayMs: number): void
  /** The round trips since the last call. */
  takeRoundTrips(): number
  /** An ID token that the primary's application holds. */
  signHint(): Promise<string>
  /** The nested login of the secondary, and its code. */
  authorize(url: string, claims: Readonly<Record<string, unknown>>): string
  /** Whether the two identities are linked; if so they are parted for the next link. */
  takeLink(): Promise<boolean>
  close(): void
}

const ORIGIN = `https://${DOMAIN}`

/** OpenID Connect Discovery 1.0, section 3. */
const DISCOVERY = {
  issuer: `${ORIGIN}/`,
  authorization_endpoint: `${ORIGIN}/authorize`,
  token_endpoint: `${ORIGIN}/oauth/token`,
  userinfo_endpoint: `${ORIGIN}/userinfo`,
  jwks_uri: `${ORIGIN}/.well-known/jwks.json`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['client_secret_post'],
}

async function makeCertificate(): Promise<{ cert: string; private: string }> {
  return generate([{ name: 'commonName', value: DOMAIN }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: DOMAIN }] },
    ],
  })
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

export async function openSite(): Promise<Site> {
  const tenant = createTenantDouble({ canonicalDomain: DOMAIN, customDomains: [] })
  const { cert: certificatePem, private: key } = await makeCertificate()
  let delayMs = 0
  let roundTrips = 0

  async function respond(request: IncomingMessage): Promise<Response> {
    if (request.url === '/.well-known/openid-configuration') return Response.json(DISCOVERY)
    const { method = 'GET', url = '/' } = request
    const body = await readBody(request)
    const headers = new Headers()
    for (const name of ['authorization', 'content-type'])
      if (request.headersDistinct[name]?.[0]) headers.set(name, request.headersDistinct[name][0])
    return tenant.fetch(`${ORIGIN}${url}`, { method, headers, ...(body === '' ? {} : { body }) })
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    roundTrips++
    const [answer] = await Promise.all([respond(request), delayMs > 0 ? sleep(delayMs) : undefined])
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(await answer.text())
  }

  const server = createServer({ cert: certificatePem, key }, (request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  /** With a Management token of its own, in this process. */
  async function unlink(): Promise<void> {
    const form = {
      grant_type: 'client_credentials',
      client_id: COMPANION_ID,
      client_secret: COMPANION_SECRET,
      audience: `${ORIGIN}/api/v2/`,
    }
    const issued = await tenant.fetch(`${ORIGIN}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    })
    const { access_token: token } = (await issued.json()) as { access_token: string }
    for (const { primary, identity } of tenant.links.slice(-1)) {
      const path = [primary, 'identities', ...identity.split('|')].map(encodeURIComponent).join('/')
      const removed = await tenant.fetch(`${ORIGIN}/api/v2/users/${path}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${token}` },
      })
      if (removed.status !== 200) throw new Error('the tenant does not part the identities')
    }
  }

  let linksSeen = 0
  return {
    port: (server.address() as AddressInfo).port,
    certificatePem,
    setDelayMs: (next) => {
      delayMs = next
    },
    takeRoundTrips: () => {
      const taken = roundTrips
      roundTrips = 0
      return taken
    },
    signHint: () =>
      tenant.signIdToken(hintClaims(buildEvent({ request: { hostname: DOMAIN } }), Date.now())),
    authorize: (url, claims) => tenant.authorize(url, { user: SECONDARY, claims }),
    takeLink: async () => {
      if (tenant.links.length === linksSeen) return false
      linksSeen = tenant.links.length
      await unlink()
      return true
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
