/**
 * What can go wrong between an Action and its tenant, as `fetch` shows it. No I/O: a fault and the
 * answer that would have been given go in, a `Response`, a rejection or a silence comes out.
 */

/** `applied`: the tenant has done what was asked before the answer went wrong. */
export type Fault =
  | {
      /** Another answer than the tenant's own. A body that is no text is sent as JSON. */
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: unknown
      readonly applied?: boolean
    }
  /** No answer, ever. */
  | { readonly kind: 'hang'; readonly applied?: boolean }
  /** The connection breaks after the request was sent (ECONNRESET). */
  | { readonly kind: 'reset'; readonly applied?: boolean }
  /** There is nobody to connect to (ECONNREFUSED). Nothing was sent. */
  | { readonly kind: 'refuse'; readonly applied?: false }
  /** Status, headers and half of the body, then the connection breaks. */
  | { readonly kind: 'truncated'; readonly applied?: boolean }
  /** Status, headers and half of the body, then silence. */
  | { readonly kind: 'stalled'; readonly applied?: boolean }
  /** Status, headers, and a body without an end. */
  | { readonly kind: 'endless'; readonly applied?: boolean }

/** What a route of the tenant answers. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** An endless body ends here after all, and breaks: no reader should get so far. */
const ENDLESS_BYTES = 8 * 1024 * 1024

const CHUNK = new TextEncoder().encode(' '.repeat(16_384))
const WITHOUT_BODY = [204, 205, 304]

/** Half a body is a sign that the work was done, unless the fault says otherwise. */
export function isApplied(fault: Fault): boolean {
  return fault.applied ?? (fault.kind === 'truncated' || fault.kind === 'stalled')
}

/** `fetch` tells of a broken connection by a TypeError whose cause has the code. */
function broken(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })
}

export function unreachable(): TypeError {
  return broken('ENOTFOUND')
}

function whenAborted(signal: AbortSignal | undefined, then: (reason: unknown) => void): void {
  if (signal?.aborted) then(signal.reason)
  else signal?.addEventListener('abort', () => then(signal.reason), { once: true })
}

const textOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body))

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

export function respond(
  { status, body }: Answer,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const text = body === undefined || WITHOUT_BODY.includes(status) ? null : textOf(body)
  return new Response(text, { status, headers: { ...JSON_TYPE, ...headers } })
}

/** Half of the body; what follows is up to `after`. */
function half(
  answer: Answer,
  after: (controller: ReadableStreamDefaultController) => void,
): Response {
  const text = textOf(answer.body ?? {})
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text.slice(0, Math.ceil(text.length / 2))))
      after(controller)
    },
  })
  return new Response(stream, { status: answer.status, headers: JSON_TYPE })
}

function endless(status: number, signal: AbortSignal | undefined): Response {
  let sentBytes = 0
  const stream = new ReadableStream(
    {
      start: (controller) => whenAborted(signal, (reason) => controller.error(reason)),
      pull(controller) {
        sentBytes += CHUNK.length
        if (sentBytes > ENDLESS_BYTES) controller.error(broken('ENDLESS_BODY_WAS_READ'))
        else controller.enqueue(CHUNK)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(stream, { status, headers: JSON_TYPE })
}

/**
 * Plays a fault. `answer` is the tenant's own one, where the fault let it do its work.
 */
export async function play(
  fault: Fault,
  answer: Answer | undefined,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const own = answer ?? { status: 200, body: { unfinished: true } }
  switch (fault.kind) {
    case 'answer':
      return respond({ status: fault.status, body: fault.body ?? {} }, fault.headers)
    case 'hang':
      return new Promise((_, reject) => whenAborted(signal, reject))
    case 'reset':
      throw broken('ECONNRESET')
    case 'refuse':
      throw broken('ECONNREFUSED')
    case 'truncated':
      // The break comes after the bytes: an error at once would discard what is queued.
      return half(own, (controller) => queueMicrotask(() => controller.error(broken('ECONNRESET'))))
    case 'stalled':
      return half(own, (controller) => whenAborted(signal, (reason) => controller.error(reason)))
    case 'endless':
      return endless(own.status, signal)
  }
}
