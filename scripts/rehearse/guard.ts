/**
 * Whether a tenant may be rehearsed on at all: what is for production is refused. Reads of the tenant.
 *
 * Auth0 shows the environment tag on its dashboard, and no documented field of the Management API has it
 * (auth0/terraform-provider-auth0 #565): one that is there is believed; besides, many users are taken for
 * people, and whoever starts it is asked.
 */
import type { Management } from '../deploy/management.ts'
import { Problem, toProblem } from '../deploy/problems.ts'

/** More than anybody has made for trials. */
const MAX_USERS = 1_000

const TAG_FIELDS = ['environment_tag', 'environment', 'tag']

export interface Circumstances {
  readonly mfaByActions: boolean | undefined
  /** As the tenant shows it, which it need not. */
  readonly tag: string | undefined
}

export async function refuseProduction({ client }: Management): Promise<Circumstances> {
  const settings = await read('the settings of the tenant', () => client.tenants.settings.get())
  const shown: Readonly<Record<string, unknown>> = { ...settings }
  const tag = TAG_FIELDS.map((name) => shown[name]).find((one) => typeof one === 'string')
  if (/^prod/i.test(String(tag ?? '')))
    throw new Problem('The tenant is tagged as production: rehearse on one for development')
  const { response } = await read('the number of users', () =>
    client.users.list({ per_page: 1, include_totals: true }),
  )
  const { total = 0 } = response as { readonly total?: number }
  if (total > MAX_USERS)
    throw new Problem(
      `The tenant has ${total} users, which looks like production: rehearse on one for development`,
    )
  return {
    mfaByActions: settings.customize_mfa_in_postlogin_action,
    tag: typeof tag === 'string' ? tag : undefined,
  }
}

async function read<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw toProblem(error, `Reading ${what}`)
  }
}
