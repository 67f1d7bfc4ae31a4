/**
 * One instance serves many logins at once. Runs links of many users of two tenants through one
 * evaluation of the artifact, interleaved at every request, and looks for anything of one login in
 * another. The tenant doubles answer with delays of their own; nothing else does I/O.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type CacheDouble, createCache } from '../../scripts/testing/cache.ts'
import { buildEvent } from '../../scripts/testing/event.ts'
import {
  type Handlers,
  hintClaims,
  linkingEvent,
  run,
  startLink,
  type Whole,
  wholeLink,
} from '../../scripts/testing/flow.ts'
import type { KeyName } from '../../scripts/testing/keys.ts'
import { DATABASE_CONNECTION, type Person } from '../../scripts/testing/people.ts'
import { readClaims } from '../../scripts/testing/sign.ts'
import { createTenantDouble, type TenantDouble } from '../../scripts/testing/tenant-double.ts'
import { evaluate, REALMS } from './dist.ts'

interface Site {
  readonly tenant: TenantDouble
  readonly cache: CacheDouble
  /** What the tenant signs with. */
  readonly key: KeyName
  readonly settings: Readonly<Record<string, string>>
  readonly users: readonly { readonly primary: Person; readonly secondary: Person }[]
}

const LINKS_PER_TENANT = 20
const RESULT_CLAIM = 'https://app.example.com/link'

function person(provider: string, connection: string, name: string): Person {
  const email = `${name}@example.com`
  return {
    user_id: `${provider}|${name}`,
    email,
    email_verified: true,
    name,
    identities: [{ connection, provider, user_id: name, isSocial: provider !== 'auth0' }],
  }
}

/** The tenants have one ACTION_SECRET and one cache: names, keys and clients differ. */
function createSite(name: string, key: KeyName, cache: CacheDouble): Site {
  const users = Array.from({ length: LINKS_PER_TENANT }, (_, index) => ({
    primary: person('auth0', DATABASE_CONNECTION, `${name}-primary-${index}`),
    secondary: person('google-oauth2', 'google-oauth2', `${name}-secondary-${index}`),
  }))
  const companion = {
    domain: `${name}.example.auth0.com`,
    clientId: `exampleCompanionOf-${name}`,
    clientSecret: `example-client-secret-of-${name}`,
  }
  return {
    users,
    key,
    tenant: createTenantDouble({
      keys: [key],
      canonicalDomain: companion.domain,
      customDomains: [],
      clientId: companion.clientId,
      clientSecret: companion.clientSecret,
      users: users.flatMap(({ primary, secondary }) => [primary, secondary]),
    }),
    cache,
    settings: {
      AUTH0_DOMAIN: companion.domain,
      AUTH0_CLIENT_ID: companion.clientId,
      AUTH0_CLIENT_SECRET: companion.clientSecret,
      ACTION_SECRET: 'example-action-secret-that-both-tenants-have',
      RESULT_CLAIM,
    },
  }
}

/** What one login of this user changes in the event. */
function loginOf(site: Site, index: number) {
  const { primary } = site.users[index] ?? {}
  if (primary === undefined) throw new Error(`There is no user ${index}`)
  return {
    client: { client_id: `exampleApplication-${index % 3}` },
    custom_domain: undefined,
    request: {
      hostname: site.settings.AUTH0_DOMAIN,
      ip: `192.0.2.${index}`,
      user_agent: `Example/${index}`,
    },
    session: { id: `session-of-${primary.name}` },
    transaction: { id: `transaction-of-${primary.name}`, state: `state-of-${primary.name}` },
    user: primary,
  }
}

async function link(site: Site, index: number, handlers: Handlers): Promise<Whole> {
  const { cache, key, settings, tenant, users } = site
  const secondary = users[index]?.secondary
  if (secondary === undefined) throw new Error(`There is no user ${index}`)
  const event = loginOf(site, index)
  const unsigned = await linkingEvent({ tenant, settings, event, hint: null })
  return wholeLink(handlers, {
    tenant,
    cache,
    settings,
    event,
    hint: await tenant.signIdToken(hintClaims(unsigned), {}, key),
    resume: { login: { key } },
    nested: { user: secondary, event: { client: { client_id: settings.AUTH0_CLIENT_ID } } },
  })
}

describe.each(REALMS)('one instance in the realm: %s', (realm) => {
  let sites: readonly Site[] = []
  let atOnce = 0
  let mostAtOnce = 0

  beforeEach(() => {
    const cache = createCache()
    sites = [createSite('one', 'current', cache), createSite('two', 'foreign', cache)]
    let calls = 0
    vi.stubGlobal('fetch', async (input: string | URL | Request, init?: RequestInit) => {
      const { host } = new URL(input instanceof Request ? input.url : input)
      const site = sites.find(({ settings }) => settings.AUTH0_DOMAIN === host)
      if (site === undefined) throw new Error(`There is no tenant ${host}`)
      mostAtOnce = Math.max(mostAtOnce, ++atOnce)
      // Later calls overtake earlier ones.
      await sleep((calls++ * 5) % 7)
      atOnce--
      return site.tenant.fetch(input, init)
    })
  })

  it('keeps links of many users of two tenants apart', async () => {
    const { handlers } = evaluate({ realm })
    const all = sites.flatMap((site) => site.users.map((user, index) => ({ site, user, index })))
    const wholes = await Promise.all(all.map(({ site, index }) => link(site, index, handlers)))

    expect(mostAtOnce).toBeGreaterThan(LINKS_PER_TENANT)
    const once: Record<string, Set<unknown>> = {}
    const note = (what: string, value: unknown): void => {
      once[what] = (once[what] ?? new Set()).add(value)
    }
    for (const [at, { started, resumed }] of (wholes as readonly Whole[]).entries()) {
      const { site, user } = all[at] ?? {}
      expect(started).toRedirect({ host: site?.settings.AUTH0_DOMAIN })
      expect(started.redirect?.searchParams.get('client_id')).toBe(site?.settings.AUTH0_CLIENT_ID)
      expect(resumed.commands).toEqual([
        {
          type: 'idToken.setCustomClaim',
          name: RESULT_CLAIM,
          value: { status: 'linked', connection: 'google-oauth2' },
        },
      ])
      expect(site?.tenant.user(user?.primary.user_id ?? '')?.identities).toEqual([
        ...(user?.primary.identities ?? []),
        ...(user?.secondary.identities ?? []),
      ])
      note('challenge', started.redirect?.searchParams.get('code_challenge'))
      note('nonce', started.redirect?.searchParams.get('nonce'))
      note('attempt', Object.values(started.metadata).join())
    }
    expect(Object.values(once).map(({ size }) => size)).toEqual([
      wholes.length,
      wholes.length,
      wholes.length,
    ])
    for (const { tenant } of sites) expect(tenant.links).toHaveLength(LINKS_PER_TENANT)
  })

  it("takes each tenant's Management token to that tenant alone", async () => {
    const { handlers } = evaluate({ realm })
    await Promise.all(
      sites.flatMap((site) => site.users.map((_, index) => link(site, index, handlers))),
    )
    for (const { settings, tenant } of sites) {
      const used = tenant.requests.filter(({ route }) => route === 'link')
      expect(used).toHaveLength(LINKS_PER_TENANT)
      for (const { headers } of used) {
        const token = headers.authorization?.replace('Bearer ', '') ?? ''
        expect(readClaims(token).iss).toBe(`https://${settings.AUTH0_DOMAIN}/`)
      }
    }
  })

  it('gives starts of the very same login attempts of their own', async () => {
    const { handlers } = evaluate({ realm })
    const [site] = sites
    if (site === undefined) throw new Error('There is no tenant')
    const starts = await Promise.all(
      [1, 2, 3].map(() => startLink(handlers, { ...site, event: loginOf(site, 0) })),
    )
    for (const name of ['code_challenge', 'nonce'])
      expect(new Set(starts.map(({ redirect }) => redirect?.searchParams.get(name))).size).toBe(3)
  })

  it('denies one and leaves the others, ordinary logins among them, as they are', async () => {
    const { handlers } = evaluate({ realm })
    const [site] = sites
    if (site === undefined) throw new Error('There is no tenant')
    const { cache, settings, tenant } = site
    const ordinary = buildEvent({ transaction: { requested_scopes: ['openid'] } })
    const denied = startLink(handlers, {
      tenant,
      cache,
      settings,
      event: loginOf(site, 0),
      hint: { sub: site.users[1]?.primary.user_id },
    })
    const logins = site.users.map(() => run(handlers.onExecutePostLogin, ordinary, { cache }))
    const links = site.users.map((_, index) => link(site, index, handlers))
    expect(await denied).toBeDenied('hint_invalid')
    for (const { commands } of await Promise.all(logins)) expect(commands).toEqual([])
    for (const { resumed } of await Promise.all(links)) expect(resumed).toGoOn()
    expect(tenant.links).toHaveLength(LINKS_PER_TENANT)
  })
})
