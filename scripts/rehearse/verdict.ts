/**
 * The vocabulary of a rehearsal: its questions, the facts that answer them, and verdicts. Each fact is a
 * sentence that a tenant makes true or not; "could not tell" is no answer, and never becomes one. Types
 * and pure helpers.
 */

export type Verdict = 'yes' | 'no' | 'could not tell'

export const QUESTIONS = [
  { number: 1, question: 'Does a whole link work, and an unlink after it?' },
  { number: 2, question: 'Does the hint carry the session (sid), also after a refresh?' },
  { number: 3, question: 'Is /continue bound to the browser that started?' },
  { number: 4, question: 'Does the way back have values of its own, and what was kept?' },
  { number: 5, question: 'Is the primary in the session after a link, and does confirming work?' },
  { number: 6, question: 'Does the nested ID token have what a link needs?' },
  { number: 7, question: 'Are statuses for links and unlinks those that the Action relies on?' },
  { number: 8, question: 'Does /continue take a form post?' },
  { number: 9, question: 'Does a denied or cancelled nested login come back as what it is?' },
  { number: 10, question: 'Do long hints, denials and metadata arrive whole?' },
  { number: 11, question: 'Does a link work at a custom domain?' },
  { number: 12, question: 'Is a second factor asked for in the nested login?' },
] as const

export type QuestionNumber = (typeof QUESTIONS)[number]['number']

export const isQuestionNumber = (number: number): number is QuestionNumber =>
  QUESTIONS.some((one) => one.number === number)

/** What is found out, and the sentence that is true where the verdict is yes. */
export const FACTS = {
  link_made: [1, 'a link is made, and the application gets its tokens'],
  user_id_kept: [1, 'the account keeps its user id'],
  both_identities: [1, 'the account has both identities'],
  result_claim: [1, 'the result claim says "linked"'],
  unlink_made: [1, 'an unlink takes the identity away again'],
  unlinked_user_left: [1, 'the unlinked identity is a user of its own again'],
  hint_has_sid: [2, 'an ID token carries sid'],
  sid_is_session: [2, 'sid is the id of the session that Actions see'],
  sid_after_refresh: [2, 'an ID token of a refresh carries the same sid'],
  continue_bound: [3, '/continue refuses another browser with the same user agent and address'],
  request_is_new: [4, 'the request of the way back is the new one (its code is there)'],
  user_agent_is_new: [4, 'the user agent of the way back is its own'],
  session_kept: [4, 'the session of the way back is the one that started'],
  metadata_kept: [4, 'what was kept in the metadata of the transaction is there'],
  transaction_kept: [4, 'the transaction has the same id'],
  methods_kept: [4, 'the methods of authentication are those of the start'],
  address_seen: [4, 'the way back has an address'],
  primary_in_session: [5, 'after a link the browser is logged in as the primary (prompt=none)'],
  confirm_front: [5, 'a confirmation by a login without a page (prompt=none) makes the link'],
  confirm_back: [5, 'a confirmation by a refresh token makes the link'],
  nested_claim: [6, "a claim under an https: name is in the nested login's ID token"],
  nested_auth_time: [6, 'the nested ID token has auth_time, and it is new'],
  nested_nonce: [6, 'the nested ID token has the nonce that was asked'],
  nested_parameters: [6, "the nested login's event shows the parameters of its request"],
  linked_again_409: [7, 'a link that is there already is answered 409'],
  unlink_gone_404: [7, 'an unlink of what is gone is answered 404'],
  form_post: [8, '/continue takes a form post (response_mode=form_post)'],
  denial_described: [9, 'the denial of a nested login arrives with its description'],
  cancel_told: [9, 'a login that is cancelled comes back as access_denied'],
  long_hint: [10, 'a hint of 16,384 characters arrives whole'],
  long_denial: [10, 'a denial of 120 characters arrives whole'],
  long_metadata: [10, 'a value of metadata of 8,192 characters is kept'],
  custom_domain_link: [11, 'a link works at the custom domain'],
  nested_mfa: [12, 'a nested login is challenged for a second factor, and goes on after it'],
} as const satisfies Readonly<Record<string, readonly [QuestionNumber, string]>>

export type FactName = keyof typeof FACTS

export const isFactName = (name: string): name is FactName => Object.hasOwn(FACTS, name)

export const FACT_NAMES = Object.keys(FACTS).filter(isFactName)

export interface Fact {
  readonly fact: FactName
  readonly verdict: Verdict
  /** What was seen, in one line, with nothing of the tenant's or a person's in it. */
  readonly evidence: string
}

export const yes = (fact: FactName, evidence: string): Fact => ({ fact, verdict: 'yes', evidence })
export const no = (fact: FactName, evidence: string): Fact => ({ fact, verdict: 'no', evidence })
export const unknown = (fact: FactName, evidence: string): Fact => ({
  fact,
  verdict: 'could not tell',
  evidence,
})

export const told = (fact: FactName, holds: boolean, evidence: string): Fact =>
  holds ? yes(fact, evidence) : no(fact, evidence)

export interface Answer {
  readonly number: QuestionNumber
  readonly question: string
  readonly verdict: Verdict
  readonly facts: readonly Fact[]
}

export const factsOf = (number: QuestionNumber): readonly FactName[] =>
  FACT_NAMES.filter((name) => FACTS[name][0] === number)

/** Every fact of the question has its verdict: what nobody found out could not be told. */
export function toAnswer(number: QuestionNumber, found: readonly Fact[], why: string): Answer {
  const facts = factsOf(number).map(
    (name) => found.find(({ fact }) => fact === name) ?? unknown(name, why),
  )
  const { question } = QUESTIONS.find((one) => one.number === number) ?? QUESTIONS[0]
  return { number, question, verdict: joinVerdicts(facts), facts }
}

/** A no is a no; yes only where all of it is. */
function joinVerdicts(facts: readonly Fact[]): Verdict {
  if (facts.some(({ verdict }) => verdict === 'no')) return 'no'
  return facts.every(({ verdict }) => verdict === 'yes') ? 'yes' : 'could not tell'
}
