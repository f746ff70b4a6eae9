/** A health check without what may be secret: user, password and query of a URL, arguments of a command. */

/** One check: `kubernetes`, a URL, `exec:` with a command, or such a command and its arguments as a list. */
export type HealthEntry = string | readonly string[]

/** One check, or several that must all pass. */
export function entriesOf(health: string | readonly HealthEntry[]): readonly HealthEntry[] {
  return typeof health === 'string' ? [health] : health
}
/** All of them, as the log and the metrics name them. */
export function shownHealth(health: string | readonly HealthEntry[]): string {
  return entriesOf(health).map(shownEntry).join(' and ')
}
export function shownEntry(entry: HealthEntry): string {
  return shownUrl(typeof entry === 'string' ? entry : (entry[0] ?? ''))
}

/** Origin and path; of a command, its path. A text that is no such address is shown only if it cannot hold a secret. */
export function shownUrl(text: string): string {
  if (text === 'kubernetes') return text
  const [, command] = /^(exec:\/\S*)/.exec(text) ?? []
  if (command !== undefined) return command
  if (!URL.canParse(text) || !/^(https?|tcp):$/.test(new URL(text).protocol))
    return /^(\w+:\/\/)?[\w.-]+(:\d+)?\/?$/.test(text) ? `'${text}'` : 'the given value'
  const { protocol, host, pathname } = new URL(text)
  return `${protocol}//${host}${protocol === 'tcp:' ? '' : pathname}`
}
