/**
 * The way to a tenant's Management API: the `auth0` SDK over a patient `fetch`, as whoever deploys.
 * Opens no connection by itself; `readScopes` gets the token and says what it permits.
 */
import { ManagementClient, TokenProvider } from 'auth0'
import { createPatientFetch, type Patience } from './patient-fetch.ts'
import { toProblem } from './problems.ts'

export type Credentials =
  | { readonly domain: string; readonly token: string }
  | { readonly domain: string; readonly clientId: string; readonly clientSecret: string }

export interface Management {
  readonly domain: string
  /** The audience of the Management API, and of the companion's client grant. */
  readonly audience: string
  readonly client: ManagementClient
  /** `undefined`: the token does not say. */
  readScopes(): Promise<readonly string[] | undefined>
}

/** The SDK's limit is over all tries; each of them has its own, in the patient `fetch`. */
const CALL_TIMEOUT_SECONDS = 600

export function openManagement(
  credentials: Credentials,
  patience: Patience,
  /** Hears the token, so that it can be kept out of every output. */
  hide: (secret: string) => void,
): Management {
  const { domain } = credentials
  const audience = `https://${domain}/api/v2/`
  const patientFetch = createPatientFetch(patience)
  const provider =
    'token' in credentials
      ? undefined
      : new TokenProvider({ ...credentials, audience, fetch: patientFetch })

  async function token(): Promise<string> {
    const value =
      'token' in credentials ? credentials.token : ((await provider?.getAccessToken()) ?? '')
    hide(value)
    return value
  }

  return {
    domain,
    audience,
    client: new ManagementClient({
      domain,
      token,
      fetch: patientFetch,
      maxRetries: 0,
      timeoutInSeconds: CALL_TIMEOUT_SECONDS,
    }),
    readScopes: async () => {
      try {
        return scopesOf(await token())
      } catch (error) {
        throw toProblem(error, 'Getting an access token')
      }
    },
  }
}

/** Read to tell early what is missing; it is the tenant that decides. */
function scopesOf(token: string): readonly string[] | undefined {
  try {
    const [, payload = ''] = token.split('.')
    const { scope } = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return typeof scope === 'string' ? scope.split(' ').filter(Boolean) : undefined
  } catch {
    return undefined
  }
}
