/**
 * What a rehearsal found, held against how the Action is set: `doctor --rehearsal FILE`. Pure.
 */
import { adviceFor } from '../../rehearse/advice.ts'
import type { KeptRehearsal } from '../../rehearse/file.ts'
import { FACT_NAMES, FACTS, type Fact, type FactName } from '../../rehearse/verdict.ts'
import { sha256 } from '../digest.ts'
import { broken, DEPLOY, type Finding, fine, note, type Patient, warning } from './finding.ts'

const CHECK = 'rehearsal'
/** The package has no such command. */
const REHEARSE = 'npm run rehearse, in the repository of the Action'
const MAX_AGE_DAYS = 180
const MS_PER_DAY = 86_400_000

export function checkRehearsal(
  patient: Patient,
  rehearsal: KeptRehearsal,
  nowMs: number,
): readonly Finding[] {
  const isHere = /^(localhost|127\.0\.0\.1)(:|$)/.test(patient.domain)
  if (rehearsal.tenant === 'local' && !isHere)
    return [
      warning(
        CHECK,
        'it was of the local tenant, whose answers are made up: nothing of it is taken for this one',
        `${REHEARSE}, with a tenant for development`,
      ),
    ]
  const found = FACT_NAMES.flatMap((name) => {
    const fact = rehearsal.facts.get(name)
    return fact === undefined ? [] : (judge(fact, rehearsal, patient) ?? [])
  })
  const all = [...ofAge(patient, rehearsal, nowMs), ...found]
  const reason = 'its answers agree with how the Action is set'
  return all.some(({ level }) => level !== 'note') ? all : [...all, fine(CHECK, reason)]
}

function ofAge(
  { code }: Patient,
  { action, at }: KeptRehearsal,
  nowMs: number,
): readonly Finding[] {
  const days = Math.floor((nowMs - Date.parse(at)) / MS_PER_DAY)
  return [
    ...(days > MAX_AGE_DAYS ? [note(CHECK, `it is ${days} days old`, REHEARSE)] : []),
    ...(sha256(code).startsWith(action)
      ? []
      : [note(CHECK, 'it was of another version of the Action', REHEARSE)]),
  ]
}

/** No link can be made where one of them is not so, whatever is set. */
const NEEDED: readonly FactName[] = [
  'request_is_new',
  'metadata_kept',
  'nested_claim',
  'nested_auth_time',
  'nested_nonce',
]

const SESSION: readonly FactName[] = ['hint_has_sid', 'sid_is_session', 'session_kept']

function judge(fact: Fact, rehearsal: KeptRehearsal, { settings, surroundings }: Patient) {
  const { verdict } = fact
  if (fact.fact === 'continue_bound' && verdict !== 'yes')
    return settings.confirmLink ? undefined : warning(...tell(fact, 'CONFIRM_LINK=yes'))
  if (verdict !== 'no') return undefined
  if (NEEDED.includes(fact.fact)) return broken(...tell(fact))
  if (SESSION.includes(fact.fact))
    return settings.pinSession
      ? broken(...tell(fact, 'PIN_SESSION=no', 'CONFIRM_LINK=yes'))
      : undefined
  switch (fact.fact) {
    case 'link_made':
      return broken(...tell(fact))
    case 'result_claim':
      return settings.confirmLink ? broken(...tell(fact)) : note(...tell(fact))
    case 'confirm_front':
    case 'confirm_back': {
      if (!settings.confirmLink) return undefined
      const isNone = verdictOf(rehearsal, 'confirm_front') === 'no'
      return isNone && verdictOf(rehearsal, 'confirm_back') === 'no'
        ? broken(...tell(fact, 'CONFIRM_LINK=no'))
        : note(...tell(fact))
    }
    case 'unlink_made':
      return settings.allowUnlink ? warning(...tell(fact, 'ALLOW_UNLINK=no')) : undefined
    case 'nested_parameters':
      return settings.nestedParams.length > 0 ? broken(...tell(fact)) : note(...tell(fact))
    case 'nested_mfa':
      return settings.enforceMfa === 'no' ? undefined : warning(...tell(fact))
    case 'custom_domain_link':
      return surroundings.customDomains.length > 0 ? warning(...tell(fact)) : undefined
    default:
      return adviceFor(fact) === undefined ? undefined : note(...tell(fact))
  }
}

const verdictOf = ({ facts }: KeptRehearsal, name: FactName) => facts.get(name)?.verdict

/** Check, reason and what mends it; settings as the variables of a deployment. */
function tell(fact: Fact, ...settings: readonly string[]): [string, string, string] {
  const [number, sentence] = FACTS[fact.fact]
  const { follows = '' } = adviceFor(fact) ?? {}
  const variables = settings.map((one) => `LINK_${one}`).join(' ')
  return [
    CHECK,
    `question ${number}, ${sentence}: ${fact.verdict} (${fact.evidence})`,
    [follows, variables === '' ? '' : `${variables}, and ${DEPLOY}`].filter(Boolean).join(' '),
  ]
}
