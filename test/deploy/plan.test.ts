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
      'a setting that is dropped goes back to its default',
      { drop: ['ALLOW_MERGE'] },
      {
        action: action({ secretNames: [...BY_HAND, 'ALLOW_MERGE'] }),
        companion: companion({ metadata: remembered({ ALLOW_MERGE: 'yes' }) }),
      },
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
      [
        'action AUTH0_DOMAIN: not known → tenant.example.com',
        `action AUTH0_CLIENT_ID: not known → ${CLIENT_ID}`,
        ...RELEASE,
      ],
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
      [
        'action AUTH0_DOMAIN: not known → tenant.example.com',
        `action AUTH0_CLIENT_ID: not known → ${CLIENT_ID}`,
        ...RELEASE,
      ],
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
        'action AUTH0_DOMAIN: not known → tenant.example.com',
        `action ALLOWED_CLIENT_IDS: not known → ${'y'.repeat(3_000)}`,
        `action AUTH0_CLIENT_ID: not known → ${CLIENT_ID}`,
        ...RELEASE,
      ],
    ],
    [
      'an Action by hand, of which nothing is remembered',
      { ...withSettings({ ENFORCE_MFA: 'yes' }), drop: ['COLOUR', 'ALLOW_MERGE'] },
      {
        action: action({ secretNames: [...BY_HAND, 'ALLOW_MERGE', 'COLOUR', 'ENFORCE_MFA'] }),
        companion: companion({ metadata: { account_linking_action: 'account-linking' } }),
      },
      [
        'action AUTH0_DOMAIN: not known → tenant.example.com',
        'action ENFORCE_MFA: not known → yes',
        `action AUTH0_CLIENT_ID: not known → ${CLIENT_ID}`,
        'action COLOUR: not known → undefined',
        'action ALLOW_MERGE: not known → undefined',
        'action AUTH0_CLIENT_SECRET: not known → (secret)',
        'action ACTION_SECRET: not known → (secret)',
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
      [
        'action AUTH0_DOMAIN: not known → tenant.example.com',
        `action AUTH0_CLIENT_ID: not known → ${CLIENT_ID}`,
        ...RELEASE,
      ],
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
      'to drop what is not there',
      { drop: ['ALLOW_MERGE', 'NOTHING'] },
      deployed({ action: action({ secretNames: [...BY_HAND, 'ALLOW_MERGE'] }) }),
      /^--drop NOTHING: nothing of that name is there to be dropped, leave it out$/,
    ],
    [
      'to drop what the Action cannot do without',
      { drop: ['AUTH0_DOMAIN', 'ACTION_SECRET', 'AUTH0_CLIENT_ID'] },
      deployed(),
      /^--drop AUTH0_DOMAIN,ACTION_SECRET,AUTH0_CLIENT_ID: nothing of that name/,
    ],
    ['to drop where there is no Action', { drop: ['DEBUG'] }, empty(), /^--drop DEBUG: nothing/],
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

  const WITH_MFA = action({ secretNames: [...BY_HAND, 'ENFORCE_MFA', 'ALLOW_MERGE'] })
  const MFA_REMEMBERED = remembered({ ENFORCE_MFA: 'always', ALLOW_MERGE: 'yes' })

  it.each<[string, Partial<Snapshot>, string]>([
    [
      'forgotten since the last deployment',
      { action: WITH_MFA, companion: companion({ metadata: MFA_REMEMBERED }) },
      'ENFORCE_MFA is always: LINK_ENFORCE_MFA keeps it; --drop ENFORCE_MFA takes it back to its default.',
    ],
    [
      'of a version that came back',
      {
        action: WITH_MFA,
        companion: companion({
          metadata: { ...MFA_REMEMBERED, account_linking_deployed: 'version=3 repeats=1' },
        }),
      },
      'ENFORCE_MFA was always when it was last deployed, and may be another now: set LINK_ENFORCE_MFA; --drop ENFORCE_MFA takes it back to its default.',
    ],
    [
      'made by hand',
      { action: WITH_MFA, companion: companion({ metadata: {} }) },
      'ENFORCE_MFA has a value that cannot be read: set LINK_ENFORCE_MFA to it; --drop ENFORCE_MFA takes it back to its default.',
    ],
    [
      'of another Action that has the same companion',
      {
        action: WITH_MFA,
        companion: companion({
          metadata: { ...MFA_REMEMBERED, account_linking_action: 'another' },
        }),
      },
      'ENFORCE_MFA has a value that cannot be read: set LINK_ENFORCE_MFA to it; --drop ENFORCE_MFA takes it back to its default.',
    ],
    [
      'too long to keep',
      {
        action: WITH_MFA,
        companion: companion({ metadata: remembered({ ...LONG, ENFORCE_MFA: 'always' }) }),
      },
      'ENFORCE_MFA has a value that cannot be read: set LINK_ENFORCE_MFA to it; --drop ENFORCE_MFA takes it back to its default.',
    ],
    [
      'of the draft, that never ran',
      {
        action: { ...WITH_MFA, secretsDeployed: false },
        companion: companion({ metadata: remembered({ ALLOW_MERGE: 'yes' }) }),
      },
      'ENFORCE_MFA has a value that cannot be read: set LINK_ENFORCE_MFA to it; --drop ENFORCE_MFA takes it back to its default.',
    ],
    [
      'that runs, and that the draft lost',
      {
        action: action({
          secretNames: [...BY_HAND, 'ALLOW_MERGE'],
          secretsDeployed: false,
          running: version({ secretNames: WITH_MFA.secretNames }),
        }),
        companion: companion({ metadata: MFA_REMEMBERED }),
      },
      'ENFORCE_MFA was always when it was last deployed, and may be another now: set LINK_ENFORCE_MFA; --drop ENFORCE_MFA takes it back to its default.',
    ],
  ])('stops at a setting that nobody names: %s', (_, held, note) => {
    const unnamed = withSettings({ ALLOW_MERGE: 'yes' })
    expect(makePlan(wanted(unnamed), deployed(held))).toEqual({
      problem:
        'The Action has ENFORCE_MFA, which no LINK_ variable names: set LINK_ENFORCE_MFA, or --drop ENFORCE_MFA to let it go',
      notes: [note],
    })
    const dropped = { ...unnamed, drop: ['ENFORCE_MFA'] }
    expect(told(planOf(dropped, deployed(held))).join()).toMatch(
      /ENFORCE_MFA: .* → undefined|names of secrets/,
    )
  })

  it('stops at all of them at once, and at a name that is no setting', () => {
    const secretNames = [...BY_HAND, 'PIN_SESSION', 'COLOUR', 'ENFORCE_MFA']
    expect(makePlan(wanted(), deployed({ action: action({ secretNames }) }))).toEqual({
      problem:
        'The Action has COLOUR, ENFORCE_MFA, PIN_SESSION, which no LINK_ variable names: set LINK_ENFORCE_MFA, LINK_PIN_SESSION, or --drop NAME to let it go',
      notes: [
        'COLOUR is the name of no setting: --drop COLOUR deletes it.',
        expect.stringMatching(/^ENFORCE_MFA has/),
        expect.stringMatching(/^PIN_SESSION has/),
      ],
    })
  })

  it('stops at a companion that was made by hand, and takes none in its place unasked', () => {
    const byHand = deployed({ companion: undefined })
    expect(makePlan(wanted(), byHand)).toEqual({
      problem: expect.stringMatching(
        /has AUTH0_CLIENT_ID, .*: set LINK_AUTH0_CLIENT_ID, or --drop/,
      ),
      notes: [
        'To adopt the companion that is there, set LINK_AUTH0_CLIENT_ID; --drop AUTH0_CLIENT_ID has another one made.',
      ],
    })
    const [first] = planOf({ drop: ['AUTH0_CLIENT_ID'] }, byHand).steps
    expect(first).toMatchObject({ kind: 'application', clientId: undefined })
    const bare = deployed({ companion: undefined, action: action({ secretNames: [] }) })
    expect(planOf({}, bare).steps[0]).toMatchObject({ kind: 'application', clientId: undefined })
  })

  it('lets what was dropped be dropped again where the run did not come to its end', () => {
    const held = { companion: companion({ metadata: remembered({ ENFORCE_MFA: 'yes' }, 2) }) }
    expect(kinds(planOf({ drop: ['ENFORCE_MFA'] }, deployed(held)))).toEqual(['action', ...RELEASE])
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
