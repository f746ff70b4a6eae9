/** The address of a health check as it may be shown: a user, a password and a query may be secrets. */

/** Origin and path. Of what is no such address nothing is shown that could hold a secret. */
export function shownUrl(text: string): string {
  if (!URL.canParse(text) || !/^(https?|tcp):$/.test(new URL(text).protocol))
    return /^(\w+:\/\/)?[\w.-]+(:\d+)?\/?$/.test(text) ? `'${text}'` : 'what is given'
  const { protocol, host, pathname } = new URL(text)
  return `${protocol}//${host}${protocol === 'tcp:' ? '' : pathname}`
}
