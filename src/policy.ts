/**
 * The tenant's policy, one function a rule: a denial, or `undefined` for "may pass". Two say more:
 * `checkClient` that a client is left alone, `readFactors` which factors to ask for. No I/O.
 */
import { type Denial, deny, isDenial } from './outcome.ts'
import { type EnrolledFactor, type Factor, PLATFORM, type PostLoginEvent } from './platform.ts'
import { type LinkingRequest, readScopes } from './request.ts'
import { readAllowedClientIds, type Settings } from './settings.ts'

/** ALLOWED_CLIENT_IDS: the login of a client that it does not list goes on, unlinked. */
export function checkClient(
  event: PostLoginEvent,
): Denial | { readonly kind: 'not_listed'; readonly cause: string } | undefined {
  const allowed = readAllowedClientIds(event)
  if (isDenial(allowed)) return allowed
  return allowed?.includes(event.client.client_id) === false
    ? { kind: 'not_listed', cause: `client ${event.client.client_id} not in ALLOWED_CLIENT_IDS` }
    : undefined
}

/**
 * ALLOWED_CONNECTIONS (link only: what is linked may go), ALLOWED_CONNECTION_SCOPES, ALLOW_UNLINK.
 * Held against what is asked for, and once more against the attempt that comes back.
 */
export function checkRequest(
  request: {
    readonly action: LinkingRequest['action']
    readonly connection: string
    readonly connectionScope?: string | undefined
  },
  settings: Settings,
): Denial | undefined {
  const { action, connection, connectionScope } = request
  if (action === 'unlink')
    return settings.allowUnlink ? undefined : deny('unlink_not_allowed', 'ALLOW_UNLINK is no')
  if (settings.allowedConnections?.includes(connection) === false)
    return deny('connection_not_allowed', 'not in ALLOWED_CONNECTIONS')
  return connectionScope === undefined ? undefined : checkScopes([connectionScope], settings)
}

/** Every upstream scope asked for is in ALLOWED_CONNECTION_SCOPES. */
export function checkScopes(asked: readonly unknown[], settings: Settings): Denial | undefined {
  const allowed = settings.allowedConnectionScopes
  if (allowed === undefined) return undefined
  const passes = asked.every(
    (value) => typeof value === 'string' && readScopes(value).every((s) => allowed.includes(s)),
  )
  return passes ? undefined : deny('scope_not_allowed', 'not in ALLOWED_CONNECTION_SCOPES')
}

/** A login that can show no page cannot be redirected. */
export function checkInteraction(
  event: PostLoginEvent,
  canRedirect: (() => boolean) | undefined,
): Denial | undefined {
  const prompt = event.transaction?.prompt
  if (Array.isArray(prompt) && prompt.includes('none'))
    return deny('interaction_required', 'the login was asked with prompt=none')
  return canRedirect?.() === false
    ? deny('interaction_required', 'the platform cannot redirect this login')
    : undefined
}

/** ENFORCE_MFA: whoever has factors, or whose factors cannot be read, has used one by now. */
export function checkMfa(event: PostLoginEvent, settings: Settings): Denial | undefined {
  if (settings.enforceMfa === 'no') return undefined
  const methods = event.authentication?.methods
  if (Array.isArray(methods) && methods.some((method) => method?.name === 'mfa')) return undefined
  const factors = event.user.enrolledFactors
  if (settings.enforceMfa === 'enrolled' && Array.isArray(factors) && factors.length === 0)
    return undefined
  return deny('mfa_required', 'no MFA in this session (ENFORCE_MFA)')
}

/** The factors to challenge a nested login with; none if the user has none. */
export function readFactors(event: PostLoginEvent, settings: Settings): readonly Factor[] | Denial {
  if (settings.enforceMfa === 'no') return []
  const enrolled = event.user.enrolledFactors
  if (!Array.isArray(enrolled)) return deny('mfa_required', 'the factors cannot be read')
  const factors = enrolled.flatMap(readFactor)
  return enrolled.length > 0 && factors.length === 0
    ? deny('mfa_required', 'the factors cannot be read')
    : factors
}

/** Of the options of a factor only those are handed on that the platform documents. */
function readFactor(factor: EnrolledFactor | undefined): readonly Factor[] {
  if (factor?.method === 'sms') return [{ type: 'phone', options: { preferredMethod: 'sms' } }]
  const types: readonly unknown[] = PLATFORM.factorTypes
  const methods: readonly unknown[] = PLATFORM.phoneMethods
  if (typeof factor?.type !== 'string' || !types.includes(factor.type)) return []
  const { type } = factor
  const preferredMethod = factor.options?.preferredMethod
  return [
    type === 'phone' && methods.includes(preferredMethod)
      ? { type, options: { preferredMethod } }
      : { type },
  ]
}

/** ENFORCE_EMAIL_VERIFICATION, and the primary's half of REQUIRE_MATCHING_EMAIL. */
export function checkPrimaryEmail(event: PostLoginEvent, settings: Settings): Denial | undefined {
  const wanted = settings.enforceEmailVerification || settings.requireMatchingEmail
  return wanted && event.user.email_verified !== true
    ? deny('email_unverified', 'the e-mail of the primary is not verified')
    : undefined
}

/** The e-mail of an identity to link, as its ID token states it. */
interface SecondaryEmail {
  readonly email: unknown
  readonly emailVerified: unknown
}

/** ENFORCE_SECONDARY_EMAIL_VERIFICATION, and the secondary's half of REQUIRE_MATCHING_EMAIL. */
export function checkSecondaryEmail(
  primary: unknown,
  { email, emailVerified }: SecondaryEmail,
  settings: Settings,
): Denial | undefined {
  const { enforceSecondaryEmailVerification, requireMatchingEmail } = settings
  if ((enforceSecondaryEmailVerification || requireMatchingEmail) && emailVerified !== true)
    return deny('secondary_email_unverified', 'the e-mail of the secondary is not verified')
  if (!requireMatchingEmail || isSameEmail(primary, email)) return undefined
  return deny('email_mismatch', 'the e-mails differ (REQUIRE_MATCHING_EMAIL)')
}

/** Equal but for the case of ASCII letters: other foldings make different mailboxes look alike. */
function isSameEmail(one: unknown, other: unknown): boolean {
  const fold = (email: string) => email.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  return (
    typeof one === 'string' && typeof other === 'string' && one !== '' && fold(one) === fold(other)
  )
}
