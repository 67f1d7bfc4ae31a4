/**
 * Makes what a rehearsal needs in a tenant: connections, people, applications, the probe and the Action
 * as built. Everything bears the mark of its run from its creation on, so that it is found whatever
 * happens in between. Ends in a `Problem` at the first thing that fails.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Timing } from '../deploy/apply.ts'
import type { Credentials, Management } from '../deploy/management.ts'
import { Problem, toProblem } from '../deploy/problems.ts'
import { readActionById, readBindings, TRIGGER } from '../deploy/read.ts'
import { createSilentReport } from '../deploy/report.ts'
import { deploy } from '../deploy/run.ts'
import type { Values } from '../deploy/settings.ts'
import { RUNTIME } from '../deploy/steps.ts'
import { CALLBACK, type Credential, MARK, type Objects } from './objects.ts'
import { probeCode } from './probe.ts'

export interface Client {
  readonly clientId: string
  readonly clientSecret: string
}

export interface Person extends Credential {
  readonly userId: string
  readonly connection: string
}

export interface Scene {
  readonly asking: Client
  readonly companion: Client
  readonly primary: Person
  readonly secondary: Person
  readonly other: Person
}

export interface SetupOptions {
  readonly management: Management
  readonly credentials: Credentials
  readonly objects: Objects
  readonly customDomains: readonly string[]
  readonly code: string
  readonly timing: Timing
  readonly signal: AbortSignal
  readonly tell: (text: string) => void
  readonly hide: (secret: string) => void
}

export const RESULT_CLAIM = 'https://cial-rehearsal.example.com/result'

export async function setUp(options: SetupOptions): Promise<Scene> {
  const { management, objects, signal, tell, hide } = options
  const { client } = management
  const mark = { [MARK]: objects.run }
  const step = async <T>(what: string, make: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    try {
      const made = await make()
      tell(`${what} is made`)
      return made
    } catch (error) {
      throw toProblem(error, `Making ${what}`)
    }
  }

  async function connection(name: string): Promise<string> {
    const made = await step(`connection ${name}`, () =>
      client.connections.create({
        name,
        strategy: 'auth0',
        metadata: mark,
        options: { disable_signup: true },
      }),
    )
    return given(made.id, 'connection')
  }

  async function application(name: string, values: object): Promise<Client> {
    const made = await step(`application ${name}`, () =>
      client.clients.create({
        name,
        app_type: 'regular_web',
        is_first_party: true,
        oidc_conformant: true,
        token_endpoint_auth_method: 'client_secret_post',
        jwt_configuration: { alg: 'RS256' },
        client_metadata: mark,
        ...values,
      }),
    )
    const clientSecret = given(made.client_secret, 'secret of the application')
    hide(clientSecret)
    return { clientId: given(made.client_id, 'application'), clientSecret }
  }

  async function person(credential: Credential, at: string): Promise<Person> {
    hide(credential.password)
    const made = await step(`user ${credential.email}`, () =>
      client.users.create({
        ...credential,
        connection: at,
        email_verified: true,
        verify_email: false,
        app_metadata: mark,
      }),
    )
    return { ...credential, connection: at, userId: given(made.user_id, 'user') }
  }

  const { applications, connections, people } = objects
  const ids = [await connection(connections.first), await connection(connections.second)]
  const asking = await application(applications.asking, {
    callbacks: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
  })
  const domains = [management.domain, ...options.customDomains]
  const companion = await application(applications.companion, {
    callbacks: domains.map((domain) => `https://${domain}/continue`),
    grant_types: ['authorization_code', 'client_credentials'],
  })
  await step('the permission of the companion', () =>
    client.clientGrants.create({
      client_id: companion.clientId,
      audience: management.audience,
      scope: ['update:users'],
    }),
  )
  for (const id of ids)
    await step('the connection of both applications', () =>
      client.connections.clients.update(
        id,
        [asking, companion].map(({ clientId }) => ({ client_id: clientId, status: true })),
      ),
    )
  const scene = {
    asking,
    companion,
    primary: await person(people.primary, connections.first),
    secondary: await person(people.secondary, connections.second),
    other: await person(people.other, connections.second),
  }
  await makeProbe(options, scene)
  return scene
}

async function makeProbe(options: SetupOptions, { asking, companion }: Scene): Promise<void> {
  const { management, objects, signal, tell, timing } = options
  const { client, domain } = management
  const secrets = {
    [MARK.toUpperCase()]: objects.run,
    PROBE_KEY: objects.probeKey,
    CLIENTS: `${asking.clientId} ${companion.clientId}`,
    DOMAIN: domain,
  }
  const name = objects.actions.probe
  try {
    const made = await client.actions.create({
      name,
      supported_triggers: [{ id: TRIGGER, version: 'v3' }],
      code: probeCode(objects.run),
      runtime: RUNTIME,
      dependencies: [],
      secrets: Object.entries(secrets).map(([key, value]) => ({ name: key, value })),
    })
    const id = given(made.id, 'probe')
    await untilBuilt(id, options)
    signal.throwIfAborted()
    await client.actions.deploy(id)
    const present = await readBindings(management)
    const others = present.map((one) => ({
      ref: { type: 'binding_id' as const, value: one.id },
      ...(one.displayName === '' ? {} : { display_name: one.displayName }),
    }))
    const ours = { ref: { type: 'action_id' as const, value: id }, display_name: name }
    await client.actions.triggers.bindings.updateMany(TRIGGER, { bindings: [...others, ours] })
    tell(`Action ${name} runs`)
  } catch (error) {
    throw toProblem(error, `Making Action ${name}`)
  }

  async function untilBuilt(id: string, { management: tenant }: SetupOptions): Promise<void> {
    const begun = performance.now()
    for (;;) {
      signal.throwIfAborted()
      const { status } = await readActionById(tenant, id)
      if (status === 'built') return
      if (status === 'failed') throw new Problem('The probe could not be built')
      if (performance.now() - begun > timing.buildTimeoutMs)
        throw new Problem('The probe was not built in time: run the same command again later')
      await sleep(timing.pollMs, undefined, { signal })
    }
  }
}

/** Puts the Action as built in place, bound last, or gives it other settings. */
export async function deployAction(
  { code, credentials, hide, management, objects, signal, tell, timing }: SetupOptions,
  { asking, companion }: Scene,
  settings: Values,
): Promise<void> {
  signal.throwIfAborted()
  const actionName = objects.actions.linking
  await deploy(
    {
      actionName,
      code,
      credentials,
      dryRun: false,
      position: 'last',
      provision: false,
      timing,
      settings: {
        AUTH0_DOMAIN: management.domain,
        AUTH0_CLIENT_ID: companion.clientId,
        AUTH0_CLIENT_SECRET: companion.clientSecret,
        ACTION_SECRET: objects.actionSecret,
        ALLOWED_CLIENT_IDS: asking.clientId,
        RESULT_CLAIM,
        [MARK.toUpperCase()]: objects.run,
        ...settings,
      },
    },
    { ...createSilentReport(), hide },
  )
  tell(`Action ${actionName} runs${tellSettings(settings)}`)
}

const tellSettings = (settings: Values): string => {
  const pairs = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  return pairs.length === 0 ? '' : `, with ${pairs.join(', ')}`
}

function given(value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw new Problem(`The tenant did not show the ${what}`)
  return value
}
