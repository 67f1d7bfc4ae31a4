/**
 * A local tenant: an authorization server with Auth0's routes, a host that runs post-login Actions as
 * the platform does, connections with login pages, and a Management API, on loopback. `startTenant`
 * opens its two ports and gives back its addresses, users and log, and how to close it; several at
 * once do not disturb each other.
 */

import { assemble, CHALLENGE_CODE, type Parts } from './assemble.ts'
import { trustedCertificate } from './certificate.ts'
import { createFaults } from './faults.ts'
import { type FrontDoor, openFrontDoor, toFrontDoor } from './front-door.ts'
import { createLog, type Log } from './log.ts'
import type { InstalledAction, Tenant, TenantOptions } from './tenant.ts'

export type { InstalledAction, Tenant, TenantOptions } from './tenant.ts'

/** See the file's head. Rejects where a port is taken; nothing stays open then. */
export async function startTenant(options: TenantOptions = {}): Promise<Tenant> {
  const certificate = await trustedCertificate()
  const log = createLog(options.onEvent)
  const faults = createFaults()
  let backChannelDelayMs = options.backChannelDelayMs ?? 0
  let parts: Parts | undefined
  const door = await openFrontDoor({
    certificate,
    httpsPort: options.httpsPort ?? 0,
    httpPort: options.httpPort ?? 0,
    log,
    faults,
    backChannelDelayMs: () => backChannelDelayMs,
    callerOf: (clientId) => parts?.applications.find(clientId)?.caller ?? 'application',
    framedBy: options.framedBy ?? (() => undefined),
  })
  parts = await assembleBehind(door, log, options)
  const { addresses } = door
  const { addPerson, applications, cache, connections, registry, store } = parts
  const { behave, close, rotateKeys, serverError } = parts

  function install(...actions: readonly InstalledAction[]): void {
    const bindings = actions.map(({ name, code, secrets = {} }) => {
      const values = Object.entries(secrets).map(([key, value]) => ({ name: key, value }))
      const draft = { name, code, runtime: 'node22', dependencies: [], secrets: values }
      const known = registry.findByName(name)
      const { id } = known === undefined ? registry.create(draft) : registry.update(known.id, draft)
      registry.deploy(id)
      return { actionId: id, displayName: name }
    })
    registry.bind(bindings)
  }

  return {
    ...addresses,
    applications,
    connections,
    users: store,
    actions: registry,
    addPerson,
    rotateKeys,
    behave,
    cache,
    companionSettings: {
      AUTH0_DOMAIN: addresses.canonicalDomain,
      AUTH0_CLIENT_ID: applications.companion.clientId,
      AUTH0_CLIENT_SECRET: applications.companion.clientSecret,
    },
    challengeCode: CHALLENGE_CODE,
    certificatePem: certificate.certificatePem,
    install,
    frontDoorOf: (url) => toFrontDoor(String(url), addresses),
    log: log.entries,
    requests: () => log.entries().filter((entry) => entry.kind === 'http'),
    runs: () => log.entries().filter((entry) => entry.kind === 'action'),
    logins: () => log.entries().filter((entry) => entry.kind === 'login'),
    clearLog: log.clear,
    fault: faults.add,
    clearFaults: faults.clear,
    setBackChannelDelay: (delayMs) => {
      backChannelDelayMs = delayMs
      faults.goOn()
    },
    async close() {
      close()
      faults.goOn()
      await door.close()
      const error = serverError()
      if (error !== undefined) throw error
    },
  }
}

/** No port stays open when the tenant does not come up. */
async function assembleBehind(door: FrontDoor, log: Log, options: TenantOptions): Promise<Parts> {
  try {
    const parts = await assemble(door.addresses, log, options)
    door.serve(parts.answer)
    return parts
  } catch (error) {
    await door.close()
    throw error
  }
}
