/**
 * The workflows that check and release, and the one to copy: pinned, with no right that they do not need,
 * and made of commands that are there. Parses their files.
 */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, readText, readYaml } from './blocks.ts'

const WORKFLOWS = '.github/workflows'
const { scripts } = JSON.parse(readText('package.json'))

interface Step {
  readonly run?: string
  readonly uses?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

/** To copy: the page on deployment says where. */
const EXAMPLE = '.github/deploy/github/deploy.yml'

const FILES = [...readdirSync(join(ROOT, WORKFLOWS)).map((name) => `${WORKFLOWS}/${name}`), EXAMPLE]
const ALL = FILES.map((file) => [file, readText(file)] as const)

describe.each(ALL)('%s', (_, text) => {
  const { permissions, jobs } = readYaml(text) as Workflow
  const steps = Object.values(jobs).flatMap((job) => job.steps)

  it('names every action by its digest, with the version beside it', () => {
    const lines = text.split('\n').filter((line) => line.includes('uses:'))
    expect(lines.length).toBe(steps.filter(({ uses }) => uses).length)
    for (const line of lines)
      expect(line).toMatch(/uses: (actions|github)\/[\w/-]+@[0-9a-f]{40} # v[\d.]+$/)
  })

  it('may do nothing but what a job asks for, and write nothing where a package runs', () => {
    expect(permissions).toEqual({})
    for (const job of Object.values(jobs)) {
      expect(job.permissions).toBeDefined()
      const rights = Object.values(job.permissions ?? {})
      const runs = (text: RegExp) => job.steps.some(({ run = '' }) => text.test(run))
      if (runs(/npm (ci|run|test)|\.ci\/run/)) expect(rights).not.toContain('write')
    }
  })

  it('runs no install script where there is a secret', () => {
    for (const job of Object.values(jobs)) {
      if (!JSON.stringify(job).includes('secrets.')) continue
      for (const { run = '' } of job.steps)
        if (/npm (ci|install)/.test(run)) expect(run).toContain('--ignore-scripts')
    }
  })

  it('keeps no token in the checkout, and runs commands that are there', async () => {
    for (const { uses, with: inputs } of steps)
      if (uses?.startsWith('actions/checkout')) expect(inputs?.['persist-credentials']).toBe(false)
    for (const { run = '' } of steps)
      for (const [, name] of run.matchAll(/npm run (?:--silent )?([a-z:]+)/g))
        expect(Object.keys(scripts)).toContain(name)
  })

  it('puts nothing that somebody else can choose into a command', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{')
  })
})
