/**
 * The sign of each connection as inline SVG, from the free set `simple-icons`. Reads a file of that
 * package for each of them, once, where it is first needed; gives back markup without scripts or styles.
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { DATABASE, ENTERPRISE, GITHUB, GOOGLE } from './connections.ts'
import { type Html, html } from './html.ts'

const FILES: Readonly<Record<string, string>> = {
  [DATABASE]: 'auth0',
  [GOOGLE]: 'google',
  [GITHUB]: 'github',
  [ENTERPRISE]: 'openid',
}

const LABELS: Readonly<Record<string, string>> = {
  [DATABASE]: 'E-mail and password',
  [GOOGLE]: 'Google',
  [GITHUB]: 'GitHub',
  [ENTERPRISE]: 'Example Enterprise',
}

/** What a person calls it. */
export const labelOf = (connection: string): string => LABELS[connection] ?? connection

const read = new Map<string, string>()

/** Beside its label, so that it says nothing to a screen reader. Unknown ones have none. */
export function iconOf(connection: string): Html | undefined {
  const file = FILES[connection]
  if (file === undefined) return undefined
  const known = read.get(file) ?? readPath(file)
  read.set(file, known)
  return html`<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="currentColor" aria-hidden="true" focusable="false"><path d="${known}"/></svg>`
}

function readPath(file: string): string {
  const svg = readFileSync(
    fileURLToPath(import.meta.resolve(`simple-icons/icons/${file}.svg`)),
    'utf8',
  )
  const [, path] = / d="([^"]+)"/.exec(svg) ?? []
  if (path === undefined) throw new Error(`${file}.svg has no path`)
  return path
}
