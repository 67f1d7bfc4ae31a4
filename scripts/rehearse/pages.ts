/**
 * The pages of Universal Login as a person meets them, told apart by their fields and the names of their
 * buttons, and filled in. Drives a page of a browser; knows no tenant.
 *
 * @see https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
 */
import type { Locator, Page } from 'playwright-core'

export type PageKind = 'login' | 'identifier' | 'password' | 'code' | 'consent' | 'offer' | 'other'

/** In the order of what is most telling; a passkey's offer may stand beside fields. */
const USERNAME =
  'input[name="username"], input[name="identifier"], input[name="email"], input[type="email"]'
const PASSWORD = 'input[name="password"], input[type="password"]'
const CODE = 'input[name="code"], input[autocomplete="one-time-code"]'

/** As Auth0 names them in English; texts can be customized, so there is a second way each. */
const GO_ON = /^(continue|log ?in|sign ?in|next|submit|verify)$/i
const CONSENT = /^(accept|allow|yes|confirm|authorize)$/i
const NOT_NOW = /^(continue without passkeys?|not now|skip|remind me later|maybe later)$/i
const CANCEL = /^(cancel|decline|deny)$/i

const visible = (page: Page, selector: string): Locator =>
  page.locator(selector).filter({ visible: true }).first()

const button = (page: Page, name: RegExp): Locator =>
  page.getByRole('button', { name }).filter({ visible: true }).first()

const isThere = async (locator: Locator): Promise<boolean> => (await locator.count()) > 0

/** What is in front of the person. */
export async function recognise(page: Page): Promise<PageKind> {
  const [username, password, code] = [USERNAME, PASSWORD, CODE].map((one) => visible(page, one))
  if (username === undefined || password === undefined || code === undefined) return 'other'
  const asksPassword = await isThere(password)
  const asksName = (await isThere(username)) && (await username.isEditable())
  if (asksPassword) return asksName ? 'login' : 'password'
  if (await isThere(code)) return 'code'
  if (asksName) return 'identifier'
  if (await isThere(button(page, CONSENT))) return 'consent'
  return (await isThere(button(page, NOT_NOW))) ? 'offer' : 'other'
}

export interface Filling {
  readonly email: string
  readonly password: string
  readonly code?: (() => string) | undefined
}

/** Fills in the page and presses the button that goes on. */
export async function fillIn(page: Page, kind: PageKind, filling: Filling): Promise<void> {
  if (kind === 'login' || kind === 'identifier') await visible(page, USERNAME).fill(filling.email)
  if (kind === 'login' || kind === 'password') await visible(page, PASSWORD).fill(filling.password)
  if (kind === 'code') await visible(page, CODE).fill(filling.code?.() ?? '')
  if (kind === 'consent') return button(page, CONSENT).click({ noWaitAfter: true })
  if (kind === 'offer') return button(page, NOT_NOW).click({ noWaitAfter: true })
  const named = button(page, GO_ON)
  if (await isThere(named)) return named.click({ noWaitAfter: true })
  // Auth0's forms all have it, whatever is written on it.
  const usual = visible(page, 'button[type="submit"][name="action"][value="default"]')
  if (await isThere(usual)) return usual.click({ noWaitAfter: true })
  await visible(page, kind === 'code' ? CODE : PASSWORD).press('Enter', { noWaitAfter: true })
}

/** Whether there was a button for it. */
export async function cancel(page: Page): Promise<boolean> {
  const named = button(page, CANCEL)
  if (!(await isThere(named))) return false
  await named.click({ noWaitAfter: true })
  return true
}
