/** `src/management.ts`: a token that is asked for ahead of need. */

import { expect, test } from 'vitest'
import type { Cache } from '../../src/cache.ts'
import type { Context } from '../../src/context.ts'
import { prepareToken } from '../../src/management.ts'

test('a token that cannot even be asked for is no rejection: nobody listens yet', async () => {
  const read: Cache['read'] = () => {
    throw new Error('out of order')
  }
  const context = { cache: { read }, settings: {} } as unknown as Context
  expect(await prepareToken(context)).toBeUndefined()
})
