/**
 * Node 22 and 24 end with an assertion, no exception, where a lazy global is first read from a second
 * realm, and a read that is only made in trouble shows in no link that goes well. So each call goes
 * wrong once in a process that has read nothing (`second-realm.ts`).
 */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Fault } from '../../scripts/testing/faults.ts'
import type { Route } from '../../scripts/testing/tenant-double.ts'
import { ACTION } from './dist.ts'
import type { Task } from './second-realm.ts'

const CHILD = fileURLToPath(new URL('second-realm.ts', import.meta.url))

interface Ended {
  readonly said: string
  /** `null`: the process ended by itself. */
  readonly signal: NodeJS.Signals | null
}

const run = (task: Task) =>
  new Promise<Ended>((resolve) => {
    execFile(process.execPath, [CHILD, JSON.stringify(task)], (error, said) => {
      resolve({ said, signal: error?.signal ?? null })
    })
  })

const PAGE = '<!doctype html><title>Example</title>'
const ROUTES: readonly Route[] = ['jwks', 'code', 'client-credentials', 'link']
const FAULTS: readonly (readonly [string, Fault])[] = [
  ['hangs', { kind: 'hang' }],
  ['breaks the connection', { kind: 'reset' }],
  ['cannot be reached', { kind: 'refuse' }],
  ['stops in the middle', { kind: 'stalled', applied: false }],
  ['answers 500', { kind: 'answer', status: 500 }],
  ['answers with a page', { kind: 'answer', status: 403, body: PAGE }],
]

describe('a process in whose second realm the Action runs lives on', () => {
  const rows = ROUTES.flatMap((route) => FAULTS.map(([what, fault]) => ({ route, what, fault })))

  test.concurrent.each(rows)('when $route $what', async ({ route, fault }) => {
    // A link whose 2xx stops in the middle is one all the same.
    const said = route === 'link' && fault.kind === 'stalled' ? 'linked' : 'service_unavailable'
    expect(await run({ route, fault })).toEqual({ said, signal: null })
  })

  test('when every global that the Action names is first read there', async () => {
    const names = Object.getOwnPropertyNames(globalThis).filter((name) =>
      new RegExp(`(?<![\\w$.])${name}(?![\\w$])`).test(ACTION),
    )
    expect(names).toContain('AbortSignal')
    const thenRead = names.map((name) => `void ${name}`).join('\n')
    const fault: Fault = { kind: 'refuse' }
    expect((await run({ route: 'jwks', fault, thenRead })).signal).toBeNull()
  })

  test('only because it leaves one of them alone', async () => {
    const fault: Fault = { kind: 'hang' }
    const ended = await run({ route: 'code', fault, thenRead: 'DOMException' })
    expect(ended).toEqual({ said: '', signal: 'SIGABRT' })
  })
})
