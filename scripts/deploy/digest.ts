/** How code is named for people and machines: by its SHA-256. Pure. */
import { createHash } from 'node:crypto'

export const sha256 = (code: string): string => createHash('sha256').update(code).digest('hex')

export const shortDigest = (code: string): string => `sha256 ${sha256(code).slice(0, 12)}`
