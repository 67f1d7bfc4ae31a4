/**
 * Trouble at a click: a tenant that is slow, refuses, loses an answer, has new keys or an empty cache.
 * Changes the running tenant; tells which trouble is waiting to happen.
 */

import type { LocalTenantFault } from '../tenant/faults.ts'
import type { Tenant } from '../tenant/index.ts'
import type { LogEntry } from '../tenant/log.ts'

interface Trouble {
  readonly name: string
  readonly label: string
  readonly meaning: string
}

const TROUBLES: readonly Trouble[] = [
  {
    name: 'slow',
    label: 'Slow tenant',
    meaning: 'every answer on the back channel takes 1.5 s, until it is switched off',
  },
  {
    name: 'busy',
    label: '429 at the change, once',
    meaning: 'the next link or unlink is answered with 429 and Retry-After: 1',
  },
  {
    name: 'busyForGood',
    label: '429 at the change, always',
    meaning: 'every link and unlink is answered with 429, until it is switched off',
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
  {
    name: 'firstValues',
    label: 'First values again',
    meaning: "the way back has the first request's address and user agent, whoever takes it",
  },
  {
    name: 'unbound',
    label: 'Unbound way back',
    meaning: '/continue is good in whichever browser takes it, until it is switched off',
  },
  {
    name: 'sessionReplaced',
    label: 'Session replaced',
    meaning: 'the nested login ends the session that was there, until it is switched off',
  },
  { name: 'emptyCache', label: 'Empty cache', meaning: 'every entry of api.cache is gone' },
]

const SLOW_MS = 1_500

const CHANGE = /^(POST|DELETE) \/api\/v2\/users\/[^/]+\/identities/
const LINK = /^POST \/api\/v2\/users\/[^/]+\/identities$/

const BUSY = {
  route: CHANGE,
  status: 429,
  headers: { 'retry-after': '1' },
  body: '{"error":"too_many_requests"}',
}

/** Of the Action's requests alone: the application's own shall go on. */
const FAULTS: Readonly<Record<string, LocalTenantFault>> = {
  busy: { ...BUSY, caller: 'action' },
  busyForGood: { ...BUSY, caller: 'action', times: Number.POSITIVE_INFINITY },
  lost: { route: LINK, caller: 'action', break: 'lose' },
  hanging: { route: 'POST /oauth/token', caller: 'action', break: 'hang' },
}

/** Those that stay until they are switched off, or have happened. */
const LASTING = ['slow', 'firstValues', 'unbound', 'sessionReplaced', ...Object.keys(FAULTS)]

export interface ShownTrouble extends Trouble {
  /** It stays until it is switched off, or has happened. */
  readonly lasting: boolean
  readonly on: boolean
}

export interface Troubles {
  shown(): readonly ShownTrouble[]
  /** What is wrong with it, if anything is. */
  set(name: string, on: boolean): Promise<string | undefined>
  /** What happened once is over. */
  hear(entry: LogEntry): void
}

export function createTroubles(tenant: Tenant): Troubles {
  const active = new Set<string>()

  function place(name: string): void {
    const fault = FAULTS[name]
    if (fault !== undefined) tenant.fault(fault)
  }

  function turn(name: string, on: boolean): void {
    if (on === active.has(name)) return
    if (on) active.add(name)
    else active.delete(name)
    if (name === 'slow') tenant.setBackChannelDelay(on ? SLOW_MS : 0)
    else if (name === 'firstValues') tenant.behave({ requestValues: on ? 'first' : 'fresh' })
    else if (name === 'unbound') tenant.behave({ boundToBrowser: !on })
    else if (name === 'sessionReplaced') tenant.behave({ nestedSession: on ? 'replaced' : 'kept' })
    else if (on) place(name)
    else {
      // Faults cannot be taken back one by one: the others are placed anew.
      tenant.clearFaults()
      for (const other of active) place(other)
    }
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
      } else turn(name, on)
      return undefined
    },

    hear(entry) {
      if (entry.kind !== 'http' || !entry.faulty) return
      if (entry.path === '/oauth/token') active.delete('hanging')
      else if (entry.status === 429) active.delete('busy')
      else active.delete('lost')
    },
  }
}
