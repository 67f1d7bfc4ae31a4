/**
 * Deploys the Action into the running tenant whenever its settings or its sources have changed; tells
 * which version runs, and why. Changes the tenant.
 */

import type { Tenant } from '../tenant/index.ts'
import type { Happenings } from './happenings.ts'
import type { Rebuilt } from './rebuilt.ts'
import type { Settings } from './settings.ts'

/** What is deployed, and how it came there. */
export interface Deployment {
  readonly version: number
  readonly bytes: number
  readonly atMs: number
  /** In words: `built`, `settings changed`, `src/policy.ts changed`. */
  readonly reason: string
  readonly tookMs?: number | undefined
  /** Sources that do not build: what ran before runs on. */
  readonly problem?: string | undefined
}

export interface Deployments {
  current(): Deployment
  /** With the settings as they are now. */
  deploy(reason: string): void
  /** The sources were edited: what came of it. */
  rebuilt(rebuilt: Rebuilt): void
}

export interface DeploymentsOptions {
  readonly tenant: Tenant
  readonly settings: Settings
  readonly happenings: Happenings
  /** The Action's bundle, to begin with: it is deployed at once. */
  readonly code: string
}

const ACTION_NAME = 'account-linking'

type Built = Pick<Deployment, 'problem' | 'reason' | 'tookMs'> & { readonly code: string }

export function createDeployments(options: DeploymentsOptions): Deployments {
  const { happenings, settings, tenant } = options
  let { code } = options
  let current = install({ code, reason: 'built' })

  function install({ code, ...about }: Built): Deployment {
    tenant.install({ name: ACTION_NAME, code, secrets: settings.secrets() })
    const version = tenant.actions.findByName(ACTION_NAME)?.deployed?.number ?? 0
    return { version, bytes: Buffer.byteLength(code), atMs: Date.now(), ...about }
  }

  function replace(built: Built): void {
    current = install(built)
    happenings.emit('deployed')
  }

  return {
    current: () => current,

    // New settings do not mend sources that do not build.
    deploy: (reason) => replace({ code, reason, problem: current.problem }),

    rebuilt(rebuilt) {
      const reason = `src/${rebuilt.file} changed`
      if (rebuilt.type === 'built') {
        code = rebuilt.code
        return replace({ code, reason, tookMs: rebuilt.durationMs })
      }
      const problem = `the sources do not build, ${rebuilt.why}`
      current = { ...current, atMs: Date.now(), reason, problem }
      happenings.emit('refused')
    },
  }
}
