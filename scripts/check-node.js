/**
 * Says in one line that this is not the Node that the Action runs on, and what to do. Plain
 * JavaScript for any Node: it has to run where the others cannot.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

// 22.19 is the first with tls.setDefaultCACertificates, which the local tenant needs.
if (major !== 22 || minor < 19) {
  console.error(
    `Node 22.19 or later of 22 is needed, this is ${process.versions.node}: run "npm ci" with install scripts allowed, which brings it, and start with "npm run".`,
  )
  process.exit(1)
}
