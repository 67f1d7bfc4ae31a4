/**
 * `npm run bench`: measures `dist/action.js`, alone or beside another Action that does the same job. Starts
 * processes and a tenant on the loopback, writes nothing but its report. A missed budget is told, and is no
 * failure; what cannot be measured is.
 */

import { readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measure, type Plan } from './bench/measure.ts'
import { readable, report } from './bench/report.ts'
import type { Subject } from './bench/worker.ts'
import { refuseSwallowed } from './npm-flags.ts'

const HELP = `npm run bench -- [--peer PATH] [--samples N] [--json]

Measures dist/action.js: loading it, ordinary logins, whole links, round trips.

  --peer PATH   another Action to measure in the same run: its file, or a folder
                whose package.json names it as "main", its packages installed
  --samples N   samples of each measurement, 1 to 1000 (default: 21)
  --json        the report as JSON
  --help        this text

Links go over HTTPS to a tenant on the loopback, whose domain has no port, as in
production: its port 443 is led to the one that the system gave. A missed budget
is told; only what cannot be measured makes this fail.`

const OURS = fileURLToPath(new URL('../dist/action.js', import.meta.url))

const PLAN: Plan = { samples: 21, loginsPerSample: 2_000, farMs: 50 }

async function findPeer(path: string): Promise<string> {
  const at = resolve(path)
  const found = await stat(at).catch(() => undefined)
  if (found === undefined) throw new Error(`there is no ${path}`)
  if (!found.isDirectory()) return at
  const about = await readFile(join(at, 'package.json'), 'utf8').catch(() => undefined)
  if (about === undefined) throw new Error(`${path} has no package.json that names its "main"`)
  return createRequire(join(at, 'package.json')).resolve('./')
}

function readSamples(text: string | undefined): number {
  if (text === undefined) return PLAN.samples
  const samples = Number(text)
  if (!Number.isInteger(samples) || samples < 1 || samples > 1_000)
    throw new Error('--samples takes a number from 1 to 1000')
  return samples
}

const OPTIONS = {
  peer: { type: 'string' },
  samples: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

async function main(): Promise<void> {
  refuseSwallowed('bench', OPTIONS)
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) {
    console.log(HELP)
    return
  }
  const plan = { ...PLAN, samples: readSamples(values.samples) }
  if ((await stat(OURS).catch(() => undefined)) === undefined)
    throw new Error('dist/action.js is missing: run "npm run build"')
  const subjects: Subject[] = [{ name: 'ours', file: OURS }]
  if (values.peer !== undefined) subjects.push({ name: 'peer', file: await findPeer(values.peer) })

  // Progress is for people who wait at a terminal.
  const tell = (what: string): void => {
    if (!values.json && process.stderr.isTTY) console.error(`measuring: ${what}`)
  }
  const measured = report(subjects, await measure(subjects, plan, tell), plan)
  console.log(values.json ? JSON.stringify(measured, undefined, 2) : readable(measured))
}

await main().catch((error: unknown) => {
  const [line] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
  console.error(`bench: ${line}`)
  process.exitCode = 1
})
