/**
 * Section 6 of the contract: an answer is lost only when the request may have been sent. Servers on
 * loopback give the errors of real TLS connections, which the tenant's double then plays.
 */

import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { generate, type SelfsignedOptions } from 'selfsigned'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { onEverySubject } from './harness.ts'

const DAY_MS = 86_400_000
const OTHER_HOST = { type: 2, value: 'other.example.net' } as const
const LOOPBACK = { type: 7, ip: '127.0.0.1' } as const

const certificate = (
  host: typeof OTHER_HOST | typeof LOOPBACK,
  options: SelfsignedOptions = {},
  name = 'example',
) =>
  generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [host] }],
    ...options,
  })

async function signedByNobodyKnown() {
  const ca = await certificate(LOOPBACK, {}, 'example issuer')
  return certificate(LOOPBACK, { ca: { cert: ca.cert, key: ca.private } })
}

interface Failure {
  readonly error: unknown
  /** How many requests the server has seen. */
  readonly arrived: number
}

/** What `fetch` rejects with at a server that has this certificate and breaks every request off. */
async function failAt(cert: string, key: string, trusted: boolean): Promise<Failure> {
  let arrived = 0
  const server = createServer({ cert, key }, ({ socket }) => {
    arrived += 1
    socket.destroy()
  })
  const usual = getCACertificates('default')
  if (trusted) setDefaultCACertificates([...usual, cert])
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const error = await fetch(`https://127.0.0.1:${port}/`, { method: 'POST' }).catch(
    (reason: unknown) => reason,
  )
  await new Promise((resolve) => server.close(resolve))
  setDefaultCACertificates(usual)
  return { error, arrived }
}

const expired = {
  notBeforeDate: new Date(Date.now() - 2 * DAY_MS),
  notAfterDate: new Date(Date.now() - DAY_MS),
}

const UNTRUSTED = [
  ['of its own', 'DEPTH_ZERO_SELF_SIGNED_CERT', () => certificate(LOOPBACK), false],
  ['of an unknown issuer', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', signedByNobodyKnown, false],
  ['that has expired', 'CERT_HAS_EXPIRED', () => certificate(LOOPBACK, expired), true],
  ['of another host', 'ERR_TLS_CERT_ALTNAME_INVALID', () => certificate(OTHER_HOST), true],
] as const

const failures = new Map<string, Failure>()
const BROKEN = 'ECONNRESET or alike'

beforeAll(async () => {
  for (const [, code, make, trusted] of UNTRUSTED) {
    const { cert, private: key } = await make()
    failures.set(code, await failAt(cert, key, trusted))
  }
  const { cert, private: key } = await certificate(LOOPBACK)
  failures.set(BROKEN, await failAt(cert, key, true))
})

onEverySubject((world) => {
  /** A link whose first request fails so, and whose second one is in conflict. */
  async function linkAfter(error: unknown) {
    const { tenant } = world
    let isFirst = true
    tenant.fail('link', { kind: 'answer', status: 409 })
    vi.stubGlobal('fetch', async (...request: Parameters<typeof fetch>) => {
      const { url, method } = new Request(...request)
      if (!isFirst || method !== 'POST' || !url.endsWith('/identities'))
        return tenant.fetch(...request)
      isFirst = false
      throw error
    })
    const { resumed } = await world.whole({ tenant })
    expect(isFirst).toBe(false)
    expect(tenant.calls('link')).toBe(1)
    return resumed
  }

  describe('a conflict', () => {
    test.each(UNTRUSTED)('after a certificate %s is one: nothing was sent', async (_what, code) => {
      const { error, arrived } = failures.get(code) ?? {}
      expect(error).toMatchObject({ cause: { code } })
      expect(arrived).toBe(0)
      expect(await linkAfter(error)).toBeDenied('identity_in_use')
    })

    test('after a connection that broke is the link that had been made', async () => {
      const { error, arrived } = failures.get(BROKEN) ?? {}
      expect(error).toBeInstanceOf(TypeError)
      expect(arrived).toBe(1)
      expect(await linkAfter(error)).toGoOn()
      expect(world.lines.at(-1)).toMatch(/^account-linking:outcome linked /)
    })
  })
})
