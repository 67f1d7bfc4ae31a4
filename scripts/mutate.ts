/**
 * `npm run mutate`: breaks the source in a copy, one way at a time, builds the bundle there, and runs
 * the tests that have to notice. Writes below the system's temporary folder only. Fails when a change
 * survives, when its tests take too long, when its text is no longer found, or when a function that
 * checks or verifies has none.
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Ending, tellFailure } from './as-process.ts'
import { ROOT } from './home.ts'
import { type Mutation as Listed, MUTATIONS } from './mutate/mutations.ts'
import { readOptions } from './options.ts'

const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')
const COPIED = [
  'src',
  'test',
  'scripts',
  'dist',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'vitest.config.ts',
]
const MAX_RUN_MS = 120_000
const MAX_LANES = 4

interface Finished {
  /** `undefined`: it took too long. */
  readonly code: number | undefined
  readonly output: string
}

function startNode(folder: string, args: readonly string[]): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: MAX_RUN_MS,
      env: { ...process.env, NO_COLOR: '1', CI: '1' },
    })
    let output = ''
    const keep = (chunk: Buffer) => {
      output += chunk
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? undefined, output }))
  })
}

interface Report {
  readonly numFailedTests: number
  readonly numPassedTests: number
}

interface Tested {
  readonly failed: number
  readonly passed: number
  readonly inTime: boolean
}

/** Runs a test file, or the tests in it that have this in their names, until one fails. */
async function runTests(folder: string, file: string, only?: string): Promise<Tested> {
  const outputFile = join(folder, 'report.json')
  await rm(outputFile, { force: true })
  const filter = only === undefined ? [] : ['-t', only.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')]
  const options = ['--bail=1', '--maxWorkers=1', '--reporter=json', `--outputFile=${outputFile}`]
  const { code, output } = await startNode(folder, [
    VITEST,
    'run',
    '--project',
    'fast',
    `test/${file}`,
    ...options,
    ...filter,
  ])
  if (code === undefined) return { failed: 0, passed: 0, inTime: false }
  const text = await readFile(outputFile, 'utf8').catch(() => undefined)
  if (text === undefined) throw new Error(`the tests did not run: ${lastLine(output)}`)
  const { numFailedTests: failed, numPassedTests: passed } = JSON.parse(text) as Report
  return { failed, passed, inTime: true }
}

const lastLine = (output: string): string => output.trim().split('\n').at(-1) ?? 'no output'

/** A copy that can be broken: packages are linked, everything else is its own. */
async function copyProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mutate-'))
  for (const name of COPIED) await cp(join(ROOT, name), join(folder, name), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir')
  return folder
}

/** Builds in this process, whose bundler is warm; the copy's own script knows the copy. */
async function buildBundle(folder: string): Promise<void> {
  const script = pathToFileURL(join(folder, 'scripts/build.ts')).href
  const { build }: typeof import('./build.ts') = await import(script)
  await build()
}

/** One that makes its test wait for ever says so. */
type Mutation = Listed & { readonly hangs?: true }

type Verdict = 'killed' | 'timed out' | 'SURVIVED' | 'BROKEN'

interface Tried {
  readonly mutation: Mutation
  readonly verdict: Verdict
  readonly seconds: number
  readonly why: string | undefined
}

async function attempt(folder: string, mutation: Mutation): Promise<Tried> {
  const { file, find, replace, test, only, hangs } = mutation
  const path = join(folder, 'src', file)
  const original = await readFile(path, 'utf8')
  const startedAtMs = Date.now()
  const end = (verdict: Verdict, why?: string): Tried => ({
    mutation,
    verdict,
    seconds: (Date.now() - startedAtMs) / 1_000,
    why,
  })
  try {
    await writeFile(
      path,
      original.replaceAll(find, () => replace),
    )
    await buildBundle(folder)
    const { failed, passed, inTime } = await runTests(folder, test, only)
    if (!inTime) return hangs ? end('timed out') : end('BROKEN', 'the tests took too long')
    if (failed > 0) return end('killed')
    return passed === 0 ? end('BROKEN', 'no test has that name') : end('SURVIVED')
  } catch (error) {
    return end('BROKEN', error instanceof Error ? error.message : String(error))
  } finally {
    await writeFile(path, original)
  }
}

/** What is wrong with the list itself, one line each. */
async function readProblems(mutations: readonly Mutation[]): Promise<readonly string[]> {
  const problems: string[] = []
  const names = new Set<string>()
  const covered = new Set<string>()
  const checks = new Set<string>()
  for (const file of await readdir(join(ROOT, 'src'), { recursive: true })) {
    if (!file.endsWith('.ts')) continue
    const text = await readFile(join(ROOT, 'src', file), 'utf8')
    const functions = readChecks(text)
    for (const { name } of functions) checks.add(name)
    for (const mutation of mutations.filter((one) => one.file === file)) {
      const at = text.indexOf(mutation.find)
      if (at < 0) problems.push(`${file}: "${mutation.name}": its text is no longer found`)
      const inside = functions.find(({ from, to }) => from <= at && at < to)
      if (inside !== undefined) covered.add(inside.name)
      if (names.has(mutation.name)) problems.push(`two mutations are named "${mutation.name}"`)
      names.add(mutation.name)
    }
  }
  for (const { file, name } of mutations) {
    if (!names.has(name)) problems.push(`${file}: "${name}": there is no such file`)
  }
  for (const name of checks) {
    if (!covered.has(name)) problems.push(`${name} has no mutation`)
  }
  return problems
}

/** The functions of a file that check or verify, and where they begin and end. */
function readChecks(text: string) {
  return [...text.matchAll(/^(?:export )?(?:async )?function ((?:check|verify)\w*)/gm)].map(
    ({ 1: name = '', index }) => ({ name, from: index, to: text.indexOf('\n}\n', index) }),
  )
}

/** What has to be green before it can turn red. */
async function checkBaseline(folder: string, mutations: readonly Mutation[]): Promise<void> {
  await buildBundle(folder)
  for (const file of new Set(mutations.map(({ test }) => test))) {
    const { failed, passed } = await runTests(folder, file)
    if (failed > 0 || passed === 0) throw new Error(`test/${file} is not green before any change`)
  }
}

export const main = (args: readonly string[]): Promise<Ending> => tellFailure('mutate', run(args))

async function run(args: readonly string[]): Promise<Ending> {
  const { only = '' } = readOptions('mutate', args, process.env)
  const chosen = MUTATIONS.filter(({ name }) => name.includes(only))
  if (chosen.length === 0) throw new Error(`no mutation has "${only}" in its name`)
  const problems = await readProblems(MUTATIONS)
  if (problems.length > 0) {
    for (const problem of problems) console.error(`mutate: ${problem}`)
    return 1
  }
  const lanes = Math.min(MAX_LANES, Math.max(1, availableParallelism()), chosen.length)
  const folders = await Promise.all(Array.from({ length: lanes }, copyProject))
  const tried: Tried[] = []
  try {
    await checkBaseline(folders[0] ?? '', chosen)
    const waiting = [...chosen]
    await Promise.all(
      folders.map(async (folder) => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const done = await attempt(folder, next)
          tried.push(done)
          console.log(describe(done))
        }
      }),
    )
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
  }
  const bad = tried.filter(({ verdict }) => verdict === 'SURVIVED' || verdict === 'BROKEN')
  const survived = bad.filter(({ verdict }) => verdict === 'SURVIVED')
  for (const one of bad) console.error(describe(one))
  console.log(`${tried.length} mutations, ${survived.length} survived`)
  return bad.length > 0 ? 1 : 0
}

function describe({ mutation, verdict, seconds, why }: Tried): string {
  const { file, name, test } = mutation
  const time = `${seconds.toFixed(1)} s`.padStart(6)
  const told = why === undefined ? '' : `: ${why}`
  return `${verdict.padEnd(9)} ${time}  ${file.padEnd(18)} ${name} (${test})${told}`
}
