/**
 * The files that the pages of application and inspector ask for: by path, read from `public` at each
 * request, so that an edit shows at once.
 */

import { readFile } from 'node:fs/promises'

const PUBLIC: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/base.css': ['base.css', 'text/css'],
  '/application.css': ['application.css', 'text/css'],
  '/inspector': ['inspector.html', 'text/html'],
  '/inspector/': ['inspector.html', 'text/html'],
  '/inspector.css': ['inspector.css', 'text/css'],
  '/diagram.css': ['diagram.css', 'text/css'],
  '/panels.css': ['panels.css', 'text/css'],
  '/inspector.js': ['inspector.js', 'text/javascript'],
  '/diagram.js': ['diagram.js', 'text/javascript'],
  '/panels.js': ['panels.js', 'text/javascript'],
  '/dom.js': ['dom.js', 'text/javascript'],
}

/** `undefined`: none of them. */
export async function readPublic(path: string): Promise<Response | undefined> {
  const [file, type] = PUBLIC[path] ?? []
  if (file === undefined) return undefined
  const text = await readFile(new URL(`public/${file}`, import.meta.url), 'utf8')
  const headers = { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-cache' }
  return new Response(text, { headers })
}
