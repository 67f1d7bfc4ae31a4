/**
 * What can be changed of the people of the local tenant, so that the settings about them have something
 * to decide: a verified e-mail address, an enrolled second factor. Changes the tenant's users.
 */

import type { Tenant } from '../tenant/index.ts'

export interface ShownPerson {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly emailVerified: boolean
  readonly enrolled: boolean
  readonly connections: readonly string[]
}

export interface PersonChange {
  readonly userId: string
  readonly emailVerified?: boolean
  readonly enrolled?: boolean
}

/** Those that the login pages offer. */
function isListed(tenant: Tenant, email: string): boolean {
  return tenant.connections.some(({ people }) => people.some((person) => person.email === email))
}

export const showPeople = (tenant: Tenant): readonly ShownPerson[] =>
  tenant.users
    .all()
    .filter(({ email }) => isListed(tenant, email))
    .map(({ email, email_verified, enrolledFactors, identities, name, user_id }) => ({
      userId: user_id,
      name,
      email,
      emailVerified: email_verified,
      enrolled: (enrolledFactors ?? []).length > 0,
      connections: identities.map(({ connection }) => connection),
    }))

export function changePerson(tenant: Tenant, change: PersonChange): string | undefined {
  const { emailVerified, enrolled, userId } = change
  if (tenant.users.get(userId) === undefined) return 'there is no such person'
  tenant.users.update(userId, {
    ...(emailVerified === undefined ? {} : { email_verified: emailVerified }),
    ...(enrolled === undefined ? {} : { enrolledFactors: enrolled ? [{ type: 'otp' }] : [] }),
  })
  return undefined
}
