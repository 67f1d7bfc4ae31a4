/**
 * What was deployed last, as far as it is no secret, kept in the companion's `client_metadata`: secrets
 * of an Action can be written and never read. Translates to and from metadata; no I/O. It holds good
 * for one version of the Action alone, so that a deployment by other means is noticed. Of the two real
 * secrets only slow, salted fingerprints are kept, to notice when one was changed elsewhere.
 *
 * @see https://auth0.com/docs/manage-users/user-accounts/metadata/manage-metadata-api
 */
import { createHash, scryptSync } from 'node:crypto'
import { SECRET_SETTINGS, type Values, withoutSecrets } from './settings.ts'

/** Client metadata: ten properties of 255 characters each; `null` removes one. */
export type Metadata = Readonly<Record<string, string>>
export type MetadataPatch = Readonly<Record<string, string | null>>

const MAX_PROPERTIES = 10
const MAX_CHARACTERS = 255

const ACTION = 'account_linking_action'
const DEPLOYED = 'account_linking_deployed'
const SETTINGS = 'account_linking_settings_'
const OWN = /^account_linking_/

export interface Memory {
  /** The Action whose companion this is. */
  readonly action: string | undefined
  /** The version of the Action to which all of this belongs. */
  readonly version: number | undefined
  /** After a rollback: the older version that this one repeats. */
  readonly repeats: number | undefined
  /** Of the last deployment. `undefined`: none are kept, or they were too long to keep. */
  readonly settings: Values | undefined
  /** The hash of settings that were too long to keep. */
  readonly digest: string | undefined
  /** By name of the secret. */
  readonly fingerprints: Values
}

export function readMemory(metadata: Metadata): Memory {
  const text = Object.keys(metadata)
    .filter((name) => name.startsWith(SETTINGS))
    .sort()
    .map((name) => metadata[name])
    .join('')
  const { version, repeats, ...fingerprints } = readPairs(metadata[DEPLOYED] ?? '')
  return {
    action: metadata[ACTION],
    version: readNumber(version),
    repeats: readNumber(repeats),
    settings: text.startsWith('{') ? readValues(text) : undefined,
    digest: text.startsWith('sha256:') ? text : undefined,
    fingerprints,
  }
}

const readNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined

function readPairs(text: string): Values {
  return Object.fromEntries(
    text.split(' ').flatMap((pair) => {
      const [name, value] = pair.split('=')
      return name && value ? [[name, value]] : []
    }),
  )
}

const writePairs = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')

function readValues(text: string): Values | undefined {
  try {
    const entries = Object.entries(JSON.parse(text)).map(([name, value]) => [name, String(value)])
    return Object.fromEntries(entries)
  } catch {
    return undefined
  }
}

/** It is of this Action, and of the version of it that runs. */
export const isCurrent = (
  { action, version }: Memory,
  actionName: string,
  running: { readonly number: number } | undefined,
): boolean => action === actionName && version !== undefined && version === running?.number

/** What it has of settings is what runs; after a rollback it is what ran before. */
export const holdsSettings = (
  memory: Memory,
  actionName: string,
  running: { readonly number: number } | undefined,
): boolean => isCurrent(memory, actionName, running) && memory.repeats === undefined

/** The marker by which a companion is found again, from its creation on. */
export const markCompanion = (action: string): Metadata => ({ [ACTION]: action })

/** The mark, the version, and one for the settings or their hash. */
const MIN_OWN_PROPERTIES = 3
export const MAX_OTHERS = MAX_PROPERTIES - MIN_OWN_PROPERTIES

export const countOthers = (metadata: Metadata): number =>
  Object.keys(metadata).filter((name) => !OWN.test(name)).length

/** What to write so that these values are remembered as those of this version. */
export function writeMemory(
  metadata: Metadata,
  action: string,
  values: Values,
  { version, fingerprints }: { readonly version: number; readonly fingerprints: Values },
): MetadataPatch {
  const others = countOthers(metadata)
  const chunks = toChunks(settingsText(values))
  const kept = chunks.length > MAX_PROPERTIES - others - 2 ? [digestOf(values)] : chunks
  return {
    ...forgetAll(metadata),
    ...markCompanion(action),
    [DEPLOYED]: writePairs({ version, ...fingerprints }),
    ...Object.fromEntries(kept.map((chunk, index) => [SETTINGS + (index + 1), chunk])),
  }
}

/**
 * After a rollback nobody knows which settings run: the next deployment sends all of them. Those of
 * the last one are left, to be told to whoever has to name them again.
 */
export function writeRollback(
  metadata: Metadata,
  action: string,
  versions: { readonly version: number; readonly repeats: number },
): MetadataPatch {
  const known = readMemory(metadata).action === action
  return {
    ...(known ? {} : forgetAll(metadata)),
    ...markCompanion(action),
    [DEPLOYED]: writePairs(versions),
  }
}

const forgetAll = (metadata: Metadata): MetadataPatch =>
  Object.fromEntries(
    Object.keys(metadata)
      .filter((name) => OWN.test(name))
      .map((name) => [name, null]),
  )

function settingsText(values: Values): string {
  const entries = Object.entries(withoutSecrets(values))
  return JSON.stringify(
    Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1))),
  )
}

export const digestOf = (values: Values): string =>
  `sha256:${createHash('sha256').update(settingsText(values)).digest('hex')}`

function toChunks(text: string): readonly string[] {
  const count = Math.ceil(text.length / MAX_CHARACTERS)
  return Array.from({ length: count }, (_, index) =>
    text.slice(index * MAX_CHARACTERS, (index + 1) * MAX_CHARACTERS),
  )
}

/**
 * Tells whether a secret is still the one that was sent, and no more: nine bytes behind scrypt (RFC
 * 7914), salted with its name and the client.
 */
export function fingerprint(name: string, clientId: string, secret: string): string {
  return scryptSync(secret, `account-linking:${name}:${clientId}`, 9).toString('base64url')
}

/** The fingerprints of those secrets that are known. */
export function fingerprintsOf(values: Values, clientId: string): Values {
  return Object.fromEntries(
    SECRET_SETTINGS.flatMap((name) => {
      const secret = values[name]
      return secret === undefined ? [] : [[name, fingerprint(name, clientId, secret)]]
    }),
  )
}
