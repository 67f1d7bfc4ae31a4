/** What every part of the application is given: a request, and the answer in the making. Types only. */

/** One request, and the headers of the response that it will get. */
export interface Exchange {
  readonly request: Request
  readonly url: URL
  readonly form: URLSearchParams
  readonly headers: Headers
}
