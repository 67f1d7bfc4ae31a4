/**
 * The user's account as the Management API knows it, by Auth0's SDK: the application itself sees no
 * more of linked identities than an ID token holds. Sends one request an account.
 */

import { ManagementClient } from 'auth0'

export interface AccountsConfig {
  /** The tenant's domain, as in the settings of the application. */
  readonly domain: string
  /** A machine-to-machine application with `read:users`, to show the linked identities. */
  readonly management: { readonly clientId: string; readonly clientSecret: string }
}

export interface Identity {
  readonly connection: string
  /** `provider|user_id` */
  readonly id: string
  /** What tells it from others of its connection: its e-mail address, else its nickname. */
  readonly label: string | undefined
}

/** The main identity is the first one; `undefined`: the tenant does not tell right now. */
export type Identities = readonly Identity[] | undefined

interface Profile {
  readonly email?: string | undefined
  readonly nickname?: string | undefined
}

/** Somebody waits for the page. */
const LIMITS = { timeoutInSeconds: 5, maxRetries: 1 }

export function createAccounts({ domain, management }: AccountsConfig) {
  const open = () => new ManagementClient({ domain, ...management, ...LIMITS })
  let client = open()

  /** The SDK keeps its token for a day: one that was revoked meanwhile needs a new client. */
  async function getUser(userId: string) {
    try {
      return await client.users.get(userId)
    } catch (error) {
      if ((error as { readonly statusCode?: number }).statusCode !== 401) throw error
      client = open()
      return client.users.get(userId)
    }
  }

  return {
    async read(userId: string): Promise<Identities> {
      try {
        const { email, identities = [], nickname } = await getUser(userId)
        return identities.map(({ connection = '', profileData, provider, user_id }, index) => {
          // The main identity's profile is the account's own: it has no copy of it.
          const own = index === 0 ? { email, nickname } : {}
          const { email: address, nickname: name } = { ...own, ...(profileData as Profile) }
          return { connection, id: `${provider}|${user_id}`, label: address || name }
        })
      } catch {
        // Whoever is logged in stays so: the page says what it cannot show.
        return undefined
      }
    },
  }
}
