/** The columns of the capability table (RFC 5492 §4), and what several rows have in common. */
import type { Reader, Writer } from '../bytes.ts'
import { throwUnknownName } from '../error.ts'

export interface CapabilitySpec<value> {
  readonly code: number
  /** The length of the value in octets, or of what comes before its equal parts. */
  readonly length: number
  /** The length of each part in octets. */
  readonly part?: number
  /** A wrong length is an OPEN error (2/0), because the meaning of later messages depends on this capability. */
  readonly strictLength?: true
  /** Undefined if the octets have no meaning for this row. Reserved octets are ignored, as the RFCs require. */
  read(r: Reader): value | undefined
  /** @throws OptionError if the value has no encoding */
  write(w: Writer, value: value): void
}

/** Infers the type of the value. */
export function defineCapability<value>(spec: CapabilitySpec<value>): CapabilitySpec<value> {
  return spec
}

/** A capability without a value. */
export function flag(code: number): CapabilitySpec<unknown> {
  return { code, length: 0, read: () => ({}), write: () => {} }
}

/** The numbers of a family, modelled or not. */
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
