/**
 * HTML by a template tag that escapes whatever is put into it: what comes out of the tag is markup, every
 * other text is not. Pure.
 */

/** Not a name: no JSON that somebody sends can pass for markup. */
const MARKUP = Symbol('markup')

/** Made by `html`, or by `raw` where it is known to be markup. */
export interface Html {
  readonly [MARKUP]: string
}

/** `undefined` and `false` leave nothing; a list is its parts, one after the other. */
export type HtmlValue = Html | string | undefined | false | readonly HtmlValue[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const isHtml = (value: HtmlValue): value is Html => typeof value === 'object' && MARKUP in value

function toMarkup(value: HtmlValue): string {
  if (value === undefined || value === false) return ''
  if (isHtml(value)) return value[MARKUP]
  if (Array.isArray(value)) return value.map(toMarkup).join('')
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}

export const raw = (markup: string): Html => ({ [MARKUP]: markup })

/** What is put in may be text or stand in quotation marks; it may not be part of a script or a style. */
export const html = (parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html =>
  raw(parts.reduce((before, part, index) => before + toMarkup(values[index - 1]) + part))

/** To be sent. */
export const textOf = (page: Html): string => page[MARKUP]
