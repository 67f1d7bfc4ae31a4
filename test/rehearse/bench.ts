/**
 * A local tenant to rehearse on, as a person runs the command, with one Chromium for all runs of a file.
 * Starts a process; files under the system's temporary folder, removed after the test.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, onTestFinished } from 'vitest'
import { TIMING } from '../../scripts/deploy/apply.ts'
import type { Variables } from '../../scripts/deploy/config.ts'
import { launch } from '../../scripts/rehearse/chromium.ts'
import type { Answer, Verdict } from '../../scripts/rehearse/verdict.ts'
import { main, type RehearsalEnvironment } from '../../scripts/rehearse.ts'
import { startTenant, type Tenant, type TenantOptions } from '../../scripts/tenant/index.ts'
import type { PlatformAnswers } from '../../scripts/tenant/platform-answers.ts'
import { makeSigningKeys } from '../../scripts/tenant/signing-keys.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Bench {
  readonly tenant: Tenant
  readonly folder: string
  run(args?: readonly string[], environment?: Partial<RehearsalEnvironment>): Promise<Ran>
  /** The verdict of every fact, by its name. */
  verdicts(): Promise<Readonly<Record<string, Verdict>>>
  document(): Promise<{ readonly answers: readonly Answer[]; readonly settings: object }>
  text(name: string): Promise<string>
  files(): Promise<readonly string[]>
  /** Names of whatever a rehearsal has made and is there; empty: nothing. */
  left(): readonly string[]
  revoke(...scopes: readonly string[]): void
}

export const ACTION = await readFile(new URL('../../dist/action.js', import.meta.url), 'utf8')

const signingKeys = makeSigningKeys('localhost')

/** A build takes seconds on the platform; here it is watched as closely. */
const FAST = { ...TIMING, pollMs: 20, settleTimeoutMs: 2_000 }

let chromium: Promise<Browser> | undefined

afterAll(async () => {
  await (await chromium)?.close()
})

export interface BenchOptions extends Omit<TenantOptions, 'answers'> {
  readonly answers?: Partial<PlatformAnswers>
}

export async function startBench({ answers, ...options }: BenchOptions = {}): Promise<Bench> {
  const tenant = await startTenant({
    companion: 'none',
    buildDelayMs: 30,
    signingKeys: await signingKeys,
    answers: { loginPages: 'universal', ...answers },
    ...options,
  })
  const folder = await mkdtemp(join(tmpdir(), 'rehearsal-'))
  onTestFinished(async () => {
    await tenant.close()
    await rm(folder, { recursive: true, force: true })
  })
  const { applications, canonicalDomain } = tenant
  const { deployer } = applications
  const variables: Variables = {
    AUTH0_DOMAIN: canonicalDomain,
    AUTH0_CLIENT_ID: deployer.clientId,
    AUTH0_CLIENT_SECRET: deployer.clientSecret,
  }
  const text = (name: string) => readFile(join(folder, name), 'utf8')
  const document = async () => JSON.parse(await text('rehearsal.json'))
  return {
    tenant,
    folder,
    text,
    document,
    files: () => readdir(folder),
    async run(args = ['--yes'], environment = {}) {
      chromium ??= launch(process.env.CHROMIUM_PATH, false)
      const output = { stdout: '', stderr: '' }
      const sink = (name: 'stdout' | 'stderr') => ({
        write: (part: string) => {
          output[name] += part
        },
      })
      const code = await main(
        ['--folder', folder, ...args],
        variables,
        { stdout: sink('stdout'), stderr: sink('stderr') },
        {
          build: async () => ACTION,
          browser: await chromium,
          timing: FAST,
          pageTimeoutMs: 15_000,
          settleMs: 700,
          sleep: async () => {},
          signal: new AbortController().signal,
          confirm: undefined,
          ...environment,
        },
      )
      return { code, ...output }
    },
    async verdicts() {
      const { answers: all } = await document()
      const facts = all.flatMap((answer: Answer) => answer.facts)
      return Object.fromEntries(
        facts.map(({ fact, verdict }: Answer['facts'][number]) => [fact, verdict]),
      )
    },
    left() {
      const names = [
        ...tenant.actions.all().map(({ draft }) => draft.name),
        ...tenant.actions.bindings().map(({ displayName }) => displayName),
        ...tenant.applications.all.map(({ name }) => name),
        ...tenant.connections.map(({ name }) => name),
        ...tenant.users.all().map(({ email }) => email),
      ]
      return names.filter((name) => name.startsWith('cial-rehearsal-'))
    },
    revoke(...scopes) {
      const present = applications.find(deployer.clientId) ?? deployer
      const managementScopes = present.managementScopes.filter((scope) => !scopes.includes(scope))
      applications.put({ ...present, managementScopes })
    },
  }
}
