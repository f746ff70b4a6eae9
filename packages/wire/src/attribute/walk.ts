/** Stepping through path attributes (RFC 4271 §4.3): the one place that reads an attribute's length. */
import { u16 } from '../bytes.ts'
import { flag } from './spec.ts'

const { extendedLength } = flag // V8 knows a constant of the same file, and looks one of another file up

/** Where the attribute that begins at `start` has its value: after flags, code, and a length of one octet or two. */
export function valueAt(start: number, flags: number): number {
  return start + (flags & extendedLength ? 4 : 3)
}

/** The place after the attribute whose value is at `at`; 0 if that is beyond `end`: the attribute is cut short. */
export function nextAttribute(bytes: Uint8Array, flags: number, at: number, end: number): number {
  const next = at + (flags & extendedLength ? u16(bytes, at - 2) : bytes[at - 1]!)
  return next <= end ? next : 0 // NaN, if the length itself lies beyond the buffer, is not <= end
}
