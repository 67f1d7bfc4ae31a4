import { describe, expect, it } from 'vitest'
import type { Finding, Level, Patient } from '../../scripts/deploy/checks/finding.ts'
import { diagnose } from '../../scripts/deploy/diagnose.ts'
import { readMemory } from '../../scripts/deploy/memory.ts'
import type { Values } from '../../scripts/deploy/settings.ts'
import type { TenantOptions } from '../../scripts/tenant/index.ts'
import {
  action,
  bound,
  CLIENT_ID,
  companion,
  connection,
  DOMAIN,
  OURS,
  patient,
  remembered,
  surroundings,
  version,
} from './fixtures.ts'
import { ACTION, startBench } from './tenant.ts'

const bad = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== 'fine')
const HELD = [
  'ALLOWED_CONNECTIONS',
  'ENFORCE_EMAIL_VERIFICATION',
  'PRIMARY_MAX_AUTH_AGE',
  'CONFIRM_LINK',
  'RESULT_CLAIM',
]
const held = (lost: string) => [...action().secretNames, ...HELD].filter((name) => name !== lost)
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
      'ENFORCE_EMAIL_VERIFICATION',
      'CONFIRM_LINK',
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
      'a version by other means after a rollback',
      'note',
      'version',
      /^Version 3 was not deployed by npm run deploy \(that was 2\)/,
      /npm run deploy/,
      { memory: { ...readMemory(remembered({}, 2)), repeats: 1 } },
    ],
    [
      'a rollback',
      'note',
      'version',
      /^Version 3 is version 1 again, after a rollback/,
      /npm run deploy/,
      { memory: { ...readMemory(remembered({}, 3)), repeats: 1 } },
    ],
    [
      'the memory of another Action that has the same companion',
      'note',
      'version',
      /^Version 3 was not deployed by npm run deploy: it has the settings that somebody gave it/,
      /^$/,
      { memory: { ...readMemory(remembered({}, 3)), action: 'another' } },
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
      { action: action({ running: version({ runtime: 'node18' }) }) },
    ],
    [
      'npm packages',
      'note',
      'npm dependencies',
      /needs none/,
      /deploy/,
      { action: action({ running: version({ dependencies: 4 }) }) },
    ],
    [
      'a missing secret',
      'broken',
      'secrets',
      /^AUTH0_DOMAIN, ACTION_SECRET missing/,
      /Secrets/,
      {
        action: action({
          secretNames: ['AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET', ...HELD],
        }),
      },
    ],
    [
      'a secret that only the draft has',
      'broken',
      'secrets',
      /^ACTION_SECRET missing/,
      /Secrets/,
      {
        action: action({
          running: version({
            secretNames: ['AUTH0_DOMAIN', 'AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET', ...HELD],
          }),
        }),
      },
    ],
    [
      'a setting that got lost',
      'warning',
      'secrets',
      /^PRIMARY_MAX_AUTH_AGE should be there and is not: its default holds\.$/,
      /Secrets/,
      { action: action({ secretNames: held('PRIMARY_MAX_AUTH_AGE') }) },
    ],
    [
      'settings that got lost',
      'warning',
      'secrets',
      /^PRIMARY_MAX_AUTH_AGE, ALLOW_MERGE should be there and are not: their defaults hold\.$/,
      /Secrets/,
      { action: action({ secretNames: held('PRIMARY_MAX_AUTH_AGE') }) },
      { ALLOW_MERGE: 'yes' },
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
      /algorithm of its ID tokens is HS256, not RS256/,
      /--provision/,
      { companion: companion({ algorithm: 'HS256' }) },
    ],
    [
      'a companion of whose algorithm nothing is known',
      'broken',
      'companion',
      /algorithm of its ID tokens is not set, not RS256/,
      /--provision/,
      { companion: companion({ algorithm: '' }) },
    ],
    [
      'a companion that is gone',
      'broken',
      'companion',
      /There is no application gone/,
      /^correct LINK_AUTH0_CLIENT_ID, or leave it out$/,
      { companion: undefined, given: { AUTH0_DOMAIN: DOMAIN, AUTH0_CLIENT_ID: 'gone' } },
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
      'a client secret that was sent to an older version',
      'note',
      'secret of the companion',
      /not known/,
      /deploy/,
      {
        companion: companion({ clientSecret: 'rotated' }),
        memory: readMemory(remembered({}, 2)),
      },
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
      'variables that say otherwise than what was deployed',
      'warning',
      'settings',
      /^The LINK_… variables say otherwise of ALLOWED_CONNECTIONS, ALLOW_MERGE, CONFIRM_LINK, ENFORCE_EMAIL_VERIFICATION, ENFORCE_MFA, PRIMARY_MAX_AUTH_AGE, RESULT_CLAIM\.$/,
      /^npm run deploy$/,
      {
        given: {
          AUTH0_DOMAIN: DOMAIN,
          ACTION_SECRET: 'another',
          ENFORCE_MFA: 'yes',
          ALLOW_MERGE: 'no',
        },
      },
      { ALLOW_MERGE: 'yes' },
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
      'nothing that ties the nested login to a browser',
      'warning',
      'PIN_USER_AGENT',
      /^It is off, and no address is pinned: whoever is handed the nested URL links into the account that began, from any browser\. The session that began is all/,
      /^set LINK_PIN_USER_AGENT=yes, or LINK_PIN_IP_ADDRESS=yes, then npm run deploy$/,
      {},
      { PIN_USER_AGENT: 'no', PIN_IP_ADDRESS: 'no' },
    ],
    [
      'nothing that ties even the way back to a session',
      'warning',
      'PIN_USER_AGENT',
      /With PIN_SESSION off not even the session on the way back is asked for\.$/,
      /LINK_PIN_USER_AGENT=yes/,
      {},
      { PIN_USER_AGENT: 'no', PIN_SESSION: 'no' },
    ],
    [
      'hints that outlive the login that they need',
      'warning',
      'HINT_MAX_AGE',
      /ends it after 600 s: a hint is never older than its login/,
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
    [
      'a log that errors are taken out of',
      'warning',
      'DEBUG',
      /nobody learns/,
      /LINK_DEBUG/,
      {},
      { DEBUG: 'account-linking:*,-*:error,-*:info,-*:verbose' },
    ],
    [
      'a log of everything by another pattern',
      'note',
      'DEBUG',
      /256 characters/,
      /LINK_DEBUG/,
      {},
      { DEBUG: 'account-*:*' },
    ],
    ['a log of everything', 'note', 'DEBUG', /256 characters/, /LINK_DEBUG/, {}, { DEBUG: '*' }],
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
      'warning',
      'connection',
      /^staff is not enabled for the companion: who has it as the main identity can link, and cannot unlink anything\.$/,
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
      'an application that is named, and of whose algorithm nothing is known',
      'note',
      'application Example App',
      /is not set: as a hint only RS256/,
      /OAuth/,
      { applications: [{ ...APP, algorithm: '' }] },
      { ALLOWED_CLIENT_IDS: 'app' },
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

  it.each<Values>([
    { PIN_USER_AGENT: 'no', PIN_IP_ADDRESS: 'yes', PIN_SESSION: 'no' },
    { PIN_SESSION: 'no' },
  ])('is content with one thing that tells browsers apart: %j', (settings) => {
    expect(bad(diagnose(patient({}, settings)))).toEqual([])
  })

  it('keeps the tick for the code, whatever is to say of the version besides', () => {
    const memory = readMemory(remembered({}, 2))
    const [first, second] = diagnose(patient({ memory }))
    expect([first?.level, second?.level]).toEqual(['fine', 'note'])
    expect(first?.reason).toMatch(/^Version 3 runs what dist holds/)
  })

  it('only notes a main identity whose connection is off where nobody can link', () => {
    const connections = [
      connection({ enabled: false }),
      connection({ id: 'con_2', name: 'staff', enabled: false }),
    ]
    const overrides = { surroundings: surroundings({ connections }) }
    const found = bad(diagnose(patient(overrides)))
    expect(found.map(({ level }) => level)).toEqual(['broken', 'note'])
  })

  it('judges a setting whose secret is not there at its default', () => {
    const connections = [connection(), connection({ id: 'con_2', name: 'github' })]
    const settings = {
      ALLOWED_CONNECTIONS: 'google-oauth2',
      ALLOWED_CLIENT_IDS: 'nobody',
      PIN_USER_AGENT: 'no',
      HINT_MAX_AGE: '3600',
    }
    const held = patient({ surroundings: surroundings({ connections }) }, settings)
    const all = diagnose(held).map(({ check }) => check)
    expect(all).toEqual(
      expect.arrayContaining(['ALLOWED_CLIENT_IDS', 'PIN_USER_AGENT', 'HINT_MAX_AGE']),
    )
    const findings = diagnose({ ...held, action: action() })
    expect(bad(findings).map(({ check }) => check)).toEqual(
      // Of the variables none is named, and what was deployed is not there.
      [
        'secrets',
        'ALLOWED_CONNECTIONS',
        'PRIMARY_MAX_AUTH_AGE',
        'ENFORCE_EMAIL_VERIFICATION',
        'CONFIRM_LINK',
      ],
    )
    expect(findings.find(({ check }) => check === 'connections')?.reason).toBe(
      'google-oauth2, github can be linked.',
    )
  })

  it('has nothing to say of a log that leaves out what is taken out', () => {
    const patterns = 'account-linking:*,-account-linking:info,-account-linking:verbose'
    expect(bad(diagnose(patient({}, { DEBUG: patterns })))).toEqual([])
  })

  it('does not mind variables that say the same, nor those that are not given', () => {
    const { AUTH0_CLIENT_ID: _, ...same } = patient().values ?? {}
    const secretsAlone = { AUTH0_DOMAIN: DOMAIN, AUTH0_CLIENT_ID: CLIENT_ID, ACTION_SECRET: 'x' }
    for (const given of [same, { ...same, AUTH0_CLIENT_ID: CLIENT_ID }, secretsAlone])
      expect(bad(diagnose(patient({ given })))).toEqual([])
  })
})

describe('npm run doctor', () => {
  async function start(options: TenantOptions = {}) {
    const bench = await startBench(options)
    const deploy = (settings = {}) => bench.run(['--provision'], settings, async () => ACTION)
    return { ...bench, deploy }
  }

  it('is content with what npm run deploy leaves, and writes nothing', async () => {
    const { deploy, examine, tenant, calls } = await start()
    await deploy({
      LINK_PRIMARY_MAX_AUTH_AGE: '600',
      LINK_ENFORCE_EMAIL_VERIFICATION: 'yes',
      LINK_ALLOWED_CONNECTIONS: 'google-oauth2',
      LINK_CONFIRM_LINK: 'yes',
      LINK_RESULT_CLAIM: 'https://app.example.com/linking',
    })
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

  it('does not contradict itself after a rollback, of settings that are not there', async () => {
    const { deploy, examine, run } = await start()
    await deploy()
    const given = { LINK_ALLOWED_CONNECTIONS: 'github', LINK_PRIMARY_MAX_AUTH_AGE: '600' }
    await deploy(given)
    expect((await run(['--rollback'])).code).toBe(0)
    const text = (await examine([], given)).stdout.replace(/\s+/g, ' ')
    expect(text).toContain('✓ version: Version 3 runs what dist holds')
    expect(text).toContain(
      'ALLOWED_CONNECTIONS, PRIMARY_MAX_AUTH_AGE should be there and are not: their defaults hold.',
    )
    expect(text).toMatch(/connections: .*google-oauth2.* can be linked/)
    expect(text).toContain('PRIMARY_MAX_AUTH_AGE: It is off.')
    expect((await examine()).stdout).toContain('They are not known')
  })

  it('does not take the companion alone for the settings', async () => {
    const { examine, tenant } = await start({ companion: 'registered' })
    const secrets = { ...tenant.companionSettings, ACTION_SECRET: 'x'.repeat(32) }
    tenant.install({ name: 'account-linking', code: ACTION, secrets })
    const { stdout } = await examine([], {
      LINK_AUTH0_CLIENT_ID: tenant.applications.companion.clientId,
    })
    expect(stdout).toContain('They are not known')
  })

  it('does not take what it remembers of one version for the settings of another', async () => {
    const { deploy, examine, tenant } = await start()
    await deploy({ LINK_PRIMARY_MAX_AUTH_AGE: '600' })
    const { id = '' } = tenant.actions.findByName('account-linking') ?? {}
    tenant.actions.deploy(id)
    const { stdout } = await examine()
    expect(stdout).toContain('They are not known')
  })

  it('finds a companion that is gone, and one that is the application that asks', async () => {
    const { deploy, examine, tenant } = await start()
    await deploy()
    const gone = await examine(['--json'], { LINK_AUTH0_CLIENT_ID: 'gone' })
    expect(gone.code).toBe(1)
    expect(JSON.parse(gone.stdout).findings).toContainEqual(
      expect.objectContaining({ level: 'broken', reason: 'There is no application gone.' }),
    )
    const { clientId } = tenant.applications.deployer
    const own = await examine([], { LINK_AUTH0_CLIENT_ID: clientId })
    expect(own).toMatchObject({ code: 2, stderr: expect.stringContaining('is another one') })
  })

  it('shows no secret of the companion, wherever somebody put it', async () => {
    const { deploy, examine, tenant } = await start()
    await deploy()
    const { applications } = tenant
    const companion = applications.all.find(({ name }) => name.startsWith('Account linking ('))
    if (companion === undefined) throw new Error('no companion')
    const redirectUris = [`https://app.example.com/${companion.clientSecret}`]
    applications.put({ ...companion, redirectUris })
    for (const args of [[], ['--json']]) {
      const { stdout } = await examine(args)
      expect(stdout).toContain('https://app.example.com/(secret)')
      expect(stdout).not.toContain(companion.clientSecret)
    }
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
