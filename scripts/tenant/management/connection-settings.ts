/**
 * What can be set of the tenant's connections: for which applications each is enabled, and its options.
 * In memory, no I/O.
 */

import type { Applications } from '../applications.ts'
import type { Connection } from '../connections.ts'

export type ConnectionOptions = Readonly<Record<string, unknown>>

export interface ConnectionSettings {
  readonly all: readonly Connection[]
  isEnabled(connection: string, clientId: string): boolean
  enabledClients(connection: string): readonly string[]
  enable(connection: string, clientId: string, enabled: boolean): void
  optionsOf(connection: string): ConnectionOptions
  setOptions(connection: string, options: ConnectionOptions): void
  metadataOf(connection: string): Readonly<Record<string, string>>
  add(connection: Connection, metadata: Readonly<Record<string, string>>): void
  remove(connection: Connection): void
}

/** At first each is enabled for every application that is there, as Auth0 does it for a new one. */
export function createConnectionSettings(
  connections: Connection[],
  applications: Applications,
  { developerKeys = [] }: { readonly developerKeys?: readonly string[] },
): ConnectionSettings {
  const ids = applications.all.map(({ clientId }) => clientId)
  const enabled = new Map(connections.map(({ name }) => [name, new Set(ids)]))
  const options = new Map<string, ConnectionOptions>(
    connections.map(({ name, isSocial }) => [
      name,
      isSocial ? { client_id: developerKeys.includes(name) ? '' : `example-key-of-${name}` } : {},
    ]),
  )
  const metadata = new Map<string, Readonly<Record<string, string>>>()
  return {
    all: connections,
    isEnabled: (connection, clientId) => enabled.get(connection)?.has(clientId) ?? false,
    enabledClients: (connection) => [...(enabled.get(connection) ?? [])],
    enable(connection, clientId, on) {
      if (on) enabled.get(connection)?.add(clientId)
      else enabled.get(connection)?.delete(clientId)
    },
    optionsOf: (connection) => options.get(connection) ?? {},
    setOptions: (connection, values) => void options.set(connection, values),
    metadataOf: (connection) => metadata.get(connection) ?? {},
    add(connection, values) {
      connections.push(connection)
      enabled.set(connection.name, new Set())
      metadata.set(connection.name, values)
    },
    remove(connection) {
      connections.splice(connections.indexOf(connection), 1)
      enabled.delete(connection.name)
      metadata.delete(connection.name)
    },
  }
}
