/**
 * Attacks by names and texts that another reader takes for something else: parameters in every spelling,
 * claims that look like an answer, sealed texts with something behind them.
 */

import { expect, test } from 'vitest'
import { refreshEvent } from '../../scripts/testing/confirm.ts'
import type { EventOverrides } from '../../scripts/testing/event.ts'
import { type Person, PRIMARY, SECONDARY } from '../../scripts/testing/people.ts'
import { onEverySubject, query } from '../contract/harness.ts'
import { attack } from './rows.ts'

const RESULT_CLAIM = 'https://app.example.com/linking'
const SETTINGS = { CONFIRM_LINK: 'yes', RESULT_CLAIM }

onEverySubject((world) => {
  attack('widenedScope', () => {
    test.each([
      'connection_scope[\n]',
      '[connection_scope]',
      ' connection_scope',
      'connection_scope ',
      'connection_scope\u0000',
      'connection_scope.0',
      'ext-ext-connection_scope',
      'ext-[connection_scope]',
    ])('spelt %j: the nested login is denied', async (name) => {
      const started = await world.start({ settings: { ALLOWED_CONNECTION_SCOPES: 'calendar' } })
      const nested = await world.nested(started, { event: query({ [name]: 'drive' }) })
      expect(nested.code).toBe('scope_not_allowed')
    })

    test.each([
      'connection_scope[]=drive',
      'ext-connection_scope=drive',
      'ext-scope=x',
      'scope[]=x',
      'connection[]=y',
      'prompt[]=none',
      'ext-prompt=login&prompt=consent',
    ])('NESTED_PARAMS %s is misconfigured', async (NESTED_PARAMS) => {
      expect((await world.start({ settings: { NESTED_PARAMS } })).code).toBe('misconfigured')
    })
  })

  attack('editedRequest', () => {
    test.each(['ext-theme=dark', 'a[b]=c', 'Ext-Theme=dark', 'X=1', 'x y=1'])(
      'NESTED_PARAMS %s links where nobody edits it, and not where it is taken out',
      async (NESTED_PARAMS) => {
        const settings = { NESTED_PARAMS }
        expect((await world.whole({ settings })).resumed.denial).toBeUndefined()
        expect(world.tenant.links).toHaveLength(1)
        const [name = ''] = [...new URLSearchParams(NESTED_PARAMS).keys()]
        const started = await world.start({ settings })
        const nested = await world.nested(started, { event: query({ [name]: undefined }) })
        expect((await world.resume(started, nested)).code).toBe('callback_invalid')
      },
    )
  })

  // A key may be as long as a body. Its length is read once, not squared: counted in turns of work that
  // a quadratic reading would not end within the test's time.
  attack('names', () => {
    test.each(['[', 'ext-', ' ', '.', 'e'])('a key of a million of %j is read', async (letter) => {
      const started = await world.start()
      const body = { [`${letter.repeat(1_000_000)}\n`]: '' }
      const nested = await world.nested(started, { event: { request: { method: 'POST', body } } })
      expect(nested.denial).toBeUndefined()
    })

    test.each(['kind', 'status', 'connection'])(
      'a hint whose claim %s looks like an answer of this Action is a hint',
      async (name) => {
        const hint = { [name]: 'denied', code: 'x\ny"', cause: 'z' }
        const started = await world.start({ hint })
        expect(started.redirect).toBeDefined()
        expect(world.lines.join()).not.toContain('z')
      },
    )
  })

  attack('confirmation', () => {
    async function pending() {
      const { resumed } = await world.whole({ settings: SETTINGS })
      const { confirmation } = resumed.claims[RESULT_CLAIM] as { readonly confirmation: string }
      return { login: resumed.event, confirmation }
    }

    test.each(['!', '=', '.', ' ', 'AA'])('with %j behind it is altered', async (more) => {
      const { login, confirmation } = await pending()
      const link_confirmation = `${confirmation}${more}`
      const ran = await world.execute(refreshEvent(login, { link_confirmation }))
      expect(ran.code).toBe('confirmation_invalid')
    })

    test('in the query of an exchange is none', async () => {
      const { login, confirmation } = await pending()
      const event = { request: { query: { link_confirmation: confirmation } } }
      expect((await world.execute(refreshEvent(login, {}, event))).commands).toEqual([])
      const both = refreshEvent(login, { link_confirmation: confirmation }, event)
      expect((await world.execute(both)).code).toBe('invalid_request')
      expect(world.tenant.calls('link')).toBe(0)
    })
  })

  attack('takenIdentity', () => {
    // Under ALLOW_MERGE the account may go by a database identity while another one has logged in.
    test('the connection that is named is that of the identity which goes', async () => {
      const main = { connection: 'Customers', provider: 'auth0', user_id: '777', isSocial: false }
      const user: Person = {
        ...SECONDARY,
        user_id: 'auth0|777',
        identities: [main, ...SECONDARY.identities],
      }
      world.settle(PRIMARY, user)
      const nested: EventOverrides = { connection: { id: 'con_Google' } }
      const { resumed } = await world.whole({
        settings: { ALLOW_MERGE: 'yes' },
        nested: { user, event: nested },
      })
      expect(resumed.denial).toBeUndefined()
      const sent = world.tenant.requests.find(({ route }) => route === 'link')
      expect(JSON.parse(sent?.body ?? '')).toEqual({ provider: 'auth0', user_id: '777' })
    })
  })

  attack('trouble', () => {
    test('a status that HTTP does not have is no answer', async () => {
      for (const status of [600, 999]) {
        world.tenant.fail('jwks', { kind: 'answer', status: 200, body: 'x' })
        const { fetch } = globalThis
        globalThis.fetch = async () =>
          ({ status, headers: new Headers(), body: null }) as unknown as Response
        const started = await world.start()
        globalThis.fetch = fetch
        expect(started.code).toBe('service_unavailable')
      }
    })
  })
})
