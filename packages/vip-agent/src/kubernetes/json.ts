/** JSON from a server: any shape is possible. */
import { withoutControls } from '@softspoken/wire/internal'

export type JsonMap = Readonly<Record<string, unknown>>

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the parser's message would quote the text, which may be a secret
  }
}

const MAX_TEXT = 300 // UTF-16 code units

/** Text of a server that is safe in a log or on a terminal. */
export function printable(text: string): string {
  return withoutControls(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text)
}
