/**
 * Where the authorization server keeps sessions, interactions, codes and tokens: a Map per domain,
 * shared by the servers of that domain, which forgets the oldest; applications are looked up where they
 * are. The adapter that `oidc-provider` asks for; no I/O.
 *
 * @see https://github.com/panva/node-oidc-provider/blob/main/example/my_adapter.js
 */

import { createBoundedMap } from './bounded.ts'

interface Payload {
  readonly uid?: string
  readonly userCode?: string
  readonly grantId?: string
  consumed?: number
}

/** A login leaves a handful. */
const MAX_STORED = 20_000

export function createProviderStorage(findClient: (clientId: string) => object | undefined) {
  const stored = createBoundedMap<string, Payload>(MAX_STORED)

  return (model: string) => {
    const prefix = `${model}:`
    const findWhere = (matches: (payload: Payload) => boolean): Payload | undefined => {
      for (const [key, payload] of stored.entries()) {
        if (key.startsWith(prefix) && matches(payload)) return payload
      }
      return undefined
    }
    return {
      upsert: async (id: string, payload: Payload) => {
        stored.set(prefix + id, payload)
      },
      find: async (id: string) => (model === 'Client' ? findClient(id) : stored.get(prefix + id)),
      findByUid: async (uid: string) => findWhere((payload) => payload.uid === uid),
      findByUserCode: async (code: string) => findWhere((payload) => payload.userCode === code),
      consume: async (id: string) => {
        const payload = stored.get(prefix + id)
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
      },
      destroy: async (id: string) => {
        stored.delete(prefix + id)
      },
      revokeByGrantId: async (grantId: string) => {
        for (const [key, payload] of stored.entries()) {
          if (payload.grantId === grantId) stored.delete(key)
        }
      },
    }
  }
}
