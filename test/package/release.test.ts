/**
 * What a release is made of: the workflow's own commands, run here as they stand there. Packs the
 * package; listens nowhere.
 */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
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

  it('has its changes told under the date of the release, with the kinds of changes', () => {
    const changes = '### Added\n\n- One.\n\n### Fixed\n\n- Another.'
    const changelog = `# Changelog\n\n## Unreleased\n\n## 1.1.0 - 2026-01-31\n\n${changes}\n\n## 1.0.0\n\n- First.\n`
    expect(readChanges(changelog, '1.1.0')).toBe(changes)
    expect(readChanges(changelog, 'Unreleased')).toBe('')
  })
})

interface Step {
  readonly run?: string
  readonly uses?: string
  readonly 'working-directory'?: string
}

interface Job {
  readonly needs?: string | readonly string[]
  readonly steps: readonly Step[]
}

const { jobs } = readYaml(await read('.github/workflows/release.yml')) as {
  readonly jobs: Readonly<Record<'build' | 'again' | 'publish', Job>>
}

const sh = (text: string, cwd: string) =>
  promisify(execFile)('bash', ['-e', '-c', text], {
    cwd,
    env: { ...process.env, GITHUB_REF_NAME: `v${version}` },
  })

/** Makes the files of a release into this folder, by the command of this job. */
async function make(job: 'build' | 'again', folder: string): Promise<void> {
  const { run = '' } = jobs[job].steps.find((step) => step.run?.includes('npm run release')) ?? {}
  expect(run).toMatch(/ --into \w+$/)
  await sh(run.replace(/ --into \w+$/, ` --into '${folder}'`), ROOT)
}

const attested = jobs.publish.steps.findIndex(({ uses = '' }) => uses.includes('actions/attest@'))
const comparisons = jobs.publish.steps.slice(0, attested).filter(({ run }) => run !== undefined)

/** A checkout as the publishing job has it: what the tag holds, and what the two others made. */
async function checkOut(release: string, again: string): Promise<string> {
  const folder = await makeFolder()
  const left = ['.git', 'node_modules', 'dist/lib'].map((path) => join(ROOT, path))
  await cp(ROOT, folder, { recursive: true, filter: (path) => !left.includes(path) })
  await cp(release, join(folder, 'release'), { recursive: true })
  await cp(again, join(folder, 'again'), { recursive: true })
  return folder
}

/** Runs what stands before the attestation, as it stands there. */
async function compare(checkout: string): Promise<void> {
  for (const { run = '', 'working-directory': folder = '.' } of comparisons)
    await sh(run, join(checkout, folder))
}

const TARBALL = `client-initiated-account-linking-${version}.tgz`

const SUMS = 'sha256sum *.txt *.json *.js *.tgz > SHA256SUMS'

/** Somebody changes the package, and the digests with it. */
async function repack(folder: string, change: string): Promise<void> {
  const name = await makeFolder()
  await sh(
    `tar --extract --gzip --file '${folder}/${TARBALL}' && ${change} && tar --create --gzip --file '${folder}/${TARBALL}' *`,
    name,
  )
  await sh(SUMS, folder)
}

describe('the release', { timeout: 240_000 }, () => {
  let release = ''
  let again = ''

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'releases-'))
    release = join(folder, 'release')
    again = join(folder, 'again')
    await make('build', release)
    await make('again', again)
  }, 240_000)

  afterAll(() => rm(dirname(release), { recursive: true }))

  it('has the files that its workflow publishes, and their digests', async () => {
    const files = await readdir(release)
    const digests = await readFile(join(release, 'SHA256SUMS'), 'utf8')
    const named = digests
      .trim()
      .split('\n')
      .map((line) => line.split('  ')[1])
    expect(named).toEqual(['THIRD-PARTY.txt', 'action.cdx.json', 'action.js', TARBALL])
    expect(files.sort()).toEqual([...named, 'NOTES.md', 'SHA256SUMS'].sort())
    const { run: create = '' } =
      jobs.publish.steps.find(({ run }) => run?.startsWith('gh release create')) ?? {}
    for (const file of [...named, 'NOTES.md', 'SHA256SUMS'])
      expect(create).toContain(file === TARBALL ? '*.tgz' : file)

    const action = await readFile(join(release, 'action.js'), 'utf8')
    expect(action).toBe(await read('dist/action.js'))
    expect(action).toMatch(new RegExp(`^/\\*! client-initiated-account-linking ${version} `))
    const digest = createHash('sha256').update(action).digest('hex')
    expect(await readFile(join(release, 'NOTES.md'), 'utf8')).toContain(digest)
  })

  it('is made twice, compared with itself and with the tag, and only then attested', async () => {
    expect(jobs.publish.needs).toEqual(['build', 'again'])
    expect(jobs.again.needs).toBeUndefined()
    await compare(await checkOut(release, again))
  })

  it.each([
    {
      what: 'a package of which one job made something else',
      change: (folder: string) => repack(folder, 'echo "//" >> package/dist/lib/scripts/bin.js'),
      alike: false,
      by: 'diff --recursive',
    },
    {
      what: 'a package with another Action than the tag',
      change: (folder: string) => repack(folder, 'echo "//" >> package/dist/action.js'),
      by: 'find .',
    },
    {
      what: 'a package with a file that the tag has not',
      change: (folder: string) => repack(folder, 'echo "//" > package/more.js'),
      by: 'find .',
    },
    {
      what: 'a package with a second folder, which npm would lay over the first',
      change: (folder: string) => repack(folder, 'mkdir z && cp package/README.md z'),
      by: 'mkdir unpacked',
    },
    {
      what: 'another Action than the tag',
      change: (folder: string) => sh(`echo "//" >> action.js && ${SUMS}`, folder),
      by: 'cmp "dist/$file"',
    },
    {
      what: 'digests of something else',
      change: (folder: string) => sh('echo "//" >> action.js', folder),
      by: 'sha256sum --check',
    },
  ])('is not attested with $what', async ({ change, alike = true, by }) => {
    const checkout = await checkOut(release, again)
    await change(join(checkout, 'release'))
    if (alike) {
      await rm(join(checkout, 'again'), { recursive: true })
      await cp(join(checkout, 'release'), join(checkout, 'again'), { recursive: true })
    }

    await expect(compare(checkout)).rejects.toThrow(by)
  })

  it('is not made over what is there', async () => {
    const outcome = promisify(execFile)(process.execPath, [
      join(ROOT, 'scripts/run.js'),
      'release',
      '--into',
      ROOT,
    ])
    await expect(outcome).rejects.toThrow(/is not empty/)
  })
})
