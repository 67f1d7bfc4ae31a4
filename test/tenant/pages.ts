/**
 * The pages of the local tenant: plain HTML that works with a keyboard and a screen reader, without
 * scripts. Pure functions from data to text.
 */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)

const STYLE = `
  body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 32rem; padding: 0 1rem }
  label { display: block; margin-top: 1rem }
  input { font: inherit; box-sizing: border-box; width: 100%; padding: .4rem }
  button { font: inherit; margin: 1rem .5rem 0 0; padding: .4rem 1rem }
  .note { border-left: .25rem solid; padding-left: .75rem }
`

export interface Page {
  readonly title: string
  readonly text: string
  /** HTML that is safe already. */
  readonly content?: string
}

export function page({ title, text, content = '' }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(text)}</p>
${content}
</main>
</body>
</html>
`
}

export interface ConnectionPage {
  readonly connection: string
  readonly database: boolean
  readonly state: string
  readonly people: readonly { readonly email: string; readonly name: string }[]
  readonly loginHint: string
  readonly error?: string
}

export function connectionPage(login: ConnectionPage): string {
  const { connection, database, state, people, loginHint, error } = login
  const options = people.map(
    ({ email, name }) => `<option value="${escapeHtml(email)}">${escapeHtml(name)}</option>`,
  )
  const password = database
    ? `<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password">`
    : ''
  return page({
    title: `Log in with ${connection}`,
    text: database
      ? 'The login page of the local tenant.'
      : `This page of the local tenant stands for the login at ${connection}.`,
    content: `${error === undefined ? '' : `<p class="note" role="alert">${escapeHtml(error)}</p>`}
<form method="post">
<input type="hidden" name="state" value="${escapeHtml(state)}">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" list="people" autocomplete="username"
  value="${escapeHtml(loginHint)}" autofocus>
<datalist id="people">${options.join('')}</datalist>
${password}
<button type="submit" name="action" value="login">Continue</button>
<button type="submit" name="action" value="cancel" formnovalidate>Cancel</button>
</form>`,
  })
}

export interface ChoicePage {
  readonly application: string
  readonly choices: readonly { readonly name: string; readonly url: string }[]
}

export function choicePage({ application, choices }: ChoicePage): string {
  const items = choices.map(
    ({ name, url }) =>
      `<li><a href="${escapeHtml(url)}">Continue with ${escapeHtml(name)}</a></li>`,
  )
  return page({
    title: 'Log in',
    text: `to go on to ${application}`,
    content: `<ul>${items.join('')}</ul>`,
  })
}

export function challengePage(state: string, code: string, error?: string): string {
  return page({
    title: 'Second factor',
    text: `The local tenant sends no messages: the code is ${code}.`,
    content: `${error === undefined ? '' : `<p class="note" role="alert">${escapeHtml(error)}</p>`}
<form method="post">
<input type="hidden" name="state" value="${escapeHtml(state)}">
<label for="code">Code</label>
<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" autofocus>
<button type="submit" name="action" value="verify">Continue</button>
</form>`,
  })
}
