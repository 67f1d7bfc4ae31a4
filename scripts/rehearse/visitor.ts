/**
 * Somebody at a browser of their own: opens URLs of the tenant, logs in at its pages, and comes to rest
 * at the application's callback or at a page. The callback's address does not resolve: the browser gets
 * no further, and what it was to bring is read from its own request. Drives Chromium.
 */
import type { Browser, CDPSession, Request } from 'playwright-core'
import { CALLBACK } from './objects.ts'
import { cancel, type Filling, fillIn, type PageKind, recognise } from './pages.ts'

/** Where the browser came to rest. */
export type Stop =
  | { readonly type: 'callback'; readonly url: URL }
  | { readonly type: 'page'; readonly kind: PageKind; readonly status: number | undefined }

/** A page's own request, as the browser made it, redirects included. */
export interface Step {
  readonly url: URL
  readonly method: string
  readonly body: URLSearchParams
  /** `undefined`: none came. */
  status: number | undefined
}

/** The browser is at a page that is none of those that were expected. */
export class Lost extends Error {
  override readonly name = 'Lost'
  readonly picture: Uint8Array | undefined
  readonly text: string

  constructor(message: string, text: string, picture: Uint8Array | undefined) {
    super(message)
    this.text = text
    this.picture = picture
  }
}

export interface Visitor {
  open(url: URL | string): Promise<Stop>
  /** One login, with whatever pages it has, at the page where the visitor is. */
  logIn(filling: Filling): Promise<Stop>
  /** Presses what gives the login up; `undefined`: the page has no such button. */
  cancel(): Promise<Stop | undefined>
  /** What the browser asked for since it was opened. */
  readonly steps: readonly Step[]
  /** From now on the browser says that it is another one. */
  pretend(userAgent: string): Promise<void>
  /** Rejects with what is in front of the visitor. */
  lose(why: string): Promise<never>
  close(): Promise<void>
}

export interface VisitorOptions {
  readonly browser: Browser

  readonly timeoutMs: number
  /** How long a page that nobody knows may still go on by itself. */
  readonly settleMs: number
  readonly ignoreHTTPSErrors: boolean
  readonly signal: AbortSignal
}

/** Of every visitor at first. */
export const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

/** Identifier, password, a code, an offer, a consent: no login has more. */
const MAX_PAGES = 7
const POLL_MS = 25
const LOOK_MS = 200

export async function openVisitor(options: VisitorOptions): Promise<Visitor> {
  const { browser, ignoreHTTPSErrors, settleMs, signal, timeoutMs } = options
  const context = await browser.newContext({
    ignoreHTTPSErrors,
    userAgent: USER_AGENT,
    locale: 'en-US',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(timeoutMs)
  const steps: Step[] = []
  const byRequest = new WeakMap<Request, Step>()
  let loads = 0
  let devtools: CDPSession | undefined
  page.on('domcontentloaded', () => {
    loads += 1
  })
  page.on('request', (request) => {
    if (!request.isNavigationRequest() || request.frame() !== page.mainFrame()) return
    const body = new URLSearchParams(request.postData() ?? '')
    const step = { url: new URL(request.url()), method: request.method(), body, status: undefined }
    byRequest.set(request, step)
    steps.push(step)
  })
  page.on('response', (response) => {
    const step = byRequest.get(response.request())
    if (step !== undefined) step.status = response.status()
  })

  const atCallback = (since: number): Stop | undefined => {
    const step = steps.slice(since).find(({ url }) => url.href.startsWith(CALLBACK))
    return step && { type: 'callback', url: step.url }
  }

  /** Waits until the browser has got somewhere since these counts. */
  async function rest(since: { readonly steps: number; readonly loads: number }): Promise<Stop> {
    const begun = performance.now()
    let known = since.loads
    let changedAt = begun
    let lookedAt = 0
    for (;;) {
      signal.throwIfAborted()
      const arrived = atCallback(since.steps)
      if (arrived !== undefined) return arrived
      const now = performance.now()
      if (loads !== known) {
        known = loads
        changedAt = now
        lookedAt = 0
      }
      // A page that draws itself by a script is looked at again.
      if (loads > since.loads && now - lookedAt > LOOK_MS) {
        lookedAt = now
        const status = steps.at(-1)?.status
        const kind = await recognise(page).catch((): PageKind => 'other')
        const isOver = kind !== 'other' || (status ?? 0) >= 400 || now - changedAt > settleMs
        // It may have left while it was looked at.
        if (isOver && loads === known && steps.at(-1)?.status !== undefined)
          return atCallback(since.steps) ?? { type: 'page', kind, status }
      }
      if (now - begun > timeoutMs) return { type: 'page', kind: 'other', status: undefined }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  async function act(action: () => Promise<unknown>): Promise<Stop> {
    signal.throwIfAborted()
    const since = { steps: steps.length, loads }
    await action()
    return rest(since)
  }

  const lose = async (why: string): Promise<never> => {
    const text = await page.innerText('body').catch(() => '')
    const picture = await page.screenshot({ fullPage: true }).catch(() => undefined)
    throw new Lost(why, text, picture)
  }

  return {
    steps,
    lose,
    // It ends in an error where the callback is reached, which `rest` sees.
    open: (url) =>
      act(() => page.goto(String(url), { waitUntil: 'commit' }).catch(() => undefined)),
    async logIn(filling) {
      const done = new Set<PageKind>()
      let kind = await recognise(page)
      for (let pages = 0; pages < MAX_PAGES; pages += 1) {
        if (kind === 'other') return lose('a page of the login is none that is known')
        done.add(kind)
        const stop = await act(() => fillIn(page, kind, filling))
        if (stop.type === 'callback' || stop.kind === 'other') return stop
        // The next login, or this one again: whoever called knows.
        if (['login', 'identifier'].includes(stop.kind) && done.size > 0) return stop
        kind = stop.kind
      }
      return lose('the login does not end')
    },
    async cancel() {
      let pressed = false
      const stop = await act(async () => {
        pressed = await cancel(page)
        if (!pressed) loads += 1
      })
      return pressed ? stop : undefined
    },
    async pretend(other) {
      devtools ??= await context.newCDPSession(page)
      await devtools.send('Emulation.setUserAgentOverride', { userAgent: other })
    },
    close: () => context.close(),
  }
}
