/**
 * Tenants that answer otherwise, each by its switches, and what a rehearsal has to find there: whatever is
 * not named is as at the usual tenant. Data, no I/O.
 */
import type { FactName, Verdict } from '../../scripts/rehearse/verdict.ts'
import type { BenchOptions } from './bench.ts'

export type Verdicts = Readonly<Record<FactName, Verdict>>

export interface Configuration {
  readonly name: string
  readonly options: BenchOptions
  readonly differs: Partial<Verdicts>
  readonly settings?: Readonly<Record<string, string>>
}

/** Everything as the Action would have it; the login page has no button that cancels. */
export const USUAL: Verdicts = {
  link_made: 'yes',
  user_id_kept: 'yes',
  both_identities: 'yes',
  result_claim: 'yes',
  unlink_made: 'yes',
  unlinked_user_left: 'yes',
  hint_has_sid: 'yes',
  sid_is_session: 'yes',
  sid_after_refresh: 'yes',
  continue_bound: 'yes',
  request_is_new: 'yes',
  user_agent_is_new: 'yes',
  session_kept: 'yes',
  metadata_kept: 'yes',
  transaction_kept: 'yes',
  methods_kept: 'yes',
  address_seen: 'yes',
  primary_in_session: 'yes',
  confirm_front: 'yes',
  confirm_back: 'yes',
  nested_claim: 'yes',
  nested_auth_time: 'yes',
  nested_nonce: 'yes',
  nested_parameters: 'yes',
  linked_again_409: 'yes',
  unlink_gone_404: 'yes',
  form_post: 'yes',
  denial_described: 'yes',
  cancel_told: 'could not tell',
  long_hint: 'yes',
  long_denial: 'yes',
  long_metadata: 'yes',
  custom_domain_link: 'yes',
  nested_mfa: 'yes',
}

const NO_LINK = {
  link_made: 'no',
  user_id_kept: 'could not tell',
  both_identities: 'could not tell',
  result_claim: 'could not tell',
  unlink_made: 'could not tell',
  unlinked_user_left: 'could not tell',
  confirm_front: 'could not tell',
  confirm_back: 'could not tell',
  custom_domain_link: 'no',
} as const

const CONFIRM = { CONFIRM_LINK: 'yes' }
const WITHOUT_SESSION = { PIN_SESSION: 'no', CONFIRM_LINK: 'yes' }

export const FIRST: readonly Configuration[] = [
  { name: 'all as the Action would have it', options: {}, differs: {} },
  {
    name: '/continue bound to nobody, the user name on a page of its own, a consent after it',
    options: {
      answers: { loginPages: 'identifier first', consentPage: 'accept' },
      continueBehaviour: { boundToBrowser: false },
    },
    differs: { continue_bound: 'no' },
    settings: CONFIRM,
  },
  {
    name: 'a session that the nested login replaces, and that is gone afterwards',
    options: { nestedSession: 'replaced', answers: { sessionAfter: 'nobody' } },
    differs: { session_kept: 'no', primary_in_session: 'no', confirm_front: 'no' },
    settings: WITHOUT_SESSION,
  },
  {
    name: 'the first values on the way back, and no form post',
    options: {
      answers: { consentPage: 'allow', formPost: 'refused' },
      continueBehaviour: { requestValues: 'first' },
    },
    differs: { user_agent_is_new: 'no', form_post: 'no' },
  },
  {
    name: 'no claims in nested logins',
    options: { answers: { claims: 'not in nested logins' } },
    differs: { ...NO_LINK, nested_claim: 'no', nested_parameters: 'could not tell' },
  },
]

export const SECOND: readonly Configuration[] = [
  {
    name: 'no claims at all',
    options: { answers: { claims: 'dropped' } },
    differs: {
      ...NO_LINK,
      sid_is_session: 'could not tell',
      request_is_new: 'could not tell',
      user_agent_is_new: 'could not tell',
      session_kept: 'could not tell',
      metadata_kept: 'could not tell',
      transaction_kept: 'could not tell',
      methods_kept: 'could not tell',
      address_seen: 'could not tell',
      nested_claim: 'no',
      nested_parameters: 'could not tell',
      form_post: 'could not tell',
      long_hint: 'could not tell',
      long_metadata: 'could not tell',
    },
  },
  {
    name: 'no sid, pages with a button that cancels, other statuses',
    options: {
      answers: { sid: 'never', loginPages: 'sample', linkedAlready: 400, goneIdentity: 400 },
    },
    differs: {
      hint_has_sid: 'no',
      sid_is_session: 'could not tell',
      sid_after_refresh: 'could not tell',
      cancel_told: 'yes',
      linked_again_409: 'no',
      unlink_gone_404: 'no',
    },
    settings: WITHOUT_SESSION,
  },
  {
    name: 'no sid after a refresh, and no auth_time',
    options: { answers: { sid: 'not after a refresh', authTime: 'dropped' } },
    differs: { ...NO_LINK, sid_after_refresh: 'no', nested_auth_time: 'no' },
  },
  {
    name: 'metadata that is lost, and events without parameters of a connection',
    options: { answers: { metadata: 'lost', nestedQuery: 'known names' } },
    differs: {
      ...NO_LINK,
      metadata_kept: 'no',
      nested_parameters: 'no',
      long_metadata: 'no',
      denial_described: 'could not tell',
      nested_mfa: 'could not tell',
    },
  },
  {
    name: 'short denials and addresses, no custom domain, no second factor by Actions',
    options: {
      answers: {
        denialCharacters: 60,
        nestedDenial: 'bare',
        urlCharacters: 9_000,
        customDomains: 'none',
        mfaByActions: false,
      },
    },
    differs: {
      denial_described: 'no',
      long_denial: 'no',
      long_hint: 'no',
      custom_domain_link: 'could not tell',
      nested_mfa: 'could not tell',
    },
  },
]
