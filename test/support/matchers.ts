/**
 * Matchers for how a login ends: of a run of a handler, or of what an application got. One that fails
 * says what happened instead, with the lines that were logged. Registered once, by the set-up file.
 */

import { expect } from 'vitest'
import { type Told, tell } from './outcome.ts'

/** Query parameters of the redirect, and its `host`; `undefined`: there is none of that name. */
type Asked = Readonly<Record<string, string | null | undefined>>

interface OutcomeMatchers<R> {
  /** Denied with one of these codes, whatever it is without one; the platform is asked nothing else. */
  toBeDenied(...codes: readonly string[]): R
  /** Denied with this code; `undefined`: not denied. For tables that hold both. */
  toEndIn(code: string | undefined): R
  /** Neither denied nor sent anywhere. */
  toGoOn(): R
  /** Goes on, and one identity was linked in this run, of this user id if one is named. */
  toLink(identity?: string): R
  /** Sent to a second login; that of a host and parameters, if they are named. */
  toRedirect(asked?: Asked): R
  /** The platform is asked for nothing. */
  toBeUntouched(): R
}

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown>
    extends OutcomeMatchers<R> {}
}

const goesOn = ({ code, redirect }: Told): boolean => code === undefined && redirect === undefined

/** What of a redirect is not as asked, one line each. */
const differences = (redirect: URL, asked: Asked): readonly string[] =>
  Object.entries(asked).flatMap(([name, wanted]) => {
    const given = name === 'host' ? redirect.host : redirect.searchParams.get(name)
    return given === (wanted ?? null) ? [] : [`  ${name} is ${given}, not ${wanted}`]
  })

const judge = (pass: boolean, expected: string, { sentence }: Told, more = '') => ({
  pass,
  message: () => `expected the login ${expected}, but ${sentence}${more && `\n${more}`}`,
})

expect.extend({
  toBeDenied(received: unknown, ...codes: readonly string[]) {
    const told = tell(received)
    const isOne = told.code !== undefined && (codes.length === 0 || codes.includes(told.code))
    // Under `not`, the code alone is what must not be.
    const pass = this.isNot ? isOne : isOne && told.isDenialAlone
    const which = codes.length === 0 ? '' : ` as ${codes.join(' or ')}`
    return judge(pass, `${this.isNot ? 'not ' : ''}to be denied${which}`, told)
  },

  toEndIn(received: unknown, code: string | undefined) {
    const told = tell(received)
    const pass = told.code === code && (code === undefined || told.isDenialAlone)
    return judge(pass, code === undefined ? 'not to be denied' : `to be denied as ${code}`, told)
  },

  toGoOn(received: unknown) {
    const told = tell(received)
    return judge(goesOn(told), 'to go on', told)
  },

  toLink(received: unknown, identity?: string) {
    const told = tell(received)
    if (told.links === undefined) throw new Error('nobody counted what this run has linked')
    const isOne = told.links.length === 1
    const isIt = identity === undefined || told.links[0]?.identity === identity
    return judge(goesOn(told) && isOne && isIt, `to link ${identity ?? 'one identity'}`, told)
  },

  toRedirect(received: unknown, asked: Asked = {}) {
    const told = tell(received)
    const wrong = told.redirect === undefined ? [] : differences(told.redirect, asked)
    const pass = told.code === undefined && told.redirect !== undefined && wrong.length === 0
    return judge(pass, `${this.isNot ? 'not ' : ''}to redirect`, told, wrong.join('\n'))
  },

  toBeUntouched(received: unknown) {
    const told = tell(received)
    return judge(told.isUntouched === true, 'to be untouched', told)
  },
})
