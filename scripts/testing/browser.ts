/**
 * A browser without a window: keeps cookies per host, follows redirects, reads pages, follows links
 * and submits forms. Sends real HTTP requests; each step gives back the page where it came to rest.
 */
import { tellMissingPackages } from '../tenant/needs.ts'
import type { PageContent } from './page.ts'

export type { Form, Link } from './page.ts'

/** Where a step came to rest. */
export interface Page extends PageContent {
  readonly url: URL
  /** `undefined`: the browser stopped before this URL and did not ask for it. */
  readonly status: number | undefined
  readonly html: string
  /** Every URL on the way here, this one included. */
  readonly visited: readonly URL[]
}

export interface BrowserOptions {
  readonly userAgent?: string
  /** The address that the tenant sees. */
  readonly ip?: string
  /** A URL at which to rest without asking for it: an application's callback. */
  readonly stopAt?: (url: URL) => boolean
}

export interface Submission {
  /** The value of the button that is pressed. Default: the first one. */
  readonly button?: string
  readonly values?: Readonly<Record<string, string>>
}

export interface Browser {
  open(url: string | URL): Promise<Page>
  /** Submits the page's first form. */
  submit(page: Page, submission?: Submission): Promise<Page>
  /** Follows the link whose text ends so. */
  follow(page: Page, label: string): Promise<Page>
}

const MAX_REDIRECTS = 20

const DEFAULT_USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0'

interface Request {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly body?: URLSearchParams
}

/** Loaded at the first step: whoever tests in memory may have left the optional packages out. */
async function openTools() {
  const missing = tellMissingPackages('createBrowser')
  if (missing !== undefined) throw new Error(missing)
  const { CookieJar } = await import('tough-cookie')
  const { readPage } = await import('./page.ts')
  return { jar: new CookieJar(), readPage }
}

/**
 * Makes a browser with an empty cookie jar. It runs no scripts, follows redirects by GET, and reads
 * forms, buttons and links of the page. A page of any status is given back; it rejects where the
 * connection fails, after more than 20 redirects, where the form, button or link is not there, and where
 * an optional dependency is missing.
 */
export function createBrowser(options: BrowserOptions = {}): Browser {
  const { userAgent = DEFAULT_USER_AGENT, ip, stopAt = () => false } = options
  let opening: ReturnType<typeof openTools> | undefined

  async function go(first: Request): Promise<Page> {
    opening ??= openTools()
    const { jar, readPage } = await opening
    let request = first
    const visited: URL[] = []
    while (visited.length <= MAX_REDIRECTS) {
      const { url, method, body } = request
      visited.push(url)
      if (stopAt(url)) return { url, status: undefined, html: '', ...readPage('', url), visited }
      const cookie = await jar.getCookieString(url.href)
      const response = await fetch(url, {
        method,
        redirect: 'manual',
        headers: {
          'user-agent': userAgent,
          ...(ip === undefined ? {} : { 'x-forwarded-for': ip }),
          ...(cookie === '' ? {} : { cookie }),
        },
        body: body ?? null,
      })
      for (const line of response.headers.getSetCookie())
        await jar.setCookie(line, url.href, { ignoreError: true })
      const location = response.headers.get('location')
      const html = await response.text()
      if (location === null)
        return { url, status: response.status, html, ...readPage(html, url), visited }
      request = { url: new URL(location, url), method: 'GET' }
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects, the last to ${request.url.href}`)
  }

  return {
    open: (url) => go({ url: new URL(url), method: 'GET' }),

    submit(page, { button, values = {} } = {}) {
      const [form] = page.forms
      if (form === undefined) throw new Error(`no form at ${page.url.href}: ${page.title}`)
      const pressed = form.buttons.find(({ value }) => button === undefined || value === button)
      if (button !== undefined && pressed === undefined) throw new Error(`no button ${button}`)
      const body = new URLSearchParams()
      for (const { name, value } of form.fields) body.set(name, values[name] ?? value)
      if (pressed?.name) body.set(pressed.name, pressed.value)
      if (form.method === 'post') return go({ url: form.action, method: 'POST', body })
      const url = new URL(form.action)
      url.search = body.toString()
      return go({ url, method: 'GET' })
    },

    follow(page, label) {
      const link = page.links.find((one) => one.label.endsWith(label))
      if (link === undefined) throw new Error(`no link ${label} at ${page.url.href}`)
      return go({ url: link.url, method: 'GET' })
    },
  }
}
