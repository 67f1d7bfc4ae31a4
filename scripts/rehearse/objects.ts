/**
 * What a rehearsal makes in a tenant, how each of it is named, and the marks by which it is found again.
 * Pure, but for the random id and passwords of a run.
 */
import { randomBytes } from 'node:crypto'
import { toBase32 } from '../tenant/totp.ts'

/** Every name begins so; with the mark in its metadata, where it can have one, it is a rehearsal's. */
export const PREFIX = 'cial-rehearsal-'

/** In the metadata of connections, applications and users, and the name of a secret of the Actions. */
export const MARK = 'cial_rehearsal'

/** Nobody has it and nobody resolves it (RFC 6761): what is sent there stays in the browser. */
export const CALLBACK = 'https://cial-rehearsal.invalid/callback'

export interface Credential {
  readonly email: string
  readonly password: string
}

export interface Objects {
  readonly run: string
  readonly connections: { readonly first: string; readonly second: string }
  readonly applications: { readonly asking: string; readonly companion: string }
  readonly actions: { readonly probe: string; readonly linking: string }
  /** Who is linked to, whose identity is linked, and somebody else of the second connection. */
  readonly people: {
    readonly primary: Credential
    readonly secondary: Credential
    readonly other: Credential
  }
  readonly probeKey: string
  readonly actionSecret: string
  readonly totpSecret: string
}

const secret = (): string => randomBytes(32).toString('base64url')

/** Eight hex digits: the mark of one run. */
export function nameObjects(run: string = randomBytes(4).toString('hex')): Objects {
  const name = (what: string) => `${PREFIX}${run}-${what}`
  const person = (what: string): Credential => ({
    email: `${name(what)}@example.com`,
    // Four kinds of characters, for tenants that want them.
    password: `${secret()}aA1!`,
  })
  return {
    run,
    connections: { first: name('first'), second: name('second') },
    applications: { asking: name('asking'), companion: name('companion') },
    actions: { probe: name('probe'), linking: name('linking') },
    people: {
      primary: person('primary'),
      secondary: person('secondary'),
      other: person('other'),
    },
    probeKey: secret(),
    actionSecret: secret(),
    totpSecret: toBase32(randomBytes(20)),
  }
}

/** The run that a name is of; `undefined`: it is none of a rehearsal's. */
export function runOf(name: string | undefined): string | undefined {
  const [, run] = new RegExp(`^${PREFIX}([0-9a-f]{8})-[a-z]+$`).exec(name ?? '') ?? []
  return run
}

/** In the order in which it is made. */
export function describeObjects(objects: Objects): readonly string[] {
  const { actions, applications, connections, people } = objects
  return [
    `database connection ${connections.first}`,
    `database connection ${connections.second}`,
    `application ${applications.asking}, which asks; its callback is ${CALLBACK}`,
    `application ${applications.companion}, with update:users`,
    `user ${people.primary.email}, random password`,
    `user ${people.secondary.email}, random password`,
    `user ${people.other.email}, random password`,
    `Action ${actions.probe}, bound to post-login: acts on these two applications alone`,
    `Action ${actions.linking}, bound last: the Action as built, for the first of them alone`,
  ]
}
