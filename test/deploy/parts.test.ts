import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ManagementError } from 'auth0'
import { describe, expect, it, onTestFinished } from 'vitest'
import { orderBindings, type Position } from '../../scripts/deploy/order.ts'
import { createPatientFetch } from '../../scripts/deploy/patient-fetch.ts'
import { isLost, Problem, toProblem } from '../../scripts/deploy/problems.ts'
import { versionBefore } from '../../scripts/deploy/rollback.ts'
import { createTextReport, wantsColour } from '../../scripts/deploy/text-report.ts'
import { wrap } from '../../scripts/wrap.ts'
import { bound, OURS, version } from './fixtures.ts'

describe('the order of the flow', () => {
  const A = bound('a')
  const B = bound('b')

  it.each<[string, readonly (typeof A)[], Position, string]>([
    ['empty', [], 'last', 'ours'],
    ['last', [A, B], 'last', 'a b ours'],
    ['first', [A, B], 'first', 'ours a b'],
    ['second', [A, B], 2, 'a ours b'],
    ['beyond the end', [A, B], 9, 'a b ours'],
    ['moved to the end', [A, OURS, B], 'last', 'a b bin_ours'],
    ['moved to the front', [A, B, OURS], 'first', 'bin_ours a b'],
    ['left where it is', [A, OURS, B], 2, 'a bin_ours b'],
    ['once, where it was twice', [OURS, A, { ...OURS, id: 'again' }], 'last', 'a bin_ours'],
  ])('%s', (_, bindings, position, expected) => {
    const order = orderBindings(bindings, OURS.actionId, position)
    expect(order.map((one) => one?.id ?? 'ours').join(' ')).toBe(expected)
  })
})

describe('the version before', () => {
  const ALL = [4, 3, 2, 1].map((number) => version({ number, built: number !== 3 }))

  it.each([
    ['the newest that was built', 4, undefined, 2],
    ['of a rollback: the one before what it repeats', 5, 2, 1],
    ['of the first', 1, undefined, undefined],
  ])('%s', (_, running, repeats, expected) => {
    expect(versionBefore(ALL, running, repeats)?.number).toBe(expected)
  })
})

describe('the patient fetch', () => {
  async function start(listener: RequestListener, tryTimeoutMs = 60_000) {
    const server = createServer(listener).listen(0, '127.0.0.1')
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    await new Promise((resolve) => server.once('listening', resolve))
    const waits: number[] = []
    const patient = createPatientFetch({
      onWait: (waitMs) => waits.push(waitMs),
      sleep: async () => {},
      tryTimeoutMs,
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    return { waits, send: (init?: RequestInit, path = '') => patient(url + path, init) }
  }

  /** Answers one after the other, the last one for ever. */
  const answering = (...answers: readonly [number, Record<string, string>?][]): RequestListener => {
    let at = 0
    return (_, res) => {
      const [status, headers = {}] = answers[Math.min(at, answers.length - 1)] ?? [500]
      at += 1
      res.writeHead(status, headers).end('{}')
    }
  }

  it.each(['GET', 'POST'])('waits as long as Retry-After tells, %s', async (method) => {
    const { send, waits } = await start(answering([429, { 'retry-after': '7' }], [200]))
    expect((await send({ method })).status).toBe(200)
    expect(waits).toEqual([7_000])
  })

  it('takes a date, and the reset time of Auth0', async () => {
    const soon = Math.ceil(Date.now() / 1_000) + 110
    const { send, waits } = await start(
      answering(
        [429, { 'retry-after': new Date(soon * 1_000).toUTCString() }],
        [429, { 'x-ratelimit-reset': String(soon) }],
        [200],
      ),
    )
    expect((await send()).status).toBe(200)
    for (const waitMs of waits) expect(waitMs).toBeGreaterThan(30_000)
    expect(waits).toHaveLength(2)
  })

  it('pauses longer each time where the reset time is now already', async () => {
    const now = Math.floor(Date.now() / 1_000)
    const { send, waits } = await start(answering([429, { 'x-ratelimit-reset': String(now) }]))
    expect((await send()).status).toBe(429)
    expect(waits).toEqual([500, 1_000, 2_000, 4_000])
  })

  it('reads the reset time against the clock of the tenant, which may be another', async () => {
    const theirs = Math.floor(Date.now() / 1_000) - 3_600
    const date = new Date(theirs * 1_000).toUTCString()
    const { send, waits } = await start(
      answering([429, { date, 'x-ratelimit-reset': String(theirs + 9) }], [200]),
    )
    expect((await send()).status).toBe(200)
    expect(waits).toEqual([9_000])
  })

  it('does not wait longer than two minutes, nor try for ever', async () => {
    const long = await start(answering([429, { 'retry-after': '121' }]))
    expect((await long.send()).status).toBe(429)
    expect(long.waits).toEqual([])
    const endless = await start(answering([429]))
    expect((await endless.send()).status).toBe(429)
    expect(endless.waits).toEqual([500, 1_000, 2_000, 4_000])
  })

  it('reads and patches again after 5xx and lost connections, and writes nothing else again', async () => {
    const failing = await start(answering([503], [200]))
    expect((await failing.send()).status).toBe(200)
    const writing = await start(answering([503], [200]))
    expect((await writing.send({ method: 'POST' })).status).toBe(503)
    const patching = await start(answering([503], [200]))
    expect((await patching.send({ method: 'PATCH' })).status).toBe(200)
    const binding = await start(answering([503], [200]))
    expect((await binding.send({ method: 'PATCH' }, 'bindings')).status).toBe(503)
    let asked = 0
    const breaking = await start((_, res) => {
      asked += 1
      if (asked === 1) res.destroy()
      else res.end('{}')
    })
    expect((await breaking.send()).status).toBe(200)
    const writer = await start((_, res) => void res.destroy())
    await expect(writer.send({ method: 'POST' })).rejects.toThrow()
    expect(writer.waits).toEqual([])
  })

  it('has a limit for the body as well', async () => {
    const { send } = await start((_, res) => {
      res.writeHead(200, { 'content-type': 'application/json' })
      res.write('{')
    }, 500)
    await expect(send({ method: 'POST' })).rejects.toThrow()
  })

  it('hands on an answer without a body', async () => {
    const { send } = await start((_, res) => void res.writeHead(204).end())
    const answer = await send({ method: 'PATCH' })
    expect([answer.status, await answer.text()]).toEqual([204, ''])
  })
})

describe('a problem', () => {
  const refused = (statusCode: number, body: unknown = {}, message?: string) =>
    new ManagementError({ statusCode, body, ...(message === undefined ? {} : { message }) })
  const TOKEN = 'ManagementClient: token request failed'

  it.each<[string, unknown, RegExp]>([
    [
      'a missing scope',
      refused(403, { message: 'Insufficient scope, expected any of: read:x,read:y_z' }),
      /lacks read:x, read:y_z: grant them/,
    ],
    ['another prohibition', refused(403, { message: 'Not in this plan' }), /403 Not in this plan/],
    ['an old token', refused(401), /expired/],
    ['a refused client', refused(401, {}, TOKEN), /AUTH0_CLIENT_SECRET: check both/],
    ['a client without the API', refused(403, {}, TOKEN), /may not use the Management API/],
    ['no token for other reasons', refused(500, {}, TOKEN), /no access token \(500\)/],
    ['too many requests', refused(429), /too many requests/],
    [
      'a refused value',
      refused(400, { message: 'Payload validation\nerror' }),
      /400 Payload validation error/,
    ],
    ['a broken server', refused(502, '<html>'), /status 502.*same command again/],
    ['an answer that is cut off', refused(200, '{"a'), /run the same command again/],
    [
      'a network error',
      new TypeError('fetch failed', {
        cause: Object.assign(new Error('x'), { code: 'ENOTFOUND' }),
      }),
      /ENOTFOUND/,
    ],
    ['anything', 'what', /no answer that can be read/],
  ])('is one line that says what to do: %s', (_, error, expected) => {
    const { message } = toProblem(error, 'Reading it')
    expect(message).toMatch(expected)
    expect(message).not.toContain('\n')
  })

  it('is lost where nobody knows what was done', () => {
    expect([200, 301, 400, 404, 429, 500, 503].filter((status) => isLost(refused(status)))).toEqual(
      [200, 500, 503],
    )
    expect(isLost(new TypeError('fetch failed'))).toBe(true)
    expect(isLost(new Problem('known'))).toBe(false)
  })
})

describe('the text report', () => {
  const FRAME = {
    command: 'deploy',
    tenant: 'tenant.example.com',
    action: 'account-linking',
    dryRun: false,
  } as const

  function listen(isTTY = false) {
    let text = ''
    const sink = {
      isTTY,
      columns: 80,
      write: (part: string) => {
        text += part
      },
    }
    const report = createTextReport(FRAME, { colour: isTTY, stdout: sink, stderr: sink })
    return { report, text: () => text }
  }

  const STEP = {
    kind: 'action',
    title: 'Action "account-linking"',
    actionId: 'act_1',
    secrets: true,
    changes: [
      { what: 'ALLOWED_CLIENT_IDS', before: 'x'.repeat(300), after: 'y'.repeat(300) },
      { what: 'ENFORCE_MFA', before: undefined, after: 'yes' },
    ],
  } as const

  it('fits 80 columns, whatever it has to say', () => {
    const { report, text } = listen()
    report.plan({ steps: [STEP], notes: ['a note with many words '.repeat(20).trim()] })
    report.begin(STEP)
    report.done('done with many words '.repeat(20).trim())
    report.wait(1_500, 'too many requests')
    report.end({ text: 'the end of it '.repeat(20).trim(), changed: true, running: undefined })
    for (const line of text().split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(text()).toContain('ENFORCE_MFA: (default) → yes')
    expect(text()).toContain('too many requests: again in 1.5 s')
  })

  it('has colours and a moving line on a terminal, and neither elsewhere', () => {
    const escapeCode = '\u001b'
    for (const isTTY of [true, false]) {
      const { report, text } = listen(isTTY)
      report.plan({ steps: [STEP], notes: [] })
      report.begin(STEP)
      report.progress('building, 3 s')
      report.done('built')
      expect(text().includes(escapeCode)).toBe(isTTY)
      expect(text().includes('building, 3 s')).toBe(isTTY)
    }
  })

  it.each([
    ['a terminal', true, {}, true],
    ['no terminal', undefined, {}, false],
    ['NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['a dumb terminal', true, { TERM: 'dumb' }, false],
  ])('is coloured on %s: %s', (_, isTTY, variables, expected) => {
    expect(wantsColour({ write: () => {}, isTTY }, variables)).toBe(expected)
  })

  it('shows no secret that it was told of, in any of its words', () => {
    const { report, text } = listen()
    report.hide('hush')
    report.plan({
      steps: [
        { ...STEP, title: 'hush', changes: [{ what: 'hush', before: 'hush', after: 'hush' }] },
      ],
      notes: ['hush'],
    })
    report.note('hush')
    report.done('hush')
    report.wait(1, 'hush')
    report.end({ text: 'hush', changed: true, running: undefined })
    report.fail('hush')
    expect(text()).not.toContain('hush')
  })

  it('shows no half of a secret where a long line is cut', () => {
    const secret = 'a-secret-that-lies-across-the-end'
    for (let length = 440; length < 500; length += 1) {
      const message = `${'x'.repeat(length)}${secret}${'y'.repeat(200)}`
      const body = { statusCode: 400, message }
      const problem = toProblem(new ManagementError({ statusCode: 400, body }), 'It')
      const { report, text } = listen()
      report.hide(secret)
      report.fail(problem.message)
      expect(text()).not.toContain('a-sec')
      expect(text().length).toBeLessThan(520)
    }
  })

  it('shows no half of a secret where a value is cut, nor what a shorter one leaves', () => {
    const secret = 'a-secret-that-lies-across-the-end'
    for (let length = 0; length < 40; length += 1) {
      const { report, text } = listen()
      for (const one of ['a-secret', secret]) report.hide(one)
      const before = `${'x'.repeat(length)}${secret}`
      const change = { what: 'name', before, after: before }
      report.plan({ steps: [{ ...STEP, changes: [change] }], notes: [before] })
      expect(text()).not.toMatch(/a-s|-lies|-end/)
      expect(text()).toContain('name: ')
    }
  })

  it('leaves a long word whole', () => {
    expect(wrap('a bb https://example.com/long c', 6)).toEqual([
      'a bb',
      'https://example.com/long',
      'c',
    ])
  })
})
