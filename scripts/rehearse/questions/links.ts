/** Questions 1, 5 and 11: links by the Action as built, an unlink, and confirmations. */
import { ManagementError } from 'auth0'
import type { LoginResult, TokenResult } from '../../tenant/web-application.ts'
import { RESULT_CLAIM } from '../setup.ts'
import {
  denialOf,
  isTrouble,
  logInPrimary,
  NoAnswer,
  type Parameters,
  type Question,
  type Stage,
} from '../stage.ts'
import { type FactName, no, told, unknown } from '../verdict.ts'
import type { Visitor } from '../visitor.ts'

/** As the tenant asks for it, by what is known already. */
function pins({ verdictOf }: Stage): Parameters {
  const unusable = ['session_kept', 'hint_has_sid', 'sid_is_session'] as const
  return unusable.some((fact) => verdictOf(fact) === 'no') ? { PIN_SESSION: 'no' } : {}
}

const statusOf = ({ claims }: TokenResult): string | undefined => {
  const { status } = (claims[RESULT_CLAIM] ?? {}) as { readonly status?: unknown }
  return typeof status === 'string' ? status : undefined
}

interface LinkOptions {
  readonly scope?: string
  readonly domain?: string
}

const LINK = 'openid profile email link_account'

/** Logs the primary in, asks for a link and logs in as the secondary. */
async function link(stage: Stage, { domain, scope = LINK }: LinkOptions = {}) {
  const visitor = await stage.newVisitor()
  const login = await logInPrimary(stage, visitor, {}, domain)
  if (login.type === 'denied') throw new NoAnswer(`a plain login ends in ${denialOf(login)}`)
  const app = await stage.application(domain)
  const { secondary } = stage.scene
  const attempt = await app.start({
    scope,
    requested_connection: secondary.connection,
    id_token_hint: login.idToken,
  })
  const first = await visitor.open(attempt.url)
  const asked = first.type === 'page' && first.kind !== 'other'
  const stop = asked ? await visitor.logIn(secondary) : first
  if (stop.type !== 'callback') return visitor.lose('the link ends at a page')
  return { visitor, result: await attempt.complete(stop.url) }
}

/** `provider|user_id` of each; `undefined`: there is no such user. */
async function identitiesOf({ management }: Stage, userId: string) {
  try {
    const { identities = [] } = await management.client.users.get(userId)
    return identities.map(({ provider, user_id: id }) => `${provider}|${id}`)
  } catch (error) {
    if (error instanceof ManagementError && error.statusCode === 404) return undefined
    throw error
  }
}

/** As before a link, whatever it came to. */
async function detach(stage: Stage): Promise<void> {
  const { primary, secondary } = stage.scene
  const found = await identitiesOf(stage, primary.userId)
  if (!found?.includes(secondary.userId)) return
  const [, bare = ''] = secondary.userId.split('|')
  await stage.management.client.users.identities.delete(primary.userId, 'auth0', bare)
}

export const askLink: Question = async (stage) => {
  const { note, scene, withSettings } = stage
  const { primary, secondary } = scene
  const settings = pins(stage)
  await withSettings(settings)
  const { result, visitor } = await link(stage)
  const how = 'PIN_SESSION' in settings ? ' (with PIN_SESSION=no)' : ''
  if (result.type === 'denied') {
    const evidence = `it ends in ${denialOf(result)}${how}`
    note((isTrouble(result) ? unknown : no)('link_made', evidence))
    throw new NoAnswer('there is no link')
  }
  try {
    const found = await identitiesOf(stage, primary.userId)
    const both = found?.join() === [primary.userId, secondary.userId].join()
    note(told('link_made', both, both ? `the login goes on${how}` : 'it goes on without one'))
    note(told('both_identities', both, `${found?.length ?? 0} identities`))
    const status = statusOf(result)
    note(told('result_claim', status === 'linked', status ?? 'it is not there'))
    const kept = found !== undefined && result.claims.sub === primary.userId
    note(told('user_id_kept', kept, kept ? 'it is that of the primary' : 'it is another one'))
    if (both) await unlink(stage, visitor, result.idToken)
  } finally {
    await detach(stage)
  }
}

async function unlink(stage: Stage, visitor: Visitor, hint: string): Promise<void> {
  const { note, scene } = stage
  const app = await stage.application()
  const attempt = await app.start({
    scope: 'openid profile email unlink_account',
    requested_connection: scene.secondary.connection,
    id_token_hint: hint,
  })
  const first = await visitor.open(attempt.url)
  const asked = first.type === 'page' && first.kind !== 'other'
  const stop = asked ? await visitor.logIn(scene.primary) : first
  if (stop.type !== 'callback') return visitor.lose('the unlink ends at a page')
  const result = await attempt.complete(stop.url)
  if (result.type === 'denied') {
    const evidence = `it ends in ${denialOf(result)}`
    note((isTrouble(result) ? unknown : no)('unlink_made', evidence))
    return
  }
  const left = await identitiesOf(stage, scene.primary.userId)
  const gone = left?.includes(scene.secondary.userId) === false
  note(told('unlink_made', gone, gone ? 'one identity is left' : 'the identity is still there'))
  const there = (await identitiesOf(stage, scene.secondary.userId)) !== undefined
  note(told('unlinked_user_left', there, there ? 'there is such a user' : 'there is no such user'))
}

export const askCustomDomain: Question = async (stage) => {
  const { customDomains, note, withSettings } = stage
  const [domain] = customDomains
  if (domain === undefined) throw new NoAnswer('the tenant has no custom domain that is ready')
  await withSettings(pins(stage))
  try {
    const { result } = await link(stage, { domain })
    const status = result.type === 'denied' ? denialOf(result) : statusOf(result)
    const held = await identitiesOf(stage, stage.scene.primary.userId)
    const linked = held?.includes(stage.scene.secondary.userId) === true
    const evidence = status ?? 'no result claim'
    note(
      isTrouble(result)
        ? unknown('custom_domain_link', evidence)
        : told('custom_domain_link', linked, evidence),
    )
  } finally {
    await detach(stage)
  }
}

const PENDING = 'openid profile email offline_access link_account'

export const askConfirmation: Question = async (stage) => {
  await stage.withSettings({ ...pins(stage), CONFIRM_LINK: 'yes' })
  try {
    const { result, visitor } = await link(stage, { scope: PENDING })
    await confirmInFront(stage, visitor, result)
    await noteSession(stage, visitor)
    await detach(stage)
    await confirmBehind(stage, (await link(stage, { scope: PENDING })).result)
  } finally {
    await detach(stage)
  }
}

async function confirmInFront(stage: Stage, visitor: Visitor, result: LoginResult): Promise<void> {
  const fact = 'confirm_front'
  const pending = pendingOf(stage, result, fact)
  if (pending === undefined) return
  const asked = { scope: 'openid confirm_link', id_token_hint: pending.idToken }
  noteConfirmed(stage, fact, await silent(stage, visitor, asked))
}

async function confirmBehind(stage: Stage, result: LoginResult): Promise<void> {
  const fact = 'confirm_back'
  const pending = pendingOf(stage, result, fact)
  if (pending === undefined) return
  if (pending.refreshToken === undefined) {
    stage.note(unknown(fact, 'no refresh token was given'))
    return
  }
  const claim = pending.claims[RESULT_CLAIM] as { readonly confirmation?: unknown }
  const app = await stage.application()
  const parameters = { link_confirmation: String(claim.confirmation) }
  noteConfirmed(stage, fact, await app.refresh(pending.refreshToken, parameters).catch(refusalOf))
}

/** An answer of the token endpoint that says no; anything else is none. */
function refusalOf(error: unknown): LoginResult | undefined {
  const { error: code, error_description: description } = (error ?? {}) as {
    readonly error?: unknown
    readonly error_description?: unknown
  }
  if (typeof code !== 'string') return undefined
  return { type: 'denied', error: code, description: String(description ?? '') }
}

function pendingOf({ note }: Stage, result: LoginResult, fact: FactName): TokenResult | undefined {
  const status = result.type === 'tokens' ? statusOf(result) : denialOf(result)
  if (result.type === 'tokens' && status === 'pending') return result
  note(unknown(fact, `there is nothing to confirm: ${status ?? 'no result claim'}`))
  return undefined
}

function noteConfirmed({ note }: Stage, fact: FactName, result: LoginResult | undefined): void {
  if (result === undefined) note(unknown(fact, 'no answer that can be read'))
  else if (isTrouble(result)) note(unknown(fact, `it ends in ${denialOf(result)}`))
  else if (result.type === 'denied') note(no(fact, `it ends in ${denialOf(result)}`))
  else {
    const status = statusOf(result)
    note(told(fact, status === 'linked', status ?? 'the link is not told: no result claim'))
  }
}

/** A login without a page; `undefined`: a page came all the same. */
async function silent(stage: Stage, visitor: Visitor, parameters: Parameters) {
  const app = await stage.application()
  const attempt = await app.start({ prompt: 'none', ...parameters })
  const stop = await visitor.open(attempt.url)
  return stop.type === 'callback' ? attempt.complete(stop.url) : undefined
}

async function noteSession(stage: Stage, visitor: Visitor): Promise<void> {
  const { note, scene } = stage
  const fact = 'primary_in_session'
  const result = await silent(stage, visitor, { scope: 'openid' })
  if (result === undefined) note(unknown(fact, 'a page came although none was allowed'))
  else if (result.type === 'tokens') {
    const { sub } = result.claims
    const who = sub === scene.secondary.userId ? 'the secondary' : 'somebody else'
    const isPrimary = sub === scene.primary.userId
    note(told(fact, isPrimary, `it is ${isPrimary ? 'the primary' : who}`))
  } else if (result.error === 'login_required')
    note(no(fact, 'nobody is logged in (login_required)'))
  else note(unknown(fact, `the login without a page ends in ${denialOf(result)}`))
}
