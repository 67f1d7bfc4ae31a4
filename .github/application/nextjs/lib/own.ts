/** A form of this application; any other site can have the browser come here, with its cookies. */
export function isOwn({ headers }: Request): boolean {
  const site = headers.get('sec-fetch-site')
  return site === null ? headers.get('origin') === process.env.APP_BASE_URL : site === 'same-origin'
}
