/**
 * Are the settings understood, and do they agree with each other and with the tenant? Pure.
 */
import { createLog } from '../../../src/log.ts'
import { readList, type Settings } from '../../../src/settings.ts'
import { namesSettings, readAsAction, toEvent, type Values, withoutSecrets } from '../settings.ts'
import { broken, DEPLOY, type Finding, fine, note, type Patient, warning } from './finding.ts'

const CHECK = 'settings'
const change = (name: string): string => `set LINK_${name}, then ${DEPLOY}`

export function checkSettings(patient: Patient): readonly Finding[] {
  const { values } = patient
  if (values === undefined)
    return [
      note(
        CHECK,
        'They are not known, as secrets cannot be read: the defaults are taken for the checks.',
        `${DEPLOY}, or give them as LINK_… variables`,
      ),
    ]
  const understood = readAsAction(values)
  if (typeof understood === 'string')
    return [
      broken(CHECK, `They cannot be understood: ${understood}.`, `mend LINK_…, then ${DEPLOY}`),
    ]
  const found = [
    ...checkVariables(patient, values),
    ...checkDomains(patient, values),
    ...checkLists(patient),
    ...checkContradictions(patient, values),
    ...checkPins(patient),
    ...checkMfa(patient),
  ]
  const origin = patient.valuesFrom === 'variables' ? 'the variables' : 'the last deployment'
  return [
    ...(found.some(({ level }) => level === 'broken' || level === 'warning')
      ? []
      : [fine(CHECK, `Those of ${origin} are understood and agree with each other.`)]),
    ...found,
    ...checkReach(patient),
    ...checkAdvice(patient),
  ]
}

/** What the next deployment would change, where the settings are named. */
function checkVariables({ given, valuesFrom }: Patient, values: Values): readonly Finding[] {
  if (valuesFrom !== 'deployment' || !namesSettings(given)) return []
  const wanted = withoutSecrets(given)
  const changed = Object.keys({ ...values, ...wanted })
    .filter((name) => wanted[name] !== values[name])
    // The companion's id need not be given.
    .filter((name) => name !== 'AUTH0_CLIENT_ID' || wanted[name] !== undefined)
    .sort()
  if (changed.length === 0) return []
  return [warning(CHECK, `The LINK_… variables say otherwise of ${changed.join(', ')}.`, DEPLOY)]
}

function checkDomains(
  { domain, settings, surroundings }: Patient,
  values: Values,
): readonly Finding[] {
  const { customDomains } = surroundings
  const known = customDomains.map((one) => one.domain)
  const strange = settings.customDomains.filter((one) => !known.includes(one))
  const pending = customDomains.filter(({ ready }) => !ready)
  return [
    ...(settings.domain === domain
      ? []
      : [
          broken(
            'AUTH0_DOMAIN',
            `The Action has ${values.AUTH0_DOMAIN}, the tenant is ${domain}: the Management API is elsewhere for it.`,
            DEPLOY,
          ),
        ]),
    ...(known.includes(settings.domain)
      ? [
          broken(
            'AUTH0_DOMAIN',
            `${settings.domain} is a custom domain: the audience of the Management API is of the canonical one.`,
            `set AUTH0_DOMAIN to the canonical domain, then ${DEPLOY}`,
          ),
        ]
      : []),
    ...strange.map((one) =>
      warning(
        'CUSTOM_DOMAINS',
        `${one} is no custom domain of this tenant.`,
        change('CUSTOM_DOMAINS'),
      ),
    ),
    ...pending.map((one) =>
      note('custom domain', `${one.domain} is not verified yet.`, 'Branding > Custom Domains'),
    ),
  ]
}

function checkLists({ settings, surroundings, companion, applications, values }: Patient) {
  const { allowedConnections = [] } = settings
  const connections = surroundings.connections.map(({ name }) => name)
  const clients = listOf(values?.ALLOWED_CLIENT_IDS)
  const known = applications.map(({ clientId }) => clientId)
  return [
    ...allowedConnections
      .filter((name) => !connections.includes(name))
      .map((name) =>
        warning(
          'ALLOWED_CONNECTIONS',
          `${name} is no connection of this tenant.`,
          change('ALLOWED_CONNECTIONS'),
        ),
      ),
    ...clients
      .filter((id) => !known.includes(id))
      .map((id) =>
        warning(
          'ALLOWED_CLIENT_IDS',
          `${id} is no application of this tenant.`,
          change('ALLOWED_CLIENT_IDS'),
        ),
      ),
    ...(companion !== undefined && clients.includes(companion.clientId)
      ? [
          warning(
            'ALLOWED_CLIENT_IDS',
            'The companion is listed, and a link that it asks for is always refused.',
            change('ALLOWED_CLIENT_IDS'),
          ),
        ]
      : []),
  ]
}

export const listOf = (text = ''): readonly string[] => readList(text) ?? []

const isOff = (value: string | undefined): boolean => /^(no|false|0)$/i.test(value ?? '')

/** Only what was set on purpose can contradict. */
function checkContradictions({ settings }: Patient, values: Values): readonly Finding[] {
  const { primaryMaxAuthAgeSeconds: authAge, hintMaxAgeSeconds: hintAge } = settings
  const overruled = ['ENFORCE_EMAIL_VERIFICATION', 'ENFORCE_SECONDARY_EMAIL_VERIFICATION'].filter(
    (name) => settings.requireMatchingEmail && isOff(values[name]),
  )
  return [
    ...overruled.map((name) =>
      warning(
        name,
        'It is off, and REQUIRE_MATCHING_EMAIL demands verified e-mails all the same.',
        `set LINK_${name}=yes, or turn REQUIRE_MATCHING_EMAIL off`,
      ),
    ),
    ...(authAge !== 'off' && hintAge > authAge && values.HINT_MAX_AGE !== undefined
      ? [
          warning(
            'HINT_MAX_AGE',
            `${hintAge} s are allowed, and PRIMARY_MAX_AUTH_AGE ends it after ${authAge} s: a hint is never older than its login.`,
            change('HINT_MAX_AGE'),
          ),
        ]
      : []),
    ...(values.DEBUG !== undefined && !logs('error', values.DEBUG)
      ? [
          warning(
            'DEBUG',
            'It leaves account-linking:error out: nobody learns why a link was refused.',
            change('DEBUG'),
          ),
        ]
      : []),
    ...(logs('info', values.DEBUG) || logs('verbose', values.DEBUG)
      ? [
          note(
            'DEBUG',
            'It logs more than outcomes and errors, and the platform keeps 256 characters of it.',
            change('DEBUG'),
          ),
        ]
      : []),
  ]
}

/** One of the two has to tell one browser from another; the session is only on the way back. */
function checkPins({ settings: { pinIpAddress, pinUserAgent, pinSession } }: Patient) {
  if (pinUserAgent || pinIpAddress) return []
  return [
    warning(
      'PIN_USER_AGENT',
      `It is off, and no address is pinned: whoever is handed the nested URL links into the account that began, from any browser. ${pinSession ? 'The session that began is all that is asked for, on the way back alone.' : 'With PIN_SESSION off not even the session on the way back is asked for.'}`,
      `set LINK_PIN_USER_AGENT=yes, or LINK_PIN_IP_ADDRESS=yes, then ${DEPLOY}`,
    ),
  ]
}

/**
 * The Action's challenges count on a switch of the tenant.
 *
 * @see https://auth0.com/docs/secure/multi-factor-authentication/customize-mfa/customize-mfa-selection-universal-login
 */
function checkMfa({ settings, mfaByActions }: Patient): readonly Finding[] {
  if (settings.enforceMfa === 'no' || mfaByActions === true) return []
  const page = 'Security > Multi-factor Auth > Additional Settings'
  const name = '"Customize MFA Factors using Actions"'
  return [
    mfaByActions === undefined
      ? note(
          'ENFORCE_MFA',
          `Whether ${name} is on cannot be seen without read:tenant_settings: nobody is challenged properly where it is off.`,
          page,
        )
      : broken(
          'ENFORCE_MFA',
          `The tenant's switch ${name} is off: the second login is not challenged properly.`,
          `turn it on at ${page}`,
        ),
  ]
}

/** Each of the two lists keeps out what somebody else brings: an application, or a login of theirs. */
function checkReach({ settings, values }: Patient): readonly Finding[] {
  if (settings.allowedConnections !== undefined) return []
  if (values?.ALLOWED_CLIENT_IDS !== undefined) return []
  return [
    warning(
      'ALLOWED_CONNECTIONS',
      'Every application may ask, and every connection may be linked, one that somebody else controls and those of tomorrow as well.',
      `set LINK_ALLOWED_CONNECTIONS, or LINK_ALLOWED_CLIENT_IDS, then ${DEPLOY}`,
    ),
  ]
}

/** By the Action's own log. */
function logs(level: 'error' | 'info' | 'verbose', patterns = ''): boolean {
  let isLogged = false
  const console = {
    log() {
      isLogged = true
    },
  }
  createLog(console, patterns, toEvent({}))[level]('')
  return isLogged
}

/** What is off by default, and better on. */
const checkAdvice = ({ settings }: Patient): readonly Finding[] => [
  ...adviseReauthentication(settings),
  ...adviseVerification(settings),
  ...adviseConfirmation(settings),
]

/** @see https://auth0.com/docs/manage-users/user-accounts/user-account-linking */
function adviseReauthentication(settings: Settings): readonly Finding[] {
  return settings.primaryMaxAuthAgeSeconds === 'off'
    ? [
        warning(
          'PRIMARY_MAX_AUTH_AGE',
          'It is off. Auth0 advises to ask for the credentials of both accounts: without it an old session is enough for the primary.',
          `set LINK_PRIMARY_MAX_AUTH_AGE=600, with max_age=600 in the login of the application, then ${DEPLOY}`,
        ),
      ]
    : [
        fine(
          'PRIMARY_MAX_AUTH_AGE',
          `${settings.primaryMaxAuthAgeSeconds} s: the credentials of both accounts are asked for.`,
        ),
      ]
}

/** Somebody may have signed up with an address of somebody else's, long before. */
function adviseVerification(settings: Settings): readonly Finding[] {
  const check = 'ENFORCE_EMAIL_VERIFICATION'
  if (settings.enforceEmailVerification || settings.requireMatchingEmail)
    return [fine(check, 'Only an account whose e-mail is verified can link.')]
  return [
    warning(
      check,
      "It is off: who signs up with somebody else's address and links a login of their own still gets in when the true owner has reset the password.",
      `set LINK_${check}=yes, then ${DEPLOY}`,
    ),
  ]
}

/** @see https://datatracker.ietf.org/doc/draft-ietf-oauth-security-topics-update/ (cross-user session fixation) */
function adviseConfirmation({ confirmLink }: Settings): readonly Finding[] {
  const check = 'CONFIRM_LINK'
  if (confirmLink)
    return [fine(check, 'A link is made only when the application has confirmed it.')]
  return [
    warning(
      check,
      'It is off: a person who is handed the link of another, and logs in there with a browser that looks the same, is linked into the account of the other, unless the platform ties /continue to one browser.',
      `have the application confirm links, set LINK_${check}=yes and LINK_RESULT_CLAIM, then ${DEPLOY}`,
    ),
  ]
}
