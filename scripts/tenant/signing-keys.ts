/**
 * The signing keys of one tenant, made at its start: two RSA keys, the current and the next one, and
 * the key set that publishes them with every member that Auth0 has (`x5c`, `x5t`), so that it is as
 * large as Auth0's. No I/O.
 *
 * @see https://auth0.com/docs/secure/tokens/json-web-tokens/json-web-key-set-properties
 */

import {
  createHash,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  X509Certificate,
} from 'node:crypto'
import { promisify } from 'node:util'
import { generate } from 'selfsigned'

export interface PublishedKey {
  readonly alg: 'RS256'
  readonly kty: 'RSA'
  readonly use: 'sig'
  readonly kid: string
  readonly n: string
  readonly e: string
  readonly x5c: readonly [string]
  readonly x5t: string
}

export interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly privateJwk: JsonWebKey
  readonly published: PublishedKey
}

export interface SigningKeys {
  readonly current: SigningKey
  readonly next: SigningKey
  /** The body of `/.well-known/jwks.json`. */
  readonly jwks: { readonly keys: readonly PublishedKey[] }
}

const generateRsa = promisify(generateKeyPair)

const subjectOf = (commonName: string) => [
  { name: 'commonName', value: commonName },
  { name: 'organizationName', value: 'Example local tenant for development and tests' },
]

async function makeKey(commonName: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateRsa('rsa', { modulusLength: 2048 })
  const { cert } = await generate(subjectOf(commonName), {
    algorithm: 'sha256',
    keyPair: {
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    },
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  })
  const der = new X509Certificate(cert).raw
  const { n, e } = publicKey.export({ format: 'jwk' })
  if (n === undefined || e === undefined) throw new Error('the RSA key has no modulus')
  const kid = createHash('sha256').update(n).digest('base64url').slice(0, 21)
  const privateJwk = { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }
  const x5t = createHash('sha1').update(der).digest('base64url')
  return {
    kid,
    privateKey,
    publicKey,
    privateJwk,
    published: {
      alg: 'RS256',
      kty: 'RSA',
      use: 'sig',
      n,
      e,
      kid,
      x5t,
      x5c: [der.toString('base64')],
    },
  }
}

export async function makeSigningKeys(domain: string): Promise<SigningKeys> {
  const [current, next] = await Promise.all([makeKey(domain), makeKey(domain)])
  return { current, next, jwks: { keys: [current.published, next.published] } }
}
