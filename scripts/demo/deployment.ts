/**
 * Puts an Action into a tenant through its Management API and binds it to the post-login trigger:
 * creates it, waits until it is built, deploys it, binds it behind whatever is bound already. Sends
 * requests; rejects with one line of text where the tenant refuses.
 */

import { setTimeout as delay } from 'node:timers/promises'

export interface Deployment {
  readonly domain: string
  readonly clientId: string
  readonly clientSecret: string
  readonly name: string
  readonly code: string
  readonly secrets: Readonly<Record<string, string>>
}

const POLL_MS = 40
const BUILD_LIMIT_MS = 120_000

interface Action {
  readonly id: string
  readonly status: string
  readonly all_changes_deployed: boolean
}

interface Bindings {
  readonly bindings: readonly { readonly id: string; readonly display_name: string }[]
}

async function readJson<T>(response: Response, what: string): Promise<T> {
  if (response.ok) return (await response.json()) as T
  throw new Error(`${what} was answered with ${response.status}`)
}

async function requestToken({ domain, clientId, clientSecret }: Deployment): Promise<string> {
  const response = await fetch(`https://${domain}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      audience: `https://${domain}/api/v2/`,
    }),
  })
  const token = await readJson<{ readonly access_token: string }>(response, 'POST /oauth/token')
  return token.access_token
}

export async function deployAction(deployment: Deployment): Promise<void> {
  const { domain, name, code, secrets } = deployment
  const token = await requestToken(deployment)

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`https://${domain}/api/v2/actions/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return readJson(response, `${method} /api/v2/actions/${path}`)
  }

  const { id } = await call<Action>('POST', 'actions', {
    name,
    supported_triggers: [{ id: 'post-login', version: 'v3' }],
    code,
    runtime: 'node22',
    dependencies: [],
    secrets: Object.entries(secrets).map(([key, value]) => ({ name: key, value })),
  })

  const readAction = () => call<Action>('GET', `actions/${id}`)
  const endMs = Date.now() + BUILD_LIMIT_MS
  let { status } = await readAction()
  while (status !== 'built') {
    if (status === 'failed' || Date.now() > endMs) throw new Error(`the Action's build: ${status}`)
    await delay(POLL_MS)
    status = (await readAction()).status
  }

  await call('POST', `actions/${id}/deploy`)
  if (!(await readAction()).all_changes_deployed) throw new Error('the Action is not deployed')

  const bound = await call<Bindings>('GET', 'triggers/post-login/bindings')
  const others = bound.bindings.map((binding) => ({
    ref: { type: 'binding_id', value: binding.id },
    display_name: binding.display_name,
  }))
  const own = { ref: { type: 'action_id', value: id }, display_name: name }
  await call('PATCH', 'triggers/post-login/bindings', { bindings: [...others, own] })
}
