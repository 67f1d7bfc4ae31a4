/**
 * What a run tells the tenant's admin: `debug` bound to the console that the platform injects.
 * Writes to that console only. No line holds a token, code, verifier, secret, e-mail or name.
 *
 * @see https://auth0.com/docs/customize/actions/limitations (256 characters of console output)
 */
import { createHash } from 'node:crypto'
import setup from 'debug/src/common.js'
import type { LinkingOutcome } from './outcome.ts'
import { PLATFORM, type PostLoginEvent } from './platform.ts'

/** No function of it throws. */
export interface Log {
  /** The last word of a handler: its outcome and, if there is one to tell, the cause. */
  outcome(outcome: LinkingOutcome): void
  error(cause: string): void
  info(line: string): void
  verbose(line: string): void
}

export type Sink = Pick<Console, 'log'>

/** Several settings that are not understood are told by their names alone (`settings.ts`). */
const SETTING_NAMES = /^[A-Z\d_ ]+$/

/**
 * The log of one run. `patterns` are those of the `debug` package (DEBUG); the event tells client,
 * transaction and user. The lines of outcome and error together fit what the platform keeps.
 *
 * @see https://github.com/debug-js/debug#wildcards
 */
export function createLog(console: Sink, patterns: string, event: PostLoginEvent): Log {
  // An instance of its own for each run: the package's usual export keeps its patterns globally.
  const debug = setup({
    colors: [0],
    load: () => patterns,
    save() {},
    useColors: () => false,
    formatArgs(args) {
      args[0] = `${this.namespace} ${args[0]}`
    },
    log(line) {
      try {
        console.log(line)
      } catch {
        // A console that throws changes nothing of what has happened.
      }
    },
  })
  const error = debug('account-linking:error')
  const result = debug('account-linking:outcome')
  const info = debug('account-linking:info')
  const verbose = debug('account-linking:verbose')

  function tell(cause: string, spent: number): void {
    const room = PLATFORM.maxLogCharacters - spent - error.namespace.length - 2
    error(clean(SETTING_NAMES.test(cause) ? fitNames(cause.split(' '), room) : cause, room))
  }

  return {
    outcome(outcome) {
      const line = describeOutcome(outcome, event)
      if (line !== undefined) result(line)
      if (!('cause' in outcome) || outcome.cause === undefined) return
      const spent =
        line !== undefined && result.enabled ? result.namespace.length + line.length + 2 : 0
      tell(outcome.cause, spent)
    },
    error: (cause) => tell(cause, 0),
    info: (line) => info(clean(line, PLATFORM.maxLogCharacters)),
    verbose: (line) => verbose(clean(line, PLATFORM.maxLogCharacters)),
  }
}

/** `denied hint_expired client=… txn=… user=auth0|#3f2a91c0`; nothing for a client not listed. */
function describeOutcome(outcome: LinkingOutcome, event: PostLoginEvent): string | undefined {
  if (outcome.kind === 'not_listed') return undefined
  const what =
    outcome.kind === 'denied'
      ? `denied ${outcome.code}`
      : outcome.kind === 'redirected'
        ? `redirected ${outcome.mode}`
        : outcome.kind
  const client = clean(event.client?.client_id, 40)
  return `${what} client=${client} txn=${clean(event.transaction?.id, 40)} user=${maskUser(event)}`
}

/** The provider, and the first 8 hex digits of the SHA-256 of the user id. */
function maskUser(event: PostLoginEvent): string {
  const userId: unknown = event.user?.user_id
  if (typeof userId !== 'string') return '-'
  const bar = userId.indexOf('|')
  const digest = createHash('sha256').update(userId).digest('hex')
  return `${clean(userId.slice(0, Math.max(bar, 0)), 20)}|#${digest.slice(0, 8)}`
}

/** Names that have room, whole, and how many there are besides. */
function fitNames(names: readonly string[], maxCharacters: number, more = 0): string {
  const line = names.join(' ') + (more > 0 ? ` and ${more} more` : '')
  return line.length <= maxCharacters || names.length < 2
    ? line
    : fitNames(names.slice(0, -1), maxCharacters, more + 1)
}

/** One line of printable ASCII, at most this long; `-` for what is no string. */
function clean(value: unknown, maxCharacters: number): string {
  if (typeof value !== 'string') return '-'
  return value.replace(/[^\x20-\x7e]/g, '?').slice(0, Math.max(maxCharacters, 0))
}
