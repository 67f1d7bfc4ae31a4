/**
 * One attempt: the record that waits in the transaction's metadata while the browser is away, and
 * what it is bound to. No I/O. Nothing in it is secret; nothing in it can be changed unnoticed.
 *
 * Stored as three lines: the record, its pins, and one tag over both and the binding.
 */
import { randomBytes } from 'node:crypto'
import type { IdentityId } from './identities.ts'
import { type Denial, deny, type Mode } from './outcome.ts'
import {
  type AttemptSecrets,
  deriveAttemptSecrets,
  deriveTag,
  type Keys,
  verifyTag,
} from './pkce.ts'
import type { PostLoginEvent } from './platform.ts'
import type { Settings } from './settings.ts'

/** The one key of `api.transaction.setMetadata` that this Action uses. */
export const ATTEMPT_KEY = 'client-initiated-account-linking:attempt'

/** What an attempt is to do. */
export type Plan = {
  readonly connection: string
  /** The connection that the nested request names, and must come back with. */
  readonly nestedConnection: string
  readonly startedAtSeconds: number
} & (
  | { readonly mode: Exclude<Mode, 'unlink'>; readonly connectionScope?: string }
  | { readonly mode: 'unlink'; readonly identity: IdentityId }
)

/** The record: the plan, and what makes this attempt differ from every other. */
type Attempt = Plan & {
  readonly version: 1
  /** 32 random bytes in base64url. */
  readonly bytes: string
}

/** What can be pinned from the start to the way back; each has a tag of its own. */
type Pin = 'session' | 'user_agent' | 'address'

export type Pins = Partial<Record<Pin, string>>

/** What the attempt is bound to besides its pins: the login that asked, as it asked. */
function readBinding(event: PostLoginEvent, domain: string): readonly unknown[] {
  const { protocol, requested_scopes, response_type, redirect_uri, state } = event.transaction ?? {}
  return [
    event.user.user_id,
    event.client.client_id,
    domain,
    protocol,
    requested_scopes,
    response_type,
    redirect_uri,
    state,
    event.organization?.id,
  ]
}

function readPinned(event: PostLoginEvent, pin: Pin): string | undefined {
  const value = {
    session: event.session?.id,
    user_agent: event.request.user_agent,
    address: event.request.ip,
  }[pin]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * The pins of this event: a tag for each of those named whose value it has. The nested login tags
 * its own user agent and address alike.
 */
export function derivePins(keys: Keys, event: PostLoginEvent, names: readonly Pin[]): Pins {
  const pins: Pins = {}
  for (const name of names) {
    const value = readPinned(event, name)
    if (value !== undefined) pins[name] = deriveTag(keys.tags, `pin/${name}/v1`, value)
  }
  return pins
}

interface Bound {
  readonly event: PostLoginEvent
  readonly domain: string
  readonly settings: Settings
  readonly keys: Keys
}

export interface OpenAttempt {
  readonly attempt: Attempt
  readonly pins: Readonly<Pins>
  readonly secrets: AttemptSecrets
}

/** A new attempt, and the text to keep in the transaction's metadata. */
export async function createAttempt(
  bound: Bound,
  plan: Plan,
): Promise<{ readonly secrets: AttemptSecrets; readonly stored: string }> {
  const { event, settings, keys } = bound
  const bytes = randomBytes(32)
  const attempt: Attempt = { version: 1, bytes: bytes.toString('base64url'), ...plan }
  const names: Pin[] = []
  if (settings.pinSession) names.push('session')
  if (settings.pinUserAgent) names.push('user_agent')
  if (settings.pinIpAddress) names.push('address')
  const record = JSON.stringify(attempt)
  const pins = JSON.stringify(derivePins(keys, event, names))
  const context = JSON.stringify([record, readBinding(event, bound.domain)])
  return {
    secrets: await deriveAttemptSecrets(settings.actionSecret, bytes, context),
    stored: [record, pins, deriveTag(keys.tags, 'attempt/v1', context, pins)].join('\n'),
  }
}

/**
 * The attempt that this way back belongs to. The tag is compared before anything of the record is
 * used, and every pin before anything is asked of the tenant.
 */
export async function verifyAttempt(bound: Bound): Promise<OpenAttempt | Denial> {
  const { event, settings, keys } = bound
  const stored = event.transaction?.metadata?.[ATTEMPT_KEY]
  if (typeof stored !== 'string') return deny('binding_mismatch', 'no attempt in this transaction')
  const [record = '', storedPins = '', tag, ...more] = stored.split('\n')
  const context = JSON.stringify([record, readBinding(event, bound.domain)])
  if (more.length > 0 || !verifyTag(deriveTag(keys.tags, 'attempt/v1', context, storedPins), tag))
    return deny('binding_mismatch', 'attempt altered, of another login, or ACTION_SECRET changed')

  const attempt: Attempt = JSON.parse(record)
  const pins: Pins = JSON.parse(storedPins)
  const denial = checkPins(pins, derivePins(keys, event, Object.keys(pins) as Pin[]))
  if (denial !== undefined) return denial
  const bytes = Buffer.from(attempt.bytes, 'base64url')
  return {
    attempt,
    pins,
    secrets: await deriveAttemptSecrets(settings.actionSecret, bytes, context),
  }
}

/** Every pin of the attempt has the same tag here; the denial names the first that differs. */
export function checkPins(
  pins: Readonly<Pins>,
  given: Readonly<Partial<Record<Pin, unknown>>>,
): Denial | undefined {
  for (const [pin, tag] of Object.entries(pins) as [Pin, string][])
    if (!verifyTag(tag, given[pin])) return deny('binding_mismatch', `another ${pin}`)
  return undefined
}
