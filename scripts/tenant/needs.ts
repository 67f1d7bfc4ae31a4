/**
 * What the local tenant needs of the machine: a Node that can trust a certificate of its own, and the
 * optional packages. Looks, and reads `package.json`; runs on any Node that knows modules.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tls from 'node:tls'
import { ROOT } from '../home.ts'

/** What is missing and what helps, in one line; `undefined`: it is all there. */
export function tellMissing(): string | undefined {
  if (typeof tls.setDefaultCACertificates !== 'function')
    return `the local tenant needs Node 22.19 or later (tls.setDefaultCACertificates), this is ${process.versions.node}`
  return tellMissingPackages('the local tenant')
}

/** Which optional packages are missing, for whom, and how to get them. */
export function tellMissingPackages(whose: string): string | undefined {
  const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const missing = Object.entries(optionalDependencies).flatMap(([name, version]) =>
    isThere(name) ? [] : [`${name}@${version}`],
  )
  if (missing.length === 0) return undefined
  return `${whose} needs packages that were left out: npm install ${missing.join(' ')}`
}

function isThere(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}
