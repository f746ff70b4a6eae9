/** Where in a refused message the fault is. The package says which octets it refused, not where they stood. */
import { errorCode, type Notification } from '@softspoken/wire'

export interface Span {
  readonly at: number
  readonly length: number
}

/** Undefined where the octets do not tell. */
export function locateFault(bytes: Uint8Array, { code, subcode, data }: Notification): Span | undefined {
  if (code === errorCode.header) {
    if (subcode === 1) return { at: bytes.findIndex(octet => octet !== 0xff), length: 1 }
    return subcode === 2 ? { at: 16, length: 2 } : { at: 18, length: 1 }
  }
  // In an UPDATE the data is the whole attribute (RFC 4271 §6.3); of one or two octets it says something else.
  const at = code === errorCode.update && data.length >= 3 ? Buffer.from(bytes).indexOf(data) : -1
  return at < 0 ? undefined : { at, length: data.length }
}
