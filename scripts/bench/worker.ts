/**
 * Starts measured processes and talks to them. A failure in one becomes an error that names the Action
 * it was measuring.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Ask, Kind, Replies, Reply } from './protocol.ts'

/** An Action to measure. */
export interface Subject {
  readonly name: 'ours' | 'peer'
  /** The file with its source. */
  readonly file: string
}

export interface Worker {
  ask<K extends Kind>(ask: Extract<Ask, { readonly kind: K }>): Promise<Replies[K]>
  close(): Promise<void>
}

const MEASURED = fileURLToPath(new URL('measured.ts', import.meta.url))
const KEPT_CHARACTERS = 2_000

export function startWorker({ name }: Subject): Worker {
  const child: ChildProcess = fork(MEASURED, [], {
    execArgv: [],
    // What one sample compiled must not help the next, and nobody's DEBUG slows one of the two.
    env: { PATH: process.env.PATH, NODE_DISABLE_COMPILE_CACHE: '1' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let written = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    written = (written + text).slice(-KEPT_CHARACTERS)
  })
  const ended = once(child, 'exit')

  async function receive(): Promise<Reply> {
    const end = new AbortController()
    try {
      const [reply] = await Promise.race([
        once(child, 'message', { signal: end.signal }),
        ended.then(() => [{ ok: false, problem: 'the process ended' } satisfies Reply]),
      ])
      return reply as Reply
    } finally {
      end.abort()
    }
  }

  return {
    async ask<K extends Kind>(ask: Extract<Ask, { readonly kind: K }>): Promise<Replies[K]> {
      const received = receive()
      child.send(ask)
      const reply = await received
      if (reply.ok) return reply.value as Replies[K]
      // Of a stack, a list or a long message, the line that says what is wrong.
      const said = [reply.problem, written.trim()].filter(Boolean).join('; ')
      throw new Error(`${name} (${ask.kind}): ${said.split('\n', 1)[0]}`)
    },
    async close() {
      if (child.connected) child.disconnect()
      await ended
    },
  }
}

/** Does something with a process of its own, which ends however that goes. */
export async function withWorker<T>(
  subject: Subject,
  use: (worker: Worker) => Promise<T>,
): Promise<T> {
  const worker = startWorker(subject)
  try {
    return await use(worker)
  } finally {
    await worker.close()
  }
}
