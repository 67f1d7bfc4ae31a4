/**
 * `npm run explore`: searches for what an attacker can do, on dist/action.js, over a model of people,
 * browsers and the platform without sockets and with a virtual clock. Writes nothing but its report. Fails
 * where something is found that must not be there, or something is not found that is known to be there.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type Ending, tellFailure } from './as-process.ts'
import { CONFIGURATIONS, type Configuration, WALKED } from './explore/configurations.ts'
import { heading, tell } from './explore/report.ts'
import type { Row, Task } from './explore/task.ts'
import { readNumber, readOptions } from './options.ts'

/** Walks of one task: then it begins anew, with an empty memory. */
const WALKS_AT_ONCE = 250

const MAX_THREADS = 2

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

const NUMBER = [0, 999_999_999] as const

export const main = (args: readonly string[]): Promise<Ending> => tellFailure('explore', run(args))

async function run(args: readonly string[]): Promise<Ending> {
  const values = readOptions('explore', args, process.env)
  const chosen = CONFIGURATIONS.filter(({ group, name }) =>
    `${group} ${name}`.includes(values.only ?? ''),
  )
  if (chosen.length === 0) throw new Error(`no configuration has "${values.only}" in its name`)
  const waiting = [
    ...planTasks(
      chosen,
      readNumber('walks', values.walks, NUMBER),
      readNumber('seed', values.seed, NUMBER),
      {
        maxDepth: readNumber('depth', values.depth, NUMBER),
        intact: values['with-checks'],
      },
    ),
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
  return bad.length > 0 ? 1 : 0
}
