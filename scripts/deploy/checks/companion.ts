/**
 * Is the companion application what its role asks for: of the right kind, with its callbacks and its one
 * permission, its secret the one that the Action has, and used for nothing else? Pure.
 */
import { fingerprint, isCurrent } from '../memory.ts'
import { callbacksOf, foreignAddresses } from '../plan-companion.ts'
import type { Application } from '../snapshot.ts'
import { COMPANION_GRANTS, COMPANION_SCOPES } from '../steps.ts'
import {
  broken,
  DEPLOY,
  type Finding,
  fine,
  note,
  orFine,
  type Patient,
  PROVISION,
  warning,
} from './finding.ts'

const CHECK = 'companion'

export function checkCompanion(patient: Patient): readonly Finding[] {
  const { companion, given } = patient
  if (companion === undefined) return [checkAbsence(given.AUTH0_CLIENT_ID)]
  return [
    ...checkKind(companion),
    ...checkCallbacks(patient, companion),
    ...checkUse(companion),
    ...checkPermission(patient),
    ...checkSecret(patient, companion),
  ]
}

const checkAbsence = (named: string | undefined): Finding =>
  named === undefined
    ? broken(
        CHECK,
        'No companion application is known.',
        `${PROVISION}, or set LINK_AUTH0_CLIENT_ID to the one that the Action has`,
      )
    : broken(
        CHECK,
        `There is no application ${named}.`,
        'correct LINK_AUTH0_CLIENT_ID, or leave it out',
      )

function checkKind(companion: Application): readonly Finding[] {
  const { appType, firstParty, oidcConformant, grantTypes, authenticationMethod } = companion
  const missing = COMPANION_GRANTS.filter((grant) => !grantTypes.includes(grant))
  const wrong = [
    appType === 'regular_web' ? undefined : `its type is ${appType || 'not set'}, not regular_web`,
    firstParty ? undefined : 'it is a third-party application',
    oidcConformant ? undefined : 'it is not OIDC-conformant',
    missing.length === 0 ? undefined : `it lacks the grant ${missing.join(', ')}`,
    authenticationMethod === 'client_secret_post'
      ? undefined
      : `its token endpoint authentication is ${authenticationMethod || 'not set'}, not client_secret_post`,
    companion.algorithm === 'RS256'
      ? undefined
      : `the algorithm of its ID tokens is ${companion.algorithm || 'not set'}, not RS256`,
    companion.requiresPar
      ? 'it demands pushed requests, and the Action makes plain ones'
      : undefined,
    companion.requiresOrganization ? 'it demands an organization' : undefined,
  ].filter((one) => one !== undefined)
  if (wrong.length === 0)
    return [fine(CHECK, `${companion.name} is of the right kind, RS256 included.`)]
  return [broken(CHECK, `${companion.name}: ${wrong.join('; ')}.`, PROVISION)]
}

function checkCallbacks(
  { settings, surroundings }: Patient,
  { callbacks }: Application,
): readonly Finding[] {
  const missing = callbacksOf(settings, surroundings).filter((one) => !callbacks.includes(one))
  if (missing.length === 0) return [fine('callbacks', 'Every domain has its /continue callback.')]
  const what = `${missing.join(', ')} is no callback of the companion: links at that domain fail.`
  return [broken('callbacks', what, PROVISION)]
}

function checkUse(companion: Application): readonly Finding[] {
  const addresses = foreignAddresses(companion)
  const more = companion.grantTypes.filter((grant) => !COMPANION_GRANTS.includes(grant))
  const page = `Applications > Applications > ${companion.name} > Settings`
  return orFine(
    [
      addresses.length > 0
        ? warning(
            'use of the companion',
            `${addresses.join(', ')}: it is used as a normal application, and the Action holds its secret.`,
            `${PROVISION} without LINK_AUTH0_CLIENT_ID makes one of its own; or remove them at ${page}`,
          )
        : undefined,
      more.length > 0
        ? warning(
            'use of the companion',
            `It has grants that it does not need: ${more.join(', ')}.`,
            PROVISION,
          )
        : undefined,
    ],
    'use of the companion',
    'Nobody logs in to it.',
  )
}

function checkPermission({ surroundings: { grant }, domain }: Patient): readonly Finding[] {
  const api = `https://${domain}/api/v2/`
  if (grant === undefined)
    return [
      broken('permission', `The companion may not use ${api}: no link can be made.`, PROVISION),
    ]
  if (!grant.allScopes && !COMPANION_SCOPES.every((scope) => grant.scopes.includes(scope)))
    return [broken('permission', `The companion lacks update:users at ${api}.`, PROVISION)]
  const more = grant.scopes.filter((scope) => !COMPANION_SCOPES.includes(scope))
  if (grant.allScopes || more.length > 0)
    return [
      warning(
        'permission',
        `The companion may do more than update:users: ${grant.allScopes ? 'everything' : more.join(', ')}.`,
        PROVISION,
      ),
    ]
  return [fine('permission', 'The companion may update:users, and nothing else.')]
}

/** Whether the secret that was sent to what runs is still the companion's. */
function checkSecret(
  { action, actionName, memory }: Patient,
  { clientId, clientSecret }: Application,
): readonly Finding[] {
  const check = 'secret of the companion'
  const current = isCurrent(memory, actionName, action?.running)
  const sent = current ? memory.fingerprints.AUTH0_CLIENT_SECRET : undefined
  if (clientSecret === undefined)
    return [note(check, 'It cannot be compared without read:client_keys.')]
  if (sent === undefined) return [note(check, 'Whether the Action has it is not known.', DEPLOY)]
  return sent === fingerprint('AUTH0_CLIENT_SECRET', clientId, clientSecret)
    ? [fine(check, 'The Action has the present one.')]
    : [broken(check, 'It was changed since the Action got it: no code can be redeemed.', DEPLOY)]
}
