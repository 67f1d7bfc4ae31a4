/**
 * Can the connections be linked, and can the applications ask for it? Pure.
 */
import { isWantedConnection } from '../plan-companion.ts'
import type { Application } from '../snapshot.ts'
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
  const canLink = linkable.some(({ enabled, developerKeys }) => enabled && developerKeys !== true)
  // Nobody misses an unlink where nothing is linked.
  const missed = canLink ? warning : note
  return orFine(
    [
      ...linkable
        .filter(({ developerKeys }) => developerKeys)
        .map(({ name }) =>
          broken(
            'connection',
            `${name} uses Auth0's developer keys: its login cannot resume at /continue, so that no link is finished.`,
            `give it keys of its own at Authentication > Social > ${name}, or leave it out of ALLOWED_CONNECTIONS`,
          ),
        ),
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
      linkable.some(({ developerKeys }) => developerKeys === undefined)
        ? note(
            'connection',
            "Whether all have keys of their own cannot be told without read:connections_options: on Auth0's developer keys no link is finished.",
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

/** Of those that may ask for a link, as far as they are named. */
export function checkApplications(patient: Patient): readonly Finding[] {
  const { applications, companion, values } = patient
  const asking = listOf(values?.ALLOWED_CLIENT_IDS)
  const candidates = applications.filter(
    ({ clientId, grantTypes }) =>
      clientId !== companion?.clientId &&
      (asking.length > 0 ? asking.includes(clientId) : grantTypes.includes('authorization_code')),
  )
  return orFine(
    candidates.flatMap((application) => checkApplication(patient, application, asking.length > 0)),
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
      : [note(check, 'It is a third-party application: its parameters need the prefix ext-.')]),
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
      `Management API tokens last ${lifetime} s: each link asks for one anew, which plans count.`,
      'Applications > APIs > Auth0 Management API > Settings > Access Token Settings',
    ),
  ]
}
