/**
 * The command `deploy`: puts the Action into a tenant with everything that it needs around it. `--help`
 * tells the rest. Exit code 0 where the tenant is as wanted, or would be after a dry run; 1 where it is
 * not, with one line on stderr that says what to do.
 */
import { readActionFile } from './deploy/action-file.ts'
import { TIMING, type Timing } from './deploy/apply.ts'
import { type Config, isRefusal, readConfig, type Variables } from './deploy/config.ts'
import { Problem } from './deploy/problems.ts'
import { createJsonReport, type Frame, messageOf, type Report, type Sink } from './deploy/report.ts'
import { rollBack } from './deploy/rollback.ts'
import { deploy } from './deploy/run.ts'
import { createTextReport, wantsColour } from './deploy/text-report.ts'
import type { Home } from './home.ts'

export interface Terminal {
  readonly stdout: Sink
  readonly stderr: Sink
}

/** What a person never sets. */
export interface Environment {
  readonly build: Home['actionCode']
  readonly timing?: Timing
}

export async function main(
  args: readonly string[],
  variables: Variables,
  { stdout, stderr }: Terminal,
  environment: Environment,
): Promise<number> {
  const config = readConfig(args, variables)
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
