/**
 * The application's one page: who is logged in, the linked logins, and the agent. Pure, from data to
 * HTML that needs no script.
 */

import type { UserClaims } from '@auth0/auth0-server-js'
import { type Html, html, textOf } from '../../tenant/html.ts'
import { iconOf, labelOf } from '../../tenant/icons.ts'
import type { Identities, Identity } from './account.ts'
import { CALENDAR, QUESTION, WHICH } from './agent.ts'
import type { Exchange } from './exchange.ts'
import type { Note } from './note.ts'

export interface PageData {
  readonly note?: Note | undefined
  readonly account?: {
    readonly user: UserClaims
    readonly identities: Identities
    readonly connections: readonly string[]
    /** How many of one connection there may be. */
    readonly perConnection: number
    readonly asksFirst: boolean
  }
  readonly agent?: readonly string[] | undefined
  /** The second login that waits for a yes. */
  readonly question?: { readonly user: UserClaims; readonly connection: string } | undefined
}

type Account = NonNullable<PageData['account']>

const button = (label: string, kind?: string): Html =>
  html`<button type="submit"${kind !== undefined && html` class="${kind}"`}>${label}</button>`

const hidden = (name: string, value: string): Html =>
  html`<input type="hidden" name="${name}" value="${value}">`

const form = (action: string, ...content: readonly Html[]): Html =>
  html`<form method="post" action="${action}">${content}</form>`

function renderNote({ code, connection, logIn, text, tone }: Note): Html {
  const head = code !== undefined && html`<code>${code}</code> `
  const subject = connection !== undefined && `${labelOf(connection)} `
  const role = tone === 'bad' ? 'alert' : 'status'
  return html`<div class="note ${tone}" role="${role}" id="note">
<p>${head}${subject}${text}</p>
${logIn === true && form('/login', hidden('again', 'yes'), button('Log in again'))}
</div>`
}

function renderConnection(
  connection: string,
  identities: readonly Identity[],
  perConnection: number,
): Html {
  const name = labelOf(connection)
  const icon = iconOf(connection)
  const found = identities.filter((one) => one.connection === connection)
  const lines = found.map(({ id, label = '' }) => {
    const isMain = id === identities[0]?.id
    const unlink = form(
      '/unlink',
      hidden('connection', connection),
      hidden('identity', id),
      html`<button type="submit" aria-label="Unlink ${name}${found.length > 1 && `, ${label} ${id}`}">Unlink</button>`,
    )
    return html`<li class="linked">${icon}<div><b>${name}</b> <span class="state">${isMain ? 'main login' : 'linked'}</span>
<small>${label} <code class="id">${id}</code></small></div>${!isMain && unlink}</li>
`
  })
  if (found.length >= perConnection) return html`${lines}`
  const isFirst = found.length === 0
  const link = form(
    '/link',
    hidden('connection', connection),
    html`${!isFirst && hidden('held', String(found.length))}`,
    html`<button type="submit"${isFirst && html` class="main"`} aria-label="${isFirst ? 'Link' : 'Link another'} ${name}">${isFirst ? 'Link' : 'Link another'}</button>`,
  )
  return html`${lines}<li>${icon}<div><b>${name}</b> <small>${isFirst ? 'not linked' : `up to ${perConnection} of them`}</small></div>${link}</li>
`
}

/** One button an account, where the agent has to know which. */
function renderWhich(identities: Identities): Html {
  const of = (identities ?? []).filter(({ connection }) => connection === CALENDAR.connection)
  const buttons = of.map(
    ({ id, label = id }) =>
      html`<button type="submit" name="identity" value="${id}">${label}</button> `,
  )
  return html`<form method="post" action="/agent" class="choice" aria-label="${WHICH}">${buttons}</form>`
}

function renderAgent({ account, agent = [], note }: PageData): Html {
  const lines = agent.map(
    (line, index) => html`<li class="${index === 0 ? 'asked' : 'said'}">${line}</li>
`,
  )
  const talk = lines.length > 0 && html`<ol class="talk" aria-label="Conversation">${lines}</ol>`
  return html`<section aria-labelledby="agent"><h2 id="agent">Agent</h2>
<p>It may act for you with the logins that you have linked, and asks for what it needs. Its calendar
is a sample of the local tenant's: no real provider is asked.</p>
${talk}
${note?.asks === true ? renderWhich(account?.identities) : form('/agent', button(QUESTION))}
</section>`
}

function renderLogins({ connections, identities, perConnection }: Account): Html {
  if (identities === undefined) {
    return html`<div class="note bad unread" role="alert"><p>They cannot be read right now. You are still
logged in: <a href="/">try again</a> in a moment.</p></div>`
  }
  const rows = connections.map((connection) =>
    renderConnection(connection, identities, perConnection),
  )
  return html`<ul class="logins">${rows}</ul>`
}

/** The switch of the second phase. */
const renderAskFirst = (isOn: boolean): Html =>
  form(
    '/ask-first',
    hidden('on', isOn ? 'no' : 'yes'),
    html`<button type="submit" class="plain" role="switch" aria-checked="${isOn ? 'true' : 'false'}">Ask me before a login is linked: ${isOn ? 'on' : 'off'}</button>`,
  )

/** Here a planted account and a wrong one are noticed: whose account it is stands in the question. */
function renderQuestion({ connection, user }: NonNullable<PageData['question']>): Html {
  const name = labelOf(connection)
  return html`<section aria-labelledby="question"><h1 id="question">Link this login to your account?</h1>
<ul class="logins">
<li>${iconOf(connection)}<div><b>${name}</b> <small>the login you have just used</small></div></li>
<li><div><b>${user.name ?? 'Your account'}</b> <small>${user.email} <code class="id">${user.sub}</code></small></div></li>
</ul>
<p>Whoever has that login can log in to this account from then on. Say no if you did not start this, or
if this is not your account.</p>
<form method="post" action="/confirm" class="choice">
<button type="submit" name="answer" value="yes" class="main">Yes, link it</button>
<button type="submit" name="answer" value="no">No</button>
</form></section>`
}

function renderBody(data: PageData): Html {
  const { account, note, question } = data
  const said = note && renderNote(note)
  if (question !== undefined) return renderQuestion(question)
  if (account === undefined) {
    return html`${said}<section><h1>One account, all your logins</h1>
<p>Log in, then link a second login to the account: Google, GitHub, or the one of your company.</p>
${form('/login', button('Log in', 'main'))}</section>`
  }
  const { asksFirst, user } = account
  return html`${said}<section><h1>${user.name ?? 'Your account'}</h1>
<p>${user.email}<br><small>user id <code>${user.sub}</code></small></p>
<h2>Logins of this account</h2>
${renderLogins(account)}
${renderAskFirst(asksFirst)}</section>
${renderAgent(data)}`
}

export function renderPage({ headers }: Exchange, data: PageData): Response {
  const logOut = data.account !== undefined && form('/logout', button('Log out', 'plain'))
  const isWhole = data.account === undefined || data.account.identities !== undefined
  headers.set('content-type', 'text/html; charset=utf-8')
  headers.set('cache-control', 'no-store')
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Example Application</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/base.css">
<link rel="stylesheet" href="/application.css">
</head>
<body class="application">
<header><a class="brand" href="/">Example Application</a>${logOut}</header>
<main>
${renderBody(data)}
</main>
<footer><a href="/inspector" target="_top">Inspector</a></footer>
</body>
</html>
`
  return new Response(textOf(page), { status: isWhole ? 200 : 503, headers })
}
