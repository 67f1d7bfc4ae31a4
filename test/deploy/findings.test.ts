import { describe, expect, it } from 'vitest'
import type { Finding, Patient } from '../../scripts/deploy/checks/finding.ts'
import { findNear } from '../../scripts/deploy/checks/near.ts'
import { diagnose } from '../../scripts/deploy/diagnose.ts'
import { readAsAction, SETTING_NAMES, type Values } from '../../scripts/deploy/settings.ts'
import type { TenantConnection } from '../../scripts/deploy/snapshot.ts'
import type { Applications } from '../../scripts/tenant/applications.ts'
import { action, companion, connection, patient, surroundings } from './fixtures.ts'
import { ACTION, startBench } from './tenant.ts'

const bad = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== 'fine')
const find = (overrides: Partial<Patient>, settings: Values = {}) =>
  bad(diagnose(patient(overrides, settings)))

const app = (clientId: string, name = 'Example App') =>
  companion({ clientId, name, metadata: {}, grantTypes: ['authorization_code'] })

describe('a secret that no setting has', () => {
  const withSecrets = (...names: readonly string[]) => {
    const present = patient().action?.secretNames ?? []
    return { action: action({ secretNames: [...present, ...names] }) }
  }

  it.each([
    [
      'ENFORCE_MAF',
      'ENFORCE_MAF is the name of no setting, and nothing reads it: is ENFORCE_MFA meant? That is at its default.',
      'set LINK_ENFORCE_MFA, then npm run deploy -- --drop ENFORCE_MAF',
    ],
    [
      'allow_merge',
      'allow_merge is the name of no setting, and nothing reads it: is ALLOW_MERGE meant? That is at its default.',
      'set LINK_ALLOW_MERGE, then npm run deploy -- --drop allow_merge',
    ],
    [
      'LINK_AUTH0_DOMAIN',
      'LINK_AUTH0_DOMAIN is the name of no setting, and nothing reads it; AUTH0_DOMAIN is there too.',
      'npm run deploy -- --drop LINK_AUTH0_DOMAIN',
    ],
    [
      'SLACK_TOKEN',
      'SLACK_TOKEN is the name of no setting, and nothing reads it.',
      'npm run deploy -- --drop SLACK_TOKEN',
    ],
    [
      'X; curl example.com',
      'X; curl example.com is the name of no setting, and nothing reads it.',
      'remove it at Actions > Library > account-linking > Secrets',
    ],
  ])('%s is told, with the name that was meant', (name, reason, mend) => {
    const expected = { level: 'warning', check: 'secrets', reason, mend }
    expect(find(withSecrets(name))).toEqual([expected])
  })

  it('is told one by one, of what runs', () => {
    const found = find(withSecrets('ENFORCE_MAF', 'HINT_MAX_AGES'))
    expect(found.map(({ reason }) => reason.split(' ')[0])).toEqual([
      'ENFORCE_MAF',
      'HINT_MAX_AGES',
    ])
  })

  it.each([
    ['ENFORCE_MFA', 'ENFORCE_MFA'],
    ['ENFORCEMFA', 'ENFORCE_MFA'],
    ['PIN_SESION', 'PIN_SESSION'],
    ['ALLOWED_CONECTION_SCOPES', 'ALLOWED_CONNECTION_SCOPES'],
    ['TOKEN', undefined],
    ['', undefined],
  ])('%s is near to %s', (name, expected) => {
    expect(findNear(name, SETTING_NAMES)).toBe(expected)
  })
})

describe('the switch for MFA by Actions', () => {
  it.each(['yes', 'always'])('off breaks ENFORCE_MFA=%s', (value) => {
    const [found, ...more] = find({ mfaByActions: false }, { ENFORCE_MFA: value })
    expect(more).toEqual([])
    expect(found).toMatchObject({ level: 'broken', check: 'ENFORCE_MFA' })
    expect(found?.reason).toContain('"Customize MFA Factors using Actions" is off')
    expect(found?.mend).toContain('Security > Multi-factor Auth')
  })

  it('that cannot be seen is noted where it is needed', () => {
    const [found, ...more] = find({ mfaByActions: undefined }, { ENFORCE_MFA: 'yes' })
    expect(more).toEqual([])
    expect(found).toMatchObject({ level: 'note', check: 'ENFORCE_MFA' })
    expect(found?.reason).toContain('without read:tenant_settings')
  })

  it('is nobody’s concern where it is on, or MFA is not enforced', () => {
    expect(find({ mfaByActions: true }, { ENFORCE_MFA: 'yes' })).toEqual([])
    expect(find({ mfaByActions: false })).toEqual([])
  })
})

describe('developer keys', () => {
  const GOOGLE = connection({ developerKeys: true })
  const with_ = (
    connections: readonly TenantConnection[],
    clients: readonly string[],
    more: Partial<Patient> = {},
  ): Partial<Patient> => ({
    applications: [app('app')],
    surroundings: surroundings({ connections }),
    developerKeyClients: { [GOOGLE.id]: clients },
    ...more,
  })

  it('of a main login break the links of whoever logged in with it', () => {
    const [found, ...more] = find(with_([GOOGLE], ['app', 'other']))
    expect(more).toEqual([])
    expect(found).toMatchObject({ level: 'broken', check: 'connection' })
    expect(found?.reason).toMatch(/is a login of Example App: .* cannot resume at \/continue/)
    expect(found?.mend).toContain('Authentication > Social > google-oauth2')
  })

  it('do so whether the connection may be linked or not', () => {
    const connections = [{ ...GOOGLE, name: 'github' }, connection({ id: 'con_2' })]
    const found = find(with_(connections, ['app']))
    expect(found.map(({ level }) => level)).toEqual(['broken'])
  })

  it.each<[string, Partial<Patient>, Values]>([
    ['only an application that may not ask', {}, { ALLOWED_CLIENT_IDS: 'asks' }],
    ['only a machine', { applications: [{ ...app('app'), grantTypes: [] }] }, {}],
  ])('are only noted where %s has them', (_, more, settings) => {
    const applications = [app('app'), app('asks')]
    const found = find(with_([GOOGLE], ['app'], { applications, ...more }), settings)
    expect(found).toEqual([
      expect.objectContaining({
        level: 'note',
        reason: expect.stringContaining('is not documented'),
      }),
    ])
  })

  it('are only noted for a second login, and warned of at a custom domain', () => {
    const [noted] = find(with_([GOOGLE], []))
    expect(noted).toMatchObject({ level: 'note', check: 'connection' })
    const customDomains = [{ domain: 'login.example.com', ready: true }]
    const found = find(
      with_([GOOGLE], [], {
        surroundings: surroundings({ connections: [GOOGLE], customDomains }),
      }),
    ).filter(({ check }) => check === 'connection')
    expect(found).toEqual([
      expect.objectContaining({
        level: 'warning',
        reason: expect.stringContaining('do not work at a custom domain'),
      }),
    ])
  })

  it('are nobody’s concern at a connection that is neither a login nor linked', () => {
    const connections = [{ ...GOOGLE, name: 'github' }, connection({ id: 'con_2' })]
    expect(find(with_(connections, []))).toEqual([])
  })

  it('name three applications, and how many more', () => {
    const ids = ['a', 'b', 'c', 'd', 'e']
    const applications = ids.map((id) => app(id, `App ${id}`))
    const [found] = find(with_([GOOGLE], ids, { applications }))
    expect(found?.reason).toContain('a login of App a, App b, App c and 2 more: ')
  })

  it('are not taken for own keys where they cannot be seen', () => {
    const hidden = connection({ name: 'github', developerKeys: undefined })
    const [found] = find({ surroundings: surroundings({ connections: [hidden, connection()] }) })
    expect(found).toMatchObject({ level: 'note', check: 'connection' })
    expect(found?.reason).toContain('without read:connections_options')
  })
})

/** A healthy tenant but for one setting, which is at its default. */
function findWithout(name: string, settings: Values = {}, more: Partial<Patient> = {}) {
  const healthy = patient(more, settings)
  const { [name]: _, ...values } = healthy.values ?? {}
  const understood = readAsAction(values)
  if (typeof understood === 'string') throw new Error(understood)
  const secretNames = [...Object.keys(values), 'AUTH0_CLIENT_SECRET', 'ACTION_SECRET']
  return bad(
    diagnose({ ...healthy, values, settings: understood, action: action({ secretNames }) }),
  )
}

describe('what is open', () => {
  it('to every application and every connection is warned of', () => {
    const [found, ...more] = findWithout('ALLOWED_CONNECTIONS')
    expect(more).toEqual([])
    expect(found).toMatchObject({ level: 'warning', check: 'ALLOWED_CONNECTIONS' })
    expect(found?.reason).toMatch(/^Every application may ask, and every connection may be linked/)
    expect(found?.mend).toMatch(/LINK_ALLOWED_CONNECTIONS, or LINK_ALLOWED_CLIENT_IDS/)
  })

  it('is not where one of the two lists is set', () => {
    const named = { ALLOWED_CLIENT_IDS: 'app' }
    const applications = [app('app')]
    expect(findWithout('ALLOWED_CONNECTIONS', named, { applications })).toEqual([])
    expect(find({})).toEqual([])
  })
})

describe('a link that nobody confirms', () => {
  const NAME = 'CONFIRM_LINK'

  it.each([
    ['off', () => find({}, { [NAME]: 'no' })],
    ['not set', () => findWithout(NAME)],
  ])('is warned of where its setting is %s', (_, diagnosed) => {
    const [found, ...more] = diagnosed()
    expect(more).toEqual([])
    expect(found).toMatchObject({ level: 'warning', check: NAME })
    expect(found?.reason).toContain('is linked into the account of the other')
    expect(found?.mend).toMatch(/^have the application confirm links, set LINK_CONFIRM_LINK=yes/)
  })

  it('is broken where nothing would tell the application: it is on, without RESULT_CLAIM', () => {
    const { RESULT_CLAIM: _, ...values } = patient().values ?? {}
    const [found] = bad(diagnose({ ...patient(), values }))
    expect(found).toMatchObject({ level: 'broken', check: 'settings' })
    expect(found?.reason).toContain('CONFIRM_LINK needs RESULT_CLAIM')
  })
})

describe('unverified e-mail', () => {
  const NAME = 'ENFORCE_EMAIL_VERIFICATION'

  it.each([
    ['off', () => find({}, { [NAME]: 'no' })],
    ['not set', () => findWithout(NAME)],
  ])('is warned of where its setting is %s', (_, diagnosed) => {
    const [found, ...more] = diagnosed()
    expect(more).toEqual([])
    expect(found).toMatchObject({ level: 'warning', check: NAME })
    expect(found?.reason).toContain('when the true owner has reset the password')
    expect(found?.mend).toBe('set LINK_ENFORCE_EMAIL_VERIFICATION=yes, then npm run deploy')
  })

  it('is not where the e-mails must match, which have to be verified for it', () => {
    expect(findWithout(NAME, { REQUIRE_MATCHING_EMAIL: 'yes' })).toEqual([])
  })
})

describe('npm run doctor', () => {
  async function start(options = {}) {
    const bench = await startBench(options)
    const deploy = (settings = {}) => bench.run(['--provision'], settings, async () => ACTION)
    return { ...bench, deploy }
  }

  const SETTINGS = 'GET /api/v2/tenants/settings'

  it('looks at the switch where MFA is enforced, and nowhere else', async () => {
    const { deploy, examine, tenant, calls } = await start()
    await deploy()
    await examine()
    expect(calls()).not.toContain('GET tenants/settings')
    await deploy({ LINK_ENFORCE_MFA: 'yes' })
    expect((await examine()).code).toBe(0)
    const [read] = tenant.requests().filter(({ path }) => path.endsWith('/tenants/settings'))
    expect(read?.query.fields).toBe('customize_mfa_in_postlogin_action')
    const off = JSON.stringify({ customize_mfa_in_postlogin_action: false })
    tenant.fault({ route: SETTINGS, status: 200, body: off })
    const { code, stdout } = await examine()
    expect(code).toBe(1)
    expect(stdout).toContain('✗ ENFORCE_MFA')
  })

  it('does without the scope for the switch, and says so', async () => {
    const { deploy, examine, revoke } = await start()
    await deploy({ LINK_ENFORCE_MFA: 'yes' })
    revoke('read:tenant_settings')
    const { code, stdout } = await examine()
    expect(code).toBe(0)
    expect(stdout.replace(/\s+/g, ' ')).toContain('without read:tenant_settings')
  })

  it('finds developer keys by the applications that have the connection, over every page', async () => {
    const { deploy, examine, management, tenant } = await start({
      developerKeys: ['github'],
      maxPageSize: 1,
    })
    await deploy()
    const { stdout, code } = await examine()
    expect(code).toBe(1)
    const { web, thirdParty }: Applications = tenant.applications
    expect(stdout.replace(/\s+/g, ' ')).toContain(`is a login of ${web.name}, ${thirdParty.name}:`)
    const [github] = (await management.connections.list({ name: 'github' })).data
    const off = [web, thirdParty].map(({ clientId }) => ({ client_id: clientId, status: false }))
    await management.connections.clients.update(github?.id ?? '', off)
    const mended = await examine()
    expect(mended.stdout).not.toContain('is a login of')
    expect(mended.code).toBe(0)
  })

  it('finds a secret that somebody misspelt', async () => {
    const { deploy, examine, tenant } = await start()
    await deploy()
    const { id = '', draft } = tenant.actions.findByName('account-linking') ?? {}
    const secrets = [...(draft?.secrets ?? []), { name: 'ENFORCE_MAF', value: 'yes' }]
    tenant.actions.update(id, { secrets })
    tenant.actions.deploy(id)
    const { stdout } = await examine()
    expect(stdout.replace(/\s+/g, ' ')).toContain('ENFORCE_MAF is the name of no setting')
  })
})
