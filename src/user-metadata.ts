/**
 * What MERGE_USER_METADATA carries from the nested login to the primary. No I/O. Never
 * `app_metadata`, which may hold rights.
 */
import { isRecord } from './json.ts'

/** What this Action carries at most; the platform says no more of `user_metadata`. */
const MAX_METADATA_BYTES = 8_192

type Metadata = Readonly<Record<string, unknown>>

/** The metadata of the secondary, if it is there and small enough to be carried. */
export function readMetadata(metadata: unknown): Metadata | undefined {
  return isRecord(metadata) && fits(metadata) ? metadata : undefined
}

/** What the secondary has and the primary lacks; nothing if both together are too large. */
export function mergeUserMetadata(primary: unknown, secondary: unknown): Metadata {
  const own = isRecord(primary) ? primary : {}
  if (!isRecord(secondary) || !fits({ ...secondary, ...own })) return {}
  const gained = Object.entries(secondary).filter(
    ([key]) => key !== '__proto__' && !Object.hasOwn(own, key),
  )
  return Object.fromEntries(gained)
}

function fits(metadata: Metadata): boolean {
  return Buffer.byteLength(JSON.stringify(metadata)) <= MAX_METADATA_BYTES
}
