/** The value of an option, from the text of a flag or a variable. */
import type { OptionRow } from './options.ts'
import { notAllowed, UsageError } from './usage-error.ts'

/**
 * An empty text is refused, because a variable that was not filled in must not switch a key or a health check off.
 * @throws UsageError naming the place.
 */
export function parseText({ kind, secret }: OptionRow, given: unknown, from: string): unknown {
  if (kind === 'checks') return checksOf(Array.isArray(given) ? given.map(String) : String(given).split(';'), from)
  if (Array.isArray(given) && kind === 'list') return given.map(part => withoutComma(trimmed(String(part), from), from))
  const whole = Array.isArray(given) ? given.join(' ') : String(given)
  const text = secret ? whole : whole.trim() // every octet of a key counts
  if (text === '') throw new UsageError(`${from}: it is empty; leave it out, or give it a value`)
  if (kind === 'list') return partsOf(text, from)
  if (kind === 'map') return text === 'false' ? false : mapOf(partsOf(text, from), from)
  if (kind === 'boolean') return booleanOf(text, from)
  return kind === 'number' ? numberOf(text, from) : text
}

/** One check, or several: a command has white space, and perhaps commas. */
function checksOf(parts: readonly string[], from: string): string | readonly string[] {
  const [first = '', ...others] = parts
  if (others.length > 0) return parts.map(part => trimmed(part, from))
  const text = first.trim()
  if (text === '') throw new UsageError(`${from}: it is empty; leave it out, or give it a value`)
  return text
}
function partsOf(text: string, from: string): readonly string[] {
  return text.split(/\s*,\s*|\s+/).map(part => trimmed(part, from))
}
function mapOf(parts: readonly string[], from: string): Readonly<Record<string, number>> {
  const entries = new Map<string, number>()
  for (const [name, value] of parts.map(part => entryOf(part, from))) {
    if (entries.has(name)) throw new UsageError(`${from}: a name is given twice`)
    entries.set(name, value)
  }
  return Object.fromEntries(entries)
}
/** `minInterval=10` */
function entryOf(part: string, from: string): readonly [string, number] {
  const [, name, value] = /^(\w+)=(.*)$/.exec(part) ?? []
  if (name === undefined || value === undefined)
    throw new UsageError(`${from}: each part must be a name and a number, such as name=10`)
  return [name, numberOf(value, `${from}, ${name}`)]
}
function numberOf(text: string, from: string): number {
  if (!/^\d+$/.test(text)) throw notAllowed(from, text, 'a whole number')
  return Number(text)
}
function booleanOf(text: string, from: string): boolean {
  if (text !== 'true' && text !== 'false') throw notAllowed(from, text, 'true or false')
  return text === 'true'
}
/** Not split: what follows a comma may be a key, which the error of a part would show. */
function withoutComma(part: string, from: string): string {
  if (part.includes(','))
    throw new UsageError(`${from}: it has a comma; put spaces between the parts of a list in a flag`)
  return part
}
function trimmed(part: string, from: string): string {
  const text = part.trim()
  if (text === '') throw new UsageError(`${from}: a part of it is empty; leave that part out, or give it a value`)
  return text
}
