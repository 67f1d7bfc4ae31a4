import { describe, expect, it } from 'vitest'
import { printable, printableJson } from '../../scripts/deploy/printable.ts'
import { createFilter } from '../../scripts/deploy/report.ts'
import { createTextReport } from '../../scripts/deploy/text-report.ts'
import { ACTION, type Bench, startBench } from './tenant.ts'

const dist = async () => ACTION
const provision = (bench: Bench) => bench.run(['--provision'], {}, dist)

const HOSTILE =
  'a\u001b[2J\u001b]0;t\u0007\u009b31m\u202eb\u2066\u200b\r\n::error::c ::set-output name=d::e ##[error]f ##vso[g]h\u2028\u0085::i'

/** What moves the cursor, hides or turns text; our own colours are off, as nothing here is a terminal. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

function expectHarmless(text: string): void {
  for (const line of text.split('\n')) {
    expect(line).not.toMatch(UNSEEN)
    expect(line.trimStart()).not.toMatch(/^::/)
    expect(line).not.toMatch(/##\w*\[/)
  }
}

describe('what a tenant sends', () => {
  it.each([
    ['\u001b[31m', '\\x1b[31m'],
    ['\u009b', '\\x9b'],
    ['a\r\nb', 'a\\x0d\\x0ab'],
    ['\u202e\u2028', '\\u202e\\u2028'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\ud800', '\\ud800'],
    ['::error::a', '\\x3a:error\\x3a:a'],
    ['##[error]', '\\x23#[error]'],
    ['Günther – 東京 🎉: # 1', 'Günther – 東京 🎉: # 1'],
  ])('is shown as text: %j', (text, shown) => {
    expect(printable(text)).toBe(shown)
    const document = printableJson(JSON.stringify({ text }, undefined, 2))
    expect(JSON.parse(document)).toEqual({ text })
    expectHarmless(document)
  })

  it('is cut and escaped when no secret is in it any more', () => {
    const { hide, tellCut } = createFilter()
    hide('se\u001bcret')
    expect(tellCut(`${'x'.repeat(496)}se\u001bcret`)).toBe(`${'x'.repeat(496)}(sec…`)
  })

  it('reaches neither terminal nor log unescaped, in a plan', async () => {
    const bench = await startBench()
    bench.tenant.fault({
      route: 'GET /api/v2/connections',
      times: 2,
      body: JSON.stringify({
        connections: [{ id: 'con_1', name: HOSTILE, strategy: 'google-oauth2', options: {} }],
      }),
    })
    bench.tenant.fault({
      route: /GET .*bindings/,
      times: 4,
      body: JSON.stringify({
        bindings: [{ id: 'bin_1', display_name: HOSTILE, action: { id: 'act_x' } }],
        total: 1,
      }),
    })
    const args = ['--provision', '--dry-run', '--position', 'first']
    const { code, stdout } = await bench.run(args, {}, dist)
    expect(code).toBe(0)
    expect(stdout).toContain('\\x1b[2J')
    expectHarmless(stdout)
    const json = await bench.run([...args, '--json'], {}, dist)
    expectHarmless(json.stdout)
    expect(JSON.stringify(JSON.parse(json.stdout))).toContain(JSON.stringify(HOSTILE).slice(1, -1))
  })

  it.each([[[]], [['--json']]])('nor in an error: %s', async (args) => {
    const bench = await startBench()
    const body = JSON.stringify({ message: HOSTILE, errorCode: HOSTILE })
    const route = 'GET /api/v2/actions/actions'
    bench.tenant.fault({ route, status: 400, times: 2, body })
    for (const ran of [await bench.run(args, {}, dist), await bench.examine(args)]) {
      expect(ran.code).toBeGreaterThan(0)
      expect(ran.stderr).toContain('answers 400 a\\x1b[2J')
      expectHarmless(ran.stdout)
      expectHarmless(ran.stderr)
      expect(ran.stderr.trim().split('\n')).toHaveLength(1)
    }
  })

  it.each([[[]], [['--json']]])('nor in what the doctor finds: %s', async (args) => {
    const bench = await startBench()
    await provision(bench)
    const companion = bench.tenant.applications.all.find(({ caller }) => caller === 'action')
    if (companion === undefined) throw new Error('no companion')
    bench.tenant.applications.put({ ...companion, name: HOSTILE })
    const { stdout } = await bench.examine(args)
    expect(stdout).toContain(args.length === 0 ? 'a\\x1b[2J' : 'a\\u001b[2J')
    expectHarmless(stdout)
  })
})

describe('the voice for people', () => {
  it('shows every part of a plan as text', () => {
    let stdout = ''
    const sink = { write: (text: string) => (stdout += text) }
    const frame = { command: 'deploy', tenant: HOSTILE, action: HOSTILE, dryRun: true } as const
    const report = createTextReport(frame, { colour: false, stdout: sink, stderr: sink })
    const changes = [{ what: HOSTILE, before: HOSTILE, after: HOSTILE }]
    const step = { kind: 'build', title: HOSTILE, changes } as const
    report.plan({ steps: [step], notes: [HOSTILE] })
    report.begin(step)
    report.done(HOSTILE)
    report.note(HOSTILE)
    report.wait(1_000, HOSTILE)
    report.end({ text: HOSTILE, changed: true, running: undefined })
    report.fail(HOSTILE)
    expectHarmless(stdout)
    expect(stdout.match(/a\\x1b\[2J/g)?.length).toBeGreaterThan(8)
  })
})

describe('a redirect', () => {
  it.each([
    ['the token', 'POST /oauth/token', 307],
    ['a read', 'GET /api/v2/actions/actions', 302],
    ['the application', 'POST /api/v2/clients', 308],
    ['the Action with its secrets', 'POST /api/v2/actions/actions', 307],
    ['a PATCH', /PATCH .*bindings/, 307],
  ])('is not followed with %s', async (_, route, status) => {
    const bench = await startBench()
    const elsewhere = await startBench()
    const location = `https://${elsewhere.tenant.canonicalDomain}/elsewhere`
    bench.tenant.fault({ route, status, headers: { location }, body: '{}' })
    const { code, stdout, stderr } = await provision(bench)
    expect(code).toBe(1)
    expect(stderr).toContain('answers with a redirect, which no secret follows')
    expect(stdout).not.toContain('again in')
    expect(elsewhere.tenant.requests()).toEqual([])
  })

  it('ends the doctor too', async () => {
    const bench = await startBench()
    const location = 'https://elsewhere.example.com/'
    bench.tenant.fault({ route: 'POST /oauth/token', status: 308, headers: { location } })
    expect(await bench.examine()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('answers with a redirect'),
    })
  })
})

describe('a binding without a display name', () => {
  it('stays as it was where another is moved', async () => {
    const bench = await startBench()
    await provision(bench)
    const ours = bench.tenant.actions.bindings()[0]
    const shown = [
      { id: 'bin_1', action: { id: 'act_x' } },
      { id: ours?.id, display_name: 'account-linking', action: { id: ours?.actionId } },
    ]
    const body = JSON.stringify({ bindings: shown, total: 2 })
    bench.tenant.fault({ route: /GET .*bindings/, times: 2, body })
    bench.tenant.fault({ route: /PATCH .*bindings/, body: '{"bindings":[]}' })
    bench.tenant.clearLog()
    await bench.run(['--position', 'first'], {}, dist)
    const patch = bench.tenant
      .requests()
      .find(({ method, path }) => method === 'PATCH' && path.endsWith('/bindings'))
    expect(patch?.json).toEqual({
      bindings: [
        { ref: { type: 'binding_id', value: ours?.id }, display_name: 'account-linking' },
        { ref: { type: 'binding_id', value: 'bin_1' } },
      ],
    })
  })
})

describe('a custom domain for AUTH0_DOMAIN', () => {
  const jwt = (claims: object) =>
    `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`

  it.each([[[]], [['--dry-run']], [['--rollback']], [['--provision']]])(
    'is refused by the token, before any request: %s',
    async (args) => {
      const bench = await startBench()
      const { canonicalDomain, customDomain } = bench.tenant
      const settings = {
        AUTH0_DOMAIN: customDomain,
        AUTH0_ACCESS_TOKEN: jwt({ aud: `https://${canonicalDomain}/api/v2/` }),
      }
      const runs = [await bench.run(args, settings, dist), await bench.examine([], settings)]
      for (const { code, stderr } of runs) {
        expect(code).toBeGreaterThan(0)
        expect(stderr).toContain(`AUTH0_DOMAIN is ${customDomain}: set it to the canonical domain`)
      }
      expect(bench.tenant.requests()).toEqual([])
    },
  )

  it.each([[[]], [['--provision']]])('is refused by the list of them: %s', async (args) => {
    const bench = await startBench()
    await provision(bench)
    bench.tenant.clearLog()
    const domains = [{ domain: bench.tenant.canonicalDomain, status: 'ready' }]
    const fault = { route: 'GET /api/v2/custom-domains', body: JSON.stringify(domains) }
    bench.tenant.fault({ ...fault, times: 2 })
    for (const ran of [await bench.run(args, {}, dist), await bench.examine()]) {
      expect(ran.code).toBeGreaterThan(0)
      expect(ran.stderr).toContain('AUTH0_DOMAIN is a custom domain: set it to the canonical one')
    }
    expect(bench.calls(/POST|PATCH/)).toEqual([])
  })
})
