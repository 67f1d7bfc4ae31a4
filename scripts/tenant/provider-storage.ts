/**
 * Where the authorization server keeps sessions, interactions, codes and tokens: a Map per domain,
 * shared by the servers of that domain, which forgets the oldest; applications are looked up where they
 * are. The adapter that `oidc-provider` asks for; no I/O.
 *
 * @see https://github.com/panva/node-oidc-provider/blob/main/example/my_adapter.js
 */

import type { AdapterFactory, AdapterPayload } from 'oidc-provider'
import { createBoundedMap } from './bounded.ts'

/** A login leaves a handful. */
const MAX_STORED = 20_000

export function createProviderStorage(
  findClient: (clientId: string) => AdapterPayload | undefined,
): AdapterFactory {
  const stored = createBoundedMap<string, AdapterPayload>(MAX_STORED)

  return (model: string) => {
    const prefix = `${model}:`
    const findWhere = (
      matches: (payload: AdapterPayload) => boolean,
    ): AdapterPayload | undefined => {
      for (const [key, payload] of stored.entries()) {
        if (key.startsWith(prefix) && matches(payload)) return payload
      }
      return undefined
    }
    return {
      upsert: async (id, payload) => {
        stored.set(prefix + id, payload)
      },
      find: async (id) => (model === 'Client' ? findClient(id) : stored.get(prefix + id)),
      findByUid: async (uid) => findWhere((payload) => payload.uid === uid),
      findByUserCode: async (code) => findWhere((payload) => payload.userCode === code),
      consume: async (id) => {
        const payload = stored.get(prefix + id)
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
      },
      destroy: async (id) => {
        stored.delete(prefix + id)
      },
      revokeByGrantId: async (grantId) => {
        for (const [key, payload] of stored.entries()) {
          if (payload.grantId === grantId) stored.delete(key)
        }
      },
    }
  }
}
