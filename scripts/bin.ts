#!/usr/bin/env node
import { demandNode } from './check-node.js'
/**
 * The commands in the package: the Action is the file that was packed, and there is nothing to build or
 * to watch. Reads that one file. An old Node is told so before it meets what it does not know.
 */
import type { Home } from './home.ts'

demandNode(
  (major, minor) => major > 20 || (major === 20 && minor >= 19),
  (version) => `Node 20.19 or later is needed, this is ${version}: take a later one.`,
)
const { readFile } = await import('node:fs/promises')
const { join } = await import('node:path')
const { endWith } = await import('./as-process.ts')
const { runCommand } = await import('./commands.ts')
const { ROOT } = await import('./home.ts')

const PACKAGE: Home = {
  actionCode: () => readFile(join(ROOT, 'dist/action.js'), 'utf8'),
  watchSources: undefined,
}

await endWith(runCommand(process.argv.slice(2), PACKAGE))
