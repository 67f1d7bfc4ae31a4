/**
 * Where the Action stands among the bindings of the post-login flow. Pure. All others keep their order,
 * their names and their bindings.
 */

/** `first`, `last`, or the place counted from 1. */
export type Position = 'first' | 'last' | number

export interface Bound {
  readonly id: string
  readonly displayName: string
  readonly actionId: string
}

/** The wanted order; `undefined` stands for a binding of ours that is still to be made. */
export function orderBindings(
  bindings: readonly Bound[],
  actionId: string | undefined,
  position: Position,
): readonly (Bound | undefined)[] {
  const ours = bindings.find((binding) => binding.actionId === actionId)
  const others = bindings.filter((binding) => binding.actionId !== actionId)
  const at = placeOf(position, others.length)
  return [...others.slice(0, at), ours, ...others.slice(at)]
}

/** Whether the bindings stand as wanted already. */
export function isOrdered(
  bindings: readonly Bound[],
  wanted: readonly (Bound | undefined)[],
): boolean {
  return (
    bindings.length === wanted.length &&
    bindings.every((binding, index) => binding.id === wanted[index]?.id)
  )
}

function placeOf(position: Position, others: number): number {
  if (position === 'first') return 0
  return position === 'last' ? others : Math.min(position - 1, others)
}
