/**
 * Trouble at a click: a tenant that is slow, refuses, loses an answer, has new keys or an empty cache.
 * Changes the running tenant; tells which trouble is waiting to happen.
 */

import type { Tenant } from '../../test/tenant/index.ts'
import type { LogEntry } from '../../test/tenant/log.ts'

interface Trouble {
  readonly name: string
  readonly label: string
  readonly meaning: string
}

export const TROUBLES: readonly Trouble[] = [
  {
    name: 'slow',
    label: 'Slow tenant',
    meaning: 'every answer on the back channel takes 1.5 s, until it is switched off',
  },
  {
    name: 'busy',
    label: '429 at the link, once',
    meaning: 'the next change of the account is answered with 429 and Retry-After: 1',
  },
  {
    name: 'busyForGood',
    label: '429 at the link, always',
    meaning: 'every change of the account is answered with 429, until it is switched off',
  },
  {
    name: 'lost',
    label: 'Lost answer',
    meaning: 'the next link happens, and the connection breaks instead of an answer',
  },
  {
    name: 'hanging',
    label: 'Hanging token endpoint',
    meaning: 'the next code exchange of the Action is not answered',
  },
  {
    name: 'rotated',
    label: 'Rotated keys',
    meaning: 'new signing keys at once, the old ones revoked: hints signed before are good no more',
  },
  { name: 'emptyCache', label: 'Empty cache', meaning: 'every entry of api.cache is gone' },
]

/** Those that stay until they are switched off, or have happened. */
const LASTING = ['slow', 'busy', 'busyForGood', 'lost', 'hanging']

const SLOW_MS = 1_500
const MANY = 1_000

const CHANGE = /^(POST|DELETE) \/api\/v2\/users\/[^/]+\/identities/
const LINK = /^POST \/api\/v2\/users\/[^/]+\/identities$/

export interface Troubles {
  shown(): readonly (Trouble & { readonly lasting: boolean; readonly on: boolean })[]
  /** What is wrong with it, if anything is. */
  set(name: string, on: boolean): Promise<string | undefined>
  /** What happened once is over. */
  hear(entry: LogEntry): void
}

export function createTroubles(tenant: Tenant): Troubles {
  const active = new Set<string>()

  /** Faults cannot be taken back one by one: all are placed anew. */
  function place(): void {
    tenant.clearFaults()
    const busy = {
      status: 429,
      headers: { 'retry-after': '1' },
      body: '{"error":"too_many_requests"}',
    }
    tenant.setBackChannelDelay(active.has('slow') ? SLOW_MS : 0)
    if (active.has('lost')) tenant.fault({ route: LINK, break: 'lose' })
    if (active.has('busy')) tenant.fault({ route: CHANGE, ...busy })
    if (active.has('busyForGood')) tenant.fault({ route: CHANGE, times: MANY, ...busy })
    if (active.has('hanging')) tenant.fault({ route: 'POST /oauth/token', break: 'hang' })
  }

  const over = (name: string): void => {
    if (active.delete(name)) place()
  }

  return {
    shown: () =>
      TROUBLES.map((trouble) => ({
        ...trouble,
        lasting: LASTING.includes(trouble.name),
        on: active.has(trouble.name),
      })),

    async set(name, on) {
      if (!TROUBLES.some((trouble) => trouble.name === name)) return `there is no trouble ${name}`
      if (name === 'rotated') await tenant.rotateKeys()
      else if (name === 'emptyCache') {
        for (const { key } of tenant.cache.entries()) tenant.cache.delete(key)
      } else {
        if (on) active.add(name)
        else active.delete(name)
        place()
      }
      return undefined
    },

    hear(entry) {
      if (entry.kind !== 'http' || !entry.faulty) return
      if (entry.path === '/oauth/token') over('hanging')
      else if (entry.status === 429) over('busy')
      else over('lost')
    },
  }
}
