/**
 * The way to a tenant's Management API: the `auth0` SDK over a patient `fetch`, as whoever deploys.
 * Opens no connection by itself; `readScopes` and `readClientId` get the token and say what it
 * permits, and to whom.
 */
import { ManagementClient, TokenProvider } from 'auth0'
import { createPatientFetch, type Patience } from './patient-fetch.ts'
import { Problem, toProblem } from './problems.ts'

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
  /** The application whose token it is; `undefined`: the token does not say. */
  readClientId(): Promise<string | undefined>
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

  /** Read to tell early what is missing or mixed up; it is the tenant that decides. */
  async function claim(name: 'scope' | 'azp'): Promise<string | undefined> {
    try {
      const { aud, [name]: value } = claimsOf(await token())
      requireAudience(aud, domain)
      return typeof value === 'string' ? value : undefined
    } catch (error) {
      throw toProblem(error, 'Getting an access token')
    }
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
    readScopes: async () => (await claim('scope'))?.split(' ').filter(Boolean),
    readClientId: () => claim('azp'),
  }
}

/** None, where it is no JWT. */
function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const [, payload = ''] = token.split('.')
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return { ...(claims as object) }
  } catch {
    return {}
  }
}

/** The Management API has one audience, at the canonical domain, whatever domain it is called by. */
function requireAudience(aud: unknown, domain: string): void {
  const audiences = [aud].flat().filter((one) => typeof one === 'string')
  if (audiences.length === 0 || audiences.includes(`https://${domain}/api/v2/`)) return
  throw new Problem(
    `The access token is for ${audiences.join(' and ')}, and AUTH0_DOMAIN is ${domain}: set it to the canonical domain of the tenant, no custom one, and take a token for its Management API`,
  )
}
