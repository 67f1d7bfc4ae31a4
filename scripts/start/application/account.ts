/**
 * The user's account as the Management API knows it, by Auth0's SDK: the application itself sees no
 * more of linked identities than an ID token holds. Sends one request an account.
 */

import { ManagementClient } from 'auth0'
import type { ApplicationConfig } from '../application.ts'

export interface Identity {
  readonly connection: string
  /** `provider|user_id` */
  readonly id: string
  readonly email: string | undefined
}

export interface Account {
  /** The first one is the main identity. */
  readonly identities: readonly Identity[]
}

export function createAccounts({ domain, management }: ApplicationConfig) {
  const open = () => new ManagementClient({ domain, ...management })
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
    async read(userId: string): Promise<Account> {
      const { identities = [] } = await getUser(userId)
      return {
        identities: identities.map(({ connection = '', profileData, provider, user_id }) => ({
          connection,
          id: `${provider}|${user_id}`,
          email: profileData?.email,
        })),
      }
    },
  }
}
