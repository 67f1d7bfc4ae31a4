/**
 * Puts the Action into the demo's tenant, by the very code of `npm run deploy`: settings with it, waits
 * until it is built, deploys it, and binds it behind whatever is bound already. Sends requests; rejects
 * with one line of text where the tenant refuses.
 */

import { TIMING } from '../deploy/apply.ts'
import { createSilentReport } from '../deploy/report.ts'
import { deploy } from '../deploy/run.ts'

export interface Deployment {
  readonly domain: string
  readonly clientId: string
  readonly clientSecret: string
  readonly name: string
  readonly code: string
  /** Of the Action, AUTH0_DOMAIN and AUTH0_CLIENT_ID among them. */
  readonly settings: Readonly<Record<string, string>>
}

/** The local tenant builds in a moment. */
const POLL_MS = 40

export async function deployAction(deployment: Deployment): Promise<void> {
  const { domain, clientId, clientSecret, name, code, settings } = deployment
  const request = {
    credentials: { domain, clientId, clientSecret },
    actionName: name,
    code,
    settings,
    position: 'last' as const,
    provision: false,
    dryRun: false,
    timing: { ...TIMING, pollMs: POLL_MS },
  }
  await deploy(request, createSilentReport())
}
