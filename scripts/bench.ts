/**
 * `npm run bench`: measures `dist/action.js`, alone or beside another Action that does the same job. Starts
 * processes and a tenant on the loopback, writes nothing but its report. A missed budget is told, and is no
 * failure; what cannot be measured is.
 */

import { readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Ending, tellFailure } from './as-process.ts'
import { measure, type Plan } from './bench/measure.ts'
import { readable, report } from './bench/report.ts'
import type { Subject } from './bench/worker.ts'
import { readNumber, readOptions } from './options.ts'

const OURS = fileURLToPath(new URL('../dist/action.js', import.meta.url))

const PLAN: Omit<Plan, 'samples'> = { loginsPerSample: 2_000, farMs: 50 }

async function findPeer(path: string): Promise<string> {
  const at = resolve(path)
  const found = await stat(at).catch(() => undefined)
  if (found === undefined) throw new Error(`there is no ${path}`)
  if (!found.isDirectory()) return at
  const about = await readFile(join(at, 'package.json'), 'utf8').catch(() => undefined)
  if (about === undefined) throw new Error(`${path} has no package.json that names its "main"`)
  return createRequire(join(at, 'package.json')).resolve('./')
}

export const main = (args: readonly string[]): Promise<Ending> => tellFailure('bench', run(args))

async function run(args: readonly string[]): Promise<Ending> {
  const { json, peer, samples } = readOptions('bench', args, process.env)
  const plan = { ...PLAN, samples: readNumber('samples', samples, [1, 1_000]) }
  if ((await stat(OURS).catch(() => undefined)) === undefined)
    throw new Error('dist/action.js is missing: run "npm run build"')
  const subjects: Subject[] = [{ name: 'ours', file: OURS }]
  if (peer !== undefined) subjects.push({ name: 'peer', file: await findPeer(peer) })

  // Progress is for people who wait at a terminal.
  const tell = (what: string): void => {
    if (!json && process.stderr.isTTY) console.error(`measuring: ${what}`)
  }
  const measured = report(subjects, await measure(subjects, plan, tell), plan)
  console.log(json ? JSON.stringify(measured, undefined, 2) : readable(measured))
  return 0
}
