/**
 * Users and their identities in the Management API: reading, linking and unlinking, with the statuses
 * of the platform, which documents no 404 for identities. What it changes is in the store.
 *
 * @see https://auth0.com/docs/api/management/v2/users/post-identities
 * @see https://auth0.com/docs/api/management/v2/users/delete-user-identity-by-user-id
 */

import type { Exchange } from './http.ts'
import {
  type Answer,
  failure,
  invalidBody,
  paged,
  type Route,
  record,
} from './management-routes.ts'
import type { PlatformAnswers } from './platform-answers.ts'
import type { Store, StoredUser } from './store.ts'

// Enrolled factors are for Actions; the Management API shows them elsewhere.
const showUser = ({ enrolledFactors: _factors, ...user }: StoredUser) => user

export function userRoutes(
  store: Store,
  { goneIdentity, linkedAlready }: Pick<PlatformAnswers, 'goneIdentity' | 'linkedAlready'>,
): readonly Route[] {
  const MISSING = ['inexistent_user', 'The user does not exist.'] as const

  function link({ json }: Exchange, userId: string): Answer {
    const { provider, user_id: identityId } = record(json) ?? {}
    if (typeof provider !== 'string' || typeof identityId !== 'string') {
      return invalidBody("Missing required property: 'provider' or 'user_id'.")
    }
    const linked = store.link(userId, provider, identityId)
    switch (linked.type) {
      case 'linked':
        return { status: 201, body: linked.identities }
      case 'no_user':
        return failure(400, ...MISSING)
      case 'no_identity':
        return failure(400, 'inexistent_identity', 'Secondary account not found.')
      case 'same_identity':
        return failure(400, 'invalid_identity', 'Main identity and the new one are the same.')
      case 'identity_taken':
        return failure(linkedAlready, 'identity_conflict', 'The specified identity already exists.')
    }
  }

  function unlink(userId: string, provider: string, identityId: string): Answer {
    const unlinked = store.unlink(userId, provider, identityId)
    switch (unlinked.type) {
      case 'unlinked':
        return { status: 200, body: unlinked.identities }
      case 'no_user':
        return failure(400, ...MISSING)
      case 'no_identity':
        return failure(goneIdentity, 'inexistent_identity', 'The identity does not exist.')
      case 'main_identity':
        return failure(400, 'main_identity', 'The main identity cannot be removed.')
    }
  }

  return [
    {
      method: 'GET',
      path: 'users',
      scope: 'read:users',
      answer: (exchange) => {
        const { items, total, page, per_page } = paged(exchange, store.all(), showUser)
        const body = { users: items, total, start: page * per_page, limit: per_page }
        return { status: 200, body: exchange.query.include_totals === 'true' ? body : items }
      },
    },
    {
      method: 'GET',
      path: 'users/*',
      scope: 'read:users',
      answer: (_, [userId = '']) => {
        const user = store.get(userId)
        return user === undefined ? failure(404, ...MISSING) : { status: 200, body: showUser(user) }
      },
    },
    {
      method: 'POST',
      path: 'users/*/identities',
      scope: 'update:users',
      answer: (exchange, [userId = '']) => link(exchange, userId),
    },
    {
      method: 'DELETE',
      path: 'users/*/identities/*/*',
      scope: 'update:users',
      answer: (_, [userId = '', provider = '', identityId = '']) =>
        unlink(userId, provider, identityId),
    },
  ]
}
