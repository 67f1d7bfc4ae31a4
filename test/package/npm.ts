/**
 * Processes as a user starts them: npm, npx and node, in a folder of the user's own. The machine's
 * configuration of npm holds; what `npm run` and the test runner put into the environment does not.
 */
import { spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Options {
  readonly cwd: string
  /** The Node that runs it, and what it starts. Default: this one. */
  readonly node?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

const INHERITED =
  /^(npm_package_|npm_lifecycle_|npm_config_local_prefix$|INIT_CWD$|NODE_OPTIONS$|NODE_ENV$|VITEST)/

export function environment({ node = process.execPath, env = {} }: Options): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !INHERITED.test(name))
  const path = [dirname(node), process.env.PATH].join(delimiter)
  return { ...Object.fromEntries(kept), PATH: path, ...env }
}

export async function run(
  command: string,
  args: readonly string[],
  options: Options,
): Promise<Ended> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (part) => {
    output.stdout += part
  })
  child.stderr.on('data', (part) => {
    output.stderr += part
  })
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve(status ?? -1))
  })
  return { code, ...output, stderr: withoutConfiguration(output.stderr) }
}

/** What npm says of the machine's configuration is not about the package. */
const withoutConfiguration = (text: string): string =>
  text.replaceAll(/^npm warn Unknown (user|global|env|builtin) config .*\n/gm, '')
