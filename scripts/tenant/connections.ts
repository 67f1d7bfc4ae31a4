/**
 * The tenant's connections and the people who can log in there: a database, two social ones and an
 * enterprise one; and one more for tenants that want it, in somebody else's hands. Fixed sample data,
 * no I/O.
 */

export interface ConnectionPerson {
  /** The id at the connection. */
  readonly id: string
  readonly email: string
  readonly emailVerified: boolean
  readonly name: string
  /** Database people have one. */
  readonly password?: string
  readonly userMetadata?: Readonly<Record<string, unknown>>
  /** The login page does not offer this person. */
  readonly unlisted?: boolean
}

export interface Connection {
  readonly id: string
  readonly name: string
  readonly strategy: string
  readonly provider: string
  readonly isSocial: boolean
  /** The `user_id` of the identity that a person has here, without the provider. */
  readonly identityId: (person: ConnectionPerson) => string
  readonly people: readonly ConnectionPerson[]
  /**
   * Its owner decides who comes in: nobody is asked, and it is whom `login_hint` names, else the first
   * of its people.
   */
  readonly asksNobody?: boolean
  /** Nobody finds it on the login page: it has to be asked for by its name. */
  readonly isHidden?: boolean
}

export const DATABASE = 'Username-Password-Authentication'
export const GOOGLE = 'google-oauth2'
export const GITHUB = 'github'
export const ENTERPRISE = 'example-enterprise'

export const PARTNER = 'example-partner'

export const PASSWORD = 'correct horse battery staple'

const ownId = ({ id }: ConnectionPerson): string => id

const alex = { email: 'alex@example.com', emailVerified: true, name: 'Alex Example' }
const sam = { email: 'sam@example.net', emailVerified: true, name: 'Sam Example' }
const kim = { email: 'kim@example.org', emailVerified: false, name: 'Kim Example' }

export const CONNECTIONS: readonly Connection[] = [
  {
    id: 'con_ExampleDatabase01',
    name: DATABASE,
    strategy: 'auth0',
    provider: 'auth0',
    isSocial: false,
    identityId: ownId,
    people: [
      { ...alex, id: '5f7c8ec7c33c6c004bbafe82', password: PASSWORD },
      { ...sam, id: '602c2b6a1d5e4f0069a3b7c1', password: PASSWORD },
      { ...kim, id: '61d3a9f04b7c2e0071e5d8a6', password: PASSWORD },
    ],
  },
  {
    id: 'con_ExampleGoogle0001',
    name: GOOGLE,
    strategy: 'google-oauth2',
    provider: 'google-oauth2',
    isSocial: true,
    identityId: ownId,
    people: [
      { ...alex, id: '115015401343387192604' },
      { ...sam, id: '108204268033311374519' },
      { ...kim, id: '103547991597142817347' },
    ],
  },
  {
    id: 'con_ExampleGitHub0001',
    name: GITHUB,
    strategy: 'github',
    provider: 'github',
    isSocial: true,
    identityId: ownId,
    people: [
      { ...alex, id: '100001' },
      { ...sam, id: '100002' },
    ],
  },
  {
    // An enterprise identity's user_id begins with its connection's name: `oidc|name|id` has two bars.
    id: 'con_ExampleEnterprise',
    name: ENTERPRISE,
    strategy: 'oidc',
    provider: 'oidc',
    isSocial: false,
    identityId: ({ id }) => `${ENTERPRISE}|${id}`,
    people: [
      { ...alex, id: 'alex', email: 'alex.example@enterprise.example.com' },
      { ...sam, id: 'sam' },
    ],
  },
]

/**
 * A customer's own identity provider, as by self-service SSO: whoever runs it logs anybody in as
 * anybody of that customer, without a click.
 */
export const PARTNER_CONNECTION: Connection = {
  id: 'con_ExamplePartner001',
  name: PARTNER,
  strategy: 'oidc',
  provider: 'oidc',
  isSocial: false,
  identityId: ({ id }) => `${PARTNER}|${id}`,
  people: [],
  asksNobody: true,
  isHidden: true,
}
