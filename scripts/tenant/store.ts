/**
 * The tenant's users: one account each, with one or more identities, linked and unlinked as the
 * Management API does it. In memory, no I/O; what it gives out are copies.
 */

import { randomBytes } from 'node:crypto'
import type { EnrolledFactor } from '../../src/platform.ts'
import type { Connection, ConnectionPerson } from './connections.ts'

export interface StoredIdentity {
  readonly connection: string
  readonly provider: string
  readonly user_id: string
  readonly isSocial: boolean
  /** What the identity knew of its person; only linked ones show it. */
  readonly profileData?: Readonly<Record<string, unknown>>
}

export interface StoredUser {
  readonly user_id: string
  readonly email: string
  readonly email_verified: boolean
  readonly name: string
  readonly nickname: string
  readonly picture: string
  /** The first one is the main identity: `provider|user_id` is the account's `user_id`. */
  readonly identities: readonly StoredIdentity[]
  readonly user_metadata: Readonly<Record<string, unknown>>
  readonly app_metadata: Readonly<Record<string, unknown>>
  /** `undefined`: the platform cannot read them. */
  readonly enrolledFactors?: readonly EnrolledFactor[] | undefined
  readonly created_at: string
  readonly updated_at: string
  readonly logins_count: number
  /** A blocked user may not log in. */
  readonly blocked?: boolean
  /** When, as a date in ISO 8601. */
  readonly last_password_reset?: string
}

export type LinkResult =
  | { readonly type: 'linked'; readonly identities: readonly StoredIdentity[] }
  | { readonly type: 'no_user' | 'no_identity' | 'same_identity' | 'identity_taken' }

export type UnlinkResult =
  | { readonly type: 'unlinked'; readonly identities: readonly StoredIdentity[] }
  | { readonly type: 'no_user' | 'no_identity' | 'main_identity' }

export interface Store {
  all(): readonly StoredUser[]
  get(userId: string): StoredUser | undefined
  findByIdentity(provider: string, identityId: string): StoredUser | undefined
  /** Makes the stand-alone user of a person at a connection. */
  create(connection: Connection, person: ConnectionPerson): StoredUser
  update(userId: string, values: Partial<Omit<StoredUser, 'user_id' | 'identities'>>): StoredUser
  remove(userId: string): void
  link(userId: string, provider: string, identityId: string): LinkResult
  unlink(userId: string, provider: string, identityId: string): UnlinkResult
}

/** The user id of the account whose main identity this is. */
const userIdOf = ({ provider, user_id }: { provider: string; user_id: string }): string =>
  `${provider}|${user_id}`

const profileOf = ({ email, email_verified, name, nickname, picture }: StoredUser) => ({
  email,
  email_verified,
  name,
  nickname,
  picture,
})

export function createStore(): Store {
  const users = new Map<string, StoredUser>()

  const get = (userId: string): StoredUser | undefined => {
    const user = users.get(userId)
    return user === undefined ? undefined : structuredClone(user)
  }

  function keep(user: StoredUser): StoredUser {
    const kept = { ...user, updated_at: new Date().toISOString() }
    users.set(user.user_id, kept)
    return structuredClone(kept)
  }

  const findByIdentity = (provider: string, identityId: string): StoredUser | undefined => {
    const holds = ({ identities }: StoredUser): boolean =>
      identities.some((one) => one.provider === provider && one.user_id === identityId)
    const found = [...users.values()].find(holds)
    return found === undefined ? undefined : structuredClone(found)
  }

  return {
    all: () => [...users.values()].map((user) => structuredClone(user)),
    get,
    findByIdentity,

    create(connection, person) {
      const identity: StoredIdentity = {
        connection: connection.name,
        provider: connection.provider,
        user_id: connection.identityId(person),
        isSocial: connection.isSocial,
      }
      return keep({
        user_id: userIdOf(identity),
        email: person.email,
        email_verified: person.emailVerified,
        name: person.name,
        nickname: person.email.split('@')[0] ?? person.email,
        picture: `https://cdn.example.com/${randomBytes(6).toString('hex')}.png`,
        identities: [identity],
        user_metadata: person.userMetadata ?? {},
        app_metadata: {},
        enrolledFactors: [],
        created_at: new Date().toISOString(),
        updated_at: new Date().toISOString(),
        logins_count: 0,
      })
    },

    update(userId, values) {
      const user = users.get(userId)
      if (user === undefined) throw new Error(`There is no user ${userId}`)
      return keep({ ...user, ...structuredClone(values) })
    },

    remove: (userId) => void users.delete(userId),

    // All identities of the secondary account move; its metadata and the account itself are lost.
    link(userId, provider, identityId) {
      const primary = users.get(userId)
      if (primary === undefined) return { type: 'no_user' }
      if (userIdOf({ provider, user_id: identityId }) === userId) return { type: 'same_identity' }
      if (findByIdentity(provider, identityId) === undefined) return { type: 'no_identity' }
      const secondary = users.get(userIdOf({ provider, user_id: identityId }))
      if (secondary === undefined) return { type: 'identity_taken' }
      const [main, ...others] = secondary.identities
      if (main === undefined) return { type: 'no_identity' }
      const moved = { ...main, profileData: profileOf(secondary) }
      users.delete(secondary.user_id)
      const { identities } = keep({
        ...primary,
        identities: [...primary.identities, moved, ...others],
      })
      return { type: 'linked', identities }
    },

    // The identity becomes a stand-alone user again.
    unlink(userId, provider, identityId) {
      const user = users.get(userId)
      if (user === undefined) return { type: 'no_user' }
      if (userIdOf({ provider, user_id: identityId }) === userId) return { type: 'main_identity' }
      const isIt = (one: StoredIdentity) => one.provider === provider && one.user_id === identityId
      const gone = user.identities.find(isIt)
      if (gone === undefined) return { type: 'no_identity' }
      const { profileData, ...identity } = gone
      keep({
        ...user,
        ...profileData,
        user_id: userIdOf(identity),
        identities: [identity],
        user_metadata: {},
        app_metadata: {},
        logins_count: 0,
      })
      const identities = user.identities.filter((one) => !isIt(one))
      keep({ ...user, identities })
      return { type: 'unlinked', identities: structuredClone(identities) }
    },
  }
}
