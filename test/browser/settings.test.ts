/** Every setting of the Action, switched in Chromium while the tenant runs, and what it does then. */

import { expect, test } from 'vitest'
import { SETTINGS } from '../../scripts/start/settings.ts'
import { DATABASE, GITHUB, GOOGLE } from '../../scripts/tenant/connections.ts'
import { ALEX, createUser, linkUser } from '../e2e/scenario.ts'
import {
  choose,
  type Desk,
  isDenied,
  isLinked,
  letTimePass,
  link,
  logIn,
  noteOf,
  openDesk,
  openStep,
  openTab,
  outcomeIs,
  type Person,
  set,
  startLink,
  switching,
} from './desk.ts'

interface Row {
  readonly name: string
  readonly to: Parameters<typeof set>[2]
  /** Default: a link of Google as Alex. */
  readonly who?: Person
  readonly before?: (desk: Desk) => Promise<void>
  /** What happens then. */
  readonly effect: (desk: Desk) => Promise<void>
}

const denies =
  (code: string, start = (desk: Desk) => startLink(desk.app)) =>
  async (desk: Desk): Promise<void> => {
    await start(desk)
    await isDenied(desk.app, code)
  }

const linkAs = (person: Person) => (desk: Desk) => link(desk.app, 'Google', person)

/** The application's session, with the hint in it, outlives the tenant's: a link begins with a login. */
async function startLinkInNewSession({ app, context }: Desk): Promise<void> {
  await context.clearCookies({ name: /^tenant_/ })
  await startLink(app)
  await app.getByRole('link', { name: /Username-Password/ }).click()
  await choose(app, 'Alex')
}

/** From here on the requests have another address than the start had, or none of their own again. */
const moveTo = ({ context }: Desk, address?: string): Promise<void> =>
  context.setExtraHTTPHeaders(address === undefined ? {} : { 'x-forwarded-for': address })

async function nameBrowser({ app, context }: Desk, userAgent: string): Promise<void> {
  const session = await context.newCDPSession(app)
  await session.send('Network.setUserAgentOverride', { userAgent })
}

const ROWS: readonly Row[] = [
  { name: 'ALLOWED_CONNECTIONS', to: 'github', effect: denies('connection_not_allowed') },
  {
    name: 'ALLOWED_CONNECTION_SCOPES',
    to: 'openid',
    effect: denies('scope_not_allowed', async ({ app }) => {
      await app.bringToFront()
      await app.getByRole('button', { name: /calendar/ }).click()
    }),
  },
  {
    name: 'ALLOWED_CLIENT_IDS',
    to: 'exampleOtherApplication',
    effect: async ({ app }) => {
      await startLink(app)
      await noteOf(app).getByText('the login went on without it').waitFor()
    },
  },
  {
    name: 'ALLOW_UNLINK',
    to: false,
    before: async ({ app }) => {
      await link(app)
      await isLinked(app)
    },
    effect: denies('unlink_not_allowed', async ({ app }) => {
      await app.bringToFront()
      await app.getByRole('button', { name: 'Unlink Google' }).click()
    }),
  },
  {
    name: 'ALLOW_MERGE',
    to: true,
    before: async (desk) => {
      const google = createUser(desk.lab.tenant, GOOGLE, 'alex@example.com')
      linkUser(desk.lab.tenant, google, GITHUB, 'sam@example.net')
      await denies('identity_in_use', linkAs('Alex'))(desk)
    },
    effect: async ({ app, lab }) => {
      await link(app)
      await isLinked(app)
      const identities = lab.tenant.users.get(ALEX.userId)?.identities ?? []
      expect(identities.map(({ connection }) => connection)).toEqual([DATABASE, GOOGLE, GITHUB])
    },
  },
  {
    name: 'LINK_EXISTING_USERS',
    to: false,
    before: async ({ lab }) => {
      const google = createUser(lab.tenant, GOOGLE, 'alex@example.com')
      lab.tenant.users.update(google, { logins_count: 3 })
    },
    effect: denies('identity_in_use', linkAs('Alex')),
  },
  {
    name: 'MERGE_USER_METADATA',
    to: true,
    before: async ({ inspector, lab }) => {
      await set(inspector, 'CONFIRM_LINK', false)
      const google = createUser(lab.tenant, GOOGLE, 'alex@example.com')
      lab.tenant.users.update(google, { user_metadata: { theme: 'dark' } })
    },
    effect: async ({ app, lab }) => {
      await link(app)
      await isLinked(app)
      expect(lab.tenant.users.get(ALEX.userId)?.user_metadata).toEqual({ theme: 'dark' })
    },
  },
  { name: 'ENFORCE_MFA', to: { choice: 'always' }, effect: denies('mfa_required') },
  {
    name: 'ENFORCE_MFA',
    to: { choice: 'yes' },
    before: async ({ inspector }) => {
      await openTab(inspector, 'People')
      const enrolled = inspector.getByRole('switch', { name: /^Alex .* factor enrolled/ })
      await switching(inspector, 'people', () => enrolled.check())
    },
    effect: denies('mfa_required'),
  },
  {
    name: 'ENFORCE_EMAIL_VERIFICATION',
    to: true,
    who: 'Kim',
    effect: denies('email_unverified'),
  },
  {
    name: 'ENFORCE_SECONDARY_EMAIL_VERIFICATION',
    to: true,
    effect: denies('secondary_email_unverified', linkAs('Kim')),
  },
  { name: 'REQUIRE_MATCHING_EMAIL', to: true, effect: denies('email_mismatch', linkAs('Sam')) },
  {
    name: 'PIN_SESSION',
    to: false,
    before: denies('session_mismatch', startLinkInNewSession),
    effect: async (desk) => {
      await startLinkInNewSession(desk)
      await choose(desk.app, 'Alex')
      await isLinked(desk.app)
    },
  },
  {
    name: 'PIN_USER_AGENT',
    to: false,
    before: async (desk) => {
      await startLink(desk.app, 'GitHub')
      await nameBrowser(desk, 'ExampleBrowser/2.0')
      await choose(desk.app, 'Alex')
      await isDenied(desk.app, 'binding_mismatch')
    },
    effect: async (desk) => {
      await startLink(desk.app)
      await nameBrowser(desk, 'ExampleBrowser/3.0')
      await choose(desk.app, 'Alex')
      await isLinked(desk.app)
    },
  },
  {
    name: 'PIN_IP_ADDRESS',
    to: true,
    before: async (desk) => {
      await startLink(desk.app, 'GitHub')
      await moveTo(desk, '203.0.113.99')
      await choose(desk.app, 'Alex')
      await isLinked(desk.app, 'GitHub')
      await moveTo(desk)
    },
    effect: async (desk) => {
      await startLink(desk.app)
      await moveTo(desk, '203.0.113.99')
      await choose(desk.app, 'Alex')
      await isDenied(desk.app, 'binding_mismatch')
    },
  },
  {
    name: 'HINT_MAX_AGE',
    to: '300',
    effect: async (desk) => {
      letTimePass(400)
      await denies('hint_expired')(desk)
    },
  },
  {
    name: 'PRIMARY_MAX_AUTH_AGE',
    to: '300',
    effect: async (desk) => {
      const { app } = desk
      letTimePass(400)
      await denies('reauth_required')(desk)
      await app.getByRole('button', { name: 'Log in again' }).click()
      await app.getByRole('link', { name: /Username-Password/ }).click()
      await choose(app, 'Alex')
      await app.getByText('You are logged in.').waitFor()
      await link(app)
      await isLinked(app)
    },
  },
  {
    name: 'NESTED_PARAMS',
    to: 'login_hint=somebody@example.com',
    effect: async ({ app }) => {
      await startLink(app)
      expect(await app.getByLabel('E-mail address').inputValue()).toBe('somebody@example.com')
    },
  },
  {
    name: 'CONFIRM_LINK',
    to: false,
    effect: async ({ app, inspector }) => {
      await link(app)
      await isLinked(app)
      await outcomeIs(inspector, 'linked')
      const end = await openStep(inspector, 'onContinuePostLogin')
      expect(end).toContain('"RESULT_CLAIM": "https://app.example.com/linking"')
      const redeemed = 'Application to Tenant: redeems the code'
      const tokens = inspector.locator('.step', { hasText: redeemed })
      await tokens.locator('summary').click()
      expect(await tokens.locator('.behind').textContent()).toMatch(
        /"https:\/\/app\.example\.com\/linking": \{\s+"status": "linked"/,
      )
    },
  },
  { name: 'RESULT_CLAIM', to: false, effect: denies('misconfigured') },
  {
    name: 'IDENTITIES_PER_CONNECTION',
    to: '2',
    before: async ({ app }) => {
      await link(app)
      await isLinked(app)
      expect(await app.getByRole('button', { name: 'Link another' }).count()).toBe(0)
    },
    effect: async ({ app, lab }) => {
      await app.bringToFront()
      await app.reload()
      await app.getByRole('button', { name: 'Link another Google' }).click()
      await choose(app, 'Sam')
      await isLinked(app)
      expect(lab.tenant.users.get(ALEX.userId)?.identities).toHaveLength(3)
    },
  },
  {
    name: 'DEBUG',
    to: 'account-linking:*',
    effect: async ({ app, inspector }) => {
      await startLink(app)
      await app.getByRole('heading', { name: 'Log in with google-oauth2' }).waitFor()
      const end = await openStep(inspector, 'sends the user to the nested login')
      expect(end).toContain('account-linking:info nested authorization at localhost')
    },
  },
  { name: 'CUSTOM_DOMAINS', to: 'https://no.host/', effect: denies('misconfigured') },
  { name: 'AUTH0_DOMAIN', to: false, effect: denies('misconfigured') },
  { name: 'AUTH0_CLIENT_ID', to: false, effect: denies('misconfigured') },
  { name: 'AUTH0_CLIENT_SECRET', to: false, effect: denies('misconfigured') },
  { name: 'ACTION_SECRET', to: false, effect: denies('misconfigured') },
]

test.each(ROWS)('$name, set to $to', async ({ before, effect, name, to, who = 'Alex' }) => {
  const desk = await openDesk()
  await logIn(desk.app, who)
  await before?.(desk)
  await set(desk.inspector, name, to)

  await effect(desk)
})

test('PRIMARY_MAX_AUTH_AGE, well above the login, lets one link after the other pass', async () => {
  const { app, inspector } = await openDesk()
  await logIn(app)
  await set(inspector, 'PRIMARY_MAX_AUTH_AGE', '600')

  await link(app)
  await isLinked(app)
  await link(app, 'GitHub')
  await isLinked(app, 'GitHub')
})

test('a domain in use that is not AUTH0_DOMAIN is good when CUSTOM_DOMAINS lists it', async () => {
  const desk = await openDesk()
  const { app, inspector, lab } = desk
  await logIn(app)
  await set(inspector, 'CUSTOM_DOMAINS', lab.tenant.customDomain)
  await link(app, 'GitHub')
  await isLinked(app, 'GitHub')
  // The other way round: the application is at a domain that is the custom one.
  await set(inspector, 'AUTH0_DOMAIN', lab.tenant.customDomain)
  await denies('misconfigured')(desk)

  await set(inspector, 'CUSTOM_DOMAINS', lab.tenant.canonicalDomain)
  await startLink(app)

  await app.getByRole('heading', { name: 'Log in with google-oauth2' }).waitFor()
})

/** A switch or a text of a new setting is drawn as these are: it needs no row to be seen to work. */
test('every kind of control has a row', () => {
  const kinds = new Map<string, string>(SETTINGS.map(({ name, kind }) => [name, kind.type]))
  const shown = new Set(ROWS.map(({ name }) => kinds.get(name)))

  expect([...shown].toSorted()).toEqual([...new Set(kinds.values())].toSorted())
})

test('the defaults come back with one click, and linking works again', async () => {
  const desk = await openDesk()
  await logIn(desk.app)
  await set(desk.inspector, 'ACTION_SECRET', false)
  await denies('misconfigured')(desk)
  await openTab(desk.inspector, 'Settings')
  await desk.inspector.getByRole('button', { name: 'Back to the defaults' }).click()
  await desk.inspector.getByRole('status').filter({ hasText: 'settings reset' }).waitFor()

  await startLink(desk.app)
  await choose(desk.app, 'Alex')

  await isLinked(desk.app)
})
