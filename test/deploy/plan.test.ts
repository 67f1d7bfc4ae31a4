import { describe, expect, it } from 'vitest'
import { makePlan } from '../../scripts/deploy/plan.ts'
import type { Snapshot } from '../../scripts/deploy/snapshot.ts'
import type { Plan, Step, Wanted } from '../../scripts/deploy/steps.ts'
import {
  ACTION_SECRET,
  action,
  bound,
  CLIENT_ID,
  CLIENT_SECRET,
  CODE,
  companion,
  connection,
  DOMAIN,
  deployed,
  empty,
  OURS,
  remembered,
  surroundings,
  version,
  wanted,
} from './fixtures.ts'

function planOf(overrides: Partial<Wanted>, tenant: Snapshot): Plan {
  const plan = makePlan(wanted(overrides), tenant)
  if ('problem' in plan) throw new Error(plan.problem)
  return plan
}

/** `kind what before → after` of every change, so that a table can hold them. */
const told = ({ steps }: Plan): readonly string[] =>
  steps.flatMap(({ kind, changes }: Step) =>
    changes.length === 0
      ? [kind]
      : changes.map(({ what, before, after }) => `${kind} ${what}: ${before} → ${after}`),
  )

const kinds = ({ steps }: Plan) => steps.map(({ kind }) => kind)

const RELEASE = ['build', 'deploy', 'verify', 'memory']
const NEW_CODE = `${CODE}// a later one\n`
const BY_HAND = action().secretNames
const LONG = { ALLOWED_CLIENT_IDS: 'x'.repeat(3_000) }
const WITH_LONG = action({ secretNames: [...BY_HAND, 'ALLOWED_CLIENT_IDS'] })
const metadataOfOthers = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`other${at}`, 'x']))
const DIGEST = /sha256 [0-9a-f]{12}, \d+ bytes/g

const withSettings = (settings: Readonly<Record<string, string>>) => ({
  settings: { AUTH0_DOMAIN: DOMAIN, ...settings },
})

describe('the plan', () => {
  it('does everything in an empty tenant, the Action before its place in the flow', () => {
    const plan = planOf({}, empty())
    expect(kinds(plan)).toEqual([
      'application',
      'grant',
      'connection',
      'action',
      ...RELEASE,
      'flow',
    ])
    expect(plan.notes).toEqual([])
  })

  it('does nothing where the tenant is as wanted', () => {
    expect(planOf({}, deployed())).toEqual({ steps: [], notes: [] })
    expect(planOf({ provision: false }, deployed({ surroundings: undefined })).steps).toEqual([])
  })

  it('makes a companion of the right kind, with a callback for every domain', () => {
    const customDomains = [
      { domain: 'login.example.com', ready: true },
      { domain: 'id.example.org', ready: false },
    ]
    const tenant = empty({ surroundings: surroundings({ customDomains, grant: undefined }) })
    const [step] = planOf(withSettings({ CUSTOM_DOMAINS: 'sso.example.net' }), tenant).steps
    expect(step).toMatchObject({
      kind: 'application',
      clientId: undefined,
      values: {
        app_type: 'regular_web',
        is_first_party: true,
        oidc_conformant: true,
        grant_types: ['authorization_code', 'client_credentials'],
        token_endpoint_auth_method: 'client_secret_post',
        jwt_configuration: { alg: 'RS256' },
        callbacks: [
          `https://${DOMAIN}/continue`,
          'https://sso.example.net/continue',
          'https://login.example.com/continue',
          'https://id.example.org/continue',
        ],
        client_metadata: { account_linking_action: 'account-linking' },
      },
    })
  })

  it.each<[string, Partial<Wanted>, Partial<Snapshot>, readonly string[]]>([
    [
      'new code alone leaves the secrets as they are',
      { code: NEW_CODE },
      {},
      ['action code: # → #', ...RELEASE],
    ],
    [
      'new code does not need to read the companion’s secret',
      { code: NEW_CODE },
      { companion: companion({ clientSecret: undefined }) },
      ['action code: # → #', ...RELEASE],
    ],
    [
      'a changed setting',
      withSettings({ ENFORCE_MFA: 'yes' }),
      {},
      ['action ENFORCE_MFA: undefined → yes', ...RELEASE],
    ],
    [
      'a setting that is no longer given goes back to its default',
      {},
      { companion: companion({ metadata: remembered({ ALLOW_MERGE: 'yes' }) }) },
      ['action ALLOW_MERGE: yes → undefined', ...RELEASE],
    ],
    [
      'the client secret was changed elsewhere',
      {},
      { companion: companion({ clientSecret: 'another-secret' }) },
      ['action AUTH0_CLIENT_SECRET: (secret) → (another secret)', ...RELEASE],
    ],
    ['ACTION_SECRET is given, the same as before', withSettings({ ACTION_SECRET }), {}, []],
    [
      'ACTION_SECRET is given, another one',
      withSettings({ ACTION_SECRET: 'another-action-secret-of-32-characters-or-more' }),
      {},
      ['action ACTION_SECRET: (secret) → (another secret)', ...RELEASE],
    ],
    [
      'somebody deleted a secret elsewhere',
      {},
      { action: action({ secretNames: ['AUTH0_DOMAIN', 'AUTH0_CLIENT_ID', 'ACTION_SECRET'] }) },
      [
        'action names of secrets: ACTION_SECRET, AUTH0_CLIENT_ID, AUTH0_DOMAIN → ACTION_SECRET, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_DOMAIN',
        ...RELEASE,
      ],
    ],
    [
      'another version was deployed by other means',
      {},
      { companion: companion({ metadata: remembered({}, 2) }) },
      ['action settings: not known → AUTH0_CLIENT_ID, AUTH0_DOMAIN', ...RELEASE],
    ],
    [
      'the companion remembers another Action, of the same version',
      {},
      {
        companion: companion({
          metadata: { ...remembered(), account_linking_action: 'another' },
        }),
        surroundings: undefined,
      },
      ['action settings: not known → AUTH0_CLIENT_ID, AUTH0_DOMAIN', ...RELEASE],
    ],
    [
      'settings that were too long to keep, the same as before',
      withSettings(LONG),
      { action: WITH_LONG, companion: companion({ metadata: remembered(LONG) }) },
      [],
    ],
    [
      'settings that were too long to keep, and others now',
      withSettings({ ...LONG, ALLOWED_CLIENT_IDS: 'y'.repeat(3_000) }),
      { action: WITH_LONG, companion: companion({ metadata: remembered(LONG) }) },
      [
        'action settings: not known → ALLOWED_CLIENT_IDS, AUTH0_CLIENT_ID, AUTH0_DOMAIN',
        ...RELEASE,
      ],
    ],
    [
      'an algorithm that is not shown',
      {},
      { companion: companion({ algorithm: '' }) },
      ['application algorithm: undefined → RS256'],
    ],
    [
      'a draft holds secrets that never ran',
      {},
      { action: action({ allChangesDeployed: false, secretsDeployed: false }) },
      ['action settings: not known → AUTH0_CLIENT_ID, AUTH0_DOMAIN', ...RELEASE],
    ],
    [
      'a deployment was left before its end',
      {},
      {
        action: action({ allChangesDeployed: false, running: version({ code: 'older' }) }),
      },
      ['build', 'deploy code: # → #', 'verify', 'memory'],
    ],
    [
      'the last build failed',
      {},
      { action: action({ status: 'failed', allChangesDeployed: false }) },
      ['action build: failed → once more', ...RELEASE],
    ],
    [
      'another runtime, trigger version and npm packages',
      {},
      { action: action({ runtime: 'node18', trigger: 'post-login v2', dependencies: 3 }) },
      [
        'action runtime: node18 → node22',
        'action trigger: post-login v2 → post-login v3',
        'action npm dependencies: 3 → 0',
        ...RELEASE,
      ],
    ],
    [
      'the companion may do too much',
      {},
      {
        surroundings: surroundings({
          grant: { id: 'cgr_1', scopes: ['update:users', 'read:users'], allScopes: false },
        }),
      },
      ['grant scope: update:users, read:users → update:users'],
    ],
    [
      'the companion may do everything',
      {},
      { surroundings: surroundings({ grant: { id: 'cgr_1', scopes: [], allScopes: true } }) },
      ['grant scope: all → update:users'],
    ],
    [
      'the companion is of the wrong kind',
      {},
      {
        companion: companion({
          appType: 'spa',
          grantTypes: ['implicit'],
          authenticationMethod: 'none',
          algorithm: 'HS256',
          requiresPar: true,
          requiresOrganization: true,
        }),
      },
      [
        'application app_type: spa → regular_web',
        'application grant_types: implicit → authorization_code, client_credentials',
        'application token_endpoint_auth_method: none → client_secret_post',
        'application algorithm: HS256 → RS256',
        'application require_pushed_authorization_requests: true → false',
        'application organization_usage: require → allow',
      ],
    ],
    [
      'a custom domain came up since',
      {},
      {
        surroundings: surroundings({
          customDomains: [{ domain: 'login.example.com', ready: true }],
        }),
      },
      [
        `application callbacks: https://${DOMAIN}/continue → https://${DOMAIN}/continue, https://login.example.com/continue`,
      ],
    ],
    [
      'a connection is off for the companion',
      {},
      { surroundings: surroundings({ connections: [connection({ enabled: false })] }) },
      ['connection companion: off → on'],
    ],
    [
      'not bound yet',
      {},
      { bindings: [bound('bin_a'), bound('bin_b')] },
      ['flow place: not bound → 3 of 3'],
    ],
    [
      'bound, but not last',
      {},
      { bindings: [bound('bin_a'), OURS, bound('bin_b')] },
      ['flow place: 2 of 3 → 3 of 3'],
    ],
    ['wanted first', { position: 'first' }, {}, ['flow place: 2 of 2 → 1 of 2']],
    ['wanted second of two', { position: 2 }, {}, []],
    [
      'wanted at a place that is not there: the last one',
      { position: 7 },
      { bindings: [OURS, bound('bin_a')] },
      ['flow place: 1 of 2 → 2 of 2'],
    ],
  ])('%s', (_, overrides, held, expected) => {
    const plan = planOf(overrides, deployed(held))
    expect(told(plan).map((line) => line.replace(DIGEST, '#'))).toEqual(expected)
  })

  it('sends all secrets as soon as one setting changes, and none otherwise', () => {
    const sends = (overrides: Partial<Wanted>, tenant: Snapshot) =>
      planOf(overrides, tenant).steps.find(({ kind }) => kind === 'action')
    expect(sends({ code: NEW_CODE }, deployed())).toMatchObject({ secrets: false })
    expect(sends(withSettings({ DEBUG: '*' }), deployed())).toMatchObject({ secrets: true })
    expect(sends({}, empty())).toMatchObject({ secrets: true })
  })

  it('says that a new ACTION_SECRET ends attempts in flight, where there can be any', () => {
    const ends = /ACTION_SECRET is made anew.*attempts in flight/
    const changed = { ENFORCE_MFA: 'yes' }
    expect(planOf(withSettings(changed), deployed()).notes).toEqual([expect.stringMatching(ends)])
    expect(planOf(withSettings({ ...changed, ACTION_SECRET }), deployed()).notes).toEqual([])
    expect(planOf(withSettings(changed), empty()).notes).toEqual([])
  })

  it('touches no surroundings without --provision', () => {
    const tenant = deployed({
      companion: companion({ appType: 'spa' }),
      surroundings: surroundings({ grant: undefined }),
    })
    expect(planOf({ provision: false }, tenant).steps).toEqual([])
  })

  it('enables for an unlink the connections that main identities may have', () => {
    const connections = [
      connection({ id: 'con_1', name: 'google-oauth2', enabled: false }),
      connection({ id: 'con_2', name: 'staff', enabled: false }),
    ]
    const tenant = deployed({ surroundings: surroundings({ connections }) })
    const enabled = (settings: Readonly<Record<string, string>>) =>
      planOf({ ...withSettings(settings), code: CODE }, tenant).steps.flatMap((step) =>
        step.kind === 'connection' ? [step.id] : [],
      )
    expect(enabled({})).toEqual(['con_1', 'con_2'])
    expect(enabled({ ALLOWED_CONNECTIONS: 'google-oauth2' })).toEqual(['con_1', 'con_2'])
    expect(enabled({ ALLOWED_CONNECTIONS: 'google-oauth2', ALLOW_UNLINK: 'no' })).toEqual(['con_1'])
  })

  it('warns of developer keys, unknown connections, and Actions that come after', () => {
    const tenant = deployed({
      surroundings: surroundings({ connections: [connection({ developerKeys: true })] }),
      bindings: [bound('bin_a'), OURS],
    })
    const { notes } = planOf(
      { ...withSettings({ ALLOWED_CONNECTIONS: 'google-oauth2, nowhere' }), position: 'first' },
      tenant,
    )
    expect(notes).toEqual([
      expect.stringContaining('nowhere'),
      expect.stringMatching(/google-oauth2 has Auth0's developer keys/),
      expect.stringContaining('made anew'),
      expect.stringContaining('Action of bin_a'),
    ])
  })

  it.each<[string, Partial<Wanted>, Snapshot, RegExp]>([
    [
      'no companion, and nobody asked to make one',
      { provision: false },
      deployed({ companion: undefined }),
      /--provision.*LINK_AUTH0_CLIENT_ID/,
    ],
    [
      'a companion that is named and not there, with or without --provision',
      withSettings({ AUTH0_CLIENT_ID: 'gone' }),
      deployed({ companion: undefined }),
      /^There is no application gone: correct LINK_AUTH0_CLIENT_ID, or leave it out$/,
    ],
    [
      'secrets have to be sent, and the client secret is neither readable nor given',
      withSettings({ ENFORCE_MFA: 'yes' }),
      deployed({ companion: companion({ clientSecret: undefined }) }),
      /read:client_keys.*LINK_AUTH0_CLIENT_SECRET/,
    ],
    [
      'another client secret than the companion’s',
      withSettings({ AUTH0_CLIENT_SECRET: 'of something else' }),
      deployed(),
      new RegExp(`LINK_AUTH0_CLIENT_SECRET is not the secret of ${CLIENT_ID}`),
    ],
    [
      'a companion that people log in to',
      withSettings({ AUTH0_CLIENT_ID: CLIENT_ID }),
      deployed({
        companion: companion({ callbacks: ['https://app.example.com/callback'], metadata: {} }),
      }),
      /application that people use/,
    ],
    [
      'a setting made by hand, which no variable names, would vanish',
      withSettings({ ALLOW_MERGE: 'yes' }),
      deployed({
        action: action({ secretNames: [...BY_HAND, 'ENFORCE_MFA', 'ALLOW_MERGE'] }),
        companion: companion({ metadata: {} }),
      }),
      /^The Action has ENFORCE_MFA, which no LINK_ variable names: set LINK_ENFORCE_MFA as it is there \(or to its default to drop it\)$/,
    ],
    [
      'a setting of the draft that never ran would vanish',
      {},
      deployed({
        action: action({ secretNames: [...BY_HAND, 'ENFORCE_MFA'], secretsDeployed: false }),
      }),
      /has ENFORCE_MFA, which no LINK_ variable names/,
    ],
    [
      'a secret made by hand that is no setting',
      {},
      deployed({
        action: action({ secretNames: [...BY_HAND, 'COLOUR'] }),
        companion: companion({ metadata: {} }),
      }),
      /has COLOUR, which no setting is called: delete it/,
    ],
    [
      'a machine-to-machine application as the companion',
      withSettings({ AUTH0_CLIENT_ID: CLIENT_ID }),
      deployed({ companion: companion({ appType: 'non_interactive', metadata: {} }) }),
      /serves something else: it is a machine-to-machine application/,
    ],
    [
      'a companion that has other permissions',
      withSettings({ AUTH0_CLIENT_ID: CLIENT_ID }),
      deployed({
        companion: companion({ metadata: {} }),
        surroundings: surroundings({
          grant: { id: 'cgr_1', scopes: ['update:users', 'read:logs'], allScopes: false },
        }),
      }),
      /serves something else: at the Management API it has read:logs\./,
    ],
    [
      'a companion that has every permission',
      withSettings({ AUTH0_CLIENT_ID: CLIENT_ID }),
      deployed({
        companion: companion({ metadata: {} }),
        surroundings: surroundings({ grant: { id: 'cgr_1', scopes: [], allScopes: true } }),
      }),
      /serves something else: it may use all of the Management API/,
    ],
    [
      'more metadata than leaves room for ours',
      { code: NEW_CODE },
      deployed({
        companion: companion({ metadata: { ...remembered(), ...metadataOfOthers(8) } }),
      }),
      /has 8 properties of metadata of its own, and no more than 7 fit/,
    ],
    [
      'an Action of that name for another trigger',
      {},
      deployed({ action: action({ trigger: 'pre-user-registration v2' }) }),
      /pre-user-registration.*--name/,
    ],
    [
      'a flow that is full',
      {},
      deployed({ bindings: Array.from({ length: 20 }, (_, at) => bound(`bin_${at}`)) }),
      /no more than 20/,
    ],
    [
      'a custom domain as AUTH0_DOMAIN',
      {},
      deployed({
        surroundings: surroundings({ customDomains: [{ domain: DOMAIN, ready: true }] }),
      }),
      /canonical/,
    ],
  ])('is refused: %s', (_, overrides, tenant, problem) => {
    expect(makePlan(wanted(overrides), tenant)).toEqual({
      problem: expect.stringMatching(problem),
    })
  })

  it('makes do with the room that seven properties of others leave', () => {
    const metadata = { ...remembered(), ...metadataOfOthers(7) }
    const tenant = deployed({ companion: companion({ metadata }) })
    expect(kinds(planOf({ code: NEW_CODE }, tenant))).toEqual(['action', ...RELEASE])
  })

  it('never holds a secret', () => {
    const secret = { AUTH0_CLIENT_SECRET: CLIENT_SECRET, ACTION_SECRET }
    for (const tenant of [
      empty(),
      deployed(),
      deployed({ companion: companion({ metadata: {} }) }),
    ]) {
      const text = JSON.stringify(planOf(withSettings(secret), tenant))
      expect(text).not.toContain(CLIENT_SECRET)
      expect(text).not.toContain(ACTION_SECRET)
    }
  })
})
