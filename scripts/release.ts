/**
 * `npm run release`: checks that the version is the same wherever it is told, and that `dist` is what the
 * sources give; then puts what a release consists of into a folder. Publishes nothing: the workflow does,
 * with the same files. Exit code 1, and one line that says what is missing.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Ending, tellFailure } from './as-process.ts'
import { checkDist } from './build.ts'
import { ROOT } from './home.ts'
import { readOptions } from './options.ts'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** The section of this version, without its heading, which may have a date after the version. */
export function readChanges(changelog: string, version: string): string {
  const [, ...sections] = changelog.split(/^## /m)
  const section = sections.find((one) => /^(\S+)( - [\d-]{10})?\n/.exec(one)?.[1] === version)
  return section?.slice(section.indexOf('\n')).trim() ?? ''
}

/** What keeps this from being a release; nothing where it is one. */
export function findProblem(version: string, tag: string | undefined): string | undefined {
  if (tag !== undefined && tag !== `v${version}`)
    return `the tag is ${tag}, package.json has the version ${version}`
  const lock = JSON.parse(read('package-lock.json')) as { readonly version: string }
  if (lock.version !== version) return `the lockfile has the version ${lock.version}: npm install`
  if (readChanges(read('.github/CHANGELOG.md'), version) === '')
    return `the changelog has no section "## ${version}"`
  return undefined
}

function pack(folder: string): void {
  const told = ['ignore', 'ignore', 'inherit'] as const
  execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: ROOT, stdio: [...told] })
}

const digestOf = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex')

function write(folder: string, version: string): void {
  mkdirSync(folder, { recursive: true })
  // What was there before would get a line among the digests.
  if (readdirSync(folder).length > 0) throw new Error(`${folder} is not empty: give another folder`)
  for (const file of ['action.js', 'action.cdx.json', 'THIRD-PARTY.txt'])
    cpSync(join(ROOT, 'dist', file), join(folder, file))
  pack(folder)
  const sums = readdirSync(folder)
    .sort()
    .map((file) => `${digestOf(join(folder, file))}  ${file}\n`)
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''))
  const changes = readChanges(read('.github/CHANGELOG.md'), version)
  const digest = `\`action.js\` has the SHA-256 \`${digestOf(join(folder, 'action.js'))}\`.`
  writeFileSync(join(folder, 'NOTES.md'), `${changes}\n\n${digest}\n`)
}

export const main = (args: readonly string[]): Promise<Ending> => tellFailure('release', run(args))

async function run(args: readonly string[]): Promise<Ending> {
  const { into, tag } = readOptions('release', args, process.env)
  const { name, version } = JSON.parse(read('package.json'))
  const problem = findProblem(version, tag)
  if (problem !== undefined) throw new Error(problem)
  await checkDist()
  if (into === undefined) {
    console.log(`${name} ${version} can be released: git tag v${version}`)
    return 0
  }
  const folder = resolve(into)
  write(folder, version)
  console.log(readFileSync(join(folder, 'SHA256SUMS'), 'utf8').trimEnd())
  return 0
}
