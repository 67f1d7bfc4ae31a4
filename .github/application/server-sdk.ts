import type { ServerClient } from '@auth0/auth0-server-js'

/** Whether a form of ours asks; else answer 403. `get` gives a header: Express's is `(name) => req.get(name)`. */
export function isOwn(get: (name: string) => string | null | undefined, origin: string): boolean {
  const site = get('sec-fetch-site') ?? undefined
  return site === undefined ? get('origin') === origin : site === 'same-origin'
}

/**
 * Where to send the browser, with 303. `store` is what the SDK's stores take: the request and the response,
 * say. Google offers the account that `loginHint` names.
 */
export function link<Store>(auth0: ServerClient<Store>, store: Store, loginHint = '') {
  const connectionScope = 'https://www.googleapis.com/auth/calendar.readonly'
  const authorizationParams = { requested_login_hint: loginHint }
  const options = { connection: 'google-oauth2', connectionScope, authorizationParams }
  return auth0.startLinkUser(options, store)
}

/** Where several of that connection are linked, the identity (`provider|user_id`) says which one goes. */
export function unlink<Store>(auth0: ServerClient<Store>, store: Store, identity: string) {
  const authorizationParams = { requested_identity: identity }
  return auth0.startUnlinkUser({ connection: 'google-oauth2', authorizationParams }, store)
}

/** At the callback, for both. Resolves with why it was denied, or with nothing where it was not. */
export async function complete<Store>(auth0: ServerClient<Store>, store: Store, callback: URL) {
  try {
    await auth0.completeInteractiveLogin(callback, store)
    return undefined
  } catch (error) {
    const { cause } = error as { readonly cause?: { readonly error_description?: string } }
    if (cause?.error_description === undefined) throw error
    // Other Actions deny with words of their own: then there is no code of the README's table.
    const [code, sentence] = cause.error_description.split(': ', 2)
    return { code, sentence }
  }
}
