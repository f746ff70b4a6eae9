/** OPEN (RFC 4271 §4.2), its capabilities (RFC 5492), and parameters beyond 255 octets (RFC 9072). */
import { type Address, formatAddress, parseAddress } from './address.ts'
import type { Reader, Writer } from './bytes.ts'
import { type Capability, readCapability, writeCapability } from './capability.ts'
import { WireError } from './error.ts'

export interface Open {
  readonly type: 'open'
  /** 4; a peer that sends another gets 2/1. */
  readonly version: number
  /** The sender's AS number, four octets: from the four-octet AS capability where there is one (RFC 6793 §4.1). */
  readonly as: number
  /** Seconds; 0 or at least 3. */
  readonly holdTime: number
  /** BGP Identifier, written as an IPv4 address (RFC 6286). */
  readonly id: Address
  readonly capabilities: readonly Capability[]
}

/** Stands in a two-octet field for an AS number that does not fit (RFC 6793 §9). */
export const AS_TRANS = 23456

const CAPABILITIES = 2 // the one optional parameter that is left; 1, authentication, is deprecated
const EXTENDED = 255 // RFC 9072 §2: as a parameter's type it says that the real length follows

export function readOpen(r: Reader): Open {
  const version = r.u8()
  if (version !== 4) throw new WireError(2, 1, `version ${version}, only 4 is spoken here`, Uint8Array.of(0, 4))
  const as2 = r.u16()
  const holdTime = r.u16()
  const id = formatAddress(r.take(4))
  const capabilities: Capability[] = []
  let length = r.u8()
  const extended = length > 0 && r.left > 0 && r.bytes[r.at] === EXTENDED
  if (extended) {
    r.u8()
    length = r.u16()
  }
  if (length !== r.left)
    throw new WireError(2, 0, `${length} octets of optional parameters announced, ${r.left} present`)
  while (r.left > 0) {
    const type = r.u8()
    const value = r.sub(extended ? r.u16() : r.u8())
    if (type !== CAPABILITIES) throw new WireError(2, 4, `optional parameter ${type} is not supported`)
    while (value.left > 0) capabilities.push(readCapability(value))
  }
  if (holdTime === 1 || holdTime === 2)
    throw new WireError(2, 6, `hold time ${holdTime} s, it must be 0 or at least 3 (RFC 4271 §6.2)`)
  if (id === '0.0.0.0') throw new WireError(2, 3, 'BGP Identifier 0.0.0.0 (RFC 6286 §2.1)')
  const four = capabilities.find(capability => capability.name === 'four-octet-as')
  return { type: 'open', version, as: four?.as ?? as2, holdTime, id, capabilities }
}

export function writeOpen(w: Writer, { version, as, holdTime, id, capabilities }: Open): void {
  const octets = parseAddress(id, 'id')
  if (octets.length !== 4 || id === '0.0.0.0')
    throw new RangeError(`id: '${id}' is not allowed, it must be written as an IPv4 address other than 0.0.0.0`)
  if (version !== 4) throw new RangeError(`version: ${version} is not allowed, it must be 4`)
  if (holdTime === 1 || holdTime === 2)
    throw new RangeError(`holdTime: ${holdTime} is not allowed, it must be 0 or at least 3 s (RFC 4271 §4.2)`)
  const four = capabilities.find(capability => capability.name === 'four-octet-as')
  if (four ? four.as !== as : as > 0xffff)
    throw new RangeError(`as: ${as} is not allowed, it must be what the capability four-octet-as says, or below 65536`)
  w.u8(version, 'version')
    .u16(as > 0xffff ? AS_TRANS : as, 'as')
    .u16(holdTime, 'holdTime')
    .put(octets)
  const start = w.length
  w.u8(0, 'optional parameters')
  if (capabilities.length === 0) return
  w.u8(CAPABILITIES, 'parameter').u8(0, 'parameter length')
  for (const capability of capabilities) writeCapability(w, capability)
  const length = w.length - start - 3
  if (length + 2 <= 255) {
    w.set8(start, length + 2, 'optional parameters')
    w.set8(start + 2, length, 'parameter length')
    return
  }
  // RFC 9072 §2: too long for one octet, so the same again with lengths of two.
  w.length = start
  w.u8(EXTENDED, 'optional parameters')
    .u8(EXTENDED, 'extended')
    .u16(length + 3, 'optional parameters')
  w.u8(CAPABILITIES, 'parameter').u16(length, 'parameter length')
  for (const capability of capabilities) writeCapability(w, capability)
}
