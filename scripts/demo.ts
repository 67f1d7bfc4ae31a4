/**
 * `npm run demo`: builds the Action, deploys it to a local tenant, links a second login to an account,
 * unlinks it and shows as a timeline what happened. Listens on loopback while it runs; exit code 0 only when the
 * account held both identities, a request with a wrong hint was denied, and the unlink undid the link.
 */

// Before anything that only Node 22 has: everything else is imported when this has passed.
import './check-node.js'

async function main(): Promise<number> {
  const { HELP, readOptions } = await import('./demo/options.ts')
  const options = readOptions(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(HELP)
    return 0
  }
  const { build } = await import('./build.ts')
  const { tellStory } = await import('./demo/story.ts')
  const { createReporter, isAsPromised } = await import('./demo/report.ts')
  const reporter = createReporter(options)
  const story = await tellStory(await build(), options, reporter)
  reporter.onEnd(story)
  return isAsPromised(story) ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  const text = error instanceof Error ? error.message : String(error)
  // esbuild says on the second line what the first one counts.
  console.error(`demo: ${text.split('\n').slice(0, 2).join(' ')}`)
  process.exitCode = 1
}
