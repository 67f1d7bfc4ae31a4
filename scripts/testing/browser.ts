/**
 * A browser without a window: keeps cookies per host, follows redirects, reads pages, follows links
 * and submits forms. Sends real HTTP requests; each step gives back the page where it came to rest.
 */

export interface Field {
  readonly name: string
  readonly value: string
}

export interface Button extends Field {
  readonly label: string
}

export interface Form {
  readonly method: 'get' | 'post'
  readonly action: URL
  readonly fields: readonly Field[]
  readonly buttons: readonly Button[]
}

export interface Link {
  readonly label: string
  readonly url: URL
}

/** Where a step came to rest. */
export interface Page {
  readonly url: URL
  /** `undefined`: the browser stopped before this URL and did not ask for it. */
  readonly status: number | undefined
  readonly html: string
  readonly title: string
  readonly forms: readonly Form[]
  readonly links: readonly Link[]
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

/**
 * Makes a browser with an empty cookie jar. It runs no scripts, follows redirects by GET, and reads
 * forms, buttons and links of the page. A page of any status is given back; it rejects where the
 * connection fails, after more than 20 redirects, and where the form, button or link is not there.
 */
export function createBrowser(options: BrowserOptions = {}): Browser {
  const { userAgent = DEFAULT_USER_AGENT, ip, stopAt = () => false } = options
  const jar = createCookieJar()

  async function go(first: Request): Promise<Page> {
    let request = first
    const visited: URL[] = []
    while (visited.length <= MAX_REDIRECTS) {
      const { url, method, body } = request
      visited.push(url)
      if (stopAt(url)) return toPage(url, undefined, '', visited)
      const cookie = jar.header(url)
      const response = await fetch(url, {
        method,
        redirect: 'manual',
        headers: {
          'user-agent': userAgent,
          ...(ip === undefined ? {} : { 'x-forwarded-for': ip }),
          ...(cookie === '' ? {} : { cookie }),
        },
        ...(body === undefined ? {} : { body }),
      })
      jar.keep(url, response.headers.getSetCookie())
      const location = response.headers.get('location')
      const html = await response.text()
      if (location === null) return toPage(url, response.status, html, visited)
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

interface Cookie {
  readonly host: string
  readonly path: string
  readonly name: string
  readonly value: string
}

/** Cookies know hosts and paths, and no ports (RFC 6265 8.5). */
function createCookieJar() {
  const cookies = new Map<string, Cookie>()

  return {
    header: ({ hostname, pathname }: URL): string =>
      [...cookies.values()]
        .filter(({ host, path }) => host === hostname && pathMatches(path, pathname))
        .map(({ name, value }) => `${name}=${value}`)
        .join('; '),

    keep({ hostname: host }: URL, lines: readonly string[]): void {
      for (const line of lines) {
        const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
        const attributes = new Map(
          rest.map((part): [string, string] => {
            const [name = '', value = ''] = part.split('=')
            return [name.toLowerCase(), value]
          }),
        )
        const at = pair.indexOf('=')
        const name = pair.slice(0, at)
        const path = attributes.get('path') ?? '/'
        const key = `${host} ${path} ${name}`
        if (isOver(attributes)) cookies.delete(key)
        else cookies.set(key, { host, path, name, value: pair.slice(at + 1) })
      }
    },
  }
}

/** RFC 6265 5.1.4. */
function pathMatches(path: string, asked: string): boolean {
  if (path === asked) return true
  return asked.startsWith(path.endsWith('/') ? path : `${path}/`)
}

function isOver(attributes: ReadonlyMap<string, string>): boolean {
  if (Number(attributes.get('max-age') ?? 1) <= 0) return true
  const expires = attributes.get('expires')
  return expires !== undefined && Date.parse(expires) <= Date.now()
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
}

/** What a person reads of it. */
const readText = (html: string): string =>
  unescapeHtml(
    html
      .replace(/<svg[\s\S]*?<\/svg>|<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  )

const unescapeHtml = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity)

function attribute(tag: string, name: string): string {
  const [, value = ''] = new RegExp(`\\s${name}="([^"]*)"`).exec(tag) ?? []
  return unescapeHtml(value)
}

const elements = (html: string, name: string): readonly { tag: string; inner: string }[] =>
  [...html.matchAll(new RegExp(`<${name}\\b([^>]*)>([\\s\\S]*?)</${name}>`, 'gi'))].map(
    ([, tag = '', inner = '']) => ({ tag, inner }),
  )

function toPage(url: URL, status: number | undefined, html: string, visited: URL[]): Page {
  const forms = elements(html, 'form').map(
    ({ tag, inner }): Form => ({
      method: attribute(tag, 'method').toLowerCase() === 'post' ? 'post' : 'get',
      action: new URL(attribute(tag, 'action') || url.href, url),
      fields: [...inner.matchAll(/<input\b[^>]*>/gi)].map(([input]) => ({
        name: attribute(input, 'name'),
        value: attribute(input, 'value'),
      })),
      buttons: elements(inner, 'button').map((button) => ({
        name: attribute(button.tag, 'name'),
        value: attribute(button.tag, 'value'),
        label: readText(button.inner),
      })),
    }),
  )
  const links = elements(html, 'a').map(({ tag, inner }) => ({
    label: readText(inner),
    url: new URL(attribute(tag, 'href'), url),
  }))
  const [title] = elements(html, 'title')
  return { url, status, html, title: unescapeHtml(title?.inner ?? ''), forms, links, visited }
}
