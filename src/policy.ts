/**
 * The tenant's policy, one function a rule: a denial, or `undefined` for "may pass". Two say more:
 * `checkClient` that a client is left alone, `chooseFactors` which factors to ask for. No I/O.
 */
import { countIdentities } from './identities.ts'
import { type Denial, deny, isDenial, type Mode } from './outcome.ts'
import { type EnrolledFactor, type Factor, PLATFORM, type PostLoginEvent } from './platform.ts'
import { readScopes } from './request.ts'
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
    readonly mode: Mode
    readonly connection: string
    readonly connectionScope?: string | undefined
  },
  settings: Settings,
): Denial | undefined {
  const { mode, connection, connectionScope } = request
  if (mode === 'unlink')
    return settings.allowUnlink ? undefined : deny('unlink_not_allowed', 'ALLOW_UNLINK is no')
  if (settings.allowedConnections?.includes(connection) === false)
    return deny('connection_not_allowed', 'not in ALLOWED_CONNECTIONS')
  return connectionScope === undefined ? undefined : checkScopes([connectionScope], settings)
}

/** IDENTITIES_PER_CONNECTION: whether the account has as many of that connection as it may. */
export function isFull(event: PostLoginEvent, connection: string, settings: Settings): boolean {
  return countIdentities(event, connection) >= settings.identitiesPerConnection
}

/** CONFIRM_LINK: device authorization has no browser that an application could tell by its session. */
export function checkConfirmable(event: PostLoginEvent, settings: Settings): Denial | undefined {
  return settings.confirmLink && event.transaction?.protocol === 'oauth2-device-code'
    ? deny('invalid_request', 'device authorization cannot confirm a link (CONFIRM_LINK)')
    : undefined
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

/** Whether this login has done MFA. */
export function hasMfa(event: PostLoginEvent): boolean {
  const methods = event.authentication?.methods
  return Array.isArray(methods) && methods.some((method) => method?.name === 'mfa')
}

/**
 * ENFORCE_MFA: whoever has factors, or whose factors cannot be read, has used one by now.
 * `satisfied` is what the login satisfied before.
 */
export function checkMfa(
  event: PostLoginEvent,
  { enforceMfa }: Settings,
  satisfied = hasMfa(event) ? 'always' : 'no',
): Denial | undefined {
  if (['no', satisfied].includes(enforceMfa) || satisfied === 'always') return undefined
  const factors = event.user.enrolledFactors
  if (enforceMfa === 'enrolled' && Array.isArray(factors) && factors.length === 0) return undefined
  return deny('mfa_required', 'no MFA in this session (ENFORCE_MFA)')
}

/** The factors to challenge a nested login with; none if the user has none. */
export function chooseFactors(
  event: PostLoginEvent,
  settings: Settings,
): readonly Factor[] | Denial {
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
  const { type: newer, method: older, options } = factor ?? {}
  const types: readonly unknown[] = [...PLATFORM.factorTypes, 'sms']
  const methods: readonly unknown[] = PLATFORM.phoneMethods
  const type = [newer, older].find((name) => types.includes(name))
  if (type === undefined) return []
  if (type === 'sms') return [{ type: 'phone', options: { preferredMethod: type } }]
  const preferredMethod = options?.preferredMethod
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
    ? deny('email_unverified', describeVerified('primary', event.user.email_verified))
    : undefined
}

/**
 * ALLOW_MERGE and LINK_EXISTING_USERS: whether the account that a link absorbs may be, as the nested
 * login noted it.
 */
export function checkAbsorbed(
  {
    identities,
    logins_count: logins,
  }: { readonly identities?: unknown; readonly logins_count?: unknown },
  { allowMerge, linkExistingUsers }: Settings,
): Denial | undefined {
  if (!allowMerge && typeof identities !== 'number')
    return deny('callback_invalid', 'how many identities the second account has is unknown')
  if (!allowMerge && identities !== 1)
    return deny('identity_in_use', 'the identity has linked identities of its own (ALLOW_MERGE)')
  return linkExistingUsers || logins === 1
    ? undefined
    : deny('identity_in_use', 'the user existed before (LINK_EXISTING_USERS)')
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
    return deny('secondary_email_unverified', describeVerified('secondary', emailVerified))
  if (!requireMatchingEmail || isSameEmail(primary, email)) return undefined
  return deny('email_mismatch', 'the e-mails differ (REQUIRE_MATCHING_EMAIL)')
}

/** Its value if it is a boolean, else its type: a connection may map a string to it. */
function describeVerified(whose: string, value: unknown): string {
  return `email_verified of the ${whose}: ${typeof value === 'boolean' ? value : typeof value}`
}

/** Equal but for the case of ASCII letters: other foldings make different mailboxes look alike. */
function isSameEmail(one: unknown, other: unknown): boolean {
  const fold = (email: string) => email.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  return (
    typeof one === 'string' && typeof other === 'string' && one !== '' && fold(one) === fold(other)
  )
}
