/** The tag that the pages of tenant and application are made with: what is put in cannot be markup. */

import { expect, test } from 'vitest'
import { type Html, type HtmlValue, html, raw, textOf } from '../../../scripts/tenant/html.ts'
import { challengePage, choicePage, connectionPage, page } from '../../../scripts/tenant/pages.ts'

const HOSTILE = `<script>"x"&'y'</script>`
const ESCAPED = '&lt;script&gt;&quot;x&quot;&amp;&#39;y&#39;&lt;/script&gt;'

test.each<{ readonly what: string; readonly value: HtmlValue; readonly shown: string }>([
  { what: 'a text is escaped', value: HOSTILE, shown: ESCAPED },
  { what: 'a text in a list is escaped', value: ['a', HOSTILE], shown: `a${ESCAPED}` },
  { what: 'markup stays', value: html`<b>${HOSTILE}</b>`, shown: `<b>${ESCAPED}</b>` },
  {
    what: 'a list of markup stays',
    value: [html`<i>1</i>`, html`<i>2</i>`],
    shown: '<i>1</i><i>2</i>',
  },
  { what: 'raw markup stays', value: raw('<hr>'), shown: '<hr>' },
  { what: 'nothing leaves nothing', value: undefined, shown: '' },
  { what: 'what does not hold leaves nothing', value: false, shown: '' },
  {
    what: 'JSON is no markup, whatever its members are called',
    value: JSON.parse('{"markup":"<hr>"}'),
    shown: '[object Object]',
  },
])('$what', ({ shown, value }) => {
  expect(textOf(html`<p title="${value}">${value}</p>`)).toBe(`<p title="${shown}">${shown}</p>`)
})

const CONNECTION = {
  connection: HOSTILE,
  database: true,
  state: HOSTILE,
  people: [{ email: HOSTILE, name: HOSTILE }],
  loginHint: HOSTILE,
  error: HOSTILE,
}

test.each<{ readonly name: string; readonly made: Html }>([
  { name: 'any', made: page({ title: HOSTILE, text: HOSTILE }) },
  { name: 'connection', made: connectionPage(CONNECTION) },
  {
    name: 'choice',
    made: choicePage({ application: HOSTILE, choices: [{ name: HOSTILE, url: HOSTILE }] }),
  },
  { name: 'challenge', made: challengePage(HOSTILE, HOSTILE, HOSTILE) },
])('the page "$name" holds no markup of others', ({ made }) => {
  const text = textOf(made)

  expect(text).toContain(ESCAPED)
  expect(text).not.toContain('<script')
  expect(text).not.toContain('"x"')
})
