/**
 * How long an answer asks to wait before the next try. No I/O. Here for the Action and for the tools
 * that deploy it alike.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 (`Retry-After`)
 * @see https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy
 */

/**
 * Milliseconds by `Retry-After`, in seconds or as a date, else by Auth0's `X-RateLimit-Reset`, which
 * every answer may have and which asks to wait at 429 alone; 0 if there is neither. A point in time
 * is read by the clock of whoever names it (RFC 9110, section 6.6.1), else by `nowMs`.
 */
export function readRetryAfterMs(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  nowMs: number,
): number {
  const text = (name: string) => headers.get(name) || '-'
  const fromMs = Date.parse(text('date')) || nowMs
  const after = text('retry-after')
  const waitsMs = [
    Number(after) * 1_000,
    Date.parse(after) - fromMs,
    status === 429 ? Number(text('x-ratelimit-reset')) * 1_000 - fromMs : 0,
  ]
  return waitsMs.find((waitMs) => waitMs >= 0) ?? 0
}
