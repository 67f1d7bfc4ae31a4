/**
 * A local tenant to deploy to, with everything that a test asks of it: its own variables for whoever
 * deploys, the command as a person runs it, with all that it puts out, and the Management API.
 */
import { readFile } from 'node:fs/promises'
import { ManagementClient } from 'auth0'
import { onTestFinished } from 'vitest'
import { TIMING, type Timing } from '../../scripts/deploy/apply.ts'
import type { Variables } from '../../scripts/deploy/config.ts'
import { main, type Terminal } from '../../scripts/deploy.ts'
import { main as doctor } from '../../scripts/doctor.ts'
import { startTenant, type Tenant, type TenantOptions } from '../../scripts/tenant/index.ts'
import { makeSigningKeys } from '../../scripts/tenant/signing-keys.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Bench {
  readonly tenant: Tenant
  readonly variables: Variables
  /** The Management API as the application that deploys. */
  readonly management: ManagementClient
  run(args: readonly string[], settings?: Variables, build?: () => Promise<string>): Promise<Ran>
  /** The doctor, for whom `dist` is what was built. */
  examine(args?: readonly string[], settings?: Variables): Promise<Ran>
  /** The Management API calls since, as `METHOD path`; of reads only where asked. */
  calls(method?: RegExp): readonly string[]
  /** What the Action of this name has running. */
  running(name?: string): { readonly number: number; readonly code: string } | undefined
  places(): Promise<readonly string[]>
  revoke(...scopes: readonly string[]): void
}

export const ACTION = await readFile(new URL('../../dist/action.js', import.meta.url), 'utf8')

/** Made once: they take longer than all the rest. */
const signingKeys = makeSigningKeys('localhost')

/** A build takes seconds on the platform; here it is watched as closely. */
const FAST = { ...TIMING, pollMs: 20 }

async function listen(start: (terminal: Terminal) => Promise<number>): Promise<Ran> {
  const output = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      output[name] += text
    },
  })
  const code = await start({ stdout: sink('stdout'), stderr: sink('stderr') })
  return { code, ...output }
}

export async function startBench(
  options: TenantOptions = {},
  timing: Partial<Timing> = {},
): Promise<Bench> {
  const tenant = await startTenant({
    companion: 'none',
    buildDelayMs: 60,
    signingKeys: await signingKeys,
    ...options,
  })
  onTestFinished(() => tenant.close())
  const { canonicalDomain, applications } = tenant
  const { deployer } = applications
  const variables: Variables = {
    AUTH0_DOMAIN: canonicalDomain,
    AUTH0_CLIENT_ID: deployer.clientId,
    AUTH0_CLIENT_SECRET: deployer.clientSecret,
  }
  const management = new ManagementClient({
    domain: canonicalDomain,
    clientId: deployer.clientId,
    clientSecret: deployer.clientSecret,
  })
  return {
    tenant,
    variables,
    management,
    run(args, settings = {}, build = async () => ACTION) {
      const environment = { timing: { ...FAST, ...timing }, build }
      return listen((terminal) => main(args, { ...variables, ...settings }, terminal, environment))
    },
    examine: (args = [], settings = {}) =>
      listen((terminal) =>
        doctor(args, { ...variables, ...settings }, terminal, { build: async () => ACTION }),
      ),
    calls: (method = /./) =>
      tenant
        .requests()
        .filter((one) => one.path.startsWith('/api/v2/') && method.test(one.method))
        .map((one) => `${one.method} ${one.path.slice('/api/v2/'.length)}`),
    running: (name = 'account-linking') => tenant.actions.findByName(name)?.deployed,
    places: async () => {
      const names: string[] = []
      for await (const one of await management.actions.triggers.bindings.list('post-login'))
        names.push(one.display_name ?? '')
      return names
    },
    revoke: (...scopes) => {
      const present = applications.find(deployer.clientId) ?? deployer
      const managementScopes = present.managementScopes.filter((scope) => !scopes.includes(scope))
      applications.put({ ...present, managementScopes })
    },
  }
}
