import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { Finding, Level, Patient } from '../../scripts/deploy/checks/finding.ts'
import { diagnose } from '../../scripts/deploy/diagnose.ts'
import { readMemory } from '../../scripts/deploy/memory.ts'
import { readAsAction, type Values } from '../../scripts/deploy/settings.ts'
import { main } from '../../scripts/doctor.ts'
import type { TenantOptions } from '../tenant/index.ts'
import {
  action,
  bound,
  CLIENT_ID,
  CODE,
  companion,
  connection,
  DOMAIN,
  deployed,
  NAME,
  OURS,
  remembered,
  surroundings,
} from './fixtures.ts'
import { startBench } from './tenant.ts'

const ACTION = await readFile(new URL('../../dist/action.js', import.meta.url), 'utf8')

const HEALTHY = { AUTH0_DOMAIN: DOMAIN, AUTH0_CLIENT_ID: CLIENT_ID, PRIMARY_MAX_AUTH_AGE: '600' }

function patient(overrides: Partial<Patient> = {}, settings: Values = {}): Patient {
  const values = { ...HEALTHY, ...settings }
  const understood = readAsAction(values)
  const usable = typeof understood === 'string' ? readAsAction(HEALTHY) : understood
  if (typeof usable === 'string') throw new Error(usable)
  const {
    action: present,
    bindings,
    companion: application,
  } = deployed({
    action: action({
      secretNames: [...Object.keys(values), 'AUTH0_CLIENT_SECRET', 'ACTION_SECRET'],
    }),
    companion: companion({ metadata: remembered(values) }),
  })
  return {
    domain: DOMAIN,
    actionName: NAME,
    code: CODE,
    action: present,
    bindings,
    companion: application,
    surroundings: surroundings(),
    applications: [],
    tokenLifetimeSeconds: 86_400,
    memory: readMemory(application?.metadata ?? {}),
    values,
    valuesFrom: 'deployment',
    settings: usable,
    ...overrides,
  }
}

const bad = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== 'fine')
const APP = companion({ clientId: 'app', name: 'Example App', metadata: {} })

describe('the doctor', () => {
  it('finds nothing wrong with a healthy tenant, and says what it looked at', () => {
    const findings = diagnose(patient())
    expect(bad(findings)).toEqual([])
    expect(findings.map(({ check }) => check)).toEqual([
      'version',
      'secrets',
      'flow',
      'companion',
      'callbacks',
      'use of the companion',
      'permission',
      'secret of the companion',
      'settings',
      'PRIMARY_MAX_AUTH_AGE',
      'connections',
      'applications',
      'token lifetime',
    ])
  })

  it.each<[string, Level, string, RegExp, RegExp, Partial<Patient>, Values?]>([
    ['no Action', 'broken', 'Action', /no Action/, /--provision/, { action: undefined }],
    [
      'an Action that was never deployed',
      'broken',
      'version',
      /never deployed/,
      /npm run deploy/,
      { action: action({ running: undefined }) },
    ],
    ['another dist', 'warning', 'version', /behind/, /npm run deploy/, { code: 'a later one' }],
    [
      'a failed build',
      'warning',
      'build',
      /failed; version 3 runs on/,
      /npm run deploy/,
      { action: action({ status: 'failed' }) },
    ],
    [
      'a draft that does not run',
      'warning',
      'draft',
      /do not run/,
      /npm run deploy/,
      { action: action({ allChangesDeployed: false }) },
    ],
    [
      'a version by other means',
      'note',
      'version',
      /not deployed by npm run deploy/,
      /npm run deploy/,
      { memory: readMemory(remembered({}, 2)) },
    ],
    [
      'another trigger version',
      'broken',
      'trigger',
      /post-login v2/,
      /deploy/,
      { action: action({ trigger: 'post-login v2' }) },
    ],
    [
      'another runtime',
      'warning',
      'runtime',
      /made for node22/,
      /deploy/,
      { action: action({ runtime: 'node18' }) },
    ],
    [
      'npm packages',
      'note',
      'npm dependencies',
      /needs none/,
      /deploy/,
      { action: action({ dependencies: 4 }) },
    ],
    [
      'a missing secret',
      'broken',
      'secrets',
      /^AUTH0_DOMAIN, ACTION_SECRET missing/,
      /Secrets/,
      {
        action: action({
          secretNames: ['AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET', 'PRIMARY_MAX_AUTH_AGE'],
        }),
      },
    ],
    [
      'a setting that got lost',
      'warning',
      'secrets',
      /^PRIMARY_MAX_AUTH_AGE should be there/,
      /Secrets/,
      { action: action() },
    ],
    ['not bound', 'broken', 'flow', /never runs/, /deploy/, { bindings: [bound('bin_a')] }],
    [
      'bound twice',
      'broken',
      'flow',
      /2 times/,
      /Triggers/,
      { bindings: [OURS, { ...OURS, id: 'bin_again' }] },
    ],
    [
      'another Action behind',
      'warning',
      'flow',
      /Action of bin_b runs behind it/,
      /deploy/,
      { bindings: [OURS, bound('bin_b')] },
    ],
    ['no companion', 'broken', 'companion', /known/, /--provision/, { companion: undefined }],
    [
      'a companion that signs with HS256',
      'broken',
      'companion',
      /signed with HS256/,
      /--provision/,
      { companion: companion({ algorithm: 'HS256' }) },
    ],
    [
      'a companion of the wrong kind',
      'broken',
      'companion',
      /spa.*third-party.*client_credentials.*none.*pushed.*organization/,
      /--provision/,
      {
        companion: companion({
          appType: 'spa',
          firstParty: false,
          grantTypes: ['authorization_code'],
          authenticationMethod: 'none',
          requiresPar: true,
          requiresOrganization: true,
        }),
      },
    ],
    [
      'a custom domain without a callback',
      'broken',
      'callbacks',
      /https:\/\/login\.example\.com\/continue/,
      /--provision/,
      {
        surroundings: surroundings({
          customDomains: [{ domain: 'login.example.com', ready: true }],
        }),
      },
    ],
    [
      'a companion that people log in to',
      'warning',
      'use of the companion',
      /normal application/,
      /one of its own/,
      { companion: companion({ otherAddresses: ['https://app.example.com'] }) },
    ],
    [
      'a companion with more grants',
      'warning',
      'use of the companion',
      /implicit/,
      /--provision/,
      {
        companion: companion({
          grantTypes: ['authorization_code', 'client_credentials', 'implicit'],
        }),
      },
    ],
    [
      'no permission',
      'broken',
      'permission',
      /no link can be made/,
      /--provision/,
      { surroundings: surroundings({ grant: undefined }) },
    ],
    [
      'the permission that the published page asks for',
      'broken',
      'permission',
      /lacks update:users/,
      /--provision/,
      {
        surroundings: surroundings({
          grant: { id: 'cgr_1', scopes: ['create:users'], allScopes: false },
        }),
      },
    ],
    [
      'too much permission',
      'warning',
      'permission',
      /delete:users/,
      /--provision/,
      {
        surroundings: surroundings({
          grant: { id: 'cgr_1', scopes: ['update:users', 'delete:users'], allScopes: false },
        }),
      },
    ],
    [
      'a client secret that was rotated',
      'broken',
      'secret of the companion',
      /no code can be redeemed/,
      /deploy/,
      { companion: companion({ clientSecret: 'rotated' }) },
    ],
    [
      'a client secret that cannot be read',
      'note',
      'secret of the companion',
      /read:client_keys/,
      /^$/,
      { companion: companion({ clientSecret: undefined }) },
    ],
    [
      'settings that nobody knows',
      'note',
      'settings',
      /not known/,
      /LINK_/,
      { values: undefined, valuesFrom: 'nowhere' },
    ],
    [
      'a setting that is not understood',
      'broken',
      'settings',
      /ENFORCE_MFA takes/,
      /LINK_/,
      {},
      { ENFORCE_MFA: 'perhaps' },
    ],
    [
      'PRIMARY_MAX_AUTH_AGE off',
      'warning',
      'PRIMARY_MAX_AUTH_AGE',
      /both accounts/,
      /max_age=600/,
      {},
      { PRIMARY_MAX_AUTH_AGE: 'off' },
    ],
    [
      'another domain in the Action',
      'broken',
      'AUTH0_DOMAIN',
      /other\.example\.com/,
      /deploy/,
      {},
      { AUTH0_DOMAIN: 'other.example.com' },
    ],
    [
      'a custom domain of somebody else',
      'warning',
      'CUSTOM_DOMAINS',
      /login\.example\.com is no custom domain/,
      /LINK_CUSTOM_DOMAINS/,
      {
        companion: companion({
          callbacks: [DOMAIN, 'login.example.com'].map((one) => `https://${one}/continue`),
        }),
      },
      { CUSTOM_DOMAINS: 'login.example.com' },
    ],
    [
      'a custom domain that is not verified',
      'note',
      'custom domain',
      /not verified/,
      /Branding/,
      {
        companion: companion({
          callbacks: [DOMAIN, 'login.example.com'].map((one) => `https://${one}/continue`),
        }),
        surroundings: surroundings({
          customDomains: [{ domain: 'login.example.com', ready: false }],
        }),
      },
    ],
    [
      'a connection that is not there',
      'warning',
      'ALLOWED_CONNECTIONS',
      /nowhere is no connection/,
      /LINK_ALLOWED_CONNECTIONS/,
      {},
      { ALLOWED_CONNECTIONS: 'nowhere, google-oauth2' },
    ],
    [
      'an application that is not there',
      'warning',
      'ALLOWED_CLIENT_IDS',
      /nobody is no application/,
      /LINK_ALLOWED_CLIENT_IDS/,
      { applications: [APP] },
      { ALLOWED_CLIENT_IDS: 'app, nobody' },
    ],
    [
      'the companion among those that may ask',
      'warning',
      'ALLOWED_CLIENT_IDS',
      /always refused/,
      /LINK_ALLOWED_CLIENT_IDS/,
      { applications: [companion()] },
      { ALLOWED_CLIENT_IDS: CLIENT_ID },
    ],
    [
      'verification off, and demanded all the same',
      'warning',
      'ENFORCE_EMAIL_VERIFICATION',
      /REQUIRE_MATCHING_EMAIL/,
      /LINK_ENFORCE_EMAIL_VERIFICATION/,
      {},
      { REQUIRE_MATCHING_EMAIL: 'yes', ENFORCE_EMAIL_VERIFICATION: 'no' },
    ],
    [
      'hints that outlive the login that they need',
      'warning',
      'HINT_MAX_AGE',
      /ends it after 600 s/,
      /LINK_HINT_MAX_AGE/,
      {},
      { HINT_MAX_AGE: '3600' },
    ],
    [
      'a log without errors',
      'warning',
      'DEBUG',
      /nobody learns/,
      /LINK_DEBUG/,
      {},
      { DEBUG: 'account-linking:outcome' },
    ],
    ['a log of everything', 'note', 'DEBUG', /256 characters/, /LINK_DEBUG/, {}, { DEBUG: '*' }],
    [
      'developer keys',
      'broken',
      'connection',
      /cannot resume at \/continue/,
      /Authentication > Social > google-oauth2/,
      { surroundings: surroundings({ connections: [connection({ developerKeys: true })] }) },
    ],
    [
      'a connection whose keys cannot be seen',
      'note',
      'connection',
      /read:connections_options/,
      /Social/,
      { surroundings: surroundings({ connections: [connection({ developerKeys: undefined })] }) },
    ],
    [
      'a connection that is off for the companion',
      'broken',
      'connection',
      /nobody can link it/,
      /--provision/,
      { surroundings: surroundings({ connections: [connection({ enabled: false })] }) },
    ],
    [
      'a main identity whose connection is off',
      'note',
      'connection',
      /cannot unlink/,
      /--provision/,
      {
        surroundings: surroundings({
          connections: [connection(), connection({ id: 'con_2', name: 'staff', enabled: false })],
        }),
      },
      { ALLOWED_CONNECTIONS: 'google-oauth2' },
    ],
    [
      'no connection at all',
      'broken',
      'connection',
      /no connection that may be linked/,
      /Authentication/,
      { surroundings: surroundings({ connections: [] }) },
    ],
    [
      'an application that signs with HS256, and is named',
      'broken',
      'application Example App',
      /HS256/,
      /OAuth/,
      { applications: [{ ...APP, algorithm: 'HS256' }] },
      { ALLOWED_CLIENT_IDS: 'app' },
    ],
    [
      'an application that signs with HS256, and may not even ask',
      'note',
      'application Example App',
      /HS256/,
      /OAuth/,
      { applications: [{ ...APP, algorithm: 'HS256' }] },
    ],
    [
      'ID tokens that end before the hint',
      'note',
      'application Example App',
      /300 s, less than HINT_MAX_AGE/,
      /OAuth/,
      { applications: [{ ...APP, idTokenLifetimeSeconds: 300 }] },
    ],
    [
      'a third-party application',
      'note',
      'application Example App',
      /ext-/,
      /^$/,
      { applications: [{ ...APP, firstParty: false }] },
      { ALLOWED_CLIENT_IDS: 'app' },
    ],
    [
      'tokens that are not worth caching',
      'warning',
      'token lifetime',
      /last 60 s/,
      /Access Token Settings/,
      { tokenLifetimeSeconds: 60 },
    ],
    [
      'a token lifetime that cannot be read',
      'note',
      'token lifetime',
      /read:resource_servers/,
      /^$/,
      { tokenLifetimeSeconds: undefined },
    ],
  ])('finds %s', (_, level, check, reason, mend, overrides, settings = {}) => {
    const found = bad(diagnose(patient(overrides, settings))).filter((one) => one.check === check)
    expect(found).toEqual([
      expect.objectContaining({ level, check, reason: expect.stringMatching(reason) }),
    ])
    expect(found[0]?.mend ?? '').toMatch(mend)
  })

  it('does not mind developer keys of a connection that may not be linked', () => {
    const connections = [connection({ name: 'github', developerKeys: true }), connection()]
    const overrides = { surroundings: surroundings({ connections }) }
    expect(bad(diagnose(patient(overrides, { ALLOWED_CONNECTIONS: 'google-oauth2' })))).toEqual([])
  })
})

describe('npm run doctor', () => {
  async function start(options: TenantOptions = {}) {
    const bench = await startBench(options)
    const examine = async (args: readonly string[] = [], settings = {}) => {
      const output = { stdout: '', stderr: '' }
      const sink = (name: 'stdout' | 'stderr') => ({
        write: (text: string) => {
          output[name] += text
        },
      })
      const terminal = { stdout: sink('stdout'), stderr: sink('stderr') }
      const build = async () => ACTION
      const code = await main(args, { ...bench.variables, ...settings }, terminal, { build })
      return { code, ...output }
    }
    const deploy = (settings = {}) => bench.run(['--provision'], settings, async () => ACTION)
    return { ...bench, examine, deploy }
  }

  it('is content with what npm run deploy leaves, and writes nothing', async () => {
    const { deploy, examine, tenant, calls } = await start()
    await deploy({ LINK_PRIMARY_MAX_AUTH_AGE: '600' })
    tenant.clearLog()
    const { code, stdout } = await examine()
    expect(stdout).not.toMatch(/[✗!]/)
    expect(stdout).toContain('Links work')
    expect(code).toBe(0)
    expect(calls(/POST|PATCH|PUT|DELETE/)).toEqual([])
  })

  it('says 1 where something is broken, as JSON too', async () => {
    const { deploy, examine, management, tenant } = await start({ developerKeys: ['github'] })
    await deploy()
    const { code, stdout } = await examine(['--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      tenant: tenant.canonicalDomain,
      findings: expect.arrayContaining([
        expect.objectContaining({ level: 'broken', reason: expect.stringContaining('github') }),
        expect.objectContaining({ level: 'warning', check: 'PRIMARY_MAX_AUTH_AGE' }),
      ]),
    })
    const page = await management.connections.list({ name: 'github' })
    const options = { client_id: 'example-key-of-our-own' }
    await management.connections.update(page.data[0]?.id ?? '', { options })
    expect((await examine()).code).toBe(0)
  })

  it('checks an Action that was pasted by hand, by the variables', async () => {
    const { examine, tenant } = await start({ companion: 'registered' })
    const secrets = { ...tenant.companionSettings, ACTION_SECRET: 'x'.repeat(32) }
    tenant.install({ name: 'account-linking', code: ACTION, secrets })
    const { companion: application } = tenant.applications
    const settings = { LINK_AUTH0_CLIENT_ID: application.clientId, LINK_ENFORCE_MFA: 'yes' }
    const { code, stdout } = await examine([], settings)
    expect(stdout).toContain('Those of the variables are understood')
    expect(code).toBe(0)
  })

  it('finds an empty tenant broken', async () => {
    const { examine } = await start()
    const { code, stdout } = await examine()
    expect(code).toBe(1)
    expect(stdout).toContain('There is no Action account-linking')
    expect(stdout).toContain('npm run deploy -- --provision')
  })

  it('says 2 where it could not look, and names the scopes', async () => {
    const { examine, revoke } = await start()
    revoke('read:connections', 'read:custom_domains')
    const { code, stderr } = await examine()
    expect(code).toBe(2)
    expect(stderr).toMatch(/lacks read:connections, read:custom_domains/)
  })

  it('does without the scopes for what it would only like to see', async () => {
    const { deploy, examine, revoke } = await start({ developerKeys: ['github'] })
    await deploy()
    const scopes = ['read:client_keys', 'read:resource_servers', 'read:connections_options']
    revoke(...scopes)
    const { code, stdout } = await examine()
    expect(code).toBe(0)
    for (const scope of scopes) expect(stdout.replace(/\s+/g, ' ')).toContain(`without ${scope}`)
  })
})
