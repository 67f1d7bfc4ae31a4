/**
 * A process of its own, as Auth0's harness runs Actions: the artifact is compiled in a second realm, and
 * nobody has read a lazy global of Node before. It runs one link with a tenant in trouble, under a clock
 * that jumps whenever nothing moves, and writes how that ended. Vitest, which reads globals, is not here.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { createContext, runInContext } from 'node:vm'
import type { Fault } from '../../scripts/testing/faults.ts'
import { nestedLogin, type Run, resumeLink, startLink } from '../../scripts/testing/flow.ts'
import { createTenantDouble, type Route } from '../../scripts/testing/tenant-double.ts'
import { evaluate } from './dist.ts'

export interface Task {
  readonly route: Route
  readonly fault: Fault
  /** An expression that is evaluated in a second realm when all is over. */
  readonly thenRead?: string
}

interface Timer {
  readonly atMs: number
  readonly work: () => void
}

/** Puts a clock in the place of this process's, and gives a function that lets it jump once. */
function stopClock(): () => void {
  const timers = new Set<Timer>()
  let nowMs = 0
  const start = (work: () => void, delayMs = 0): Timer => {
    const timer = { atMs: nowMs + delayMs, work }
    timers.add(timer)
    return timer
  }
  performance.now = () => nowMs
  Object.assign(globalThis, {
    setTimeout: start,
    clearTimeout: (timer: Timer) => timers.delete(timer),
  })
  return () => {
    const [next] = [...timers].sort((one, other) => one.atMs - other.atMs)
    if (next === undefined) return
    timers.delete(next)
    nowMs = next.atMs
    next.work()
  }
}

async function link({ route, fault }: Task): Promise<Run> {
  const { handlers } = evaluate({ realm: 'own' })
  const tenant = createTenantDouble()
  globalThis.fetch = tenant.fetch
  tenant.failAlways(route, fault)
  const started = await startLink(handlers, { tenant })
  if (started.redirect === undefined) return started
  return resumeLink(handlers, started, await nestedLogin(handlers, started), { tenant })
}

const task: Task = JSON.parse(process.argv[2] ?? '')
const jump = stopClock()
let ended: Run | undefined
const running = link(task).then((run) => {
  ended = run
})
while (ended === undefined) {
  await Promise.race([running, sleep(5)])
  jump()
}
if (task.thenRead !== undefined) runInContext(task.thenRead, createContext(globalThis))
process.stdout.write(ended.code ?? 'linked')
