/**
 * What follows from an answer, for the settings and for whoever answers for them: one sentence each. Pure.
 */
import type { Fact, FactName, Verdict } from './verdict.ts'

export interface Advice {
  readonly follows: string
  readonly settings?: Readonly<Record<string, string>>
}

type Table = Partial<Record<FactName, Partial<Record<Verdict, Advice>>>>

const NO_SESSION = {
  follows:
    'Every link ends in a denial with PIN_SESSION: switch it off, and CONFIRM_LINK on, which ties the link to the session of the application instead.',
  settings: { PIN_SESSION: 'no', CONFIRM_LINK: 'yes' },
}

const UNKNOWN_BOUND = {
  follows:
    'Whether a nested URL can be handed to somebody else is not known: take it for possible, and set CONFIRM_LINK=yes.',
  settings: { CONFIRM_LINK: 'yes' },
}

const ADVICE: Table = {
  link_made: {
    no: { follows: 'Links do not work on this tenant: read the code, and the log of the Action.' },
  },
  user_id_kept: { no: { follows: 'Applications must not key data by the user id across a link.' } },
  both_identities: { no: { follows: 'The link is not what it should be: do not use it here.' } },
  result_claim: {
    no: { follows: 'Applications learn nothing of the result: CONFIRM_LINK cannot work either.' },
  },
  unlink_made: {
    no: {
      follows: 'Unlinks do not work: ALLOW_UNLINK=no says so to applications.',
      settings: { ALLOW_UNLINK: 'no' },
    },
  },
  hint_has_sid: { no: NO_SESSION },
  sid_is_session: { no: NO_SESSION },
  sid_after_refresh: {
    no: {
      follows:
        'An application that has only a refreshed ID token gets session_mismatch: it goes through a login before a link.',
    },
  },
  continue_bound: {
    yes: {
      follows:
        'A nested URL is of no use in another browser: the gap that SECURITY.md tells first is closed by the platform.',
    },
    no: {
      follows:
        'A nested URL can be finished by somebody else: set CONFIRM_LINK=yes, so that the application that started confirms.',
      settings: { CONFIRM_LINK: 'yes' },
    },
    'could not tell': UNKNOWN_BOUND,
  },
  request_is_new: {
    no: { follows: 'The Action does not find the code: no link can work on this tenant.' },
  },
  user_agent_is_new: {
    no: {
      follows:
        'On the way back PIN_USER_AGENT sees the first value; what the nested login itself notes still holds.',
    },
  },
  session_kept: { no: NO_SESSION },
  metadata_kept: {
    no: { follows: 'The attempt is lost on the way: every link ends in binding_mismatch.' },
  },
  primary_in_session: {
    no: {
      follows:
        'After a link the browser is not logged in as the primary: the application keeps its own session, and asks for a login before the next link.',
    },
  },
  confirm_front: { no: { follows: 'Confirm by a refresh token, not by a login without a page.' } },
  confirm_back: { no: { follows: 'Confirm by a login without a page, not by a refresh token.' } },
  nested_claim: {
    no: { follows: 'Every link ends in connection_mismatch: it cannot work on this tenant.' },
  },
  nested_auth_time: {
    no: { follows: 'Every link ends in callback_invalid: it cannot work on this tenant.' },
  },
  nested_nonce: {
    no: { follows: 'Every link ends in callback_invalid: it cannot work on this tenant.' },
  },
  nested_parameters: {
    no: {
      follows:
        'With NESTED_PARAMS or scopes of a connection every link ends in callback_invalid: leave them out.',
    },
  },
  linked_again_409: {
    no: {
      follows:
        'A link whose answer was lost, and which was there, ends in service_unavailable: the next attempt says already_linked.',
    },
  },
  unlink_gone_404: {
    no: {
      follows:
        'An unlink whose answer was lost, and which was done, ends in a denial: the application looks at the identities.',
    },
  },
  denial_described: {
    no: { follows: 'A nested login that the Action denies is told as link_cancelled.' },
  },
  cancel_told: { no: { follows: 'A login that is given up is told as callback_invalid.' } },
  long_hint: {
    no: {
      follows:
        'ID tokens with many claims are too long for a hint: keep them short, or send a form post to /authorize.',
    },
  },
  long_denial: { no: { follows: 'Applications read the code before the colon, and no more.' } },
  long_metadata: {
    no: { follows: 'Long scopes or states may end in binding_mismatch: keep them short.' },
  },
  custom_domain_link: { no: { follows: 'Links start at the canonical domain only.' } },
  nested_mfa: {
    no: { follows: 'ENFORCE_MFA has no effect on the second login: require it at the connection.' },
  },
}

export const adviceFor = ({ fact, verdict }: Pick<Fact, 'fact' | 'verdict'>): Advice | undefined =>
  ADVICE[fact]?.[verdict]

/** All settings that follow; none contradicts another. */
export function advisedSettings(facts: readonly Fact[]): Readonly<Record<string, string>> {
  return Object.assign({}, ...facts.map((fact) => adviceFor(fact)?.settings ?? {}))
}
