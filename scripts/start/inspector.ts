/**
 * The inspector's own routes: its page, the live stream of what happens, and the switches. Gives back
 * responses; whatever changes the tenant is in the files that it calls.
 */

import { withoutQueries } from '../steps/decode.ts'
import type { Tenant } from '../tenant/index.ts'
import type { ActionEntry } from '../tenant/log.ts'
import type { AttackResult } from './attacks/judge.ts'
import { ATTACKS, carryOut } from './attacks.ts'
import type { Deployments } from './deployments.ts'
import type { Flow } from './flow.ts'
import type { Flows } from './flows.ts'
import type { Happenings } from './happenings.ts'
import { changePerson, showPeople } from './people.ts'
import type { Settings } from './settings.ts'
import type { FlowSummary, Order, State } from './state.ts'
import type { Troubles } from './troubles.ts'

export interface InspectorOptions {
  readonly origin: string
  readonly tenant: Tenant
  readonly flows: Flows
  readonly settings: Settings
  readonly troubles: Troubles
  readonly deployments: Deployments
  readonly happenings: Happenings
}

export interface Inspector {
  /** `undefined`: not one of its routes. */
  answer(request: Request): Promise<Response | undefined>
  close(): void
}

/** An attack that is under way. */
interface Running {
  readonly name: string
  readonly runs: ActionEntry[]
  stale: boolean
}

/** Several changes at once are told once. */
const SETTLE_MS = 30

const json = (value: unknown, status = 200): Response =>
  Response.json(value, { status, headers: { 'cache-control': 'no-store' } })

const summaryOf = ({ steps: _steps, ...flow }: Flow): FlowSummary => flow

export function createInspector(options: InspectorOptions): Inspector {
  const { deployments, flows, happenings, origin, settings, tenant, troubles } = options
  const listeners = new Set<(text: string) => void>()
  const results = new Map<string, AttackResult>()
  let running: Running | undefined
  let timer: NodeJS.Timeout | undefined
  let lastShown = ''

  const state = (): State => ({
    tenant: { domain: tenant.canonicalDomain, frontDoor: tenant.canonicalFrontDoor },
    deployment: deployments.current(),
    settings: settings.shown(),
    troubles: troubles.shown(),
    people: showPeople(tenant),
    attacks: ATTACKS.map(({ label, meaning, name }) => ({
      name,
      label,
      meaning,
      running: running?.name === name,
      result: results.get(name),
    })),
    flows: flows.all().map(summaryOf),
  })

  const message = (event: string, data: unknown): string =>
    `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

  /** From a timer, where what is thrown would end the process. */
  function tellSafely(): void {
    timer = undefined
    try {
      tell()
    } catch (error) {
      console.error(error)
    }
  }

  function tell(): void {
    if (listeners.size === 0) return
    const [newest] = flows.all()
    const shown = newest === undefined ? '' : message('flow', newest)
    const text = message('state', state()) + (shown === lastShown ? '' : shown)
    lastShown = shown
    for (const listener of listeners) listener(text)
  }

  const changed = (): void => {
    timer ??= setTimeout(tellSafely, SETTLE_MS)
  }

  function stream(): Response {
    const encoder = new TextEncoder()
    let listener: ((text: string) => void) | undefined
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const write = (text: string) => controller.enqueue(encoder.encode(text))
        listener = write
        listeners.add(write)
        const [newest] = flows.all()
        write(message('state', state()) + (newest === undefined ? '' : message('flow', newest)))
      },
      cancel() {
        if (listener !== undefined) listeners.delete(listener)
      },
    })
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
    return new Response(body, { headers })
  }

  async function attack(name: string): Promise<string | undefined> {
    if (!ATTACKS.some((one) => one.name === name)) return `there is no attack ${name}`
    if (running !== undefined) return 'one attack at a time'
    const own: Running = { name, runs: [], stale: false }
    running = own
    results.delete(name)
    changed()
    try {
      const result = await carryOut(name, { tenant, label: flows.label, runs: own.runs })
      if (own.stale) return 'something was changed during the attack: carry it out again'
      results.set(name, result)
      return undefined
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return withoutQueries(`the attack broke: ${why}`)
    } finally {
      running = undefined
    }
  }

  function forgetResults(): void {
    results.clear()
    if (running !== undefined) running.stale = true
  }

  /** What is wrong with the order, if anything is. */
  async function carryOutOrder(what: string, order: Order): Promise<string | undefined> {
    const { name = '', on = false } = order
    if (what === 'troubles') {
      forgetResults()
      return troubles.set(name, on)
    }
    if (what === 'attacks') return attack(name)
    if (what === 'people') return changePerson(tenant, { userId: '', ...order })
    if (what === 'clear') {
      flows.clear()
      return undefined
    }
    if (what !== 'settings') return 'there is no such order'
    if (name === '') settings.reset()
    else {
      const problem = settings.change({ name, on, value: order.value })
      if (problem !== undefined) return problem
    }
    deployments.deploy(name === '' ? 'settings reset' : `${name} changed`)
    return undefined
  }

  async function post(request: Request, what: string): Promise<Response> {
    // Another site's page must not switch anything here.
    if (request.headers.get('origin') !== origin) return json({ problem: 'not from here' }, 403)
    const order = readOrder(await request.text())
    const problem =
      order === undefined ? 'the order is no JSON object' : await carryOutOrder(what, order)
    changed()
    return problem === undefined ? json({}) : json({ problem }, 400)
  }

  happenings.on('tenant', (entry) => {
    if (entry.kind === 'action') running?.runs.push(entry)
  })
  // What an attack came to is true no more.
  happenings.on('deployed', forgetResults)
  for (const name of ['tenant', 'application', 'deployed', 'refused'] as const)
    happenings.on(name, changed)

  return {
    async answer(request) {
      const { pathname } = new URL(request.url)
      const [, first, what = '', id = ''] = pathname.split('/')
      if (first !== 'inspector' || what === '') return undefined
      if (request.method === 'POST') return post(request, what)
      if (what === 'events') return stream()
      const flow = what === 'flows' ? flows.get(id) : undefined
      return flow === undefined ? json({ problem: 'not found' }, 404) : json(flow)
    },
    close: () => clearTimeout(timer),
  }
}

const MEMBERS: Readonly<Record<keyof Order, 'boolean' | 'string'>> = {
  name: 'string',
  on: 'boolean',
  value: 'string',
  userId: 'string',
  emailVerified: 'boolean',
  enrolled: 'boolean',
}

function readOrder(text: string): Order | undefined {
  try {
    const given: unknown = JSON.parse(text)
    if (typeof given !== 'object' || given === null) return undefined
    const types: Readonly<Record<string, string>> = MEMBERS
    const members = Object.entries(given).filter(([name, value]) => typeof value === types[name])
    return Object.fromEntries(members)
  } catch {
    return undefined
  }
}
