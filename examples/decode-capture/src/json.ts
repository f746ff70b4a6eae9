/** One line of JSON per entry. Octets are hex; the message is as the wire package returns it. */
import { describeNotification } from '@softspoken/wire'
import type { Entry } from './entry.ts'
import { escapeControls, timeText, toHex } from './text.ts'

export function toJson(entry: Entry): string {
  const { time, from, to, frame, offset } = entry
  const place = { ...(time !== undefined && { time: timeText(time) }), from, to, frame, offset }
  return `${escapeControls(JSON.stringify({ ...place, ...content(entry) }, octetsAsHex))}\n`
}

/** Reads the property again, because `value` of a Buffer is already the result of its `toJSON()`. */
function octetsAsHex(this: { readonly [key: string]: unknown }, key: string, value: unknown): unknown {
  const given = this[key]
  return given instanceof Uint8Array ? toHex(given) : value
}

function content(entry: Entry): object {
  if ('remark' in entry) return { remark: entry.remark }
  const { result, bytes, offset } = entry
  if (result.ok) return { message: result.value }
  const { notification, detail, at } = result
  return { notification, text: describeNotification(notification), detail, fault: offset + at, bytes }
}
