/**
 * TLS of the local tenants of this process: one certificate for `localhost` and `127.0.0.1`, made at
 * first use, kept in memory and trusted by this process alone, so that `fetch` accepts it without a
 * dialog. Child processes can be given the PEM through NODE_EXTRA_CA_CERTS.
 */

import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { generate } from 'selfsigned'

export interface Certificate {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

let shared: Promise<Certificate> | undefined

/** The certificate, trusted from here on by every TLS connection that this process opens. */
export function trustedCertificate(): Promise<Certificate> {
  shared ??= makeTrusted()
  return shared
}

async function makeTrusted(): Promise<Certificate> {
  const { cert, private: privateKeyPem } = await generate(
    [{ name: 'commonName', value: 'localhost' }],
    {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            { type: 7, ip: '127.0.0.1' },
          ],
        },
      ],
    },
  )
  // Node 22.19 or later; it replaces the whole list, so the present one goes in again.
  setDefaultCACertificates([...getCACertificates('default'), cert])
  return { certificatePem: cert, privateKeyPem }
}
