/**
 * What the Management API tells of the tenant itself: its settings, its custom domains, and the
 * Management API as one of its APIs. Reads only.
 *
 * @see https://auth0.com/docs/api/management/v2/tenants/tenant-settings-route
 * @see https://auth0.com/docs/api/management/v2/custom-domains/get-custom-domains
 */

import { chooseFields, failure, type Route } from '../management-routes.ts'
import type { PlatformAnswers } from '../platform-answers.ts'

export interface TenantRouteOptions {
  readonly audience: string
  readonly customDomains: readonly string[]
  readonly answers: Pick<PlatformAnswers, 'mfaByActions' | 'tag'>
}

const TOKEN_LIFETIME_SECONDS = 86_400

export const NOT_OFFERED = {
  statusCode: 403,
  error: 'Forbidden',
  message: 'The account is not allowed to perform this operation, please contact our support team',
}

export function tenantRoutes(options: TenantRouteOptions): readonly Route[] {
  const { answers, audience, customDomains } = options
  const api = {
    id: 'exampleManagementApi00001',
    identifier: audience,
    name: 'Auth0 Management API',
    is_system: true,
    signing_alg: 'RS256',
    token_lifetime: TOKEN_LIFETIME_SECONDS,
  }
  /** The switch "Customize MFA Factors using Actions". */
  const settings = {
    friendly_name: 'Example',
    customize_mfa_in_postlogin_action: answers.mfaByActions,
    ...(answers.tag === 'not shown' ? {} : { environment_tag: answers.tag }),
  }
  return [
    {
      method: 'GET',
      path: 'tenants/settings',
      scope: 'read:tenant_settings',
      answer: (exchange) => ({ status: 200, body: chooseFields(exchange, settings) }),
    },
    {
      method: 'GET',
      path: 'custom-domains',
      scope: 'read:custom_domains',
      answer: () =>
        customDomains.length === 0
          ? // A tenant whose plan has none says so, without a code.
            { status: 403, body: NOT_OFFERED }
          : {
              status: 200,
              body: customDomains.map((domain, index) => ({
                custom_domain_id: `cd_Example${index}`,
                domain,
                primary: index === 0,
                status: 'ready',
                type: 'auth0_managed_certs',
              })),
            },
    },
    {
      method: 'GET',
      path: 'resource-servers',
      scope: 'read:resource_servers',
      answer: () => ({
        status: 200,
        body: { resource_servers: [api], total: 1, start: 0, limit: 50 },
      }),
    },
    {
      method: 'GET',
      path: 'resource-servers/*',
      scope: 'read:resource_servers',
      answer: (_, [id = '']) =>
        id === api.id || id === audience
          ? { status: 200, body: api }
          : failure(404, 'inexistent_resource_server', 'There is no such API.'),
    },
  ]
}
