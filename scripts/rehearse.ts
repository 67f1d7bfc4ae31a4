/**
 * The command `rehearse`: sets up two applications and three people in a tenant for development, asks it
 * what no documentation answers, and takes everything away again. `--help` tells the rest. Exit code 0
 * where all was asked and nothing is left, whatever the answers are.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Browser } from 'playwright-core'
import { readActionFile } from './deploy/action-file.ts'
import { TIMING, type Timing } from './deploy/apply.ts'
import { isRefusal, type Variables } from './deploy/config.ts'
import { sha256 } from './deploy/digest.ts'
import { type Management, openManagement } from './deploy/management.ts'
import { Problem } from './deploy/problems.ts'
import { readBindings, readCustomDomains } from './deploy/read.ts'
import { createFilter, messageOf } from './deploy/report.ts'
import { requireScopes } from './deploy/run.ts'
import { painter, wantsColour } from './deploy/text-report.ts'
import type { Terminal } from './deploy.ts'
import { commandLine, type Home } from './home.ts'
import { advisedSettings } from './rehearse/advice.ts'
import { askAll } from './rehearse/ask.ts'
import { launch } from './rehearse/chromium.ts'
import { findMarked, removeMarked, type Thing } from './rehearse/clean.ts'
import { type RehearsalConfig, readConfig } from './rehearse/config.ts'
import { allFacts, type Rehearsal, toDocument } from './rehearse/file.ts'
import { refuseProduction } from './rehearse/guard.ts'
import { hasLive } from './rehearse/kept.ts'
import { describeObjects, nameObjects, type Objects } from './rehearse/objects.ts'
import { caveatsOf, toMarkdown, toTable } from './rehearse/outputs.ts'
import { type SetupOptions, setUp } from './rehearse/setup.ts'
import { type Answer, QUESTIONS } from './rehearse/verdict.ts'
import type { Lost } from './rehearse/visitor.ts'

/** What a person never sets. */
export interface RehearsalEnvironment {
  readonly build: Home['actionCode']
  readonly timing?: Timing
  /** Default: one that Ctrl+C aborts. */
  readonly signal?: AbortSignal
  /** Default: a new one, closed at the end. */
  readonly browser?: Browser | undefined
  readonly pageTimeoutMs?: number
  readonly settleMs?: number
  readonly sleep?: (waitMs: number) => Promise<unknown>
  /** Asks the person; `undefined`: nobody is there to be asked. */
  readonly confirm?: ((question: string) => Promise<string>) | undefined
  readonly objects?: Objects
}

export const REHEARSAL_SCOPES = [
  'read:actions',
  'create:actions',
  'update:actions',
  'delete:actions',
  'read:clients',
  'create:clients',
  'update:clients',
  'delete:clients',
  'read:client_keys',
  'create:client_grants',
  'read:connections',
  'create:connections',
  'update:connections',
  'delete:connections',
  'read:users',
  'create:users',
  'update:users',
  'delete:users',
  'read:tenant_settings',
  'read:custom_domains',
]

const STOPPED = 130
const PAGE_TIMEOUT_MS = 30_000
const SETTLE_MS = 4_000

export async function main(
  args: readonly string[],
  variables: Variables,
  { stdout, stderr }: Terminal,
  environment: RehearsalEnvironment,
): Promise<number> {
  const { hide, tell, tellCut } = createFilter()
  const paint = painter(wantsColour(stdout, variables))
  const line = (text = ''): void => void stdout.write(`${text}\n`)
  const stop = stopOf(environment, (text) => stderr.write(`${text}\n`))
  try {
    const config = readConfig(args, variables)
    if (isRefusal(config)) throw new Problem(config.problem)
    for (const secret of config.secrets) hide(secret)
    const onWait = (waitMs: number, why: string) =>
      line(`  ${paint('yellow', '…')} ${tell(why)}: again in ${(waitMs / 1_000).toFixed(1)} s`)
    const patience = { onWait, sleep: environment.sleep }
    const management = openManagement(config.credentials, patience, hide)
    const voice: Voice = {
      line,
      hide,
      paint,
      columns: stdout.columns,
      done: (text) => line(`  ${paint('green', '✓')} ${tell(text)}`),
      warn: (text) => line(`  ${paint('yellow', '!')} ${tell(text)}`),
      tell,
    }
    const run = config.mode === 'clean' ? clean : rehearse
    return await run(config, { management, environment, signal: stop.signal, voice })
  } catch (error) {
    if (stop.signal.aborted) {
      stderr.write(`${paint('yellow', '!')} stopped\n`)
      return STOPPED
    }
    stderr.write(`${paint('red', '✗')} ${tellCut(messageOf(error))}\n`)
    return 1
  } finally {
    stop.forget()
  }
}

interface Voice {
  readonly line: (text?: string) => void
  readonly done: (text: string) => void
  readonly warn: (text: string) => void
  readonly tell: (text: string) => string
  readonly hide: (secret: string) => void
  readonly paint: ReturnType<typeof painter>
  readonly columns: number | undefined
}

interface Job {
  readonly management: Management
  readonly environment: RehearsalEnvironment
  readonly signal: AbortSignal
  readonly voice: Voice
}

/** Ctrl+C ends the asking; what was made is taken away all the same, and a second one changes nothing. */
function stopOf({ signal }: RehearsalEnvironment, say: (text: string) => unknown) {
  if (signal !== undefined) return { signal, forget: () => {} }
  const controller = new AbortController()
  const onSignal = () => {
    say('Stopping: what was made is taken away first.')
    controller.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal)
  const forget = () => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, onSignal)
  }
  return { signal: controller.signal, forget }
}

async function rehearse(config: RehearsalConfig, job: Job): Promise<number> {
  const { environment, management, signal, voice } = job
  const scopes = await management.readScopes()
  requireScopes(scopes, REHEARSAL_SCOPES)
  const { mfaByActions, tag } = await refuseProduction(management)
  const domains = await readCustomDomains(management)
  const customDomains = domains.filter(({ ready }) => ready).map(({ domain }) => domain)
  const objects = environment.objects ?? nameObjects()
  const flow = await readBindings(management)
  voice.line(voice.paint('bold', voice.tell(`rehearse → ${management.domain}`)))
  voice.line(`Tagged ${voice.tell(tag ?? 'as nothing that the tenant shows')}. It makes:`)
  for (const text of describeObjects(objects)) voice.line(`  + ${voice.tell(text)}`)
  const others = flow.map(({ displayName }) => displayName).join(', ')
  voice.line(
    `  The flow's own Actions stay in their order: ${voice.tell(others || 'there are none')}`,
  )
  voice.line('and asks:')
  for (const { number, question } of QUESTIONS)
    if (config.only.includes(number)) voice.line(`  ${String(number).padStart(2)} ${question}`)
  voice.line()
  if (config.dryRun) {
    voice.line('Nothing was made: this was a dry run.')
    return 0
  }
  await askPerson(config, job, 'Everything of it is taken away again.')
  const code = await (config.file === undefined
    ? environment.build({ write: false })
    : readActionFile(config.file))
  const browser = environment.browser ?? (await launch(config.chromium, config.show))
  const options: SetupOptions = {
    management,
    credentials: config.credentials,
    objects,
    customDomains,
    code,
    timing: environment.timing ?? TIMING,
    signal,
    tell: voice.done,
    hide: voice.hide,
  }
  let lost = 0
  const keepPicture = async (number: number, { picture, text }: Lost): Promise<void> => {
    lost += 1
    const name = join(config.folder, `rehearsal-lost-${number}`)
    await mkdir(config.folder, { recursive: true })
    await writeFile(`${name}.txt`, voice.tell(text))
    if (picture !== undefined) await writeFile(`${name}.png`, picture)
    voice.warn(`question ${number} was lost at a page that is not known: see ${name}.txt and .png`)
  }
  const pictures: Promise<void>[] = []
  try {
    const scene = await setUp(options)
    voice.line()
    const answers = await askAll({
      ...options,
      scene,
      browser,
      only: config.only,
      mfaByActions,
      pageTimeoutMs: environment.pageTimeoutMs ?? PAGE_TIMEOUT_MS,
      settleMs: environment.settleMs ?? SETTLE_MS,
      // Its certificate is its own.
      ignoreHTTPSErrors: isLocal(management.domain),
      onAnswer: ({ number, verdict }) => voice.done(`question ${number}: ${verdict}`),
      onLost: (number, error) => void pictures.push(keepPicture(number, error)),
    })
    await Promise.all(pictures)
    await write(config, job, { answers, code, browser: browser.version() })
    const isClean = await takeAway(config, job, objects.run)
    return lost === 0 && isClean ? 0 : 1
  } catch (error) {
    await Promise.allSettled(pictures)
    const isClean = await takeAway(config, job, objects.run)
    if (!isClean && signal.aborted) return 1
    throw error
  } finally {
    if (environment.browser === undefined) await browser.close().catch(() => {})
  }
}

const isLocal = (domain: string): boolean => /^(localhost|127\.0\.0\.1)(:\d+)?$/.test(domain)

async function write(
  { folder }: RehearsalConfig,
  { management, voice }: Job,
  found: { readonly answers: readonly Answer[]; readonly code: string; readonly browser: string },
): Promise<void> {
  const rehearsal: Rehearsal = {
    at: new Date().toISOString(),
    action: sha256(found.code).slice(0, 12),
    tenant: isLocal(management.domain) ? 'local' : 'live',
    browser: `Chromium ${found.browser}`,
    answers: found.answers,
  }
  const document = toDocument(rehearsal, advisedSettings(allFacts(found.answers)))
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'rehearsal.json'), `${JSON.stringify(document, undefined, 2)}\n`)
  const caveats = caveatsOf(rehearsal, await hasLive())
  await writeFile(join(folder, 'rehearsal.md'), toMarkdown(rehearsal, caveats))
  voice.line(`\n${toTable(rehearsal, caveats, voice.paint, voice.columns)}\n`)
  voice.done(`rehearsal.json and rehearsal.md are in ${folder}; neither names the tenant`)
}

/** All that bears this run's mark; whether nothing is left. */
async function takeAway({ keep }: RehearsalConfig, job: Job, run: string): Promise<boolean> {
  const { management, voice } = job
  const hint = commandLine('rehearse', '--clean')
  if (keep) {
    voice.warn(`Everything that was made is left, as --keep says; take it away by ${hint}`)
    return true
  }
  try {
    const things = await findMarked(management, run)
    const { left, removed } = await removeMarked(management, things, voice.done)
    // What was being made when its answer was lost may have come to light since.
    const again = (await findMarked(management, run)).filter((one) => !isAmong(one, removed))
    const late = left.length > 0 ? [] : (await removeMarked(management, again, voice.done)).left
    const all = [...left, ...late]
    for (const text of all) voice.warn(text)
    if (all.length === 0) return true
    voice.warn(`Something is left in the tenant: run ${hint}`)
  } catch (error) {
    voice.warn(`${messageOf(error)}. Something is left in the tenant: run ${hint}`)
  }
  return false
}

/** A connection goes when its users have gone, which takes a while. */
const isAmong = ({ id, kind }: Thing, removed: readonly Thing[]): boolean =>
  kind === 'connection' && removed.some((one) => one.id === id)

async function clean(config: RehearsalConfig, job: Job): Promise<number> {
  const { management, voice } = job
  const things = await findMarked(management)
  if (things.length === 0) {
    voice.line('Nothing of a rehearsal is in the tenant.')
    return 0
  }
  voice.line(voice.paint('bold', voice.tell(`rehearse --clean → ${management.domain}`)))
  for (const { kind, name } of things) voice.line(`  - ${voice.tell(`${kind} ${name}`)}`)
  if (config.dryRun) {
    voice.line('Nothing was removed: this was a dry run.')
    return 0
  }
  await askPerson(config, job, 'Users go with their connections.')
  const { left } = await removeMarked(management, things, voice.done)
  for (const text of left) voice.warn(text)
  return left.length === 0 ? 0 : 1
}

async function askPerson({ yes }: RehearsalConfig, job: Job, text: string): Promise<void> {
  if (yes) return
  const { environment, management, voice } = job
  const ask = 'confirm' in environment ? environment.confirm : askAtTerminal()
  if (ask === undefined)
    throw new Problem(
      'Nobody is there to be asked: add --yes, for a tenant that is for development',
    )
  const answer = await ask(
    `${text} Is ${voice.tell(management.domain)} for development? Type its domain to go on: `,
  )
  if (answer.trim().toLowerCase() !== management.domain)
    throw new Problem('That is not its domain: nothing was done')
}

function askAtTerminal(): ((question: string) => Promise<string>) | undefined {
  if (!process.stdin.isTTY) return undefined
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout })
    try {
      return await terminal.question(question)
    } finally {
      terminal.close()
    }
  }
}
