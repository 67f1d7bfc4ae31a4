/** What a rehearsal found changes what the doctor says, by how the Action is set. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Level, Patient } from '../../scripts/deploy/checks/finding.ts'
import { checkRehearsal } from '../../scripts/deploy/checks/rehearsal.ts'
import { sha256 } from '../../scripts/deploy/digest.ts'
import { type KeptRehearsal, readRehearsal, toDocument } from '../../scripts/rehearse/file.ts'
import {
  FACT_NAMES,
  type FactName,
  QUESTIONS,
  toAnswer,
  type Verdict,
} from '../../scripts/rehearse/verdict.ts'
import { action, CODE, patient, surroundings } from './fixtures.ts'
import { workFolder } from './processes.ts'
import { startBench } from './tenant.ts'

const NOW_MS = Date.parse('2026-03-02T12:00:00Z')

type Verdicts = Partial<Record<FactName, Verdict>>

/** All of it yes, but for these. */
function documentOf(verdicts: Verdicts, about: Partial<KeptRehearsal> = {}): string {
  const facts = FACT_NAMES.map((fact) => ({
    fact,
    verdict: verdicts[fact] ?? ('yes' as const),
    evidence: 'as it was seen',
  }))
  const answers = QUESTIONS.map(({ number }) => toAnswer(number, facts, ''))
  const given = { action: sha256(CODE).slice(0, 12), tenant: 'live' as const, ...about }
  const rehearsal = { at: '2026-03-01T00:00:00Z', browser: 'Chromium 140', ...given, answers }
  return JSON.stringify(toDocument(rehearsal, {}))
}

function findings(verdicts: Verdicts, values: Partial<Patient> = {}, about = {}) {
  const kept = readRehearsal(documentOf(verdicts, about))
  if ('problem' in kept) throw new Error(kept.problem)
  return checkRehearsal(patient({ ...set({}), ...values }), kept, NOW_MS)
}

/** Links are not confirmed, unless a row says so. */
const set = (settings: Partial<Patient['settings']>): Partial<Patient> => ({
  settings: { ...patient().settings, confirmLink: false, ...settings },
})

describe('the doctor with a rehearsal', () => {
  it('finds it fine where all answers are as the Action would have them', () => {
    expect(findings({})).toEqual([expect.objectContaining({ level: 'fine', check: 'rehearsal' })])
  })

  it.each<[string, Verdicts, Partial<Patient>, Level, RegExp]>([
    ['session replaced', { session_kept: 'no' }, {}, 'broken', /LINK_PIN_SESSION=no/],
    ['no sid', { hint_has_sid: 'no' }, {}, 'broken', /LINK_PIN_SESSION=no/],
    ['no sid, not pinned', { hint_has_sid: 'no' }, set({ pinSession: false }), 'fine', /^$/],
    ['not bound', { continue_bound: 'no' }, {}, 'warning', /LINK_CONFIRM_LINK=yes/],
    ['bound: nobody knows', { continue_bound: 'could not tell' }, {}, 'warning', /CONFIRM_LINK/],
    ['not bound, confirmed', { continue_bound: 'no' }, set({ confirmLink: true }), 'fine', /^$/],
    ['no nested claim', { nested_claim: 'no' }, {}, 'broken', /cannot work/],
    ['no metadata', { metadata_kept: 'no' }, {}, 'broken', /binding_mismatch/],
    ['no link', { link_made: 'no' }, {}, 'broken', /do not work/],
    ['no result claim', { result_claim: 'no' }, {}, 'note', /nothing of the result/],
    ['none to confirm by', { result_claim: 'no' }, set({ confirmLink: true }), 'broken', /cannot/],
    [
      'no way to confirm',
      { confirm_front: 'no', confirm_back: 'no' },
      set({ confirmLink: true }),
      'broken',
      /CONFIRM_LINK=no/,
    ],
    ['one way', { confirm_back: 'no' }, set({ confirmLink: true }), 'note', /without a page/],
    ['no unlink', { unlink_made: 'no' }, {}, 'warning', /LINK_ALLOW_UNLINK=no/],
    [
      'parameters not seen',
      { nested_parameters: 'no' },
      set({ nestedParams: [['prompt', 'login']] }),
      'broken',
      /NESTED_PARAMS/,
    ],
    ['no factor', { nested_mfa: 'no' }, set({ enforceMfa: 'enrolled' }), 'warning', /ENFORCE_MFA/],
    ['no factor, none wanted', { nested_mfa: 'no' }, {}, 'fine', /^$/],
    [
      'a custom domain',
      { custom_domain_link: 'no' },
      {
        surroundings: { ...surroundings(), customDomains: [{ domain: 'id.example', ready: true }] },
      },
      'warning',
      /canonical domain only/,
    ],
    ['400 for a link that is there', { linked_again_409: 'no' }, {}, 'note', /already_linked/],
  ])('%s', (_, verdicts, values, level, mend) => {
    const [first] = findings(verdicts, values)

    expect(first?.level).toBe(level)
    expect(first?.mend ?? '').toMatch(mend)
  })

  it('takes nothing of the local tenant for another one', () => {
    const [first, ...rest] = findings({ link_made: 'no' }, {}, { tenant: 'local' })

    expect(first?.level).toBe('warning')
    expect(first?.reason).toMatch(/made up/)
    expect(rest).toEqual([])
  })

  it.each([
    ['is old', { at: '2025-01-01T00:00:00Z' }, /days old/],
    ['was of another Action', { action: '0123456789ab' }, /another version/],
  ])('notes that it %s', (_, about, reason) => {
    const [first] = findings({}, {}, about)

    expect(first).toMatchObject({ level: 'note', reason: expect.stringMatching(reason) })
  })

  it.each([
    ['that is none', 'no JSON'],
    ['of another format', JSON.stringify({ rehearsal: 2 })],
    [
      'with a verdict that there is not',
      documentOf({}).replace('"yes","evidence"', '"perhaps","evidence"'),
    ],
    ['with a fact that there is not', documentOf({}).replace('link_made', 'made_up')],
    ['without a date', documentOf({}).replace('2026-03-01T00:00:00Z', 'once')],
  ])('refuses a file %s', (_, text) => {
    expect(readRehearsal(text)).toHaveProperty('problem')
  })
})

describe('the command doctor --rehearsal', () => {
  it('tells what follows, and fails for what is broken', async () => {
    const bench = await startBench()
    await bench.run(['--provision'])
    const file = join(workFolder(), 'rehearsal.json')
    await writeFile(file, documentOf({ session_kept: 'no' }, { tenant: 'live' }))

    const ran = await bench.examine(['--rehearsal', file, '--json'])

    expect(ran.code).toBe(1)
    expect(JSON.parse(ran.stdout).findings).toContainEqual(
      expect.objectContaining({ level: 'broken', check: 'rehearsal' }),
    )
    const missing = await bench.examine(['--rehearsal', `${file}.not`])
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('rehearse again') })
  })
})

it('an example is of the Action that the fixtures have', () => {
  expect(patient().code).toBe(CODE)
  expect(action().code).toBe(CODE)
})
