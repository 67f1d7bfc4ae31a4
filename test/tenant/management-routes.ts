/**
 * What the routes of the Management API share: their shape, the platform's error bodies, paging. Pure.
 */

import { type Exchange, one } from './http.ts'

export interface Answer {
  readonly status: number
  readonly body?: unknown
}

export interface Route {
  readonly method: string
  /** Segments behind /api/v2/; `*` is a parameter. */
  readonly path: string
  readonly scope: string
  readonly answer: (exchange: Exchange, parameters: readonly string[]) => Answer
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
}

export const failure = (status: number, errorCode: string, message: string): Answer => ({
  status,
  body: { statusCode: status, error: REASONS[status], message, errorCode },
})

export const invalidBody = (message: string): Answer =>
  failure(400, 'invalid_body', `Payload validation error: ${message}`)

export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}

interface Paged {
  readonly items: readonly unknown[]
  readonly total: number
  readonly page: number
  readonly per_page: number
}

export function paged<T>(
  { query }: Exchange,
  all: readonly T[],
  show: (item: T) => unknown,
): Paged {
  const page = Number(one(query, 'page') ?? 0)
  const perPage = Math.min(Number(one(query, 'per_page') ?? 50), 100)
  const items = all.slice(page * perPage, (page + 1) * perPage).map(show)
  return { items, total: all.length, page, per_page: perPage }
}
