/**
 * Where a setting comes from: `event.configuration`, else `event.secrets`. No I/O. Apart from
 * `settings.ts`, because every login of the tenant looks here once for AUTH0_CLIENT_ID.
 */
import type { PostLoginEvent } from './platform.ts'

/** The raw value, trimmed if it is a string. */
export function readRaw(event: PostLoginEvent, name: string): unknown {
  const value = event.configuration?.[name] ?? event.secrets?.[name] ?? undefined
  return typeof value === 'string' ? value.trim() : value
}

/** The value if it is a string that is not blank. */
export function readText(event: PostLoginEvent, name: string): string | undefined {
  const value = readRaw(event, name)
  return typeof value === 'string' && value !== '' ? value : undefined
}
