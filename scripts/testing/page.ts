/**
 * What a person finds on a page: its title, forms, buttons and links. Pure; takes HTML, gives data.
 */
import { HTMLElement, type Node, parse, TextNode } from 'node-html-parser'

export interface Field {
  readonly name: string
  readonly value: string
}

export interface Button extends Field {
  readonly label: string
}

export interface Form {
  readonly method: 'get' | 'post'
  readonly action: URL
  readonly fields: readonly Field[]
  readonly buttons: readonly Button[]
}

export interface Link {
  readonly label: string
  readonly url: URL
}

export interface PageContent {
  readonly title: string
  readonly forms: readonly Form[]
  readonly links: readonly Link[]
}

const attribute = (element: HTMLElement, name: string): string => element.getAttribute(name) ?? ''

/** What a person reads of it: pictures aside, and with a space where a tag was. */
function readText(node: Node): string {
  const pieces = (one: Node): readonly string[] => {
    if (one instanceof TextNode) return [one.text]
    if (one instanceof HTMLElement && one.rawTagName === 'svg') return []
    return one.childNodes.flatMap(pieces)
  }
  return pieces(node).join(' ').replace(/\s+/g, ' ').trim()
}

const named = (element: HTMLElement) => ({
  name: attribute(element, 'name'),
  value: attribute(element, 'value'),
})

const readForm = (form: HTMLElement, url: URL): Form => ({
  method: attribute(form, 'method').toLowerCase() === 'post' ? 'post' : 'get',
  action: new URL(attribute(form, 'action') || url.href, url),
  fields: form.querySelectorAll('input').map(named),
  buttons: form
    .querySelectorAll('button')
    .map((button) => ({ ...named(button), label: readText(button) })),
})

export function readPage(html: string, url: URL): PageContent {
  const root = parse(html)
  return {
    title: root.querySelector('title')?.text ?? '',
    forms: root.querySelectorAll('form').map((form) => readForm(form, url)),
    links: root.querySelectorAll('a').map((link) => ({
      label: readText(link),
      url: new URL(attribute(link, 'href'), url),
    })),
  }
}
