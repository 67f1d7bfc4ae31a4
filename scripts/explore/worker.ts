/** A thread that performs tasks, one at a time: each has a clock and a `fetch` of its own. */
import { parentPort } from 'node:worker_threads'
import { perform, type Task } from './task.ts'

parentPort?.on('message', async (task: Task) => {
  try {
    parentPort?.postMessage({ row: await perform(task) })
  } catch (error) {
    parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) })
  }
})
