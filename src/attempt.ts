/**
 * One attempt: the record that waits in the transaction's metadata while the browser is away, and
 * what it is bound to. No I/O. Nothing in it is secret; nothing in it can be changed unnoticed.
 *
 * Stored as three lines: the record, its pins, and one tag over both and the binding.
 */
import { randomBytes } from 'node:crypto'
import { deriveTag, type Keys, verifyTag } from './derive.ts'
import type { IdentityId } from './identities.ts'
import { type Denial, deny, type Mode } from './outcome.ts'
import { type AttemptSecrets, deriveAttemptSecrets } from './pkce.ts'
import type { PostLoginEvent } from './platform.ts'
import { hasMfa } from './policy.ts'
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
  | {
      readonly mode: Exclude<Mode, 'unlink'>
      readonly connectionScope?: string | undefined
      readonly loginHint?: string | undefined
    }
  | { readonly mode: 'unlink'; readonly identity: IdentityId }
)

/** The record: the plan, and what makes this attempt differ from every other. */
type Attempt = Plan & {
  readonly version: 1
  /** 32 random bytes in base64url. */
  readonly bytes: string
  /** What of ENFORCE_MFA the login that asked satisfied. */
  readonly mfa: Settings['enforceMfa']
}

/** How long an attempt may take. */
const MAX_ATTEMPT_SECONDS = 15 * 60

/** What can be pinned from the start to the way back; each has a tag of its own. */
type Pin = 'session' | 'user_agent' | 'address'

export type Pins = Partial<Record<Pin, string>>

/**
 * What the attempt is bound to besides its pins: the login that asked, as it asked, and the user as
 * it was, neither blocked nor with a new password since.
 */
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
    event.user.blocked === true,
    event.user.last_password_reset,
  ]
}

/**
 * A tag for each value that can be pinned, whatever the settings pin by now. That an address or a
 * user agent is absent is a value too; a session id has to be there. The nested login tags its own
 * user agent and address alike.
 */
export function derivePins(keys: Keys, { request, session }: PostLoginEvent): Pins {
  const tag = (pin: Pin, value: unknown) => deriveTag(keys.tags, `pin/${pin}/v1`, value ?? null)
  return {
    ...(session?.id && { session: tag('session', session.id) }),
    user_agent: tag('user_agent', request.user_agent),
    address: tag('address', request.ip),
  }
}

interface Bound {
  readonly event: PostLoginEvent
  readonly domain: string
  readonly settings: Settings
  readonly keys: Keys
  readonly nowSeconds: () => number
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
  const mfa = hasMfa(event) ? 'always' : settings.enforceMfa
  const attempt: Attempt = { version: 1, bytes: bytes.toString('base64url'), mfa, ...plan }
  const record = JSON.stringify(attempt)
  const pins = JSON.stringify(derivePins(keys, event))
  const context = JSON.stringify([record, readBinding(event, bound.domain)])
  return {
    secrets: await deriveAttemptSecrets(settings.actionSecret, bytes, context),
    stored: [record, pins, deriveTag(keys.tags, 'attempt/v1', context, pins)].join('\n'),
  }
}

/**
 * The attempt that this way back belongs to. The tag is compared before anything of the record is
 * used, and every pin that is on by now before anything is asked of the tenant.
 */
export async function verifyAttempt(bound: Bound): Promise<OpenAttempt | Denial> {
  const { event, settings, keys, nowSeconds } = bound
  const stored = event.transaction?.metadata?.[ATTEMPT_KEY]
  if (typeof stored !== 'string') return deny('binding_mismatch', 'no attempt in this transaction')
  const [record = '', storedPins = '', tag, ...more] = stored.split('\n')
  const context = JSON.stringify([record, readBinding(event, bound.domain)])
  if (more.length > 0 || !verifyTag(deriveTag(keys.tags, 'attempt/v1', context, storedPins), tag))
    return deny('binding_mismatch', 'another login, password or ACTION_SECRET; blocked; or altered')

  const attempt: Attempt = JSON.parse(record)
  const pins: Pins = JSON.parse(storedPins)
  const denial = checkPins(pins, derivePins(keys, event), settings)
  if (denial !== undefined) return denial
  if (nowSeconds() - attempt.startedAtSeconds > MAX_ATTEMPT_SECONDS)
    return deny('callback_invalid', 'the attempt is older than 15 minutes')
  const bytes = Buffer.from(attempt.bytes, 'base64url')
  return {
    attempt,
    pins,
    secrets: await deriveAttemptSecrets(settings.actionSecret, bytes, context),
  }
}

/** Every pin that is on has the same tag in both; the denial names the first that differs. */
export function checkPins(
  pins: Readonly<Pins>,
  given: Readonly<Partial<Record<Pin, unknown>>>,
  { pinSession, pinUserAgent, pinIpAddress }: Settings,
  names: readonly Pin[] = ['session', 'user_agent', 'address'],
): Denial | undefined {
  const isOn = { session: pinSession, user_agent: pinUserAgent, address: pinIpAddress }
  const differs = names.find((pin) => isOn[pin] && !verifyTag(pins[pin], given[pin]))
  return differs && deny('binding_mismatch', `another ${differs}`)
}
