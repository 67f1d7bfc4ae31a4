/**
 * Attacks at a click: each is carried out for real, by browsers without a window and with people of its
 * own, against the running tenant, and tells which check stopped it, or that none did. Sends requests
 * on loopback.
 */

import { GITHUB, GOOGLE, PARTNER } from '../tenant/connections.ts'
import type { Tenant } from '../tenant/index.ts'
import type { ActionEntry } from '../tenant/log.ts'
import { createWebApplication, type WebApplication } from '../tenant/web-application.ts'
import { readClaims } from '../testing/sign.ts'
import {
  type AttackResult,
  attackNested,
  judge,
  judgeWayBack,
  notJudged,
  refusedByPlatform,
} from './attacks/judge.ts'
import {
  type Actor,
  createActor,
  goAsFarAsWayBack,
  logIn,
  logInAtProvider,
  MALLORY_AGENT,
  pathIs,
  type Stage,
  VICTIM_AGENT,
  whereIs,
} from './attacks/stage.ts'
import type { Label } from './flow.ts'

interface Attack {
  readonly name: string
  readonly label: string
  readonly meaning: string
  readonly run: (stage: Stage) => Promise<AttackResult>
}

export const ATTACKS: readonly Attack[] = [
  {
    name: 'noHint',
    label: 'No hint',
    meaning: 'a page sends the logged-in victim to /authorize with a link scope',
    async run(stage) {
      const { victim } = stage
      await logIn(stage, victim)
      return judge(stage, victim, await stage.ask(victim, undefined))
    },
  },
  {
    name: 'stolenHint',
    label: 'Stolen hint',
    meaning: "Mallory, logged in, sends the victim's ID token as the hint",
    async run(stage) {
      const { mallory, victim } = stage
      const stolen = await logIn(stage, victim)
      await logIn(stage, mallory)
      return judge(stage, mallory, await stage.ask(mallory, stolen))
    },
  },
  {
    name: 'plantedAccount',
    label: 'Planted account',
    meaning:
      "Mallory's own connection logs the victim's browser in as Mallory, with Mallory's own hint",
    async run(stage) {
      const { mallory, tenant, victim } = stage
      const idToken = await logIn(stage, mallory, PARTNER)
      const { sub } = readClaims(idToken)
      await logIn(stage, victim)
      await logInAtProvider(tenant, victim)
      // Whose account it is, in whose browser.
      const planted: Actor = { ...victim, userId: String(sub) }
      const parameters = { connection: PARTNER, login_hint: mallory.email, prompt: 'login' }
      const more = { parameters, by: mallory }
      return judge(stage, planted, await stage.ask(planted, idToken, more))
    },
  },
  {
    name: 'swappedConnection',
    label: 'Swapped connection',
    meaning: 'connection= of the nested request is changed in the browser',
    async run(stage) {
      const { victim: actor } = stage
      const asked = await stage.ask(actor, await logIn(stage, actor))
      return attackNested(stage, actor, asked, async (swapped) => {
        swapped.searchParams.set('connection', GITHUB)
        const login = await actor.browser.open(swapped)
        const page = await actor.browser.submit(login, { values: { email: actor.email } })
        return judge(stage, actor, { attempt: asked.attempt, page })
      })
    },
  },
  {
    name: 'anotherBrowser',
    label: 'Another browser',
    meaning:
      'the victim logs in at the link that Mallory sent, and Mallory gets hold of her way back and takes it',
    async run(stage) {
      const { mallory, victim } = stage
      const asked = await stage.ask(mallory, await logIn(stage, mallory))
      return attackNested(stage, mallory, asked, async (nested) => {
        const wayBack = await goAsFarAsWayBack(stage, victim, nested)
        return judgeWayBack(stage, mallory, asked.attempt, wayBack)
      })
    },
  },
  {
    name: 'handedOn',
    label: 'Handed link',
    meaning:
      'the victim logs in at the link that Mallory sent, and her browser takes the way back (to see CONFIRM_LINK stop it: the fault “Unbound way back”, PIN_SESSION and PIN_USER_AGENT off)',
    async run(stage) {
      const { mallory, tenant, victim } = stage
      const asked = await stage.ask(mallory, await logIn(stage, mallory))
      return attackNested(stage, mallory, asked, async (nested) => {
        const login = await victim.browser.open(tenant.frontDoorOf(nested))
        const page = await victim.browser.submit(login, { values: { email: victim.email } })
        // Whose account it is, in whose browser.
        const fixed: Actor = { ...victim, userId: mallory.userId }
        const handed = { attempt: asked.attempt, page, by: mallory }
        return refusedByPlatform(page) ?? judge(stage, fixed, handed)
      })
    },
  },
  {
    name: 'replay',
    label: 'Replayed way back',
    meaning: 'the URL of a way back is opened a second time',
    async run(stage) {
      const { victim: actor } = stage
      const asked = await stage.ask(actor, await logIn(stage, actor))
      return attackNested(stage, actor, asked, async () => {
        const first = await actor.browser.submit(asked.page, { values: { email: actor.email } })
        const used = first.visited.find(pathIs('/continue'))
        if (used === undefined) return notJudged(`there was no way back: ${whereIs(first)}`)
        return judgeWayBack(stage, actor, asked.attempt, used)
      })
    },
  },
  {
    name: 'oldCode',
    label: 'Code of another attempt',
    meaning: 'a code that was intercepted is put into the way back of another attempt',
    async run(stage) {
      const { victim: actor } = stage
      const idToken = await logIn(stage, actor)
      const first = await stage.ask(actor, idToken, { part: 'before it' })
      return attackNested(stage, actor, first, async (firstNested) => {
        const intercepted = await goAsFarAsWayBack(stage, actor, firstNested)
        const asked = await stage.ask(actor, idToken)
        return attackNested(stage, actor, asked, async (nested) => {
          const forged = await goAsFarAsWayBack(stage, actor, nested)
          forged.searchParams.set('code', intercepted.searchParams.get('code') ?? '')
          return judgeWayBack(stage, actor, asked.attempt, forged)
        })
      })
    },
  },
]

export interface AttackOptions {
  readonly tenant: Tenant
  readonly label: (authorizeUrl: URL, label: Label) => void
  /** Grows while the attack is under way: the tenant's own log may be cleared meanwhile. */
  readonly runs: readonly ActionEntry[]
}

export async function carryOut(name: string, options: AttackOptions): Promise<AttackResult> {
  const { label, runs, tenant } = options
  const attack = ATTACKS.find((one) => one.name === name)
  if (attack === undefined) throw new Error(`there is no attack ${name}`)
  const app = await createWebApplication(tenant)
  const title = `Attack: ${attack.label.toLowerCase()}`
  const named: WebApplication = {
    ...app,
    async start(parameters) {
      const attempt = await app.start(parameters)
      label(attempt.url, { title: `${title}, before it`, hidden: true })
      return attempt
    },
  }
  return attack.run({
    tenant,
    runs,
    app: named,
    victim: createActor(tenant, 'Victim', VICTIM_AGENT),
    mallory: createActor(tenant, 'Mallory', MALLORY_AGENT),
    async ask({ browser }, idToken, { by, parameters, part } = {}) {
      const attempt = await app.start({
        scope: 'openid link_account offline_access',
        requested_connection: GOOGLE,
        ...(idToken === undefined ? {} : { id_token_hint: idToken }),
        ...parameters,
      })
      const hidden = part === 'before it'
      label(attempt.url, { title, hidden, replay: { type: 'attack', name } })
      return { attempt, page: await browser.open(tenant.frontDoorOf(attempt.url)), by }
    },
  })
}
