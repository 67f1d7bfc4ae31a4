/**
 * HTTP with the limits of a login: every call, its body included, ends within 5 seconds, every body
 * within 256 kB, all calls of a handler within 15 seconds. Repeats what may be repeated and keeps
 * count of answers that were lost. Gives libraries a `fetch`; never follows a redirect.
 */
import { readRetryAfterMs } from './retry-after.ts'

const MAX_CALL_MS = 5_000
/** Under the 15 s of a handler, so that what follows the last answer has time too. */
const MAX_HANDLER_MS = 14_500
const MAX_BODY_BYTES = 256_000
/** With less left a change might be made whose answer cannot be awaited. */
const MIN_CALL_MS = 500
/** Doubled at every try: 0, 0.25, 0.75, 1.75, 3.75 and 7.75 s, as far as time allows. */
const FIRST_PAUSE_MS = 250

export type Fetch = typeof globalThis.fetch

/** System calls that fail before a request leaves: nothing can have happened. */
const BEFORE_SENDING: readonly unknown[] = ['connect', 'getaddrinfo']
/** Nobody is there, or has a certificate that is not trusted: https://nodejs.org/api/tls.html */
const UNSENT_CODE = /^(ECONNREFUSED$|CERT_|ERR_TLS_|UNABLE_TO_)|SELF_SIGNED/

/** One logical call, through all its tries. */
export interface Call {
  /**
   * Never rejects: a library may tell errors apart by a global that Node cannot read from every realm
   * (`DOMException`). Where no answer came in time it is a network error, whose status is 0.
   */
  readonly fetch: Fetch
  /** Status of the last answer; `undefined` if none came. */
  readonly status: number | undefined
  /** Body of the last answer; `undefined` if it could not be read whole. */
  readonly body: string | undefined
  /** Whether any try so far may have been carried out without our hearing of it. */
  readonly lost: boolean
}

export interface Http {
  /** `name` is for the log: URLs can hold a user id. */
  call(name: string): Call
  /** Rejects when the handler's time is up before this work ends, which somebody else has begun. */
  within<T>(work: Promise<T>): Promise<T>
  /** A clock that never jumps, in milliseconds. */
  readonly monotonicMs: () => number
}

interface HttpOptions {
  readonly fetch: Fetch
  readonly monotonicMs: Http['monotonicMs']
  /** Milliseconds since the epoch, for what the tenant says about its own clock. */
  readonly nowMs: () => number
  readonly onAnswer: (line: string) => void
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string | undefined
}

/** `openHttp` is called when the handler starts: its time is counted from there. */
export function openHttp({ fetch, monotonicMs, nowMs, onAnswer }: HttpOptions): Http {
  const deadlineMs = monotonicMs() + MAX_HANDLER_MS
  const leftMs = () => deadlineMs - monotonicMs()

  function call(name: string): Call {
    const state: { -readonly [K in keyof Call]: Call[K] } = {
      status: undefined,
      body: undefined,
      lost: false,
      fetch: send,
    }

    async function send(input: Parameters<Fetch>[0], init?: RequestInit): Promise<Response> {
      state.status = undefined
      state.body = undefined
      for (let tries = 0; leftMs() >= MIN_CALL_MS; tries++) {
        let failure: unknown
        let answer: Answer | undefined
        try {
          answer = await sendOnce(input, init)
        } catch (error) {
          failure = error
        }
        state.status = answer?.status
        state.body = answer?.body
        onAnswer(`${name}: ${answer?.status ?? 'no answer'}`)
        const repeatable = answer === undefined || answer.status === 429 || answer.status >= 500
        if (answer === undefined ? !isNotSent(failure) : answer.status >= 500) state.lost = true
        const askedMs = answer === undefined ? 0 : readRetryAfterMs(answer, nowMs())
        const pauseMs = Math.max(askedMs, FIRST_PAUSE_MS * 2 ** tries)
        if (!repeatable || pauseMs + MIN_CALL_MS > leftMs()) return toResponse(answer)
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
      return toResponse(undefined)
    }

    return state
  }

  /** Rejects when no status came in time; a body that cannot be read whole is `undefined`. */
  async function sendOnce(input: Parameters<Fetch>[0], init?: RequestInit): Promise<Answer> {
    const abort = new AbortController()
    const endMs = monotonicMs() + Math.min(MAX_CALL_MS, leftMs())
    // Raced as well as aborted: the limit holds whatever a replaced `fetch` makes of the signal.
    const inTime = <T>(work: Promise<T>) => endBy(work, endMs - monotonicMs())
    try {
      const request = { ...init, redirect: 'manual', signal: abort.signal } as const
      const response = await inTime(fetch(input, request))
      const { status, headers } = response
      const body = await inTime(readBody(response)).catch(() => undefined)
      return { status, headers, body }
    } finally {
      abort.abort()
    }
  }

  return { call, within: (work) => endBy(work, leftMs()), monotonicMs }
}

/** The work's result, or a rejection when it takes longer. */
async function endBy<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('out of time')), Math.max(limitMs, 0))
  })
  try {
    return await Promise.race([work, end])
  } finally {
    clearTimeout(timer)
  }
}

async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_BODY_BYTES) throw new Error('body too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** A body that could not be read is an empty one to the library, whose parser then refuses it. */
function toResponse(answer: Answer | undefined): Response {
  if (answer === undefined || answer.status > 599) return Response.error()
  const { status, headers, body } = answer
  const bodyless = status === 204 || status === 205 || status === 304
  return new Response(bodyless ? null : (body ?? ''), { status, headers })
}

/** `fetch` wraps the system's error; one name with several addresses gives an aggregate of them. */
function isNotSent(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { code, syscall, cause, errors } = error as Readonly<Record<string, unknown>>
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isNotSent)
  return UNSENT_CODE.test(String(code)) || BEFORE_SENDING.includes(syscall) || isNotSent(cause)
}
