/**
 * Processes and folders of the deployment's tests: what a person starts, with all that it puts out, and
 * files under the system's temporary folder, which go when the test ends.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Variables } from '../../scripts/deploy/config.ts'
import type { Bench, Ran } from './tenant.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const RUN = join(ROOT, 'scripts/run.js')

export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The path of a file that holds this. */
export function workFile(name: string, content: string | Uint8Array): string {
  const file = join(workFolder(), name)
  writeFileSync(file, content)
  return file
}

/** Who deploys to this tenant, in a process that trusts its certificate. */
export const variablesFor = ({ tenant, variables }: Bench): Variables => ({
  ...variables,
  NODE_EXTRA_CA_CERTS: workFile('tenant.pem', tenant.certificatePem),
})

interface Where {
  readonly cwd?: string
  readonly env?: Variables
  /** Nobody reads its output any more, once there is some. */
  readonly stopsReading?: boolean
}

/** Of the environment it has what is given, and the path. */
export async function start(
  command: string,
  args: readonly string[],
  { cwd = ROOT, env = {}, stopsReading = false }: Where = {},
): Promise<Ran & { readonly msFromLastWord: number }> {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // npm hands it on to what it has started, should it have started anything.
  onTestFinished(() => void child.kill())
  const output = { stdout: '', stderr: '' }
  let lastWordAt = performance.now()
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (part) => {
      output[name] += part
      lastWordAt = performance.now()
      if (stopsReading && name === 'stdout') child.stdout.destroy()
    })
  const code = await new Promise<number>((resolve) =>
    child.once('close', (status) => resolve(status ?? -1)),
  )
  return { code, ...output, msFromLastWord: performance.now() - lastWordAt }
}
