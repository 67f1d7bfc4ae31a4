/**
 * The command `demo`: deploys the Action to a local tenant, links a second login to an account, unlinks
 * it and shows as a timeline what happened. Listens on loopback while it runs; exit code 0 only when the
 * account held both identities, a request with a wrong hint was denied, and the unlink undid the link.
 */
import { type Ending, tellFailure } from './as-process.ts'
import { readDemoOptions } from './demo/options.ts'
import type { Home } from './home.ts'
import { tellMissing } from './tenant/needs.ts'

export const main = (args: readonly string[], home: Home): Promise<Ending> =>
  tellFailure('demo', run(args, home))

async function run(args: readonly string[], { actionCode }: Home): Promise<Ending> {
  const options = readDemoOptions(args, process.env)
  const missing = tellMissing()
  if (missing !== undefined) throw new Error(missing)
  const { tellStory } = await import('./demo/story.ts')
  const { createReporter, isAsPromised } = await import('./demo/report.ts')
  const reporter = createReporter(options)
  const story = await tellStory(await actionCode({ write: true }), options, reporter)
  reporter.onEnd(story)
  return isAsPromised(story) ? 0 : 1
}
