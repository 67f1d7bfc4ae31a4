/**
 * The tenant double in the place of the global `fetch`, with everything that it gives out written
 * down. No I/O; Vitest takes the stub back after the test.
 */

import { vi } from 'vitest'
import {
  createTenantDouble,
  type TenantDouble,
  type TenantOptions,
} from '../../scripts/testing/tenant-double.ts'

export interface RecordedTenant extends TenantDouble {
  /** The ID tokens that codes were exchanged for, in order. */
  readonly idTokens: readonly string[]
  /** All tokens that it gave out. */
  readonly tokens: readonly string[]
}

/** A new tenant in the place of the global `fetch`; what it gives out is written down. */
export function useTenant(options: TenantOptions = {}): RecordedTenant {
  const tenant = createTenantDouble(options)
  const idTokens: string[] = []
  const tokens: string[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await tenant.fetch(input, init)
    if (!String(input).endsWith('/oauth/token') || response.status !== 200) return response
    const { id_token: idToken, access_token: token } = await readJson(response.clone())
    if (typeof idToken === 'string') idTokens.push(idToken)
    if (typeof token === 'string') tokens.push(token)
    return response
  }
  vi.stubGlobal('fetch', fetch)
  return { ...tenant, fetch, idTokens, tokens }
}

async function readJson(response: Response): Promise<Record<string, unknown>> {
  const value: unknown = await response.json().catch(() => undefined)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
