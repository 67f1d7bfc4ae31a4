/**
 * The application's one page: who is logged in, the linked logins, and the agent. Pure, from data to
 * HTML that needs no script.
 */

import type { UserClaims } from '@auth0/auth0-server-js'
import { iconOf, labelOf } from '../../tenant/icons.ts'
import { escapeHtml } from '../../tenant/pages.ts'
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

const button = (label: string, kind = ''): string =>
  `<button type="submit"${kind === '' ? '' : ` class="${kind}"`}>${escapeHtml(label)}</button>`

const hidden = (name: string, value: string): string =>
  `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`

const form = (action: string, content: string): string =>
  `<form method="post" action="${action}">${content}</form>`

function renderNote({ code, connection, logIn, text, tone }: Note): string {
  const head = code === undefined ? '' : `<code>${escapeHtml(code)}</code> `
  const subject = connection === undefined ? '' : `${escapeHtml(labelOf(connection))} `
  const role = tone === 'bad' ? 'alert' : 'status'
  return `<div class="note ${tone === 'bad' ? 'bad' : 'good'}" role="${role}" id="note">
<p>${head}${subject}${escapeHtml(text)}</p>
${logIn === true ? form('/login', hidden('again', 'yes') + button('Log in again')) : ''}
</div>`
}

function renderConnection(connection: string, identities: readonly Identity[]): string {
  const label = labelOf(connection)
  const found = identities.filter((one) => one.connection === connection)
  const lines = found.map(({ email = '', id }) => {
    const main = id === identities[0]?.id
    const state = main ? 'main login' : 'linked'
    const name = found.length > 1 ? `${label}, ${email} ${id}` : label
    const unlink = form(
      '/unlink',
      hidden('connection', connection) +
        hidden('identity', id) +
        `<button type="submit" aria-label="Unlink ${escapeHtml(name)}">Unlink</button>`,
    )
    return `<li class="linked">${iconOf(connection)}<div><b>${escapeHtml(label)}</b> <span class="state">${state}</span>
<small>${escapeHtml(email)} <code class="id">${escapeHtml(id)}</code></small></div>${main ? '' : unlink}</li>`
  })
  if (lines.length > 0) return lines.join('\n')
  const link = form(
    '/link',
    hidden('connection', connection) +
      `<button type="submit" class="main" aria-label="Link ${escapeHtml(label)}">Link</button>`,
  )
  return `<li>${iconOf(connection)}<div><b>${escapeHtml(label)}</b> <small>not linked</small></div>${link}</li>`
}

function renderAgent(agent: readonly string[] = []): string {
  const lines = agent.map(
    (line, index) => `<li class="${index === 0 ? 'asked' : 'said'}">${escapeHtml(line)}</li>`,
  )
  return `<section aria-labelledby="agent"><h2 id="agent">Agent</h2>
<p>It may act for you with the logins that you have linked, and asks for what it needs. Its calendar
is a sample of the local tenant's: no real provider is asked.</p>
${lines.length === 0 ? '' : `<ol class="talk" aria-label="Conversation">${lines.join('\n')}</ol>`}
${form('/agent', button(QUESTION))}
</section>`
}

function renderLogins(connections: readonly string[], identities: Identities): string {
  if (identities === undefined) {
    return `<div class="note bad unread" role="alert"><p>They cannot be read right now. You are still
logged in: <a href="/">try again</a> in a moment.</p></div>`
  }
  const rows = connections.map((connection) => renderConnection(connection, identities))
  return `<ul class="logins">${rows.join('\n')}</ul>`
}

function renderBody({ account, agent, note }: PageData): string {
  const said = note === undefined ? '' : renderNote(note)
  if (account === undefined) {
    return `${said}<section><h1>One account, all your logins</h1>
<p>Log in, then link a second login to the account: Google, GitHub, or the one of your company.</p>
${form('/login', button('Log in', 'main'))}</section>`
  }
  const { connections, identities, user } = account
  return `${said}<section><h1>${escapeHtml(user.name ?? 'Your account')}</h1>
<p>${escapeHtml(user.email ?? '')}<br><small>user id <code>${escapeHtml(user.sub)}</code></small></p>
<h2>Logins of this account</h2>
${renderLogins(connections, identities)}</section>
${renderAgent(agent)}`
}

export function renderPage({ headers }: Exchange, data: PageData): Response {
  const logOut = data.account === undefined ? '' : form('/logout', button('Log out', 'plain'))
  const isWhole = data.account === undefined || data.account.identities !== undefined
  headers.set('content-type', 'text/html; charset=utf-8')
  headers.set('cache-control', 'no-store')
  return new Response(
    `<!doctype html>
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
`,
    { status: isWhole ? 200 : 503, headers },
  )
}
