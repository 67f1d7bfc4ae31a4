/**
 * The pages of the local tenant: plain HTML that works with a keyboard and a screen reader, without
 * scripts, in light and dark. Pure functions from data to HTML.
 */

import { PASSWORD } from './connections.ts'
import { type Html, html, raw } from './html.ts'
import { iconOf, labelOf } from './icons.ts'

const STYLE = raw(`
  :root { color-scheme: light dark; --back: #f4f5f7; --surface: #fff; --text: #16181d; --muted: #545b69;
    --line: #868d9b; --accent: #2f4fd8; --on-accent: #fff; --bad: #a8201a }
  @media (prefers-color-scheme: dark) {
    :root { --back: #0f1218; --surface: #181c24; --text: #e8eaf0; --muted: #a8b0bf; --line: #6c7485;
      --accent: #a3b6ff; --on-accent: #10131f; --bad: #ffa198 } }
  * { box-sizing: border-box }
  body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid;
    place-content: center; grid-template-columns: minmax(0, 26rem); padding: 1rem;
    background: var(--back); color: var(--text) }
  main { background: var(--surface); border-radius: .75rem; padding: 1.75rem;
    box-shadow: 0 1px 3px #0003, 0 8px 24px #0001 }
  h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .25rem; overflow-wrap: anywhere }
  p { margin: 0 0 1rem; color: var(--muted) }
  label { display: block; margin-top: .75rem; font-weight: 600 }
  input { font: inherit; width: 100%; padding: .5rem .65rem; margin-top: .2rem; color: inherit;
    background: transparent; border: 1px solid var(--line); border-radius: .4rem }
  button, li a { font: inherit; cursor: pointer; padding: .55rem 1rem; border-radius: .4rem;
    border: 1px solid var(--line); background: transparent; color: inherit }
  button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent);
    font-weight: 600 }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
  .buttons { display: flex; gap: .6rem; margin-top: 1.1rem }
  .sign { display: flex; align-items: center; gap: .6rem; margin-bottom: 1rem; font-weight: 600 }
  .sign .icon { width: 2rem; height: 2rem }
  .people { border-top: 1px solid var(--line); margin: 1.4rem 0 0; padding-top: 1rem }
  .people button { display: flex; flex-wrap: wrap; gap: 0 .5rem; width: 100%; margin-top: .5rem;
    text-align: start }
  .people span { color: var(--muted); overflow-wrap: anywhere }
  ul { list-style: none; margin: 0; padding: 0 }
  li a { display: flex; align-items: center; gap: .75rem; margin-top: .6rem; text-decoration: none }
  .note { border-left: .25rem solid var(--bad); color: var(--bad); padding-left: .75rem }
  code { overflow-wrap: anywhere; color: var(--text) }
`)

export interface Page {
  readonly title: string
  readonly text: string
  /** Above the title. */
  readonly sign?: Html
  readonly content?: Html
}

export function page({ title, text, sign, content }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${sign}<h1>${title}</h1>
<p>${text}</p>
${content}
</main>
</body>
</html>
`
}

const alert = (text: string | undefined): Html | undefined =>
  text === undefined ? undefined : html`<p class="note" role="alert">${text}</p>`

export interface ConnectionPage {
  readonly connection: string
  readonly database: boolean
  readonly state: string
  readonly people: readonly { readonly email: string; readonly name: string }[]
  readonly loginHint: string
  readonly error: string | undefined
}

export function connectionPage(login: ConnectionPage): Html {
  const { connection, database, state, people, loginHint, error } = login
  const options = people.map(({ email, name }) => html`<option value="${email}">${name}</option>`)
  // Behind the button that the Enter key presses.
  const atAClick = people.map(
    ({ email, name }) =>
      html`<button type="submit" name="person" value="${email}" formnovalidate>${name} <span>${email}</span></button>`,
  )
  const password =
    database &&
    html`<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password">`
  const told = database && html` (each one's password: <code>${PASSWORD}</code>)`
  return page({
    sign: html`<div class="sign">${iconOf(connection)}${labelOf(connection)}</div>`,
    title: `Log in with ${connection}`,
    text: database
      ? 'The login page of the local tenant.'
      : `This page of the local tenant stands for the login at ${connection}.`,
    content: html`${alert(error)}
<form method="post">
<input type="hidden" name="state" value="${state}">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" list="people" autocomplete="username"
  value="${loginHint}" autofocus>
<datalist id="people">${options}</datalist>
${password}
<div class="buttons">
<button class="main" type="submit" name="action" value="login">Continue</button>
<button type="submit" name="action" value="cancel" formnovalidate>Cancel</button>
</div>
<div class="people" role="group" aria-label="People of this connection">
<p>Or be one of its people, without typing${told}:</p>
${atAClick}
</div>
</form>`,
  })
}

export interface UniversalLoginPage {
  readonly state: string
  /** `undefined`: it is asked for on this page. */
  readonly username: string | undefined
  readonly asksPassword: boolean
  readonly error: string | undefined
}

/** With the fields and buttons of Auth0's own pages, as those who drive them know them. */
export function universalLoginPage(login: UniversalLoginPage): Html {
  const { asksPassword, error, state, username } = login
  const value = username !== undefined && html` value="${username}" readonly`
  const password = html`<label for="password">Password*</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>`
  return page({
    title: asksPassword && username !== undefined ? 'Enter Your Password' : 'Welcome',
    text: 'Log in to go on.',
    content: html`${error !== undefined && html`<p class="note" role="alert">${error}</p>`}
<form method="post">
<input type="hidden" name="state" value="${state}">
<label for="username">Email address*</label>
<input id="username" name="username" inputmode="email" autocomplete="email" required${value}>
${asksPassword && password}
<div class="buttons"><button class="main" type="submit" name="action" value="default">Continue</button></div>
</form>`,
  })
}

/** Fields that nobody looks for. */
export function unknownLoginPage(): Html {
  return page({
    title: 'One more thing',
    text: 'Solve the puzzle below to show that you are human.',
    content: html`<form method="post"><label>Answer <input name="answer"></label></form>`,
  })
}

export interface ConsentPage {
  readonly application: string
  readonly state: string
  readonly yes: 'Accept' | 'Allow'
}

export function consentPage({ application, state, yes }: ConsentPage): Html {
  return page({
    title: yes === 'Accept' ? 'Authorize App' : 'Confirm Your Login',
    text: `${application} is requesting access to your account.`,
    content: html`<form method="post" action="/u/consent">
<input type="hidden" name="state" value="${state}">
<div class="buttons">
<button type="submit" name="action" value="cancel">${yes === 'Accept' ? 'Decline' : 'Cancel'}</button>
<button class="main" type="submit" name="action" value="accept">${yes}</button>
</div>
</form>`,
  })
}

export interface ChoicePage {
  readonly application: string
  readonly choices: readonly { readonly name: string; readonly url: string }[]
}

export function choicePage({ application, choices }: ChoicePage): Html {
  const items = choices.map(
    ({ name, url }) =>
      html`<li><a href="${url}">${iconOf(name)}<span>Continue with ${name}</span></a></li>`,
  )
  return page({
    title: 'Log in',
    text: `to go on to ${application}`,
    content: html`<ul>${items}</ul>`,
  })
}

export function challengePage(state: string, code: string, error?: string): Html {
  return page({
    title: 'Second factor',
    text: `The local tenant sends no messages: the code is ${code}.`,
    content: html`${alert(error)}
<form method="post">
<input type="hidden" name="state" value="${state}">
<label for="code">Code</label>
<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" autofocus>
<div class="buttons"><button class="main" type="submit" name="action" value="verify">Continue</button></div>
</form>`,
  })
}
