/** Stepping through path attributes (RFC 4271 §4.3): the one place that reads an attribute's length. */
import { u16 } from '../bytes.ts'
import { flag } from './spec.ts'

/** The place after the attribute that begins at `start`; undefined if that is beyond `end`: the attribute is cut short. */
export function nextAttribute(bytes: Uint8Array, start: number, end: number): number | undefined {
  const at = valueAt(bytes, start)
  const next = at + (at - start === 4 ? u16(bytes, at - 2) : bytes[at - 1]!)
  return next <= end ? next : undefined // NaN, if the length itself lies beyond the buffer, is not <= end
}

/** Where the attribute that begins at `start` has its value: after flags, code, and a length of one octet or two. */
export function valueAt(bytes: Uint8Array, start: number): number {
  return start + (bytes[start]! & flag.extendedLength ? 4 : 3)
}
