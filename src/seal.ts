/**
 * AES-256-GCM for what leaves this Action and comes back: cache entries and confirmations. Nobody
 * without the key can read, make or change one, or use it elsewhere. No I/O.
 *
 * @see https://nodejs.org/api/crypto.html#ccm-mode (authentication tags)
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { parseJson } from './json.ts'

const ALGORITHM = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16

/** The value in base64url, sealed with this key (32 bytes) for this place alone. */
export function seal(key: Buffer, place: string, value: unknown): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(place))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
}

/** The value, `undefined` for whatever was not sealed with this key for this place. Never throws. */
export function unseal(key: Buffer, place: string, sealed: string): unknown {
  try {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.toString('base64url') !== sealed) return undefined
    const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(Buffer.from(place)).setAuthTag(tag)
    const opened = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES))
    return parseJson(Buffer.concat([opened, decipher.final()]).toString())
  } catch {
    return undefined
  }
}
