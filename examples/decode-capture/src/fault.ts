/** Which octets of a malformed message are at fault: from the offset that the wire package gives, as many as it names. */
import { notificationCode, type Result, subcode } from '@softspoken/wire'

export interface Span {
  readonly at: number
  readonly length: number
}

export function faultOf({ notification, at }: Extract<Result<never>, { ok: false }>): Span {
  const { code, subcode: sub, data } = notification
  if (code === notificationCode.header) return { at, length: sub === subcode.header.badMessageLength ? 2 : 1 }
  // In an UPDATE the data is the whole attribute (RFC 4271 §6.3); data of one or two octets has another meaning.
  return { at, length: code === notificationCode.update && data.length >= 3 ? data.length : 1 }
}
