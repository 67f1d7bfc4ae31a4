/** `src/log.ts`: lines, their namespaces, and how long they may be. */

import { describe, expect, test } from 'vitest'
import { createConsole, KEPT_CONSOLE_CHARACTERS } from '../../scripts/testing/console.ts'
import { buildEvent, type EventOverrides } from '../../scripts/testing/event.ts'
import { createLog } from '../../src/log.ts'
import { deny, successOf } from '../../src/outcome.ts'

const DEFAULT = 'account-linking:error,account-linking:outcome'

function logging(patterns = DEFAULT, overrides: EventOverrides = {}) {
  const { console, lines } = createConsole()
  return { log: createLog(console, patterns, buildEvent(overrides)), lines }
}

describe('createLog', () => {
  test('writes the outcome, and the cause where there is one', () => {
    const { log, lines } = logging()
    log.outcome(deny('hint_expired', 'hint: exp'))
    log.outcome(successOf('github', undefined)('linked'))
    expect(lines.map((line) => line.split(' client=')[0]).sort()).toEqual([
      'account-linking:error hint: exp',
      'account-linking:outcome denied hint_expired',
      'account-linking:outcome linked',
    ])
  })

  test('writes only a cause for a client that is not listed', () => {
    const { log, lines } = logging()
    log.outcome({ kind: 'not_listed', cause: 'client x' })
    expect(lines).toEqual(['account-linking:error client x'])
  })

  test('has both lines of a denial within what the platform keeps', () => {
    const long = { client: { client_id: 'c'.repeat(900) }, transaction: { id: 't'.repeat(900) } }
    const { log, lines } = logging(DEFAULT, { ...long, user: { user_id: `${'p'.repeat(900)}|1` } })
    log.outcome(deny('secondary_email_unverified', 'x'.repeat(900)))
    expect(lines).toHaveLength(2)
    expect(lines.join('\n').length).toBeLessThanOrEqual(KEPT_CONSOLE_CHARACTERS)
  })

  test.each([
    ['room for all of them', {}, 'AUTH0_DOMAIN ACTION_SECRET HINT_MAX_AGE'],
    [
      'room for three',
      {
        client: { client_id: 'c'.repeat(900) },
        transaction: { id: 't'.repeat(900) },
        user: { user_id: `${'p'.repeat(900)}|1` },
      },
      'AUTH0_DOMAIN ACTION_SECRET HINT_MAX_AGE and 3 more',
    ],
  ])('names settings whole, and counts the others: %s', (_what, event, named) => {
    const names = [
      'AUTH0_DOMAIN',
      'ACTION_SECRET',
      'HINT_MAX_AGE',
      'PIN_SESSION',
      'ENFORCE_MFA',
      'DEBUG',
    ]
    const { log, lines } = logging(DEFAULT, event)
    log.outcome(deny('misconfigured', names.slice(0, named.includes('more') ? 6 : 3).join(' ')))
    expect(lines.at(-1)).toBe(`account-linking:error ${named}`)
    expect(lines.join('\n').length).toBeLessThanOrEqual(KEPT_CONSOLE_CHARACTERS)
  })

  test.each([
    ['account-linking:*', ['error', 'info', 'verbose']],
    ['*', ['error', 'info', 'verbose']],
    ['*,-account-linking:verbose', ['error', 'info']],
    ['account-linking:info', ['info']],
    ['account-linking:error account-linking:info', ['error', 'info']],
    [DEFAULT, ['error']],
    ['', []],
    ['other', []],
  ])('follows the pattern "%s"', (patterns, shown) => {
    const { log, lines } = logging(patterns)
    log.error('x')
    log.info('x')
    log.verbose('x')
    expect(lines).toEqual(shown.map((namespace) => `account-linking:${namespace} x`))
  })

  test('does not share its patterns with the next run', () => {
    const first = logging('*')
    const second = logging('')
    first.log.info('x')
    second.log.info('x')
    expect([first.lines.length, second.lines.length]).toEqual([1, 0])
  })

  test.each(['a\nb', 'a\rb', 'a\u001b[31mb', 'a\u2028b', 'a\u0000b'])(
    'makes one line of %j',
    (text) => {
      const { log, lines } = logging('*')
      log.error(text)
      expect(lines[0]).toMatch(/^[\x20-\x7e]+$/)
    },
  )

  test.each(['100%', '%s', '%o %j %d', '%%'])('writes %s as it is', (text) => {
    const { log, lines } = logging('*')
    log.info(text)
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain('undefined')
  })

  test('never throws, whatever the console does', () => {
    const console = {
      log: () => {
        throw new Error('no console')
      },
    }
    const log = createLog(console, '*', buildEvent())
    expect(() => {
      log.outcome(deny('unexpected', 'x'))
      log.info('x')
    }).not.toThrow()
  })
})
