/**
 * The command `doctor`: checks a live tenant, reading only, and tells for each finding the reason and what
 * mends it. Exit code 0 where links work, 1 where something is broken, 2 where it could not look.
 */
import { readFile } from 'node:fs/promises'
import { readActionFile } from './deploy/action-file.ts'
import type { Finding, Level, Patient } from './deploy/checks/finding.ts'
import { checkRehearsal } from './deploy/checks/rehearsal.ts'
import { isRefusal, readDoctorConfig, type Variables } from './deploy/config.ts'
import { DOCTOR_SCOPES, diagnose, examine } from './deploy/diagnose.ts'
import { openManagement } from './deploy/management.ts'
import { CUSTOM_DOMAIN, Problem } from './deploy/problems.ts'
import { createFilter, messageOf } from './deploy/report.ts'
import { requireScopes } from './deploy/run.ts'
import { painter, wantsColour } from './deploy/text-report.ts'
import type { Terminal } from './deploy.ts'
import type { Home } from './home.ts'
import { readRehearsal } from './rehearse/file.ts'
import { wrap } from './wrap.ts'

export interface DoctorEnvironment {
  readonly build: Home['actionCode']
}

export async function main(
  args: readonly string[],
  variables: Variables,
  { stdout, stderr }: Terminal,
  { build }: DoctorEnvironment,
): Promise<number> {
  const { hide, cut, tell, tellCut, cleanJson } = createFilter()
  const paint = painter(wantsColour(stdout, variables))
  const tellFinding = ({ level, check, reason, mend }: Finding): Finding => ({
    level,
    check: tell(check),
    reason: tell(reason),
    mend: mend && tell(mend),
  })
  const config = readDoctorConfig(args, variables)
  try {
    if (isRefusal(config)) throw new Problem(config.problem)
    for (const secret of config.secrets) hide(secret)
    const onWait = (waitMs: number, why: string) =>
      stderr.write(`… ${tell(why)}: again in ${(waitMs / 1_000).toFixed(1)} s\n`)
    const judge = config.rehearsal === undefined ? undefined : await readFindings(config.rehearsal)
    const management = openManagement(config.credentials, { onWait }, hide)
    const scopes = await management.readScopes()
    requireScopes(scopes, DOCTOR_SCOPES)
    const code = await (config.file === undefined
      ? build({ write: false })
      : readActionFile(config.file))
    const patient = await examine(management, { ...config, code }, scopes)
    hide(patient.companion?.clientSecret ?? '')
    const { customDomains } = patient.surroundings
    if (customDomains.some((one) => one.domain === patient.domain)) throw new Problem(CUSTOM_DOMAIN)
    const findings = [...diagnose(patient), ...(judge?.(patient) ?? [])]
    const { domain, actionName } = patient
    const ok = !findings.some(({ level }) => level === 'broken')
    const text = config.json
      ? cleanJson({ command: 'doctor', tenant: domain, action: actionName, ok, findings })
      : toText(tell(`${actionName} → ${domain}`), findings.map(tellFinding), paint, stdout.columns)
    stdout.write(`${text}\n`)
    return ok ? 0 : 1
  } catch (error) {
    const message = messageOf(error)
    if (args.includes('--json'))
      stdout.write(`${cleanJson({ command: 'doctor', ok: false, error: cut(message) })}\n`)
    stderr.write(`${paint('red', '✗')} ${tellCut(message)}\n`)
    return 2
  }
}

/** What a rehearsal says of a tenant, by its file. */
async function readFindings(file: string) {
  const text = await readFile(file, 'utf8').catch(() => '')
  const kept = readRehearsal(text)
  if (isRefusal(kept)) throw new Problem(`--rehearsal ${file}: ${kept.problem}`)
  return (patient: Patient) => checkRehearsal(patient, kept, Date.now())
}

const count = (findings: readonly Finding[], level: Level): number =>
  findings.filter((finding) => finding.level === level).length

const MARKS = {
  broken: ['red', '✗'],
  warning: ['yellow', '!'],
  note: ['cyan', '·'],
  fine: ['green', '✓'],
} as const

function toText(
  whom: string,
  findings: readonly Finding[],
  paint: ReturnType<typeof painter>,
  columns = 80,
): string {
  const width = Math.min(columns, 100)
  const lines = [paint('bold', `doctor ${whom}`), '']
  for (const { level, check, reason, mend } of findings) {
    const [first = '', ...rest] = wrap(`${check}: ${reason}`, width - 4)
    const [colour, mark] = MARKS[level]
    lines.push(`  ${paint(colour, mark)} ${first}`, ...rest.map((one) => `    ${one}`))
    const [cure, ...more] = mend === undefined ? [] : wrap(mend, width - 6)
    if (cure !== undefined)
      lines.push(`    ${paint('bold', '→')} ${cure}`, ...more.map((one) => `      ${one}`))
  }
  const broken = count(findings, 'broken')
  const warnings = count(findings, 'warning')
  const plural = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`
  const verdict =
    broken === 0
      ? `Links work, as far as can be seen from here: ${plural(warnings, 'warning')}.`
      : `${plural(broken, 'thing')} broken, ${plural(warnings, 'warning')}.`
  return [...lines, '', verdict].join('\n')
}
