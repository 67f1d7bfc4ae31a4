/**
 * What the routes of the Management API share: their shape, the platform's error bodies, paging by
 * number and by checkpoint, and the choice of fields. Pure.
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
  /** Any one of them permits it. */
  readonly scope: string | readonly string[]
  readonly answer: (
    exchange: Exchange,
    parameters: readonly string[],
    scopes: readonly string[],
  ) => Answer
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

const MAX_PAGE_SIZE = 100
const MAX_NUMBERED = 1_000

/**
 * What the platform does not page: more than 100 at once, and by number more than 1,000 in all, however
 * many there are.
 *
 * @see https://auth0.com/docs/manage-users/organizations/configure-organizations/retrieve-organizations
 */
export function refusePaging({ query }: Exchange): Answer | undefined {
  const page = Number(one(query, 'page') ?? 0)
  const perPage = Number(one(query, 'per_page') ?? 50)
  if (perPage > MAX_PAGE_SIZE)
    return failure(
      400,
      'invalid_query_string',
      `Query validation error: 'Value ${perPage} is greater than maximum ${MAX_PAGE_SIZE}' on property per_page`,
    )
  if ((page + 1) * perPage <= MAX_NUMBERED) return undefined
  return failure(
    400,
    'invalid_paging',
    `Requesting page ${page} exceeds the allowed maximum of ${MAX_NUMBERED} records. To fetch results beyond ${MAX_NUMBERED}, use the checkpoint pagination method.`,
  )
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
  maxPageSize = MAX_PAGE_SIZE,
  defaultSize = 50,
): Paged {
  const page = Number(one(query, 'page') ?? 0)
  const perPage = Math.min(Number(one(query, 'per_page') ?? defaultSize), maxPageSize)
  const items = all.slice(page * perPage, (page + 1) * perPage).map(show)
  return { items, total: all.length, page, per_page: perPage }
}

/** Paging by checkpoint: `next` is the id behind which the next page begins. */
export function paginate<T extends { readonly id: string }>(
  { query }: Exchange,
  all: readonly T[],
  maxPageSize = MAX_PAGE_SIZE,
): { readonly items: readonly T[]; readonly next?: string } {
  const from = one(query, 'from')
  const start = from === undefined ? 0 : all.findIndex(({ id }) => id === from) + 1
  const take = Math.min(Number(one(query, 'take') ?? 50), maxPageSize)
  const items = all.slice(start, start + take)
  const last = items.at(-1)
  return { items, ...(last && start + take < all.length ? { next: last.id } : {}) }
}

const FIELD_SCOPES: Readonly<Record<string, string>> = {
  client_secret: 'read:client_keys',
  options: 'read:connections_options',
}

/** A field that is left out without its scope may not even be named without it. */
export function refuseFields({ query }: Exchange, scopes: readonly string[]): Answer | undefined {
  if (one(query, 'include_fields') === 'false') return undefined
  const refused = (one(query, 'fields')?.split(',') ?? []).filter((name) => {
    const scope = FIELD_SCOPES[name]
    return scope !== undefined && !scopes.includes(scope)
  })
  if (refused.length === 0) return undefined
  const message = `You cannot read the following fields: ${refused.join(', ')}`
  return failure(403, 'insufficient_scope', message)
}

/** `fields` and `include_fields`, as many routes have them. */
export function chooseFields(
  { query }: Exchange,
  value: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const fields = one(query, 'fields')?.split(',')
  if (fields === undefined) return value
  const included = one(query, 'include_fields') !== 'false'
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => fields.includes(name) === included),
  )
}
