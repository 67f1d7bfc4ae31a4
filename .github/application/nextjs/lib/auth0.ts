import { Auth0Client } from '@auth0/nextjs-auth0/server'
import { NextResponse } from 'next/server'

export const auth0 = new Auth0Client({
  // A denial comes here, and the session of the application is what it was.
  async onCallback(error, { returnTo, appBaseUrl }) {
    const page = new URL(returnTo ?? '/', appBaseUrl)
    const { message = '' } = (error as { readonly cause?: Error } | null)?.cause ?? {}
    const [, code = 'unknown'] = /^(\w+): /.exec(message) ?? []
    if (error !== null) page.searchParams.set('denied', code)
    return NextResponse.redirect(page)
  },
})
