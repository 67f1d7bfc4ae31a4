/**
 * The command `deploy`: puts the Action into a tenant with everything that it needs around it. `--help`
 * tells the rest. Exit code 0 where the tenant is as wanted, or would be after a dry run; 1 where it is
 * not, with one line on stderr that says what to do.
 */
import { readActionFile } from './deploy/action-file.ts'
import { TIMING, type Timing } from './deploy/apply.ts'
import {
  type Config,
  DEFAULT_ACTION_NAME,
  isHelp,
  isRefusal,
  readConfig,
  type Variables,
} from './deploy/config.ts'
import { Problem } from './deploy/problems.ts'
import { createJsonReport, type Frame, messageOf, type Report, type Sink } from './deploy/report.ts'
import { rollBack } from './deploy/rollback.ts'
import { deploy } from './deploy/run.ts'
import { createTextReport, wantsColour } from './deploy/text-report.ts'
import { commandLine, type Home } from './home.ts'

export interface Terminal {
  readonly stdout: Sink
  readonly stderr: Sink
}

/** What a person never sets. */
export interface Environment {
  readonly build: Home['actionCode']
  readonly timing?: Timing
}

const HELP = `Puts the Action into an Auth0 tenant, with all that it needs around it.

  ${commandLine('deploy', '[options]')}

  --provision       make and mend the companion application, its permission,
                    its callbacks and its connections
  --dry-run         write nothing, show what would change
  --position PLACE  place in the post-login flow: last (default), first, or a
                    number from 1
  --drop NAMES      settings that the Action has and shall lose, so that their
                    defaults hold; a setting that nobody names ends the run
                    before anything is written
  --file FILE       deploy this file as it is, and build nothing
  --rollback        return to the version before
  --name NAME       name of the Action (default: ${DEFAULT_ACTION_NAME})
  --env-file FILE   read variables from a file; the environment wins
  --json            one JSON document on stdout

Variables:
  AUTH0_DOMAIN                            the tenant's canonical domain
  AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET    the application that deploys,
  AUTH0_ACCESS_TOKEN                      or a Management API token
  LINK_…                                  settings of the Action, by their
                                          names: LINK_ENFORCE_MFA=yes

Scopes of the application that deploys:
  read:actions create:actions update:actions
  read:clients update:clients read:client_keys
  and with --provision: create:clients read:client_grants
  create:client_grants update:client_grants read:connections
  update:connections read:custom_domains
`

export async function main(
  args: readonly string[],
  variables: Variables,
  { stdout, stderr }: Terminal,
  environment: Environment,
): Promise<number> {
  const config = readConfig(args, variables)
  if (isHelp(config)) {
    stdout.write(HELP)
    return 0
  }
  const refused = isRefusal(config)
  const frame: Frame = {
    command: refused ? 'deploy' : config.mode,
    tenant: refused ? '' : config.credentials.domain,
    action: refused ? '' : config.actionName,
    dryRun: refused ? false : config.dryRun,
  }
  const json = args.includes('--json')
  const voice = { colour: wantsColour(stdout, variables), stdout, stderr }
  const report = json ? createJsonReport(frame, stdout, stderr) : createTextReport(frame, voice)
  try {
    if (refused) throw new Problem(config.problem)
    for (const secret of config.secrets) report.hide(secret)
    await run(config, report, environment)
    return 0
  } catch (error) {
    report.fail(messageOf(error))
    return 1
  }
}

async function run(
  config: Config,
  report: Report,
  { build, timing = TIMING }: Environment,
): Promise<void> {
  if (config.mode === 'rollback') {
    await rollBack({ ...config, clientId: config.settings.AUTH0_CLIENT_ID, timing }, report)
    return
  }
  const code = await (config.file === undefined
    ? build({ write: !config.dryRun })
    : readActionFile(config.file))
  await deploy({ ...config, code, timing }, report)
}
