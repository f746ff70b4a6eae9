/** Which octets of a refused message are at fault: from where the package points, as many as it names. */
import { errorCode, type Result } from '@softspoken/wire'

export interface Span {
  readonly at: number
  readonly length: number
}

export function faultOf({ error: { code, subcode, data }, at }: Extract<Result<never>, { ok: false }>): Span {
  if (code === errorCode.header) return { at, length: subcode === 2 ? 2 : 1 }
  // In an UPDATE the data is the whole attribute (RFC 4271 §6.3); of one or two octets it says something else.
  return { at, length: code === errorCode.update && data.length >= 3 ? data.length : 1 }
}
