/**
 * What Auth0's documents leave open, beyond the behaviours that have options of their own, and how this
 * tenant answers it: a switch for each, so that whoever asks a tenant can be held against every answer.
 * Types and defaults; no I/O.
 */

export interface PlatformAnswers {
  /**
   * Of the database: `sample`, with its people to click on; or with the field names of Universal Login,
   * on one page or the user name first; or one that nobody knows.
   */
  readonly loginPages: 'sample' | 'universal' | 'identifier first' | 'unknown'
  /** After a login at the database the person is asked whether the application may go on. */
  readonly consentPage: 'never' | 'accept' | 'allow'
  readonly tag: 'development' | 'staging' | 'production' | 'not shown'
  readonly mfaByActions: boolean
  readonly customDomains: 'ready' | 'none'
  /** Claims that Actions set in ID tokens. */
  readonly claims: 'kept' | 'not in nested logins' | 'dropped'
  readonly sid: 'given' | 'not after a refresh' | 'never'
  readonly authTime: 'given' | 'dropped'
  /** What the nested login's event shows of its request. */
  readonly nestedQuery: 'whole' | 'known names' | 'none'
  /** On the way back, of what was kept before the redirect. */
  readonly metadata: 'kept' | 'lost'
  /** Who has the browser's session behind a way back, for a login without a page. */
  readonly sessionAfter: 'primary' | 'nobody'
  readonly formPost: 'taken' | 'refused'
  readonly linkedAlready: 409 | 400
  readonly goneIdentity: 404 | 400
  /** Characters of a denial that arrive. */
  readonly denialCharacters: number
  readonly nestedDenial: 'described' | 'bare'
  /** A longer request of a browser is refused. */
  readonly urlCharacters: number
}

export const USUAL_ANSWERS: PlatformAnswers = {
  loginPages: 'sample',
  consentPage: 'never',
  tag: 'not shown',
  mfaByActions: true,
  customDomains: 'ready',
  claims: 'kept',
  sid: 'given',
  authTime: 'given',
  nestedQuery: 'whole',
  metadata: 'kept',
  sessionAfter: 'primary',
  formPost: 'taken',
  linkedAlready: 409,
  goneIdentity: 400,
  denialCharacters: 10_000,
  nestedDenial: 'described',
  urlCharacters: 100_000,
}
