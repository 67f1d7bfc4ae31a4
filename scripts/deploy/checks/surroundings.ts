/**
 * Can the connections be linked, and can the applications ask for it? Pure.
 */
import { isWantedConnection } from '../plan-companion.ts'
import type { Application, TenantConnection } from '../snapshot.ts'
import {
  broken,
  type Finding,
  fine,
  note,
  orFine,
  type Patient,
  PROVISION,
  warning,
} from './finding.ts'
import { listOf } from './settings.ts'

export function checkConnections(patient: Patient): readonly Finding[] {
  const { companion, settings, surroundings } = patient
  const { allowedConnections } = settings
  const { connections } = surroundings
  const linkable = connections.filter(
    ({ name }) => allowedConnections === undefined || allowedConnections.includes(name),
  )
  const onlyToUnlink = connections.filter(
    (one) => !linkable.includes(one) && isWantedConnection(settings, one.name),
  )
  const canLink = linkable.some(({ enabled }) => enabled)
  // Nobody misses an unlink where nothing is linked.
  const missed = canLink ? warning : note
  return orFine(
    [
      ...checkDeveloperKeys(patient, linkable),
      ...linkable
        .filter(({ enabled }) => companion !== undefined && !enabled)
        .map(({ name }) =>
          broken(
            'connection',
            `${name} is not enabled for the companion: nobody can link it.`,
            PROVISION,
          ),
        ),
      ...onlyToUnlink
        .filter(({ enabled }) => companion !== undefined && !enabled)
        .map(({ name }) =>
          missed(
            'connection',
            `${name} is not enabled for the companion: who has it as the main identity ${canLink ? 'can link, and ' : ''}cannot unlink anything.`,
            PROVISION,
          ),
        ),
      connections.some(({ developerKeys }) => developerKeys === undefined)
        ? note(
            'connection',
            "Whether all have keys of their own cannot be told without read:connections_options: who logs in over Auth0's developer keys finishes no link.",
            'Authentication > Social',
          )
        : undefined,
      linkable.length === 0
        ? broken(
            'connection',
            'There is no connection that may be linked.',
            'Authentication > Social',
          )
        : undefined,
    ],
    'connections',
    `${linkable.map(({ name }) => name).join(', ')} can be linked.`,
  )
}

/**
 * A session that was made over them is at another host, where /continue does not look: that of whoever
 * asks for a link is documented, of a second login nothing is. Neither works at a custom domain.
 *
 * @see https://auth0.com/docs/authenticate/identity-providers/social-identity-providers/devkeys
 */
function checkDeveloperKeys(
  patient: Patient,
  linkable: readonly TenantConnection[],
): readonly Finding[] {
  const { developerKeyClients, surroundings } = patient
  const asking = applicationsThatMayAsk(patient)
  return surroundings.connections.flatMap((connection) => {
    const { id, name, developerKeys } = connection
    if (!developerKeys) return []
    const mend = `give it keys of its own at Authentication > Social > ${name}`
    const clients = asking.filter(({ clientId }) => developerKeyClients[id]?.includes(clientId))
    if (clients.length > 0)
      return [
        broken(
          'connection',
          `${name} uses Auth0's developer keys, and is a login of ${namesOf(clients)}: who logged in with it cannot resume at /continue, and links nothing.`,
          mend,
        ),
      ]
    if (!linkable.includes(connection)) return []
    const atCustomDomain = surroundings.customDomains.length > 0
    const level = atCustomDomain ? warning : note
    return [
      level(
        'connection',
        `${name} uses Auth0's developer keys, which are for tests: ${atCustomDomain ? 'they do not work at a custom domain' : 'whether a second login over them comes back is not documented'}.`,
        `${mend}, or leave it out of ALLOWED_CONNECTIONS`,
      ),
    ]
  })
}

const MAX_NAMES = 3

function namesOf(applications: readonly Application[]): string {
  const names = applications.slice(0, MAX_NAMES).map(({ name }) => name)
  const more = applications.length - names.length
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function applicationsThatMayAsk({ applications, companion, values }: Patient) {
  const named = listOf(values?.ALLOWED_CLIENT_IDS)
  return applications.filter(
    ({ clientId, grantTypes }) =>
      clientId !== companion?.clientId &&
      (named.length > 0 ? named.includes(clientId) : grantTypes.includes('authorization_code')),
  )
}

/** Of those that may ask for a link, as far as they are named. */
export function checkApplications(patient: Patient): readonly Finding[] {
  const named = listOf(patient.values?.ALLOWED_CLIENT_IDS).length > 0
  return orFine(
    applicationsThatMayAsk(patient).flatMap((one) => checkApplication(patient, one, named)),
    'applications',
    'ID tokens of those that may ask can be hints: RS256, and long enough valid.',
  )
}

function checkApplication(
  { settings }: Patient,
  { name, algorithm, idTokenLifetimeSeconds: lifetime, firstParty }: Application,
  named: boolean,
): readonly Finding[] {
  const page = `Applications > Applications > ${name} > Settings > Advanced > OAuth`
  const check = `application ${name}`
  const level = named && algorithm !== '' ? broken : note
  return [
    ...(algorithm === 'RS256'
      ? []
      : [
          level(
            check,
            `The algorithm of its ID tokens is ${algorithm || 'not set'}: as a hint only RS256 is accepted.`,
            page,
          ),
        ]),
    ...(lifetime !== undefined && lifetime < settings.hintMaxAgeSeconds
      ? [
          note(
            check,
            `Its ID tokens last ${lifetime} s, less than HINT_MAX_AGE: hints end with them.`,
            page,
          ),
        ]
      : []),
    ...(firstParty || !named
      ? []
      : [
          note(
            check,
            'It is a third-party application: its parameters need the prefix ext-, and a strict one, as all new ones are, gets no ID token and cannot ask at all.',
          ),
        ]),
  ]
}

/** The Action caches a token for its lifetime less a minute. */
const SHORT_LIFETIME_SECONDS = 120

export function checkTokenLifetime({
  tokenLifetimeSeconds: lifetime,
}: Patient): readonly Finding[] {
  const check = 'token lifetime'
  if (lifetime === undefined)
    return [note(check, 'It cannot be read without read:resource_servers.')]
  if (lifetime > SHORT_LIFETIME_SECONDS)
    return [fine(check, `Management API tokens last ${lifetime} s, and are cached.`)]
  return [
    warning(
      check,
      `Management API tokens last ${lifetime} s: each link asks for one anew, and takes longer.`,
      'Applications > APIs > Auth0 Management API > Settings > Access Token Settings',
    ),
  ]
}
