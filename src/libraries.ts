/**
 * The packages that speak to the tenant, in one module of their own: a login that needs none of
 * them evaluates none of them. Imported with `import()` only.
 */
export { IdentitiesClient } from 'auth0/users/identities'
export { compactVerify } from 'jose'
export {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretPost,
  Configuration,
  clientCredentialsGrant,
  customFetch,
} from 'openid-client'
