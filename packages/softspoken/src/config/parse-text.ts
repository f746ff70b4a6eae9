/** An option out of the text that a flag or a variable gives. */
import type { OptionRow } from './options.ts'
import { notAllowed, UsageError } from './usage-error.ts'

/**
 * An empty value is refused: a variable that was not filled in must not switch a key or a health check off.
 * @throws UsageError naming the place.
 */
export function parseText({ kind, secret }: OptionRow, given: unknown, where: string): unknown {
  if (Array.isArray(given)) return given.map(part => filled(String(part), where))
  const text = secret ? String(given) : filled(String(given), where) // each octet of a key counts
  if (text === '') throw new UsageError(`${where}: it is empty; leave it out, or give it a value`)
  if (kind === 'list') return text.split(/\s*,\s*|\s+/).map(part => filled(part, where))
  if (kind !== 'number') return text
  if (!/^\d+$/.test(text)) throw notAllowed(where, text, 'a whole number')
  return Number(text)
}
function filled(part: string, where: string): string {
  const text = part.trim()
  if (text === '') throw new UsageError(`${where}: it is empty, or has an empty part; leave that out, or fill it in`)
  return text
}
