/** The part of `oidc-provider` that the local tenant uses; the package carries no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export interface Session {
    readonly uid: string
    readonly jti: string
    readonly accountId?: string
    readonly loginTs?: number
    destroy(): Promise<void>
  }

  export interface InteractionSession {
    readonly accountId?: string
    readonly uid?: string
    readonly cookie?: string
  }

  export interface Interaction {
    readonly uid: string
    readonly exp: number
    readonly prompt: { readonly name: string }
    readonly returnTo: string
    readonly lastSubmission?: Readonly<Record<string, unknown>>
    session?: InteractionSession | undefined
    result?: Readonly<Record<string, unknown>>
    save(ttlSeconds: number): Promise<unknown>
  }

  export interface Grant {
    readonly jti: string
    addOIDCScope(scope: string): void
    save(): Promise<string>
  }

  /** What `findAccount` is given: a refresh token, where one is exchanged. */
  export interface StoredToken {
    readonly kind: string
    readonly clientId: string
    readonly accountId: string
    readonly authTime?: number
    readonly sessionUid?: string
    /** It was used before, and will be refused. */
    readonly consumed?: unknown
  }

  export interface Context {
    readonly req: IncomingMessage
    readonly path: string
    status: number
    type: string
    body: unknown
    readonly oidc: {
      readonly provider: Provider
      readonly session: Session
      readonly client: { readonly clientId: string }
      readonly account?: { readonly accountId: string }
      readonly params: Readonly<Record<string, string | undefined>>
      readonly entities: {
        readonly Grant?: Grant
        readonly AuthorizationCode?: { readonly sessionUid?: string }
        readonly RefreshToken?: { readonly sessionUid?: string }
      }
    }
  }

  export class Provider {
    constructor(issuer: string, configuration: object)
    proxy: boolean
    callback(): (req: IncomingMessage, res: ServerResponse) => Promise<void>
    use(middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>): unknown
    on(event: 'server_error', listener: (ctx: Context, error: Error) => void): unknown
    readonly Client: {
      readonly prototype: { redirectUriAllowed(this: unknown, uri: string): boolean }
    }
    readonly Grant: new (values: {
      accountId: string
      clientId: string
    }) => Grant
    readonly IdToken: {
      readonly prototype: { payload(this: { ctx: Context }): Promise<Record<string, unknown>> }
    }
    readonly Interaction: { find(uid: string): Promise<Interaction | undefined> }
    readonly Session: {
      find(id: string): Promise<Session | undefined>
      findByUid(uid: string): Promise<Session | undefined>
    }
  }

  export class Check {
    constructor(
      reason: string,
      description: string,
      error: string,
      check: (ctx: Context) => boolean | Promise<boolean>,
    )
  }

  export class Prompt {
    constructor(settings: { name: string; requestable?: boolean }, ...checks: Check[])
    readonly checks: Check[] & { clear(): void }
  }

  export const interactionPolicy: {
    readonly Check: typeof Check
    readonly Prompt: typeof Prompt
    base(): { get(name: string): Prompt }
  }

  export const errors: {
    readonly AccessDenied: new (description: string) => Error
    readonly CustomOIDCProviderError: new (error: string, description: string) => Error
  }
}
