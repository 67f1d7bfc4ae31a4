/**
 * The package as it is installed: its files, and what they import. Reads the folder of the package.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'

export const NAME = 'client-initiated-account-linking'

export interface Packed {
  /** From the top of the package, with `/`, sorted. */
  readonly files: readonly string[]
  read(file: string): string
  bytesOf(file: string): number
}

export function openPacked(folder: string): Packed {
  const top = join(folder, 'node_modules', NAME)
  const all = readdirSync(top, { recursive: true, withFileTypes: true })
  const files = all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(top.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
  return {
    files: files.sort(),
    read: (file) => readFileSync(join(top, file), 'utf8'),
    bytesOf: (file) => statSync(join(top, file)).size,
  }
}

/** What a file names in `from '…'`, `import '…'`, `import('…')` and `import.meta.resolve(…)`. */
export function importsOf(code: string): readonly string[] {
  const named = /(?:\bfrom|\bimport|\bimport\.meta\.resolve)\s*\(?\s*['"`]([^'"`\n]+)['"`]/g
  const withoutComments = code.replaceAll(/^\s*(\/\*\*|\*|\/\/).*$/gm, '')
  return [...withoutComments.matchAll(named)].map(([, name = '']) => name)
}

export const isRelative = (name: string): boolean => /^\.{1,2}\//.test(name)

/** The package that a bare name is of. */
export const packageOf = (name: string): string => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name

/** The file that a relative name means. */
export const fileOf = (from: string, name: string): string => posix.join(posix.dirname(from), name)

/** Every module that is reached from these by the names in it, or in what else is to be read for it. */
export function reachedFrom(
  packed: Packed,
  entries: readonly string[],
  filesOf = (module: string): readonly string[] => [module],
): readonly string[] {
  const reached = new Set<string>()
  const open = [...entries]
  for (let module = open.pop(); module !== undefined; module = open.pop()) {
    if (reached.has(module)) continue
    reached.add(module)
    for (const file of filesOf(module)) {
      for (const name of importsOf(packed.read(file))) {
        if (isRelative(name)) open.push(fileOf(file, name))
      }
    }
  }
  return [...reached].sort()
}
