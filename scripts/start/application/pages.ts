/**
 * The application's one page: who is logged in, the linked logins, and the agent. Pure, from data to
 * HTML that needs no script.
 */

import type { UserClaims } from '@auth0/auth0-server-js'
import { type Html, html, textOf } from '../../tenant/html.ts'
import { iconOf, labelOf } from '../../tenant/icons.ts'
import type { Identities, Identity } from './account.ts'
import { QUESTION } from './agent.ts'
import type { Exchange } from './exchange.ts'
import type { Note } from './note.ts'

export interface PageData {
  readonly note?: Note | undefined
  readonly account?: {
    readonly user: UserClaims
    readonly identities: Identities
    readonly connections: readonly string[]
  }
  readonly agent?: readonly string[] | undefined
}

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

function renderConnection(connection: string, identities: readonly Identity[]): Html {
  const label = labelOf(connection)
  const icon = iconOf(connection)
  const found = identities.filter((one) => one.connection === connection)
  const lines = found.map(({ email = '', id }) => {
    const isMain = id === identities[0]?.id
    const name = found.length > 1 ? `${label}, ${email} ${id}` : label
    const unlink = form(
      '/unlink',
      hidden('connection', connection),
      hidden('identity', id),
      html`<button type="submit" aria-label="Unlink ${name}">Unlink</button>`,
    )
    return html`<li class="linked">${icon}<div><b>${label}</b> <span class="state">${isMain ? 'main login' : 'linked'}</span>
<small>${email} <code class="id">${id}</code></small></div>${!isMain && unlink}</li>
`
  })
  if (lines.length > 0) return html`${lines}`
  const link = form(
    '/link',
    hidden('connection', connection),
    html`<button type="submit" class="main" aria-label="Link ${label}">Link</button>`,
  )
  return html`<li>${icon}<div><b>${label}</b> <small>not linked</small></div>${link}</li>
`
}

function renderAgent(agent: readonly string[] = []): Html {
  const lines = agent.map(
    (line, index) => html`<li class="${index === 0 ? 'asked' : 'said'}">${line}</li>
`,
  )
  const talk = lines.length > 0 && html`<ol class="talk" aria-label="Conversation">${lines}</ol>`
  return html`<section aria-labelledby="agent"><h2 id="agent">Agent</h2>
<p>It may act for you with the logins that you have linked, and asks for what it needs. Its calendar
is a sample of the local tenant's: no real provider is asked.</p>
${talk}
${form('/agent', button(QUESTION))}
</section>`
}

function renderLogins(connections: readonly string[], identities: Identities): Html {
  if (identities === undefined) {
    return html`<div class="note bad unread" role="alert"><p>They cannot be read right now. You are still
logged in: <a href="/">try again</a> in a moment.</p></div>`
  }
  const rows = connections.map((connection) => renderConnection(connection, identities))
  return html`<ul class="logins">${rows}</ul>`
}

function renderBody({ account, agent, note }: PageData): Html {
  const said = note && renderNote(note)
  if (account === undefined) {
    return html`${said}<section><h1>One account, all your logins</h1>
<p>Log in, then link a second login to the account: Google, GitHub, or the one of your company.</p>
${form('/login', button('Log in', 'main'))}</section>`
  }
  const { connections, identities, user } = account
  return html`${said}<section><h1>${user.name ?? 'Your account'}</h1>
<p>${user.email}<br><small>user id <code>${user.sub}</code></small></p>
<h2>Logins of this account</h2>
${renderLogins(connections, identities)}</section>
${renderAgent(agent)}`
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
