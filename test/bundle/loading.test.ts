/**
 * What evaluating the artifact does, and what an ordinary login makes of it: little. Evaluates
 * `dist/action.js` in both realms, with the tenant double behind `fetch`.
 */

import { Session } from 'node:inspector/promises'
import { compileFunction, createContext, runInContext } from 'node:vm'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { refreshEvent } from '../../scripts/testing/confirm.ts'
import { createConsole } from '../../scripts/testing/console.ts'
import { buildEvent } from '../../scripts/testing/event.ts'
import { run, type Whole, wholeLink } from '../../scripts/testing/flow.ts'
import { loadAction } from '../../scripts/testing/load.ts'
import { createTenantDouble, type TenantDouble } from '../../scripts/testing/tenant-double.ts'
import { ACTION, ACTION_URL, type Evaluated, evaluate, REALMS, readProject } from './dist.ts'

const ORDINARY = buildEvent({
  request: { query: { requested_connection: undefined, id_token_hint: undefined } },
  transaction: { requested_scopes: ['openid', 'profile', 'email'] },
})

/** The most frequent run of all. */
const REFRESH = refreshEvent(ORDINARY)

let tenant: TenantDouble

beforeEach(() => {
  tenant = createTenantDouble()
  vi.stubGlobal('fetch', tenant.fetch)
})

async function ordinaryLogin({ handlers }: Evaluated): Promise<void> {
  const first = await run(handlers.onExecutePostLogin, ORDINARY)
  const second = await run(handlers.onContinuePostLogin, ORDINARY)
  const refreshed = await run(handlers.onExecutePostLogin, REFRESH)
  expect([...first.commands, ...second.commands, ...refreshed.commands]).toEqual([])
}

async function link({ handlers }: Evaluated, settings: Record<string, string> = {}) {
  const whole: Whole = await wholeLink(handlers, { tenant, settings })
  expect(whole.resumed).toGoOn()
  expect(tenant.links).toHaveLength(1)
  return whole
}

describe.each(REALMS)('evaluated in the realm: %s', (realm) => {
  it('exports exactly the two handlers, both native async functions', () => {
    expect(() => loadAction(ACTION, { realm })).not.toThrow()
    const { exported, handlers } = evaluate({ realm })
    expect(Object.keys(exported).sort()).toEqual(['onContinuePostLogin', 'onExecutePostLogin'])
    expect(handlers.onExecutePostLogin.constructor.name).toBe('AsyncFunction')
    expect(handlers.onContinuePostLogin.constructor.name).toBe('AsyncFunction')
  })

  it('requires nothing at load nor in ordinary logins, and only `node:` modules in a link', async () => {
    const evaluated = evaluate({ realm })
    expect(evaluated.required).toEqual([])
    await ordinaryLogin(evaluated)
    expect(evaluated.required).toEqual([])
    await link(evaluated)
    expect(evaluated.required).toContain('node:crypto')
    expect(evaluated.required.filter((name) => !name.startsWith('node:'))).toEqual([])
  })

  it('writes to the injected console alone, whatever DEBUG says', async () => {
    const streams = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write'))
    const methods = (['log', 'info', 'warn', 'error', 'trace', 'debug'] as const).map((method) =>
      vi.spyOn(globalThis.console, method),
    )
    const injected = createConsole()
    const evaluated = evaluate({ realm, console: injected.console })
    await ordinaryLogin(evaluated)
    expect(injected.lines).toEqual([])
    await link(evaluated, { DEBUG: '*' })
    expect(injected.lines.length).toBeGreaterThan(2)
    for (const spy of [...streams, ...methods]) expect(spy).not.toHaveBeenCalled()
  })

  it('reads nothing of the environment', async () => {
    const read: string[] = []
    const environment = new Proxy<Record<string, string | undefined>>(
      { ...process.env, DEBUG: '*', DEBUG_COLORS: 'yes' },
      {
        get: (target, name) => {
          read.push(String(name))
          return Reflect.get(target, name)
        },
      },
    )
    const injected = createConsole()
    vi.spyOn(process, 'env', 'get').mockReturnValue(environment)
    // The watch works: this reading is on its list.
    expect(process.env.DEBUG).toBe('*')
    expect(read.splice(0)).toEqual(['DEBUG'])
    const evaluated = evaluate({ realm, console: injected.console })
    await ordinaryLogin(evaluated)
    await link(evaluated)
    expect(read).toEqual([])
    expect(injected.lines.filter((line) => !line.startsWith('account-linking:outcome '))).toEqual(
      [],
    )
  })
})

describe('evaluated with nothing around it', () => {
  /** Freezes what the language itself brings: an Action shares it with others. */
  const FREEZE = `
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      const value = globalThis[name]
      if (value === globalThis || (typeof value !== 'function' && typeof value !== 'object')) continue
      if (value !== null && value.prototype) Object.freeze(value.prototype)
      Object.freeze(value)
    }`

  it('needs no global of Node, no console and no module to load', () => {
    const context = createContext({})
    runInContext(FREEZE, context)
    expect(runInContext('Object.isFrozen(Array.prototype) && typeof process', context)).toBe(
      'undefined',
    )
    const body = compileFunction(ACTION, ['module', 'exports', 'console', 'require'], {
      parsingContext: context,
    })
    const module = { exports: {} }
    const refuse = (name: string): never => {
      throw new Error(`${name} is not there`)
    }
    body(module, module.exports, undefined, refuse)
    expect(Object.keys(module.exports)).toHaveLength(2)
  })
})

interface Marker {
  readonly of: string
  /** What stands in the artifact, where the first evaluation or use of the module runs over it. */
  readonly text: string
  readonly file: string
  /** The same in the file that it comes from. */
  readonly source: string
}

const MARKERS: readonly Marker[] = [
  {
    of: 'openid-client',
    text: 'openid-client/v',
    file: 'node_modules/openid-client/build/index.js',
    source: "NAME = 'openid-client'",
  },
  {
    of: 'oauth4webapi',
    text: 'oauth4webapi/v',
    file: 'node_modules/oauth4webapi/build/index.js',
    source: "NAME = 'oauth4webapi'",
  },
  {
    of: 'jose',
    text: 'ERR_JWS_INVALID',
    file: 'node_modules/jose/dist/webapi/util/errors.js',
    source: 'ERR_JWS_INVALID',
  },
  {
    of: 'auth0',
    text: 'https://%7BTENANT%7D.auth0.com/api/v2',
    file: 'node_modules/auth0/dist/esm/management/environments.mjs',
    source: 'https://%7BTENANT%7D.auth0.com/api/v2',
  },
  {
    of: '@panva/hkdf',
    text: 'process.versions.electron',
    file: 'node_modules/@panva/hkdf/dist/node/esm/runtime/hkdf.js',
    source: 'process.versions.electron',
  },
  {
    of: 'debug',
    text: '.humanize',
    file: 'node_modules/debug/src/common.js',
    source: '.humanize',
  },
  {
    of: 'the pipelines',
    text: 'a comma-separated list of hosts',
    file: 'src/settings.ts',
    source: 'a comma-separated list of hosts',
  },
]

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

/** Where this text stands in the artifact. */
function placesOf(text: string): readonly number[] {
  const places: number[] = []
  for (let at = ACTION.indexOf(text); at >= 0; at = ACTION.indexOf(text, at + 1)) places.push(at)
  return places
}

/** How often the code at this offset ran: the count of the innermost range around it. */
function countAt(ranges: readonly Range[], offset: number): number {
  const around = ranges.filter((one) => one.startOffset <= offset && offset < one.endOffset)
  const [innermost] = around.sort(
    (a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset),
  )
  if (innermost === undefined) throw new Error(`No coverage at ${offset}`)
  return innermost.count
}

describe('what is evaluated', () => {
  it.each(MARKERS)('has a marker of $of', ({ file, source, text }) => {
    expect(readProject(file).includes(source)).toBe(true)
    expect(placesOf(text).length).toBeGreaterThan(0)
  })

  it('is none of the packages for an ordinary login, each of them for a link', async () => {
    const session = new Session()
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    let seen: readonly Range[] = []
    /** Counts start anew at each reading, and only what ran since is told: the last known stay. */
    async function counts(): Promise<Record<string, boolean>> {
      const { result } = await session.post('Profiler.takePreciseCoverage')
      const script = result.find(({ url }) => url === ACTION_URL)
      if (script === undefined) throw new Error(`No coverage of ${ACTION_URL}`)
      seen = script.functions.flatMap(({ ranges }) => ranges)
      return Object.fromEntries(
        MARKERS.map(({ of, text }) => [of, placesOf(text).some((at) => countAt(seen, at) > 0)]),
      )
    }
    try {
      const evaluated = evaluate()
      await ordinaryLogin(evaluated)
      const afterLogin = await counts()
      expect(countAt(seen, ACTION.indexOf('oidc-basic-profile'))).toBeGreaterThan(0)
      expect(afterLogin).toEqual(Object.fromEntries(MARKERS.map(({ of }) => [of, false])))
      await link(evaluated)
      expect(await counts()).toEqual(Object.fromEntries(MARKERS.map(({ of }) => [of, true])))
    } finally {
      session.disconnect()
    }
  })
})
