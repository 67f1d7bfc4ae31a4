/** What GitHub reads beside the workflows: updates, issue forms, owners. Parses their files. */

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { ROOT, readText, readYaml } from './blocks.ts'

interface Update {
  readonly 'package-ecosystem': string
  readonly directory?: string
  readonly directories?: readonly string[]
  readonly ignore?: readonly {
    readonly 'dependency-name': string
    readonly 'update-types'?: readonly string[]
  }[]
}

describe('Dependabot', () => {
  const { version, updates } = readYaml(readText('.github/dependabot.yml')) as {
    readonly version: number
    readonly updates: readonly Update[]
  }
  const of = (ecosystem: string) =>
    updates.find((update) => update['package-ecosystem'] === ecosystem)

  it('proposes new versions of packages, and new digests wherever an action is named', () => {
    expect(version).toBe(2)
    expect(updates.map((update) => update['package-ecosystem'])).toEqual(['npm', 'github-actions'])
    expect(of('npm')?.directory).toBe('/')
    // For `/` it reads .github/workflows, elsewhere the folder itself.
    const folders = of('github-actions')?.directories ?? []
    expect(folders).toEqual(['/', '/.github/deploy/github'])
    for (const folder of folders) expect(existsSync(join(ROOT, folder))).toBe(true)
  })

  it('stays at the major version of Node that Actions run on', () => {
    const { devDependencies } = JSON.parse(readText('package.json'))
    for (const name of ['node', '@types/node']) {
      expect(devDependencies[name]).toMatch(/^22\./)
      expect(of('npm')?.ignore).toContainEqual({
        'dependency-name': name,
        'update-types': ['version-update:semver-major'],
      })
    }
  })
})

test('every action is at one digest, here and in the workflow to copy', () => {
  const folders = ['.github/workflows', '.github/deploy/github']
  const texts = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((file) => readText(`${folder}/${file}`)),
  )
  const used = new Set(texts.join('\n').match(/(?<=uses: ).+/g))
  // `github/codeql-action/init` and `/analyze` are of one repository.
  const versions = [...used].map((one) => one.replace(/^([\w-]+\/[\w-]+)[^@]*/, '$1'))
  const names = new Set(versions.map((one) => one.split('@')[0]))
  expect(new Set(versions).size).toBe(names.size)
})

interface Form {
  readonly name: string
  readonly description: string
  readonly body: readonly {
    readonly type: string
    readonly id?: string
    readonly attributes: { readonly label?: string; readonly value?: string }
  }[]
}

const FORMS = '.github/ISSUE_TEMPLATE'
const forms = readdirSync(join(ROOT, FORMS)).filter((file) => file !== 'config.yml')

describe.each(forms)('the issue form %s', (file) => {
  const { name, description, body } = readYaml(readText(`${FORMS}/${file}`)) as Form

  it('sends vulnerabilities to where they are private, before anything else', () => {
    const [first] = body
    expect(first?.type).toBe('markdown')
    expect(first?.attributes.value).toContain('*Security > Report a vulnerability*')
    expect(readText('.github/SECURITY.md')).toContain('*Security > Report a vulnerability*')
  })

  it('has a name, and fields with an id and a label of their own', () => {
    expect([name, description].every(Boolean)).toBe(true)
    const fields = body.filter(({ type }) => type !== 'markdown')
    expect(fields.length).toBeGreaterThan(0)
    for (const { type } of fields) expect(['input', 'dropdown', 'textarea']).toContain(type)
    for (const read of [
      fields.map(({ id }) => id),
      fields.map(({ attributes: { label } }) => label),
    ])
      expect(new Set(read.filter(Boolean)).size).toBe(fields.length)
  })
})

test('there is no issue without a form', () => {
  expect(forms.sort()).toEqual(['bug.yml', 'question.yml'])
  expect(readYaml(readText(`${FORMS}/config.yml`))).toEqual({ blank_issues_enabled: false })
})

test('every place that the template for owners names is there', () => {
  const lines = readText('.github/CODEOWNERS').matchAll(/^# (\/\S+) @OWNER$/gm)
  const places = [...lines].map(([, place = '']) => place)
  expect(places.length).toBeGreaterThan(3)
  for (const place of places) expect(existsSync(join(ROOT, place)), place).toBe(true)
})

describe('the changelog', () => {
  const [, ...versions] = readText('.github/CHANGELOG.md').split(/^## /m)

  it('has every version under its number, the present one among them', () => {
    const { version } = JSON.parse(readText('package.json'))
    const names = versions.map((section) => section.split(/[ \n]/, 1)[0])
    expect(names[0]).toBe('Unreleased')
    expect(names).toContain(version)
    for (const name of names.slice(1)) expect(name).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('has changes by their kind, in the order of Keep a Changelog', () => {
    const kinds = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']
    for (const section of versions) {
      const found = [...section.matchAll(/^### (.+)$/gm)].map(([, kind = '']) => kind)
      expect(found).toEqual(kinds.filter((kind) => found.includes(kind)))
    }
  })
})
