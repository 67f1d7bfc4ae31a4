/**
 * The tenant's Actions: created, built, versioned, deployed and bound as by Auth0's Management API.
 * In memory, no I/O. Values of secrets go in and are seen by runs alone.
 */

import { randomUUID } from 'node:crypto'
import { compileFunction } from 'node:vm'
import { MAX_SOURCE_BYTES } from '../testing/load.ts'

export interface Secret {
  readonly name: string
  readonly value: string
  /** When it was written: versions of an Action share secrets that were not written between them. */
  readonly updatedAt?: string
}

export interface ActionDraft {
  readonly name: string
  readonly code: string
  readonly runtime: string
  readonly secrets: readonly Secret[]
  readonly dependencies: readonly unknown[]
}

export interface ActionVersion extends Omit<ActionDraft, 'name'> {
  readonly id: string
  readonly number: number
  readonly createdAt: string
}

export type BuildStatus = 'pending' | 'building' | 'packaged' | 'built' | 'failed'

export interface RegisteredAction {
  readonly id: string
  readonly draft: ActionDraft
  readonly createdAt: string
  readonly updatedAt: string
  readonly versions: readonly ActionVersion[]
  readonly deployed: ActionVersion | undefined
  readonly allChangesDeployed: boolean
}

export interface Binding {
  readonly id: string
  readonly actionId: string
  readonly displayName: string
  readonly createdAt: string
}

export interface ActionRegistry {
  all(): readonly RegisteredAction[]
  get(id: string): RegisteredAction | undefined
  findByName(name: string): RegisteredAction | undefined
  create(draft: ActionDraft): RegisteredAction
  update(id: string, values: Partial<ActionDraft>): RegisteredAction
  remove(id: string): void
  statusOf(action: RegisteredAction): BuildStatus
  /** The draft becomes a new version and is what runs from now on. */
  deploy(id: string): ActionVersion
  /** An older version runs again, as a new one; the draft follows if it shall. */
  deployVersion(id: string, versionId: string, updateDraft: boolean): ActionVersion | undefined
  bindings(): readonly Binding[]
  bind(bindings: readonly { readonly actionId: string; readonly displayName: string }[]): void
  /** What runs at a login, in order. */
  bound(): readonly { readonly action: RegisteredAction; readonly version: ActionVersion }[]
}

/** Auth0 keeps as many. */
const MAX_VERSIONS = 50

function builds(code: string): boolean {
  if (Buffer.byteLength(code) > MAX_SOURCE_BYTES) return false
  try {
    compileFunction(code, ['module', 'exports', 'console', 'require'])
    return true
  } catch {
    return false
  }
}

export function createActionRegistry(buildDelayMs: number): ActionRegistry {
  const actions = new Map<string, RegisteredAction>()
  const changedAtMs = new Map<string, number>()
  let bindings: readonly Binding[] = []

  function keep(action: RegisteredAction): RegisteredAction {
    const kept = { ...action, updatedAt: new Date().toISOString() }
    actions.set(action.id, kept)
    return kept
  }

  function release(action: RegisteredAction, contents: Omit<ActionDraft, 'name'>): ActionVersion {
    const number = (action.versions[0]?.number ?? 0) + 1
    const createdAt = new Date().toISOString()
    const version: ActionVersion = { ...contents, id: randomUUID(), number, createdAt }
    const versions = [version, ...action.versions].slice(0, MAX_VERSIONS)
    keep({ ...action, versions, deployed: version })
    return version
  }

  function existing(id: string): RegisteredAction {
    const action = actions.get(id)
    if (action === undefined) throw new Error(`There is no Action ${id}`)
    return action
  }

  return {
    all: () => [...actions.values()],
    get: (id) => actions.get(id),
    findByName: (name) => [...actions.values()].find(({ draft }) => draft.name === name),

    create(draft) {
      const id = randomUUID()
      changedAtMs.set(id, Date.now())
      const createdAt = new Date().toISOString()
      const fresh = { versions: [], deployed: undefined, allChangesDeployed: false }
      return keep({ id, draft, createdAt, updatedAt: createdAt, ...fresh })
    },

    update(id, values) {
      const action = existing(id)
      changedAtMs.set(id, Date.now())
      return keep({ ...action, draft: { ...action.draft, ...values }, allChangesDeployed: false })
    },

    remove: (id) => void actions.delete(id),

    statusOf({ id, draft }) {
      const share = (Date.now() - (changedAtMs.get(id) ?? 0)) / Math.max(buildDelayMs, 1)
      if (share < 1 / 3) return 'pending'
      if (share < 2 / 3) return 'building'
      if (share < 1) return 'packaged'
      return builds(draft.code) ? 'built' : 'failed'
    },

    deploy(id) {
      const action = existing(id)
      const { name: _name, ...contents } = action.draft
      return release({ ...action, allChangesDeployed: true }, contents)
    },

    deployVersion(id, versionId, updateDraft) {
      const action = existing(id)
      const older = action.versions.find((version) => version.id === versionId)
      if (older === undefined) return undefined
      const { code, runtime, secrets, dependencies } = older
      const contents = { code, runtime, secrets, dependencies }
      const draft = updateDraft ? { ...action.draft, ...contents } : action.draft
      return release({ ...action, draft, allChangesDeployed: updateDraft }, contents)
    },

    bindings: () => bindings,
    bind(given) {
      const createdAt = new Date().toISOString()
      bindings = given.map((binding) => ({ ...binding, id: randomUUID(), createdAt }))
    },
    bound: () =>
      bindings.flatMap(({ actionId }) => {
        const action = actions.get(actionId)
        if (action?.deployed === undefined) return []
        return [{ action, version: action.deployed }]
      }),
  }
}
