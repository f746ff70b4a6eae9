/** What one row of the capability table says (RFC 5492 §4), and what several rows are made of. */
import type { Reader, Writer } from '../bytes.ts'
import { throwOptionError, throwUnknownName } from '../error.ts'

export interface CapabilitySpec<value> {
  readonly code: number
  /** Octets of the value, or of what comes before its equal parts. */
  readonly length: number
  /** Octets of each part. */
  readonly part?: number
  /** The meaning of later octets hangs on it: where its length is wrong, the session cannot begin (2/0). */
  readonly strictLength?: true
  /** Undefined where the octets say nothing that the row knows. Reserved ones are not read, as the RFCs have it. */
  read(r: Reader): value | undefined
  /** @throws OptionError where the caller's value has no encoding. */
  write(w: Writer, value: value): void
}

/** Keeps the value's type without spelling it twice. */
export function defineCapability<value>(spec: CapabilitySpec<value>): CapabilitySpec<value> {
  return spec
}

/** One that says "I can", and no more. */
export function flag(code: number): CapabilitySpec<unknown> {
  return { code, length: 0, read: () => ({}), write: () => {} }
}

/** The numbers of a family, whether or not this package reads its routes. */
export interface AfiSafi {
  readonly afi: number
  readonly safi: number
}
export function readAfiSafi(r: Reader): AfiSafi {
  return { afi: r.u16(), safi: r.u8() }
}
export function writeAfiSafi(w: Writer, { afi, safi }: AfiSafi): Writer {
  return w.u16(afi, 'afi').u8(safi, 'safi')
}

export function parts<item>(r: Reader, read: () => item): item[] {
  const items: item[] = []
  while (r.left > 0) items.push(read())
  return items
}

export function indexOf<name extends string>(names: readonly name[], name: name, field: string): number {
  const index = names.indexOf(name)
  return index < 0 ? throwUnknownName(field, name, names) : index
}

/** For numbers that share their octets with flags. */
export function whole(value: number, max: number, field: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value
  return throwOptionError(field, value, `a whole number from 0 to ${max}`)
}
