/**
 * The nested request: where the browser goes, and what of it must arrive there unchanged. No I/O.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 * @see https://www.rfc-editor.org/rfc/rfc7636
 */
import type { Plan } from '../attempt.ts'
import type { Context } from '../context.ts'
import { type AttemptSecrets, deriveCodeChallenge } from '../pkce.ts'
import { readPlainName } from '../request.ts'
import { configureClient } from '../token-endpoint.ts'
import { deriveParameters } from './claim.ts'

/** `/authorize` of the companion application at the domain in use. */
export async function buildNestedUrl(
  context: Context,
  plan: Plan,
  { codeVerifier, nonce }: AttemptSecrets,
): Promise<string> {
  const { buildAuthorizationUrl } = await import('../libraries.ts')
  const parameters = buildParameters(context, plan)
  parameters.set('code_challenge', deriveCodeChallenge(codeVerifier))
  parameters.set('code_challenge_method', 'S256')
  parameters.set('nonce', nonce)
  const client = await configureClient(context.domain, context.settings)
  return buildAuthorizationUrl(client, parameters).href
}

/** The tag of the nested request of this attempt, if it arrived as it was sent. */
export function deriveAskedParameters(context: Context, plan: Plan): string | undefined {
  const parameters = buildParameters(context, plan)
  const { keys, settings } = context
  return deriveParameters(keys, settings.nestedParams, (name) =>
    [...parameters]
      .filter(([key]) => readPlainName(key) === readPlainName(name))
      .map(([, value]) => value),
  )
}

/** All but what belongs to one attempt alone. */
function buildParameters({ event, settings, domain }: Context, plan: Plan): URLSearchParams {
  const asked = event.transaction?.ui_locales
  const uiLocales = Array.isArray(asked) ? asked.filter((tag) => typeof tag === 'string') : []
  const parameters = new URLSearchParams({
    response_type: 'code',
    redirect_uri: `https://${domain}/continue`,
    scope: 'openid profile email',
    connection: plan.nestedConnection,
    max_age: '0',
  })
  if (uiLocales.length > 0) parameters.set('ui_locales', uiLocales.join(' '))
  for (const [name, value] of settings.nestedParams) parameters.set(name, value)
  if (plan.mode === 'unlink') return parameters
  const { connectionScope, loginHint } = plan
  if (connectionScope !== undefined) parameters.set('connection_scope', connectionScope)
  if (loginHint !== undefined) parameters.set('login_hint', loginHint)
  return parameters
}
