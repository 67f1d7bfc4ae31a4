#!/usr/bin/env node
/**
 * The commands in the package: the Action is the file that was packed, and there is nothing to build or
 * to watch. Reads that one file.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { endWith } from './as-process.ts'
import { runCommand } from './commands.ts'
import { type Home, ROOT } from './home.ts'

const PACKAGE: Home = {
  actionCode: () => readFile(join(ROOT, 'dist/action.js'), 'utf8'),
  watchSources: undefined,
}

await endWith(runCommand(process.argv.slice(2), PACKAGE))
