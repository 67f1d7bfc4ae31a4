/**
 * Rehearsals of live tenants that are kept in the repository, under `.github/rehearsals`. Reads that
 * folder; as long as there is none, everything that a rehearsal prints says so.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../home.ts'
import { readRehearsal } from './file.ts'

export const KEPT = '.github/rehearsals'

export const NEVER_LIVE = `No rehearsal of a live tenant is kept under ${KEPT} yet: this command itself was only ever tried on the local one. What it says may be its own mistake; its rehearsal.json is worth keeping there.`

export async function hasLive(folder = join(ROOT, KEPT)): Promise<boolean> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((one) => one.endsWith('.json'))) {
    const kept = readRehearsal(await readFile(join(folder, name), 'utf8'))
    if (!('problem' in kept) && kept.tenant === 'live') return true
  }
  return false
}
