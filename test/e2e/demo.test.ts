/** What `npm run demo` tells of a link in two phases, as text and as data. Opens sockets on loopback. */

import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { createReporter, isAsPromised } from '../../scripts/demo/report.ts'
import { tellStory } from '../../scripts/demo/story.ts'

const CODE = readFileSync(new URL('../../dist/action.js', import.meta.url), 'utf8')

async function tell(options: { readonly json: boolean; readonly verbose: boolean }) {
  const said: string[] = []
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.push(String(text))
    return true
  })
  try {
    const reporter = createReporter({ ...options, httpPort: 0, httpsPort: 0 })
    const story = await tellStory(CODE, { ...options, httpPort: 0, httpsPort: 0 }, reporter)
    reporter.onEnd(story)
    return { story, text: said.join('') }
  } finally {
    write.mockRestore()
  }
}

test('as text: pending, then the exchange and the link', async () => {
  const { story, text } = await tell({ json: false, verbose: false })
  const places = [
    '3. Alex links google-oauth2 to the account: the link is pending',
    'onContinuePostLogin: pending',
    'which say',
    '4. The application has its own request back, and confirms the link',
    'confirms the link',
    'onExecutePostLogin: linked',
    'links the identity',
    '✓ pending: the second login is proved, and nothing is changed yet',
    '✓ linked: two logins, one account, the user id is what it was',
    '✓ denied: hint_invalid',
    '✓ unlinked: the main identity is left',
    '1 at the start, 1 on the way back, 2 to confirm.',
  ].map((words) => text.indexOf(words))
  expect(places).not.toContain(-1)
  expect(places).toEqual(places.toSorted((one, other) => one - other))
  expect(isAsPromised(story)).toBe(true)
})

test('as data: both phases, and no confirmation that could be used', async () => {
  const { story, text } = await tell({ json: true, verbose: true })
  const tokensOf = 'auth0|5f7c8ec7c33c6c004bbafe82'
  const data = JSON.parse(text)
  expect(data).toMatchObject({
    ok: true,
    pending: { ok: true, tokensOf },
    linked: { ok: true, tokensOf },
    denied: { ok: true, error: 'access_denied' },
    unlinked: { ok: true, tokensOf },
  })
  const told = data.chapters.flatMap(({ steps }: { steps: readonly { result?: string }[] }) =>
    steps.flatMap(({ result }) => result ?? []),
  )
  const words = (status: string) => `gets tokens of ${tokensOf}, which say ${status}`
  expect(told).toEqual(
    expect.arrayContaining([words('pending'), words('linked'), words('unlinked')]),
  )
  const claims = story.pending.type === 'tokens' ? story.pending.claims : {}
  const { confirmation } = claims['https://app.example.com/linking'] as { confirmation: string }
  expect(confirmation.length).toBeGreaterThan(40)
  expect(text).not.toContain(confirmation)
})
