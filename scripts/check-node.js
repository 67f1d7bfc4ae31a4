/**
 * Says in one sentence that this Node cannot do it, and ends the process. Plain JavaScript for any Node,
 * which an entry loads before anything that an old one cannot.
 */

/**
 * @param {(major: number, minor: number) => boolean} isGood
 * @param {(version: string) => string} tell What is needed, and what to do.
 */
export function demandNode(isGood, tell) {
  const { node } = process.versions
  const [major = 0, minor = 0] = node.split('.').map(Number)
  if (isGood(major, minor)) return
  console.error(tell(node))
  process.exit(1)
}
