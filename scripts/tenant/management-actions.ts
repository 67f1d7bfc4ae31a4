/**
 * Actions and the bindings of the post-login trigger in the Management API. What it changes is in the
 * registry; values of secrets go in and never out.
 *
 * @see https://auth0.com/docs/api/management/v2/actions/post-action
 */

import { MAX_SOURCE_BYTES } from '../testing/load.ts'
import type { ActionRegistry, ActionVersion, RegisteredAction, Secret } from './action-registry.ts'
import { type Exchange, one } from './http.ts'
import {
  type Answer,
  failure,
  invalidBody,
  paged,
  type Route,
  record,
} from './management-routes.ts'

/** In the words of the platform, by which those who release tell it. */
export const notBuilt = (): Answer =>
  failure(
    400,
    'action_not_built',
    "A draft must be in the 'built' state before it can be deployed.",
  )

function secretsOf(value: unknown): readonly Secret[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_SECRETS) return undefined
  const secrets = value.map(record)
  const updatedAt = new Date().toISOString()
  const all = secrets.flatMap((secret) => {
    const { name, value: content } = secret ?? {}
    if (typeof name !== 'string' || typeof content !== 'string') return []
    return content.length > MAX_SECRET_CHARACTERS ? [] : [{ name, value: content, updatedAt }]
  })
  return all.length === value.length ? all : undefined
}

const MAX_SECRETS = 30
const MAX_SECRET_CHARACTERS = 4_096
const MAX_BINDINGS = 20
/** On a page of these lists, where nobody asks for more. */
const DEFAULT_PAGE_SIZE = 20
const TRIGGER = { id: 'post-login', version: 'v3' }

interface DraftValues {
  readonly name?: string
  readonly code?: string
  readonly runtime?: string
  readonly secrets?: readonly Secret[]
  readonly dependencies?: readonly unknown[]
}

/** What a body asks for, or what is wrong with it. */
function draftValues(json: unknown): DraftValues | string {
  const { name, code, runtime, secrets, dependencies } = record(json) ?? {}
  if (name !== undefined && typeof name !== 'string') return 'name is no string'
  if (code !== undefined && typeof code !== 'string') return 'code is no string'
  if (code !== undefined && Buffer.byteLength(code) > MAX_SOURCE_BYTES) return 'code is too long'
  if (runtime !== undefined && runtime !== 'node22') return 'runtime is not node22'
  if (dependencies !== undefined && !Array.isArray(dependencies)) return 'dependencies is no array'
  const read = secrets === undefined ? undefined : secretsOf(secrets)
  if (secrets !== undefined && read === undefined) return 'secrets are no names with values'
  return {
    ...(name === undefined ? {} : { name }),
    ...(code === undefined ? {} : { code }),
    ...(runtime === undefined ? {} : { runtime: 'node22' }),
    ...(read === undefined ? {} : { secrets: read }),
    ...(dependencies === undefined ? {} : { dependencies }),
  }
}

export function actionRoutes(registry: ActionRegistry, maxPageSize: number): readonly Route[] {
  const MISSING = ['action_not_found', 'That action does not exist.'] as const
  const noAction = () => failure(404, ...MISSING)
  /** Where no 404 is documented: releasing, and the versions. */
  const badAction = () => failure(400, ...MISSING)

  const pages = <T>(exchange: Exchange, all: readonly T[], show: (item: T) => unknown) =>
    paged(exchange, all, show, maxPageSize, DEFAULT_PAGE_SIZE)

  // Values of secrets are never shown again.
  const showSecrets = (secrets: readonly Secret[]) =>
    secrets.map(({ name, updatedAt }) => ({ name, updated_at: updatedAt }))

  const showVersion = (version: ActionVersion, deployed: boolean) => ({
    id: version.id,
    number: version.number,
    code: version.code,
    runtime: version.runtime,
    dependencies: version.dependencies,
    secrets: showSecrets(version.secrets),
    status: 'built',
    deployed,
    created_at: version.createdAt,
    supported_triggers: [TRIGGER],
  })

  const showAction = (action: RegisteredAction) => {
    const { id, draft, deployed, createdAt, updatedAt, allChangesDeployed } = action
    return {
      id,
      name: draft.name,
      supported_triggers: [TRIGGER],
      code: draft.code,
      dependencies: draft.dependencies,
      runtime: draft.runtime,
      secrets: showSecrets(draft.secrets),
      status: registry.statusOf(action),
      all_changes_deployed: allChangesDeployed,
      created_at: createdAt,
      updated_at: updatedAt,
      deployed_version: deployed && showVersion(deployed, true),
    }
  }

  function create({ json }: Exchange): Answer {
    const values = draftValues(json)
    if (typeof values === 'string') return invalidBody(values)
    const { name, code } = values
    if (name === undefined || code === undefined) return invalidBody('name and code are required')
    const triggers = record(json)?.supported_triggers
    const [trigger] = Array.isArray(triggers) ? triggers.map(record) : []
    if (trigger?.id !== TRIGGER.id) return invalidBody('supported_triggers is not post-login')
    if (registry.findByName(name) !== undefined) {
      return failure(409, 'action_name_conflict', 'An action with that name exists already.')
    }
    const defaults = { runtime: 'node22', secrets: [], dependencies: [] }
    return {
      status: 201,
      body: showAction(registry.create({ ...defaults, ...values, name, code })),
    }
  }

  function update({ json }: Exchange, id: string): Answer {
    if (registry.get(id) === undefined) return noAction()
    const values = draftValues(json)
    if (typeof values === 'string') return invalidBody(values)
    return { status: 200, body: showAction(registry.update(id, values)) }
  }

  /** One that is bound stays, unless it is forced. */
  function remove(id: string): Answer {
    if (registry.get(id) === undefined) return noAction()
    if (registry.bindings().some(({ actionId }) => actionId === id))
      return failure(409, 'action_bound', 'The action is bound to a trigger.')
    registry.remove(id)
    return { status: 204 }
  }

  function deploy(id: string): Answer {
    const action = registry.get(id)
    if (action === undefined) return badAction()
    if (registry.statusOf(action) !== 'built') return notBuilt()
    return { status: 202, body: showVersion(registry.deploy(id), true) }
  }

  function deployVersion({ json }: Exchange, id: string, versionId: string): Answer {
    if (registry.get(id) === undefined) return badAction()
    const updateDraft = record(json)?.update_draft === true
    const version = registry.deployVersion(id, versionId, updateDraft)
    return version === undefined ? badAction() : { status: 202, body: showVersion(version, true) }
  }

  function list(exchange: Exchange): Answer {
    const part = one(exchange.query, 'actionName') ?? ''
    // The platform does not say how names are compared, so more than the one asked for may come.
    const found = registry.all().filter(({ draft }) => draft.name.includes(part))
    const { items, ...page } = pages(exchange, found, showAction)
    return { status: 200, body: { actions: items, ...page } }
  }

  function listVersions(exchange: Exchange, id: string): Answer {
    const action = registry.get(id)
    if (action === undefined) return badAction()
    const show = (version: ActionVersion) =>
      showVersion(version, version.id === action.deployed?.id)
    const { items, ...page } = pages(exchange, action.versions, show)
    return { status: 200, body: { versions: items, ...page } }
  }

  const showBinding = (binding: ReturnType<ActionRegistry['bindings']>[number]) => {
    const action = registry.get(binding.actionId)
    return {
      id: binding.id,
      trigger_id: TRIGGER.id,
      display_name: binding.displayName,
      created_at: binding.createdAt,
      updated_at: binding.createdAt,
      action: action && showAction(action),
    }
  }

  function listBindings(exchange: Exchange): Answer {
    const { items, ...page } = pages(exchange, registry.bindings(), showBinding)
    return { status: 200, body: { bindings: items, ...page } }
  }

  /** The Action that a binding refers to: `ref.type` is `binding_id`, `action_id` or `action_name`. */
  function referred(binding: Readonly<Record<string, unknown>> | undefined) {
    const { type, value } = record(binding?.ref) ?? {}
    if (typeof value !== 'string') return undefined
    if (type === 'action_id') return registry.get(value)
    if (type === 'action_name') return registry.findByName(value)
    const bound = registry.bindings().find(({ id }) => type === 'binding_id' && id === value)
    return bound && registry.get(bound.actionId)
  }

  function bind(exchange: Exchange): Answer {
    const given = record(exchange.json)?.bindings
    if (!Array.isArray(given) || given.length > MAX_BINDINGS) {
      return invalidBody('bindings is no array of at most 20')
    }
    const bindings = given.map(record).map((binding) => ({ binding, action: referred(binding) }))
    const complete = bindings.flatMap(({ binding, action }) => {
      if (action?.deployed === undefined) return []
      const displayName = binding?.display_name
      return [
        {
          actionId: action.id,
          displayName: typeof displayName === 'string' ? displayName : action.draft.name,
        },
      ]
    })
    if (complete.length < given.length) {
      return failure(400, 'invalid_binding', 'A binding refers to no deployed action.')
    }
    registry.bind(complete)
    return listBindings(exchange)
  }

  const actions = 'actions/actions'
  const bindings = 'actions/triggers/post-login/bindings'
  return [
    { method: 'GET', path: actions, scope: 'read:actions', answer: list },
    { method: 'POST', path: actions, scope: 'create:actions', answer: create },
    {
      method: 'GET',
      path: `${actions}/*`,
      scope: 'read:actions',
      answer: (_, [id = '']) => {
        const action = registry.get(id)
        return action === undefined ? noAction() : { status: 200, body: showAction(action) }
      },
    },
    {
      method: 'PATCH',
      path: `${actions}/*`,
      scope: 'update:actions',
      answer: (exchange, [id = '']) => update(exchange, id),
    },
    {
      method: 'DELETE',
      path: `${actions}/*`,
      scope: 'delete:actions',
      answer: (_, [id = '']) => remove(id),
    },
    {
      method: 'POST',
      path: `${actions}/*/deploy`,
      scope: 'create:actions',
      answer: (_, [id = '']) => deploy(id),
    },
    {
      method: 'GET',
      path: `${actions}/*/versions`,
      scope: 'read:actions',
      answer: (exchange, [id = '']) => listVersions(exchange, id),
    },
    {
      method: 'POST',
      path: `${actions}/*/versions/*/deploy`,
      scope: 'create:actions',
      answer: (exchange, [id = '', versionId = '']) => deployVersion(exchange, id, versionId),
    },
    {
      method: 'GET',
      path: 'actions/triggers',
      scope: 'read:actions',
      answer: () => ({ status: 200, body: { triggers: [{ ...TRIGGER, status: 'CURRENT' }] } }),
    },
    { method: 'GET', path: bindings, scope: 'read:actions', answer: listBindings },
    { method: 'PATCH', path: bindings, scope: 'update:actions', answer: bind },
  ]
}
