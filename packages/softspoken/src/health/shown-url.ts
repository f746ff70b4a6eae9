/** The address of a health check without what may be secret: user, password and query. */

/** Origin and path. A text that is no such address is shown only if it cannot hold a secret. */
export function shownUrl(text: string): string {
  if (text === 'kubernetes') return text
  if (!URL.canParse(text) || !/^(https?|tcp):$/.test(new URL(text).protocol))
    return /^(\w+:\/\/)?[\w.-]+(:\d+)?\/?$/.test(text) ? `'${text}'` : 'the given value'
  const { protocol, host, pathname } = new URL(text)
  return `${protocol}//${host}${protocol === 'tcp:' ? '' : pathname}`
}
