/**
 * What the npm scripts start: a command of `cli.ts`, or `vitest`, on the Node that the Action runs on.
 * Plain JavaScript, like what it loads first: on any other Node it has to say so.
 */
import { demandNode } from './check-node.js'

demandNode(
  // 22.19 is the first with tls.setDefaultCACertificates, which the local tenant needs.
  (major, minor) => major === 22 && minor >= 19,
  (version) =>
    `Node 22.19 or later of 22 is needed, this is ${version}: run "npm ci" with install scripts allowed, which brings it, and start with "npm run".`,
)

if (process.argv[2] === 'vitest') {
  process.argv.splice(2, 1)
  await import('../node_modules/vitest/vitest.mjs')
} else await import('./cli.ts')
