/**
 * `npm run explore`: searches for what an attacker can do, on dist/action.js, over a model of people,
 * browsers and the platform without sockets and with a virtual clock. Writes nothing but its report. Fails
 * where something is found that must not be there, or something is not found that is known to be there.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { CONFIGURATIONS, type Configuration, WALKED } from './explore/configurations.ts'
import { heading, tell } from './explore/report.ts'
import type { Row, Task } from './explore/task.ts'
import { refuseSwallowed } from './npm-flags.ts'

const HELP = `npm run explore -- [--only TEXT] [--depth N] [--walks N] [--seed N] [--with-checks]

Searches for sequences of moves by which an identity enters or leaves an account
against the will of its owner. On dist/action.js, without sockets.

  --only TEXT     configurations with this in their group or name
                  (groups: closed, gap, check, left)
  --depth N       no deeper than this many moves (default: each has its own)
  --walks N       random walks in all (default: 10000; 0: none)
  --seed N        of the walks (default: 20260302)
  --with-checks   leaves in the checks that "check" takes out: finds nothing then
  --help          this text

closed   with CONFIRM_LINK and a proper application: nothing may be found
gap      what is known to be open without it: it must be found
check    one check is taken out of the source: its attack must be found
left     what stays open, and what does not

Fails where it finds anything else. It takes up to two threads.`

const OPTIONS = {
  only: { type: 'string', default: '' },
  depth: { type: 'string', default: '99' },
  walks: { type: 'string', default: '10000' },
  seed: { type: 'string', default: '20260302' },
  'with-checks': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** Walks of one task: then it begins anew, with an empty memory. */
const WALKS_AT_ONCE = 250

const MAX_THREADS = 2

function readNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a number`)
  return Number(text)
}

function planTasks(
  chosen: readonly Configuration[],
  walks: number,
  seed: number,
  options: Pick<Task, 'maxDepth' | 'intact'>,
): readonly Task[] {
  const searches = chosen
    .filter(({ group }) => !options.intact || group === 'check')
    .map((configuration): Task => ({ configuration, ...options }))
  const walked = WALKED.filter((one) => !options.intact && chosen.includes(one))
  if (walked.length === 0) return searches
  const parts = Math.ceil(walks / WALKS_AT_ONCE)
  return [
    ...searches,
    ...Array.from({ length: parts }, (_, part): Task => {
      const configuration = walked[part % walked.length] as Configuration
      const left = walks - part * WALKS_AT_ONCE
      return { configuration, walks: Math.min(WALKS_AT_ONCE, left), seed: seed + part }
    }),
  ]
}

function openThread() {
  const worker = new Worker(new URL('./explore/worker.ts', import.meta.url))
  const perform = (task: Task): Promise<Row> =>
    new Promise((resolve, reject) => {
      worker.once('error', reject)
      worker.once('message', ({ row, error }: { row?: Row; error?: string }) => {
        worker.off('error', reject)
        if (row === undefined) reject(new Error(error))
        else resolve(row)
      })
      worker.postMessage(task)
    })
  return { perform, close: () => worker.terminate() }
}

async function main(): Promise<void> {
  refuseSwallowed('explore', OPTIONS)
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) {
    console.log(HELP)
    return
  }
  const chosen = CONFIGURATIONS.filter(({ group, name }) =>
    `${group} ${name}`.includes(values.only),
  )
  if (chosen.length === 0) throw new Error(`no configuration has "${values.only}" in its name`)
  const waiting = [
    ...planTasks(chosen, readNumber('walks', values.walks), readNumber('seed', values.seed), {
      maxDepth: readNumber('depth', values.depth),
      intact: values['with-checks'],
    }),
  ]
  const startedAtMs = performance.now()
  const rows: Row[] = []
  console.log(heading())
  const lanes = Math.min(MAX_THREADS, availableParallelism(), waiting.length)
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      const thread = openThread()
      try {
        for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
          const row = await thread.perform(task)
          rows.push(row)
          console.log(tell(row))
        }
      } finally {
        await thread.close()
      }
    }),
  )
  const bad = rows.filter(({ good }) => !good)
  const moves = rows.reduce((sum, row) => sum + row.moves, 0)
  const runs = rows.reduce((sum, row) => sum + row.runs, 0)
  const seconds = (performance.now() - startedAtMs) / 1_000
  console.log(
    `${rows.length} searches and walks, ${moves} moves, ${runs} runs of the Action, ${seconds.toFixed(0)} s; ${bad.length} not as expected`,
  )
  if (bad.length > 0) process.exitCode = 1
}

await main().catch((error: unknown) => {
  console.error(`explore: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
})
