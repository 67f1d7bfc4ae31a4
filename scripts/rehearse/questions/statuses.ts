/** Question 7: how the Management API answers a link that is there, and an unlink of what is gone. */
import { ManagementError } from 'auth0'
import { NoAnswer, type Question, type Stage } from '../stage.ts'
import { type FactName, told, unknown } from '../verdict.ts'

export const askStatuses: Question = async (stage) => {
  const { identities } = stage.management.client.users
  const { other, primary } = stage.scene
  const [, bare = ''] = other.userId.split('|')
  const link = () => identities.link(primary.userId, { provider: 'auth0', user_id: bare })
  const unlink = () => identities.delete(primary.userId, 'auth0', bare)
  const first = await statusOf(link, 201)
  if (first !== 201) throw new NoAnswer(`a first link is answered ${first ?? 'not at all'}`)
  note(stage, 'linked_again_409', await statusOf(link, 201), 409)
  const gone = await statusOf(unlink, 200)
  if (gone !== 200) throw new NoAnswer(`an unlink is answered ${gone ?? 'not at all'}`)
  note(stage, 'unlink_gone_404', await statusOf(unlink, 200), 404)
}

function note(stage: Stage, fact: FactName, status: number | undefined, wanted: number): void {
  const counts = status !== undefined && status !== 429 && status < 500
  if (counts) stage.note(told(fact, status === wanted, `it is answered ${status}`))
  else stage.note(unknown(fact, `no answer that counts (${status ?? 'none'})`))
}

async function statusOf(call: () => Promise<unknown>, success: number) {
  try {
    await call()
    return success
  } catch (error) {
    return error instanceof ManagementError ? error.statusCode : undefined
  }
}
