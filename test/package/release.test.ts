/**
 * What a release is made of: the workflow's own commands, run here as they stand there. Packs the
 * package; listens nowhere.
 */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { findProblem, readChanges } from '../../scripts/release.ts'
import { readYaml } from '../readme/blocks.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string) => readFile(join(ROOT, path), 'utf8')
const { version } = JSON.parse(await read('package.json'))

const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'release-'))
  folders.push(folder)
  return folder
}

describe('a version', () => {
  it('can be released, as everything that tells it agrees', () => {
    expect(findProblem(version, undefined)).toBeUndefined()
    expect(findProblem(version, `v${version}`)).toBeUndefined()
  })

  it.each([
    ['another tag', version, 'v99.0.0', /the tag is v99\.0\.0/],
    ['a tag without its v', version, version, /the tag is/],
    ['a version that only package.json has', '99.0.0', 'v99.0.0', /the lockfile has the version/],
  ])('is refused with %s', (_, one, tag, problem) => {
    expect(findProblem(one, tag)).toMatch(problem)
  })

  it('has its changes told, up to the version before', () => {
    const changelog = '# Changelog\n\n## 1.1.0\n\n- Later.\n\n## 1.0.0\n\n- First.\n'
    expect(readChanges(changelog, '1.1.0')).toBe('- Later.')
    expect(readChanges(changelog, '1.0.0')).toBe('- First.')
    expect(readChanges(changelog, '1.0')).toBe('')
  })
})

interface Workflow {
  readonly jobs: Readonly<
    Record<'build' | 'publish', { readonly steps: readonly { readonly run?: string }[] }>
  >
}

describe('the release', { timeout: 120_000 }, () => {
  it('has the files that its workflow publishes, and their digests', async () => {
    const folder = await makeFolder()
    const { jobs } = readYaml(await read('.github/workflows/release.yml')) as Workflow
    const command = jobs.build.steps.find(({ run }) => run?.includes('npm run release'))?.run ?? ''
    const env = { ...process.env, GITHUB_REF_NAME: `v${version}` }
    const run = (text: string, cwd: string) => promisify(execFile)('sh', ['-c', text], { cwd, env })

    await run(command.replace('--into release', `--into '${folder}'`), ROOT)

    const publish = jobs.publish.steps.map(({ run: text = '' }) => text)
    const check = publish.find((text) => text.startsWith('sha256sum')) ?? ''
    await expect(run(check, folder)).resolves.toBeDefined()
    const tarball = `client-initiated-account-linking-${version}.tgz`
    const files = await readdir(folder)
    const digests = await readFile(join(folder, 'SHA256SUMS'), 'utf8')
    const named = digests
      .trim()
      .split('\n')
      .map((line) => line.split('  ')[1])
    expect(named).toEqual(['THIRD-PARTY.txt', 'action.cdx.json', 'action.js', tarball])
    expect(files.sort()).toEqual([...named, 'NOTES.md', 'SHA256SUMS'].sort())
    const create = publish.find((text) => text.startsWith('gh release create')) ?? ''
    for (const file of [...named, 'NOTES.md', 'SHA256SUMS'])
      expect(create).toContain(file === tarball ? '*.tgz' : file)

    const action = await readFile(join(folder, 'action.js'), 'utf8')
    expect(action).toBe(await read('dist/action.js'))
    expect(action).toMatch(new RegExp(`^/\\*! client-initiated-account-linking ${version} `))
    const digest = createHash('sha256').update(action).digest('hex')
    expect(await readFile(join(folder, 'NOTES.md'), 'utf8')).toContain(digest)
  })

  it('is not made over what is there', async () => {
    const outcome = promisify(execFile)(process.execPath, [
      join(ROOT, 'scripts/release.ts'),
      '--into',
      ROOT,
    ])
    await expect(outcome).rejects.toThrow(/is not empty/)
  })
})
