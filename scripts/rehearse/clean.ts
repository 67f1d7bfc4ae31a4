/**
 * Finds by their marks what rehearsals have made in a tenant, and takes it away: after every run, and of
 * earlier ones. Touches nothing without a mark; of the flow it takes out its own bindings and leaves the
 * others in their order. What cannot be removed does not keep it from the rest; it is told.
 */
import type { Management } from '../deploy/management.ts'
import { isAbsent, toProblem } from '../deploy/problems.ts'
import { readApplications, readBindings, TRIGGER } from '../deploy/read.ts'
import { MARK, runOf } from './objects.ts'

export interface Thing {
  readonly kind: 'binding' | 'Action' | 'application' | 'connection'
  readonly id: string
  readonly name: string
  readonly run: string
}

export interface Cleaned {
  readonly removed: readonly Thing[]
  /** What is left, and why. */
  readonly left: readonly string[]
}

const PAGE_SIZE = 50
const MAX_FLOW_TRIES = 3

/** Of one run, or of every one. Users go with their connections. */
export async function findMarked(management: Management, run?: string): Promise<readonly Thing[]> {
  const isWanted = (found: string | undefined): found is string =>
    found !== undefined && (run === undefined || run === found)
  const things: Thing[] = []
  const add = (kind: Thing['kind'], id: string, name: string, marked = true): void => {
    const found = runOf(name)
    if (marked && id !== '' && isWanted(found)) things.push({ kind, id, name, run: found })
  }
  const actions = await findActions(management)
  for (const { id, displayName, actionId } of await readBindings(management))
    if (actions.some((one) => one.id === actionId)) add('binding', id, displayName)
  for (const { id, name } of actions) add('Action', id, name)
  for (const { clientId, name, metadata } of await readApplications(management))
    add('application', clientId, name, metadata[MARK] === runOf(name))
  const { client } = management
  try {
    for await (const { id = '', name = '', metadata } of await client.connections.list())
      add('connection', id, name, metadata?.[MARK] === runOf(name))
  } catch (error) {
    throw toProblem(error, 'Reading the connections')
  }
  return things
}

/** An Action has no metadata: its name, and a secret of the mark's name, which nobody else's has. */
async function findActions({ client }: Management) {
  const found: { readonly id: string; readonly name: string }[] = []
  try {
    for (let page = 0; ; page += 1) {
      const asked = { triggerId: TRIGGER, page, per_page: PAGE_SIZE } as const
      const { data, response } = await client.actions.list(asked)
      for (const { id = '', name = '', secrets = [] } of data)
        if (runOf(name) !== undefined && secrets.some((one) => one.name === MARK.toUpperCase()))
          found.push({ id, name })
      const { total = 0 } = response
      if (data.length === 0 || (page + 1) * PAGE_SIZE >= total) return found
    }
  } catch (error) {
    throw toProblem(error, 'Reading the Actions')
  }
}

/** Takes all of it away that can be; looks afterwards whether it is gone. */
export async function removeMarked(
  management: Management,
  things: readonly Thing[],
  tell: (text: string) => void,
): Promise<Cleaned> {
  const left: string[] = []
  const removed: Thing[] = []
  const attempt = async (thing: Thing, remove: () => Promise<unknown>): Promise<void> => {
    try {
      await remove()
    } catch (error) {
      if (!isAbsent(error)) {
        left.push(`${thing.kind} ${thing.name}: ${toProblem(error, 'Removing it').message}`)
        return
      }
    }
    removed.push(thing)
    if (thing.kind !== 'binding') tell(`${thing.kind} ${thing.name} is gone`)
  }
  const { client } = management
  const bindings = things.filter(({ kind }) => kind === 'binding')
  const [first] = bindings
  if (first !== undefined) await attempt(first, () => unbind(management, bindings))
  for (const thing of things) {
    const { id, kind } = thing
    if (kind === 'Action') await attempt(thing, () => client.actions.delete(id))
    if (kind === 'application') await attempt(thing, () => client.clients.delete(id))
    if (kind === 'connection') await attempt(thing, () => client.connections.delete(id))
  }
  return { removed, left }
}

/** Read anew each time: somebody may have changed the flow. */
async function unbind(management: Management, ours: readonly Thing[]): Promise<void> {
  for (let tries = 1; tries <= MAX_FLOW_TRIES; tries += 1) {
    const present = await readBindings(management)
    const others = present.filter(({ id }) => !ours.some((one) => one.id === id))
    if (others.length === present.length) return
    const bindings = others.map(({ id, displayName }) => ({
      ref: { type: 'binding_id' as const, value: id },
      ...(displayName === '' ? {} : { display_name: displayName }),
    }))
    await management.client.actions.triggers.bindings.updateMany(TRIGGER, { bindings })
  }
}
