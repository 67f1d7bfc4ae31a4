/**
 * auth0-deploy-cli as a witness: a process of its own in a folder of its own, over https, as whoever
 * deploys. Files under the system's temporary folder, removed after the test.
 */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { ALEX, connectionsOf, openScenario } from '../e2e/scenario.ts'
import { ROOT } from './processes.ts'
import type { Bench } from './tenant.ts'

const CLI = join(ROOT, 'node_modules', '.bin', 'a0deploy')
const ACTION_SECRET = 'example-action-secret-of-32-characters-or-more'
/** It takes some ten seconds to start. */
export const TIMEOUT_MS = 180_000

const run = promisify(execFile)

/** auth0-deploy-cli as a process of its own, over https. */
export async function runCli(
  { tenant, variables }: Bench,
  folder: string,
  args: readonly string[],
  included: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const certificate = join(folder, 'tenant.pem')
  await writeFile(certificate, tenant.certificatePem)
  const environment = {
    PATH: process.env.PATH,
    HOME: folder,
    NODE_EXTRA_CA_CERTS: certificate,
    AUTH0_INCLUDED_ONLY: JSON.stringify(included),
    ...variables,
    ...more,
  }
  await run(process.execPath, [CLI, ...args, '--env', 'true'], { cwd: folder, env: environment })
}

/** What only the tenant knows, once the application is there. */
export function companionOf({ tenant }: Bench, name: string) {
  const companion = tenant.applications.all.find((one) => one.name === name)
  if (companion === undefined) throw new Error(`no application ${name}`)
  return {
    AUTH0_DOMAIN: tenant.canonicalDomain,
    AUTH0_CLIENT_ID: companion.clientId,
    AUTH0_CLIENT_SECRET: companion.clientSecret,
    ACTION_SECRET,
  }
}

export async function expectLink({ tenant }: Bench): Promise<void> {
  const { link } = await openScenario(tenant)
  expect(await link()).toMatchObject({ type: 'tokens', claims: { sub: ALEX.userId } })
  expect(connectionsOf(tenant, ALEX.userId)).toContain('google-oauth2')
}

/** With CONFIRM_LINK: nothing is linked until the application has confirmed. */
export async function expectConfirmedLink({ tenant }: Bench, claim: string): Promise<void> {
  const { app, link } = await openScenario(tenant)
  const pending = await link({ scope: 'openid link_account offline_access' })
  if (pending.type === 'denied') throw new Error(pending.description)
  expect(pending.claims[claim]).toMatchObject({ status: 'pending' })
  expect(connectionsOf(tenant, ALEX.userId)).not.toContain('google-oauth2')
  const { confirmation } = pending.claims[claim] as { readonly confirmation: string }
  await app.refresh(pending.refreshToken ?? '', { link_confirmation: confirmation })
  expect(connectionsOf(tenant, ALEX.userId)).toContain('google-oauth2')
}
